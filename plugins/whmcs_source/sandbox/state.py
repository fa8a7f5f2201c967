"""The stand-in's memory: one SQLite file, safe for several processes at once."""

import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from whmcs_source.sandbox.tables_ddl import statements

FILE = "whmcs.db"
_WAIT_S = 20

Database: TypeAlias = sqlite3.Connection
Row: TypeAlias = sqlite3.Row


class InstallationState:
    """The file, opened. One connection a process; its users take turns.

    Args:
        directory: Where the file is, made if need be.
        first: What the file holds where there is none yet, as `image` gives it.
    """

    def __init__(self, directory: Path, first: Callable[[], bytes]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        if not (directory / FILE).exists():
            _place(directory / FILE, first())
        self._lock = threading.RLock()
        self._depth = 0
        self._database = sqlite3.connect(
            directory / FILE, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        self._database.row_factory = sqlite3.Row
        try:
            _use_write_ahead(self._database)
        except BaseException:
            self._database.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """Everything inside is committed together, or not at all."""
        with self._lock:
            if self._depth:
                yield self._database
                return
            self._database.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            else:
                self._database.execute("COMMIT")
            finally:
                self._depth = 0

    def close(self) -> None:
        """Let the file go. What a caller is doing is finished first."""
        with self._lock, suppress(sqlite3.ProgrammingError):
            self._database.close()


@contextmanager
def undone_on_error(database: Database) -> Iterator[None]:
    """Take back only what happened inside when it fails; the transaction around it goes on."""
    database.execute("SAVEPOINT attempt")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK TO attempt")
        raise
    finally:
        database.execute("RELEASE attempt")


def insert(database: Database, table: str, values: Mapping[str, Any]) -> int:
    """Add a row, and answer its id."""
    columns = ", ".join(f"`{name}`" for name in values)
    marks = ", ".join("?" for _ in values)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  # our own names
    return int(database.execute(statement, tuple(values.values())).lastrowid or 0)


def update(database: Database, table: str, row_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of one row."""
    columns = ", ".join(f"`{name}` = ?" for name in values)
    statement = f"UPDATE {table} SET {columns} WHERE id = ?"  # noqa: S608  # our own names
    database.execute(statement, (*values.values(), row_id))


def image(fill: Callable[[Database], None]) -> bytes:
    """A file with all tables and what `fill` puts into them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        database.execute("BEGIN")
        for statement in statements():
            database.execute(statement)
        fill(database)
        database.execute("COMMIT")
        return database.serialize()


def _place(path: Path, content: bytes) -> None:
    """Whole or not at all; of two processes that both try, the first has made it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}-") as file:
        file.write(content)
        file.flush()
        with suppress(FileExistsError):
            os.link(file.name, path)


def _use_write_ahead(database: Database) -> None:
    """Switch the file to write-ahead logging; two processes that both try may be told "locked".

    NORMAL is enough: what was committed survives the death of the process, and a stand-in need
    not survive that of the machine.
    """
    give_up = time.monotonic() + _WAIT_S
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
    database.execute("PRAGMA synchronous = NORMAL")
