"""The connection to WHMCS's database: short read-only transactions, and values as raw bytes.

Raw, because a driver would choke on zero dates and on the Latin-1 bytes that some installs mix
into their tables (seen in open WHMCS modules); `rows` reads them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url

from bridge.api import ConfigError, Problem
from whmcs_source.database.query_errors import told

Row = Sequence[bytes | None]

_CONNECT_S = 10
_SESSION = (
    # Bytes as they lie in the table, whatever a column's character set says.
    "SET NAMES binary",
    "SET SESSION sql_mode = ''",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION group_concat_max_len = 1000000",  # what is longer is asked for by rows
)


class Snapshot:
    """The database at one moment; open for as long as one batch takes."""

    def __init__(self, connection: Connection, where: str) -> None:
        self._connection = connection
        self._where = where

    def rows(self, statement: str) -> Sequence[Row]:
        """All rows of a statement. It must be of bridge's own words and of numbers.

        Raises:
            AccessError, UnreachableError, TransientError: for whatever goes wrong.
        """
        with told(self._where):
            return self._connection.exec_driver_sql(statement).fetchall()

    def row(self, statement: str) -> Row:
        """The one row of a statement that has one."""
        return self.rows(statement)[0]

    def do(self, statement: str) -> None:
        """A statement that has no rows."""
        with told(self._where):
            self._connection.exec_driver_sql(statement)


class DatabaseConnection:
    """Connections to the database. Safe for several threads.

    Args:
        address: A checked `database` setting.
        timeout_s: How long to wait for one answer.

    Raises:
        ConfigError: the driver is not installed, or the address is none after all.
    """

    def __init__(self, address: str, *, timeout_s: float) -> None:
        try:
            url = make_url(address)
        except exc.ArgumentError:
            raise _wrong("source.database is not a database URL", "see the docs") from None
        host = url.host or "this machine"
        self.where = f"WHMCS's database {url.database} on {host}"
        self._engine = _engine(address, timeout_s)
        self.is_remote = host not in ("localhost", "127.0.0.1", "::1", "this machine")

    def __repr__(self) -> str:
        return f"DatabaseConnection({self.where})"

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A read-only transaction that sees the database as it is now, and only that.

        Raises:
            AccessError, UnreachableError, TransientError: it could not be begun or ended.
        """
        with told(self.where):
            connection = self._engine.connect()
        with connection:
            opened = Snapshot(connection, self.where)
            try:
                opened.do("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
                yield opened
                opened.do("COMMIT")
            except BaseException:
                connection.invalidate()  # it may be in the middle of a reply
                raise


def _engine(address: str, timeout_s: float) -> Engine:
    if find_spec("pymysql") is None:
        raise _wrong(
            "source.database needs the driver PyMySQL, which is not installed",
            "type: pip install 'bridge-accounts[mysql]'",
        )
    url = make_url(address).set(drivername="mysql+pymysql")
    wanted: dict[str, object] = {
        "charset": "utf8mb4",
        "use_unicode": False,
        "connect_timeout": _CONNECT_S,
        "read_timeout": timeout_s,
        "write_timeout": timeout_s,
    }
    arguments = {name: value for name, value in wanted.items() if name not in url.query}
    engine = create_engine(
        url,
        connect_args=arguments,
        isolation_level="AUTOCOMMIT",  # transactions are begun in words
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=-1,
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.decoders = {}  # no value is turned into a number or a date
        with connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)

    return engine


def _wrong(what: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(what, remedy, key="source.database")])
