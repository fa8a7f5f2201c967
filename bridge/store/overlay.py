"""A sync log to rehearse in: what the real one holds, in a temporary file that takes the writes.

A SQLite log is copied as a file. From a server this bridge's rows are copied in pages, about a
minute for a million invoices: of the events only what persons did, and no snapshots, which are
read where they are. The real log is only read; of one that an older version wrote the copy is
upgraded.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Table, insert, inspect, select

from bridge.model.refs import SourceRef
from bridge.model.run import Run
from bridge.model.target_records import Json
from bridge.store.db.connection import Database
from bridge.store.db.errors import store_errors
from bridge.store.db.paging import PAGE
from bridge.store.db.url import Address, Family, read_address
from bridge.store.lease import Lease
from bridge.store.migrate import copy_file, refuse_unreadable, revision_of, upgrade_tables
from bridge.store.sync_log import SyncLog
from bridge.store.tables import schema
from bridge.store.tables.events import KEPT
from bridge.store.tables.mapping import from_micros, now_micros
from bridge.store.tables.snapshots import SnapshotTable
from bridge.store.tables.values import SnapshotRow

_COPIED = (
    *(schema.run, schema.entry, schema.step, schema.link, schema.sighting, schema.cursor),
    *(schema.event, schema.answer),
)


def open_overlay(url: str, name: str, *, base: Path) -> SyncLog:
    """A log that begins as the real one is, or empty where there is none.

    Raises:
        StoreError: the real one is of a newer version, or cannot be read.
        UsageError: it is from before version 0.1.0.
    """
    real = Database(read_address(url, base=base))
    directory = Path(tempfile.mkdtemp(prefix="bridge-dry-run-"))
    try:
        revision = revision_of(real)
        copy = _copy(real, revision, name, directory / "log.db")
    except BaseException:
        real.close()
        shutil.rmtree(directory, ignore_errors=True)
        raise
    if revision is None or real.address.file:
        real.close()
        return _Overlay(copy, name, directory)
    return _Overlay(copy, name, directory, real)


class _Rehearsal:
    """A lease on what nobody else can see."""

    token = "rehearsal"  # noqa: S105 - it opens nothing

    def check(self) -> None:
        """Always held."""


class _Overlay(SyncLog):
    """The copy. `real` is a server's log, of which not all was copied; a file was copied whole."""

    def __init__(
        self, database: Database, name: str, directory: Path, real: Database | None = None
    ) -> None:
        super().__init__(database, name)
        self._directory = directory
        self._real = real

    def close(self) -> None:
        """Close and remove the temporary file."""
        if self._real:
            self._real.close()
        super().close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def snapshots(self, invoice: SourceRef) -> Sequence[SnapshotRow]:
        """Return those of the real log, then those of the dry run."""
        own = super().snapshots(invoice)
        again = {row.digest for row in own}
        real = SnapshotTable(self._real, self._name).snapshots(invoice) if self._real else ()
        return [*(row for row in real if row.digest not in again), *own]

    def migrate(self) -> None:
        """Nothing: the copy is in this version's form, and the real log is left alone."""

    @contextmanager
    def lock(self, *, lease_s: float, command: str) -> Iterator[Lease]:  # noqa: ARG002
        yield _Rehearsal()

    def _check_lease(self, connection: Connection, lease: Lease | None) -> None:
        """Nobody else writes here."""

    def start_run(
        self,
        command: str,
        *,
        version: str,  # noqa: ARG002 - as every log's
        settings_digest: str,  # noqa: ARG002
    ) -> Run:
        """A run that leaves no trace has no number."""
        return Run(id=0, name=self._name, command=command, started=from_micros(now_micros()))

    def finish_run(self, run: Run, *, exit_code: int, summary: Mapping[str, Json]) -> None:
        """Nothing to close."""


def _copy(real: Database, revision: str | None, name: str, file: Path) -> Database:
    if revision is not None:
        refuse_unreadable(revision, real.where)
        if real.address.file is not None:
            with store_errors(real.where):
                copy_file(real.address.file, file)
            return _upgraded(_temporary(file), revision)
    copy = _temporary(file)
    tables = set(schema.metadata.tables.values()) if revision is None else _tables_of(real)
    copy.write(partial(_make_tables, tables=tables, revision=revision or schema.REVISION))
    if revision is None:
        return copy
    _copy_rows(real, name, file, tables)
    return _upgraded(copy, revision)


def _upgraded(copy: Database, revision: str) -> Database:
    if revision < schema.REVISION:
        with copy.session() as connection:
            upgrade_tables(connection)
            connection.commit()
    return copy


def _tables_of(real: Database) -> set[Table]:
    """Those that are there: what an older version wrote has fewer."""
    with real.read() as connection:
        there = set(inspect(connection).get_table_names())
    return {table for name, table in schema.metadata.tables.items() if name in there}


def _temporary(file: Path) -> Database:
    address = read_address(f"sqlite:///{file}", base=file.parent)
    return Database(Address(address.url, Family.SQLITE, file), throwaway=True)


def _make_tables(connection: Connection, tables: set[Table], revision: str) -> None:
    for table in tables:
        table.create(connection)
    connection.execute(insert(schema.version), {"version_num": revision})


def _copy_rows(real: Database, name: str, file: Path, tables: set[Table]) -> None:
    with closing(sqlite3.connect(file)) as target:
        target.execute("PRAGMA synchronous=OFF")
        for table in _COPIED:
            if table not in tables:
                continue
            names = [column.name for column in table.c]
            places = ", ".join("?" * len(names))
            statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
            for rows in _row_pages(real, name, table):
                target.executemany(statement, rows)
            target.commit()


def _row_pages(real: Database, name: str, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """This bridge's rows by primary key, a page at a time."""
    keys = [column for column in table.primary_key.columns if column.name != "bridge"]
    query = select(table).where(table.c.bridge == name).order_by(*keys).limit(PAGE)
    if table is schema.event:
        query = query.where(table.c.code.in_(KEPT))
    last: tuple[Any, ...] | None = None
    while True:
        page = query if last is None else query.where(_after(keys, last))
        with real.read() as connection:
            rows = [tuple(row) for row in connection.execute(page)]
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        places = [table.c.keys().index(column.name) for column in keys]
        last = tuple(rows[-1][place] for place in places)


def _after(keys: list[Column[Any]], last: tuple[Any, ...]) -> Any:
    """Rows beyond `last` in the order of `keys`, told so that an index serves it."""
    head, *rest = keys
    if not rest:
        return head > last[0]
    return (head >= last[0]) & ((head > last[0]) | _after(rest, last[1:]))
