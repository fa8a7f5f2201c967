"""What was done and what it became: steps, links, and the records seen in the target."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, insert, select

from bridge.model.keys import ref_from, text_of
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import StepState
from bridge.store.db.paging import PIECE, pieces
from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import (
    dump_target,
    id_from,
    id_of,
    link_row,
    sighting_row,
    sort_key,
    step_row,
    to_day,
)
from bridge.store.tables.values import Action, LinkRow, SightingRow, StepRow

_step, _link, _entry, _sighting = schema.step, schema.link, schema.entry, schema.sighting

STEPS_OF_A_RUN = 28
"""Bits of a step's id that count within its run; the bits above are the run's id."""

_MAKING = (Action.CREATE.value, Action.ADOPT.value, Action.LINK.value)

# Asked for every invoice, so built once: building costs more than the answer.
_LINKS = select(_link).where(
    _link.c.bridge == bindparam("at_bridge"),
    _link.c.kind == bindparam("at_kind"),
    _link.c.ref.in_(bindparam("ids", expanding=True)),
)
# Not DISTINCT: for that SQLite reads every step there is in the order of the index on `ref`.
_MADE_FOR = select(_step.c.kind, _step.c.ref, _step.c.invoice).where(
    _step.c.bridge == bindparam("at_bridge"),
    _step.c.invoice.in_(bindparam("invoices", expanding=True)),
    _step.c.state == StepState.DONE.value,
    _step.c.action.in_(_MAKING),
)
# The index has the sort key too; for any other column SQLite reads all entries instead.
_INVOICES_OF = select(_entry.c.sort_key).where(
    _entry.c.bridge == bindparam("at_bridge"), _entry.c.client_key == bindparam("at_client")
)


class StepTable(BridgeRows):
    """Questions to `bridge_step`."""

    def steps(
        self,
        *,
        states: Collection[StepState] = (),
        invoice: SourceRef | None = None,
        run: int | None = None,
    ) -> Sequence[StepRow]:
        """Steps by id ascending."""
        query = select(_step).where(_step.c.bridge == self._name).order_by(_step.c.id)
        if states:
            query = query.where(_step.c.state.in_([state.value for state in states]))
            if set(states) <= {StepState.INTENDED, StepState.UNKNOWN}:
                query = query.where(schema.OPEN)
        if invoice is not None:
            query = query.where(_step.c.invoice == id_from(invoice, Kind.INVOICE))
        if run is not None:
            first = run << STEPS_OF_A_RUN
            query = query.where(_step.c.id >= first, _step.c.id < first + (1 << STEPS_OF_A_RUN))
        with self._database.read() as connection:
            return [step_row(row) for row in connection.execute(query)]


class LinkTable(BridgeRows):
    """Questions to `bridge_link`."""

    def links(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, LinkRow]:
        """The links of these records; unlinked ones are absent."""
        found = {}
        with self._database.read() as connection:
            for kind, some in groupby(sorted(set(refs)), key=lambda ref: ref.kind):
                for ids in pieces([text_of(ref) for ref in some]):
                    place = {"at_bridge": self._name, "at_kind": kind.value, "ids": ids}
                    for row in connection.execute(_LINKS, place):
                        link = link_row(row)
                        found[link.ref] = link
        return found

    def links_of_invoice(self, invoice: SourceRef) -> Sequence[LinkRow]:
        """The links that steps of this entry made, by time."""
        return self.links_of_invoices([invoice])[invoice]

    def links_of_invoices(
        self, invoices: Collection[SourceRef]
    ) -> Mapping[SourceRef, Sequence[LinkRow]]:
        """The same for each of many: two questions to the database, however many they are."""
        made: dict[SourceRef, set[SourceRef]] = {invoice: set() for invoice in invoices}
        ids = [id_from(invoice, Kind.INVOICE) for invoice in invoices]
        with self._database.read() as connection:
            for kind, ref, invoice in self._made_for(connection, ids):
                made[ref_from(invoice, Kind.INVOICE)].add(ref_from(ref, Kind(kind)))
        found = self.links({ref for refs in made.values() for ref in refs})
        return {
            invoice: _by_time(found[ref] for ref in refs if ref in found)
            for invoice, refs in made.items()
        }

    def links_of_client(self, client: SourceRef) -> Sequence[LinkRow]:
        """The links that steps of all of this client's entries made, by time."""
        place = {"at_bridge": self._name, "at_client": sort_key(id_from(client, Kind.CLIENT))}
        with self._database.read() as connection:
            invoices = [id_of(found) for found in connection.execute(_INVOICES_OF, place).scalars()]
            made = self._made_for(connection, invoices)
            refs = {ref_from(ref, Kind(kind)) for kind, ref, _ in made}
        return _by_time(self.links(refs).values())

    def linked_targets(
        self, kind: Kind, targets: Collection[TargetRef]
    ) -> Mapping[TargetRef, SourceRef]:
        """Which of these target records are linked, and to what."""
        numbers = {target.id for target in targets}
        internals = {target.internal_id for target in targets if target.internal_id}
        rows = [
            *self._tied(kind, _link.c.target_id, numbers),
            *self._tied(kind, _link.c.target_permanent, internals),
        ]
        by_internal = {row.target_permanent: row for row in rows}
        by_number: dict[str, list[Row[Any]]] = {}
        for row in rows:
            by_number.setdefault(row.target_id, []).append(row)
        found = {}
        for target in targets:
            match = _match(target, by_number.get(target.id, ()), by_internal)
            if match is not None:
                found[target] = ref_from(match.ref, kind)
        return found

    def has_links(self, kind: Kind) -> bool:
        """Whether anything of this kind was ever linked."""
        query = select(_link.c.ref).where(_link.c.bridge == self._name, _link.c.kind == kind.value)
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def _made_for(
        self, connection: Connection, invoices: Sequence[str]
    ) -> list[tuple[str, str, str]]:
        """Kind and ref of each record that was made, and the invoice that it was made for."""
        places = ({"at_bridge": self._name, "invoices": some} for some in pieces(invoices))
        return [
            (kind, ref, invoice)
            for place in places
            for kind, ref, invoice in connection.execute(_MADE_FOR, place)
        ]

    def _tied(self, kind: Kind, column: ColumnElement[Any], values: set[str]) -> Iterator[Row[Any]]:
        columns: list[ColumnElement[Any]] = [
            _link.c.ref,
            _link.c.target_id,
            _link.c.target_internal,
            _link.c.target_permanent,
            _link.c.created,
        ]
        ours = select(*columns).where(_link.c.bridge == self._name, _link.c.kind == kind.value)
        with self._database.read() as connection:
            for some in pieces(sorted(values)):
                yield from connection.execute(ours.where(column.in_(some)))


class SightingTable(BridgeRows):
    """The target's records that carry our label, as a sweep or look-up saw them."""

    def sighted(self, rows: Iterable[SightingRow]) -> int:
        """Keep what a sweep saw, replacing older sightings of the same target record.

        `rows` is taken, and committed, in pieces: it may come slowly and be long.
        """
        count = 0
        rest = iter(rows)
        while some := list(islice(rest, PIECE)):
            self._write(partial(_put_sightings, bridge=self._name, rows=some))
            count += len(some)
        return count

    def sightings(self, kind: Kind, tokens: Collection[str]) -> Sequence[SightingRow]:
        """What was seen with these tokens."""
        ours = select(_sighting).where(
            _sighting.c.bridge == self._name, _sighting.c.kind == kind.value
        )
        found = []
        with self._database.read() as connection:
            for some in pieces(sorted(set(tokens))):
                query = ours.where(_sighting.c.token.in_(some))
                rows = connection.execute(query.order_by(_sighting.c.token, _sighting.c.target_id))
                found += [sighting_row(row) for row in rows]
        return found


def _by_time(found: Iterable[LinkRow]) -> Sequence[LinkRow]:
    return sorted(found, key=lambda link: (link.created, sort_key(text_of(link.ref))))


def _match(
    target: TargetRef, same_number: Sequence[Row[Any]], by_internal: Mapping[str, Row[Any]]
) -> Row[Any] | None:
    """By the permanent id where both know it, else by the number, newest first.

    The target may give a deleted record's number again: equal numbers with other permanent ids
    are other records.
    """
    if target.internal_id and target.internal_id in by_internal:
        return by_internal[target.internal_id]
    unsure = [row for row in same_number if not (target.internal_id and row.target_internal)]
    exact = [row for row in unsure if row.target_internal == target.internal_id]
    return max(exact or unsure, key=lambda row: int(row.created), default=None)


def _put_sightings(connection: Connection, bridge: str, rows: Sequence[SightingRow]) -> None:
    """Replace what is known of these target records."""
    latest = {(row.kind, row.target.id): row for row in rows}
    for kind, some in groupby(sorted(latest), key=lambda pair: pair[0]):
        ids = [target_id for _, target_id in some]
        connection.execute(
            delete(_sighting).where(
                _sighting.c.bridge == bridge,
                _sighting.c.kind == kind.value,
                _sighting.c.target_id.in_(ids),
            )
        )
    connection.execute(insert(_sighting), [_sighted(bridge, row) for row in latest.values()])


def _sighted(bridge: str, row: SightingRow) -> dict[str, Any]:
    return {
        "bridge": bridge,
        "kind": row.kind.value,
        "target_id": row.target.id,
        "target_kind": row.target.kind.value,
        "target_internal": row.target.internal_id,
        "token": row.token,
        "client": dump_target(row.client),
        "day": to_day(row.day),
        "net_units": None if row.net is None else row.net.minor_units(),
        "net_currency": None if row.net is None else row.net.currency,
        "tax_units": None if row.tax is None else row.tax.minor_units(),
        "tax_currency": None if row.tax is None else row.tax.currency,
        "reference": row.reference,
    }
