"""Differences that a person explained."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import from_micros, printable, to_micros
from bridge.store.tables.values import AcceptanceRow

_acceptance = schema.acceptance


def keep(connection: Connection, bridge: str, put: AcceptanceRow) -> None:
    """Keep one, in place of an older one of the same number."""
    drop(connection, bridge, put.number)
    connection.execute(
        insert(_acceptance),
        {
            "bridge": bridge,
            "number": put.number,
            "shown": printable(put.shown),
            "who": printable(put.who),
            "because": printable(put.because),
            "at": to_micros(put.at),
        },
    )


def drop(connection: Connection, bridge: str, number: str) -> None:
    """Forget one; no error where there is none."""
    here = (_acceptance.c.bridge == bridge) & (_acceptance.c.number == number)
    connection.execute(delete(_acceptance).where(here))


class AcceptanceTable(BridgeRows):
    """Questions to `bridge_acceptance`."""

    def acceptances(self) -> Sequence[AcceptanceRow]:
        """Differences that a person explained, oldest first."""
        query = (
            select(_acceptance)
            .where(_acceptance.c.bridge == self._name)
            .order_by(_acceptance.c.at, _acceptance.c.number)
        )
        with self._database.read() as connection:
            return [
                AcceptanceRow(row.number, row.shown, row.who, row.because, from_micros(row.at))
                for row in connection.execute(query)
            ]
