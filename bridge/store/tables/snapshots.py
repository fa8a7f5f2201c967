"""What the source said when an entry was decided: kept once a version, and for ever."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, select, update

from bridge.model.refs import Kind, SourceRef
from bridge.store.db.paging import pieces
from bridge.store.db.statements import PreparedStatement, prepared_insert
from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import dump_json, from_micros, id_from, load_json
from bridge.store.tables.values import KeepSnapshot, SnapshotRow

_snapshot = schema.snapshot
_USE_AGAIN = PreparedStatement(
    update(_snapshot)
    .where(
        _snapshot.c.bridge == bindparam("bridge"),
        _snapshot.c.invoice == bindparam("invoice"),
        _snapshot.c.digest == bindparam("digest"),
    )
    .values(used=bindparam("used"), run=bindparam("run"))
)
_KEEP = prepared_insert(_snapshot)
_KEPT = select(_snapshot.c.invoice, _snapshot.c.digest).where(
    _snapshot.c.bridge == bindparam("at_bridge"),
    _snapshot.c.invoice.in_(bindparam("invoices", expanding=True)),
)


def keep(
    connection: Connection, bridge: str, run: int, now: int, puts: Sequence[KeepSnapshot]
) -> None:
    """Keep versions, or note that they were used again. `now` is in microseconds since 1970 UTC."""
    last = {(id_from(put.invoice, Kind.INVOICE), put.digest): put for put in puts}
    there = _there(connection, bridge, {invoice for invoice, _ in last})
    again, new = [], []
    for (invoice, digest), put in last.items():
        values = {"bridge": bridge, "invoice": invoice, "digest": digest, "used": now, "run": run}
        if (invoice, digest) in there:
            again.append(values)
        else:
            new.append(values | {"content": put.content, "data": dump_json(put.data)})
    _USE_AGAIN.run_all(connection, again)
    _KEEP.run_all(connection, new)


def _there(connection: Connection, bridge: str, invoices: Collection[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for some in pieces(sorted(invoices)):
        rows = connection.execute(_KEPT, {"at_bridge": bridge, "invoices": some})
        found.update((invoice, digest) for invoice, digest in rows)
    return found


class SnapshotTable(BridgeRows):
    """Questions to `bridge_snapshot`."""

    def snapshots(self, invoice: SourceRef) -> Sequence[SnapshotRow]:
        """What the source said when it was decided, each version; the one used last at the end."""
        query = (
            select(_snapshot)
            .where(
                _snapshot.c.bridge == self._name,
                _snapshot.c.invoice == id_from(invoice, Kind.INVOICE),
            )
            .order_by(_snapshot.c.used, _snapshot.c.digest)
        )
        with self._database.read() as connection:
            return [
                SnapshotRow(
                    digest=row.digest,
                    used=from_micros(row.used),
                    run=row.run,
                    content=row.content,
                    data=load_json(row.data),
                )
                for row in connection.execute(query)
            ]
