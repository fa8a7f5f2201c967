"""What a source may ask of the log: `bridge.contract.Known`."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import func, select

from bridge.model.keys import ref_from, text_of
from bridge.model.refs import Kind, SourceRef
from bridge.model.source_records import Seen
from bridge.store.db.paging import pages, pieces
from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import NUMBERS_FROM, from_day, id_of, sort_key, to_micros

_table = schema.entry
_SEEN = (
    _table.c.invoice,
    _table.c.client,
    _table.c.status,
    _table.c.header_fingerprint,
    _table.c.money_fingerprint,
    _table.c.issued,
)


class SourceView(BridgeRows):
    """The entries as a source may see them."""

    def seen(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, Seen]:
        """What is known of these invoices."""
        keys = sorted({sort_key(text_of(ref)) for ref in refs if ref.kind is Kind.INVOICE})
        ours = select(*_SEEN).where(_table.c.bridge == self._name)
        found = {}
        with self._database.read() as connection:
            for some in pieces(keys):
                for row in connection.execute(ours.where(_table.c.sort_key.in_(some))):
                    ref = ref_from(row.invoice, Kind.INVOICE)
                    found[ref] = Seen(
                        ref=ref,
                        client=ref_from(row.client, Kind.CLIENT),
                        status=row.status,
                        fingerprint=row.header_fingerprint,
                        money=row.money_fingerprint,
                        issued=from_day(row.issued),
                    )
        return found

    def refs(self, status: str) -> Iterator[SourceRef]:
        """Invoices of this status, ids ascending; what is gone has none."""
        if not status:
            return
        query = select(_table.c.sort_key).where(
            _table.c.bridge == self._name, _table.c.status == status
        )
        for row in pages(self._database, query, None, _table.c.sort_key):
            yield ref_from(id_of(row.sort_key), Kind.INVOICE)

    def counts(self) -> Mapping[str, int]:
        """How many of each status; what is gone is not counted."""
        query = (
            select(_table.c.status, func.count().label("many"))
            .where(_table.c.bridge == self._name, _table.c.status != "")
            .group_by(_table.c.status)
        )
        with self._database.read() as connection:
            return {row.status: row.many for row in connection.execute(query)}

    def newest(self) -> SourceRef | None:
        """The invoice with the highest number for an id."""
        query = select(func.max(_table.c.sort_key)).where(
            _table.c.bridge == self._name, _table.c.sort_key >= NUMBERS_FROM
        )
        with self._database.read() as connection:
            key = connection.execute(query).scalar()
        return None if key is None else ref_from(id_of(key), Kind.INVOICE)

    def booked(self, since: dt.date) -> Iterator[tuple[SourceRef, SourceRef]]:
        """(client, invoice) of what bridge linked on or after `since`, a local day."""
        midnight = dt.datetime.combine(since, dt.time()).astimezone()
        query = select(_table.c.client_key, _table.c.sort_key).where(
            _table.c.bridge == self._name, _table.c.booked >= to_micros(midnight)
        )
        for row in pages(self._database, query, _table.c.client_key, _table.c.sort_key):
            client = ref_from(id_of(row.client_key), Kind.CLIENT)
            yield client, ref_from(id_of(row.sort_key), Kind.INVOICE)
