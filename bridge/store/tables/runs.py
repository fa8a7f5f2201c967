"""Runs: when each began, how it ended, and the next one's number."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from bridge.model.run import Run
from bridge.store.db.connection import Database
from bridge.store.tables import schema
from bridge.store.tables.mapping import run_row
from bridge.store.tables.values import RunRow

_run = schema.run


def runs(database: Database, bridge: str, limit: int) -> Sequence[RunRow]:
    """The latest runs, newest first."""
    query = select(_run).where(_run.c.bridge == bridge).order_by(_run.c.id.desc()).limit(limit)
    with database.read() as connection:
        return [run_row(row) for row in connection.execute(query)]


def open_run(connection: Connection, bridge: str, values: Mapping[str, Any]) -> int:
    """Add a run; its id is one more than the last of any bridge of this database."""
    last = connection.execute(select(func.max(_run.c.id))).scalar() or 0
    connection.execute(insert(_run), {**values, "bridge": bridge, "id": last + 1})
    return last + 1


def close_run(connection: Connection, run: Run, values: Mapping[str, Any]) -> None:
    """Write down how a run ended."""
    ours = (_run.c.bridge == run.name) & (_run.c.id == run.id)
    connection.execute(update(_run).where(ours).values(**values))
