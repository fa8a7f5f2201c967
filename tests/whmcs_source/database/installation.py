"""WHMCS's tables in a real MariaDB, and the sandbox's company put into them."""

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, exc, make_url
from whmcs_source.database.database_source import WhmcsDatabase
from whmcs_source.sandbox.factory import WhmcsSandbox
from whmcs_source.sandbox.tables_ddl import (
    COMPANY,
    INVOICING,
    PEOPLE,
    ZERO_DAY,
    ZERO_MOMENT,
    Columns,
)
from whmcs_source.settings import settings_from

SERVER = os.environ.get("BRIDGE_TEST_MARIADB", "mysql://root@127.0.0.1:3306/test")
TABLES: Mapping[str, Columns] = {**INVOICING, **PEOPLE, **COMPANY}

# As the sandbox's kinds of column end; the types are those of open modules that imitate WHMCS.
_TYPES = {
    "DEFAULT '0.00'": "decimal(16,2) NOT NULL DEFAULT 0",
    "DEFAULT '0.000'": "decimal(10,3) NOT NULL DEFAULT 0",
    "DEFAULT '1.00000'": "decimal(16,5) NOT NULL DEFAULT 1",
    f"DEFAULT '{ZERO_DAY}'": f"date NOT NULL DEFAULT '{ZERO_DAY}'",
    f"DEFAULT '{ZERO_MOMENT}'": f"datetime NOT NULL DEFAULT '{ZERO_MOMENT}'",
    "AUTOINCREMENT": "int NOT NULL AUTO_INCREMENT PRIMARY KEY",
    "TEXT PRIMARY KEY": "varchar(190) NOT NULL PRIMARY KEY",
    "NOT NULL DEFAULT ''": "text NOT NULL",
    "DEFAULT 'Active'": "varchar(20) NOT NULL DEFAULT 'Active'",
    "NOT NULL DEFAULT 0": "int NOT NULL DEFAULT 0",
    "NOT NULL DEFAULT 1": "int NOT NULL DEFAULT 1",
    "INTEGER": "int",
}
_NULLABLE = {
    "tblinvoices.invoicenum": "text",
    "tblaccounts.transid": "varchar(190)",
    "tblinvoices.created_at": "timestamp NULL",
    "tblinvoices.updated_at": "timestamp NULL",
    "tblinvoiceitems.type": "varchar(30) NOT NULL",
}
INDEXES = (
    ("tblinvoices", "userid"),
    ("tblinvoiceitems", "invoiceid"),
    ("tblaccounts", "invoiceid"),
    ("tblaccounts", "userid"),
    ("tblcredit", "clientid"),
)


class Installation:
    """A database of WHMCS's tables.

    Attributes:
        url: With the right to do everything.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.name = str(url.database)
        self._engine = engine_for(url)

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("SET SESSION sql_mode = ''")  # zero dates, as in WHMCS
            yield connection

    def run(self, *statements: str) -> None:
        """Change something."""
        with self._connected() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))

    def ask(self, statement: str) -> Sequence[Any]:
        """Rows."""
        with self._connected() as connection:
            return connection.exec_driver_sql(statement).fetchall()

    def fill(self, box: WhmcsSandbox) -> None:
        """Put the sandbox's company in place of what is there."""
        with self._connected() as connection:
            connection.exec_driver_sql("BEGIN")
            for table in TABLES:
                connection.exec_driver_sql(f"DELETE FROM `{table}`")
                rows = [tuple(row.values()) for row in box.rows(f"SELECT * FROM {table}")]
                if rows:
                    marks = ", ".join(["%s"] * len(rows[0]))
                    connection.exec_driver_sql(f"INSERT INTO `{table}` VALUES ({marks})", rows)
            connection.exec_driver_sql("COMMIT")

    def open(self, **settings: Any) -> WhmcsDatabase:
        """A source of it."""
        address = self.url.render_as_string(hide_password=False)
        return WhmcsDatabase(settings_from({"database": address, **settings}))


def engine_for(url: URL) -> Engine:
    """An engine that commits each statement."""
    return create_engine(
        url.set(drivername="mysql+pymysql"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 5, "charset": "utf8mb4"},
    )


def statements(*, indexes: bool = True, lacking: Iterable[str] = ()) -> Iterator[str]:
    """What makes the empty tables; `lacking` are tables or columns of them to leave out."""
    left_out = set(lacking)
    for table, columns in TABLES.items():
        if table in left_out:
            continue
        parts = [
            f"{column if column.startswith('`') else f'`{column}`'} {_type(table, column, kind)}"
            for column, kind in columns.items()
            if f"{table}.{column}" not in left_out
        ]
        if indexes:
            parts += [f"KEY ({column})" for owner, column in INDEXES if owner == table]
        yield f"CREATE TABLE `{table}` ({', '.join(parts)}) ENGINE=InnoDB CHARSET=utf8mb4"


def _type(table: str, column: str, kind: str) -> str:
    if f"{table}.{column}" in _NULLABLE:
        return _NULLABLE[f"{table}.{column}"]
    return next(type_ for end, type_ in _TYPES.items() if kind.endswith(end))


@contextmanager
def installed(*, indexes: bool = True, lacking: Iterable[str] = ()) -> Iterator[Installation]:
    """A database of one's own, gone afterwards; the test is skipped where no MariaDB is."""
    name = f"bridge_test_whmcs_{uuid.uuid4().hex[:12]}"
    server = engine_for(make_url(SERVER))
    try:
        try:
            with server.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        except exc.OperationalError as error:
            pytest.skip(f"no MariaDB at BRIDGE_TEST_MARIADB: {str(error.orig)[:120]}")
        made = Installation(make_url(SERVER).set(database=name))
        try:
            made.run(*statements(indexes=indexes, lacking=lacking))
            yield made
        finally:
            made.close()
            with server.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name}")
    finally:
        server.dispose()
