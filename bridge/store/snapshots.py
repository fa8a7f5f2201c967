"""What the source said when an entry was decided: kept once a version, and for ever."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from bridge.api import Kind, SourceRef
from bridge.store import schema
from bridge.store.codec import dump_json, from_micros, id_from, load_json
from bridge.store.database import Database
from bridge.store.rows import KeepSnapshot, SnapshotRow

_snapshot = schema.snapshot
_USE_AGAIN = (
    update(_snapshot)
    .where(
        _snapshot.c.bridge == bindparam("at_bridge"),
        _snapshot.c.invoice == bindparam("at_invoice"),
        _snapshot.c.digest == bindparam("at_digest"),
    )
    .values(used=bindparam("new_used"), run=bindparam("new_run"))
)
_KEEP = insert(_snapshot)


def keep(connection: Connection, bridge: str, run: int, now: int, put: KeepSnapshot) -> None:
    """Keep a version, or note that it was used again. `now` is in microseconds since 1970 UTC."""
    invoice = id_from(put.invoice, Kind.INVOICE)
    place = {"at_bridge": bridge, "at_invoice": invoice, "at_digest": put.digest}
    if connection.execute(_USE_AGAIN, place | {"new_used": now, "new_run": run}).rowcount:
        return
    connection.execute(
        _KEEP,
        {
            "bridge": bridge,
            "invoice": invoice,
            "digest": put.digest,
            "used": now,
            "run": run,
            "content": put.content,
            "data": dump_json(put.data),
        },
    )


def of_invoice(database: Database, bridge: str, invoice: SourceRef) -> Sequence[SnapshotRow]:
    """Every version, the one that was used last at the end."""
    query = (
        select(_snapshot)
        .where(
            _snapshot.c.bridge == bridge,
            _snapshot.c.invoice == id_from(invoice, Kind.INVOICE),
        )
        .order_by(_snapshot.c.used, _snapshot.c.digest)
    )
    with database.read() as connection:
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
