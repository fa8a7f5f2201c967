"""Runs: when each began, how it ended, and the next one's number."""

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from bridge.model.run import Run
from bridge.model.target_records import Json
from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import dump_json, from_micros, now_micros, printable, run_row
from bridge.store.tables.values import RunRow

_run = schema.run


class RunTable(BridgeRows):
    """Questions to, and changes of, `bridge_run`."""

    def start_run(self, command: str, *, version: str, settings_digest: str) -> Run:
        """Open a run; its id is one more than the last of any bridge of this database."""
        started = now_micros()
        values: dict[str, Any] = {
            "bridge": self._name,
            "command": printable(command),
            "started": started,
            "ended": None,
            "host": printable(socket.gethostname()),
            "pid": os.getpid(),
            "version": version,
            "settings_digest": settings_digest,
            "exit_code": None,
            "summary": "{}",
        }

        def job(connection: Connection) -> int:
            number: int = (connection.execute(select(func.max(_run.c.id))).scalar() or 0) + 1
            connection.execute(insert(_run), {**values, "id": number})
            return number

        number = self._write(job)
        return Run(id=number, name=self._name, command=command, started=from_micros(started))

    def finish_run(self, run: Run, *, exit_code: int, summary: Mapping[str, Json]) -> None:
        """Close a run. Needs no lock: it is true of a run that lost its lock as well."""
        values = {"ended": now_micros(), "exit_code": exit_code, "summary": dump_json(summary)}
        ours = (_run.c.bridge == run.name) & (_run.c.id == run.id)
        statement = update(_run).where(ours).values(**values)
        self._database.write(lambda connection: connection.execute(statement))

    def runs(self, limit: int) -> Sequence[RunRow]:
        """The latest runs, newest first."""
        ours = select(_run).where(_run.c.bridge == self._name)
        with self._database.read() as connection:
            rows = connection.execute(ours.order_by(_run.c.id.desc()).limit(limit))
            return [run_row(row) for row in rows]
