"""One database with a sync log in it: connections, transactions, and what they fail with."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc, text

from bridge.errors import StoreError
from bridge.store.db.errors import is_busy, is_collision, store_error, store_errors
from bridge.store.db.group_commit import GroupCommit
from bridge.store.db.url import Address, Family

T = TypeVar("T")

_CONNECTIONS = 40  # 32 workers, and those who read; each is opened when it is first needed
_CACHE_KIB = 512  # of each SQLite connection: a fourth of the default, and runs take as long
BUSY_S = 30
"""How long to wait for another process's SQLite transaction."""

_COLLISIONS = 12
_WRITES = {"bridge_writes": True}


class Database:
    """Connections to one database.

    A SQLite file takes one writer, so that threads that write at the same time share commits. A
    server takes many, each on its own connection, and groups their commits by itself.
    """

    def __init__(self, address: Address, *, throwaway: bool = False) -> None:
        self.address = address
        self.family = address.family
        self.where = str(address)
        with store_errors(self.where):
            self._engine = _engine(address)
        self._writer = self._engine.execution_options(**_WRITES)
        self._one_writer: AbstractContextManager[Any] = (
            threading.Lock() if self.family is Family.SQLITE else nullcontext()
        )
        self._carry_out: Callable[[Callable[[Connection], Any]], Any] = (
            GroupCommit(self._begin).write if self.family is Family.SQLITE else self._alone
        )
        if self.family is Family.SQLITE:
            _prepare_sqlite(self._engine, throwaway=throwaway)
        else:
            _prepare_server(self._engine, self.family)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with.

        Raises:
            StoreError: from anything that the database raises inside.
        """
        with store_errors(self.where), self._engine.connect() as connection:
            yield connection

    def write(self, job: Callable[[Connection], T]) -> T:
        """Do `job` in one transaction, durable when this returns; again when it collided.

        Raises:
            StoreError: it was not done; nothing of it was kept.
        """
        for collision in range(_COLLISIONS):
            try:
                value: T = self._carry_out(job)
            except exc.DBAPIError as error:
                if not is_collision(error) or collision == _COLLISIONS - 1:
                    raise store_error(error, self.where) from error
                time.sleep(random.uniform(0, 0.01 * 2 ** min(collision, 6)))  # noqa: S311
            except (exc.SQLAlchemyError, OSError) as error:
                raise store_error(error, self.where) from error
            else:
                return value
        raise AssertionError  # the last collision was raised

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._one_writer, self._writer.begin() as connection:
            yield connection

    def _alone(self, job: Callable[[Connection], T]) -> T:
        with self._begin() as connection:
            return job(connection)

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection for `migrate`, which begins and ends transactions by itself."""
        with store_errors(self.where), self._one_writer, self._writer.connect() as connection:
            yield connection

    def now(self, connection: Connection) -> int:
        """The database's clock, in microseconds since 1970 UTC.

        A SQLite file is on this machine, so this machine's clock is the database's.
        """
        if self.family is Family.SQLITE:
            return time.time_ns() // 1000
        return int(connection.execute(_CLOCKS[self.family]).scalar_one())


_CLOCKS = {
    Family.POSTGRESQL: text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"),
    Family.MYSQL: text(
        "SELECT timestampdiff(MICROSECOND, '1970-01-01 00:00:00', utc_timestamp(6))"
    ),
}


def _engine(address: Address) -> Engine:
    url = address.url
    if address.family is Family.SQLITE:
        patience = {} if "timeout" in url.query else {"timeout": BUSY_S}
        return create_engine(
            url,
            connect_args=patience,
            hide_parameters=True,
            pool_size=_CONNECTIONS,
            max_overflow=-1,
        )
    if address.family is Family.POSTGRESQL:
        wanted: dict[str, object] = {
            "connect_timeout": 10,
            "application_name": "bridge",
            # A plan that was kept from when the tables were small reads them whole ever after.
            "prepare_threshold": None,
        }
    else:
        wanted = {"connect_timeout": 10, "charset": "utf8mb4"}
    arguments = {name: value for name, value in wanted.items() if name not in url.query}
    return create_engine(
        url,
        connect_args=arguments,
        hide_parameters=True,
        isolation_level="READ COMMITTED",  # MariaDB's own default would read old snapshots
        pool_pre_ping=True,
        pool_size=_CONNECTIONS,
        max_overflow=-1,
    )


def _prepare_sqlite(engine: Engine, *, throwaway: bool) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions are begun below; sqlite3 itself would begin them too late.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        connection.execute(f"PRAGMA synchronous={'OFF' if throwaway else 'FULL'}")
        if throwaway:
            connection.execute("PRAGMA journal_mode=MEMORY")

    checked = throwaway

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        nonlocal checked
        if not connection.get_execution_options().get("bridge_writes"):
            return
        if not checked:
            _write_ahead(connection)
            checked = True
        # IMMEDIATE: a transaction that reads first and writes later cannot wait for another's.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _write_ahead(connection: Connection) -> None:
    """Bring the file to WAL once. SQLite does not wait for others who are just doing the same."""
    until = time.monotonic() + BUSY_S
    while connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() != "wal":
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except exc.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _prepare_server(engine: Engine, family: Family) -> None:
    wish = {
        # Durable when it returns, even where the server is set up to be faster than that.
        Family.POSTGRESQL: "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'",
        # An overlong text is an error and never cut.
        Family.MYSQL: "SET SESSION sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES')",
    }[family]

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(wish)
        connection.commit()


def missing(where: str) -> StoreError:
    """No sync log is there yet."""
    return StoreError(f"there is no sync log yet at {where}", remedy="Run `bridge sync` first.")
