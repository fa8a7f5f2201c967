"""Statements that are put into words once for each database, and then only carried out.

SQLAlchemy keeps the words of a statement too, but asks for them anew each time: twice the work of
SQLite itself for a row by its key. What is done for every invoice goes this shorter way, and for a
SQLite file straight to its driver, which saves 0.16 ms of the 6 ms that an invoice takes.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Executable, Table, bindparam, exc, insert

Values: TypeAlias = Mapping[str, Any]


class PreparedStatement:
    """One statement, its bound parameters by name.

    Values go to the database as they are: text, whole numbers, booleans and None.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._words: dict[str, tuple[str, tuple[str, ...] | None]] = {}

    def run(self, connection: Connection, values: Values) -> int:
        """Carry it out; returns how many rows were met."""
        return int(self._result(connection, values).rowcount)

    def column(self, connection: Connection, values: Values) -> list[Any]:
        """The first column of each row that a query finds."""
        return [row[0] for row in self._result(connection, values).fetchall()]

    def run_all(self, connection: Connection, values: Sequence[Values]) -> int:
        """Carry it out for each of these; returns how many rows were met in all."""
        if not values:
            return 0
        if len(values) == 1:
            return self.run(connection, values[0])
        words, order = self._on(connection)
        bound = [_bound(order, each) for each in values]
        driver = _sqlite(connection)
        if driver is None:
            return connection.exec_driver_sql(words, bound).rowcount
        try:
            return driver.executemany(words, bound).rowcount
        except sqlite3.Error as error:
            raise _as_sqlalchemy_does(error, words) from error

    def _result(self, connection: Connection, values: Values) -> Any:
        words, order = self._on(connection)
        driver = _sqlite(connection)
        if driver is None:
            return connection.exec_driver_sql(words, _bound(order, values))
        try:
            return driver.execute(words, _bound(order, values))
        except sqlite3.Error as error:
            raise _as_sqlalchemy_does(error, words) from error

    def _on(self, connection: Connection) -> tuple[str, tuple[str, ...] | None]:
        """The words, and the names in the order of its places, None where places have names."""
        dialect = connection.dialect
        known = self._words.get(dialect.name)
        if known is None:
            compiled: Any = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
            order = tuple(compiled.positiontup) if compiled.positional else None
            known = self._words[dialect.name] = (str(compiled), order)
        return known


def _sqlite(connection: Connection) -> sqlite3.Connection | None:
    driver: Any = connection.connection.dbapi_connection
    return driver if isinstance(driver, sqlite3.Connection) else None


def _as_sqlalchemy_does(error: sqlite3.Error, words: str) -> Exception:
    """Under the name that those further up know it by; what was bound is told to nobody."""
    return exc.DBAPIError.instance(words, None, error, sqlite3.Error, hide_parameters=True)


def _bound(order: tuple[str, ...] | None, values: Values) -> Any:
    return values if order is None else tuple([values[name] for name in order])


def prepared_insert(table: Table, *without: str) -> PreparedStatement:
    """An insert of a whole row, but for columns that the database fills in by itself."""
    names = [column.name for column in table.c if column.name not in without]
    return PreparedStatement(
        insert(table).values({name: bindparam(name) for name in names}).inline()
    )
