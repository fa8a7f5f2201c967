"""The sandbox's books: one SQLite file, safe for several processes, committed before each reply."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kashflow_target.sandbox.seed import seed
from kashflow_target.sandbox.switches import Switches

FILE_NAME = "kashflow.db"
_BUSY_S = 30.0

# Ids of different kinds lie far apart, so that one taken for another finds nothing.
_TABLES = """
CREATE TABLE switch (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE call (n INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE fault (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, nth INTEGER NOT NULL, mode TEXT NOT NULL,
    seconds REAL NOT NULL, times INTEGER NOT NULL);
CREATE TABLE currency (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, rate TEXT NOT NULL, home INTEGER NOT NULL);
CREATE TABLE vat_rate (id INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE method (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL, code INTEGER NOT NULL);
CREATE TABLE nominal (
    id INTEGER PRIMARY KEY, code INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
    classification TEXT NOT NULL, sales INTEGER NOT NULL, archived INTEGER NOT NULL);
CREATE TABLE customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL, email TEXT NOT NULL, terms INTEGER NOT NULL, updated TEXT NOT NULL,
    body TEXT NOT NULL, xml TEXT NOT NULL);
CREATE TABLE invoice (
    dbid INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL UNIQUE,
    date TEXT NOT NULL, due TEXT NOT NULL, customer INTEGER NOT NULL, reference TEXT,
    estimate_category TEXT, suppress_total INTEGER NOT NULL, project INTEGER NOT NULL,
    currency TEXT NOT NULL, exchange_rate TEXT NOT NULL, net TEXT NOT NULL, vat TEXT NOT NULL,
    amount_paid TEXT NOT NULL, paid INTEGER NOT NULL, delivery TEXT NOT NULL,
    use_delivery INTEGER NOT NULL, lines_xml TEXT NOT NULL);
CREATE INDEX invoice_date ON invoice (date, number);
CREATE INDEX invoice_customer ON invoice (customer, number);
CREATE TABLE line (
    id INTEGER PRIMARY KEY AUTOINCREMENT, invoice INTEGER NOT NULL, position INTEGER NOT NULL,
    quantity TEXT NOT NULL, description TEXT, rate TEXT NOT NULL, charge_type INTEGER NOT NULL,
    vat_rate TEXT NOT NULL, vat_amount TEXT NOT NULL, product INTEGER NOT NULL,
    sort INTEGER NOT NULL, project INTEGER NOT NULL, net TEXT NOT NULL);
CREATE INDEX line_invoice ON line (invoice, position);
CREATE TABLE payment (
    id INTEGER PRIMARY KEY AUTOINCREMENT, invoice INTEGER NOT NULL, date TEXT NOT NULL,
    note TEXT, method INTEGER NOT NULL, account INTEGER NOT NULL, amount TEXT NOT NULL);
CREATE INDEX payment_invoice ON payment (invoice);
CREATE INDEX payment_date ON payment (date);
CREATE TABLE bank_transaction (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, date TEXT NOT NULL,
    money_in TEXT NOT NULL, money_out TEXT NOT NULL, vatable INTEGER NOT NULL,
    vat_rate TEXT NOT NULL, vat_amount TEXT NOT NULL, type INTEGER NOT NULL, comment TEXT,
    project INTEGER NOT NULL, customer INTEGER NOT NULL, supplier INTEGER NOT NULL);
CREATE INDEX bank_transaction_account ON bank_transaction (account);
INSERT INTO sqlite_sequence (name, seq) VALUES
    ('customer', 5400100), ('invoice', 71200400), ('line', 188300200),
    ('payment', 33100700), ('bank_transaction', 20600300);
"""


class BooksState:
    """The books in a directory. Threads share it; connections are lent, one to a thread at a time.

    Args:
        directory: Made when it does not exist; seeded on first use.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / FILE_NAME
        self._free: list[sqlite3.Connection] = []
        self._open: list[sqlite3.Connection] = []
        self._lending = threading.Lock()
        # Threads queue here: SQLite's own way of waiting for a lock sleeps for milliseconds.
        self._writing = threading.Lock()
        self._create()

    def close(self) -> None:
        """Let go of the file."""
        with self._lending:
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._free.clear()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The books as they stand at this moment."""
        with self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction that nothing else can come between; undone when the body raises."""
        with self._writing, self._lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        with self._lending:
            connection = self._free.pop() if self._free else self._connect()
        try:
            yield connection
        finally:
            with self._lending:
                self._free.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        # OFF: a commit survives the death of the process, which is all that tests bring about.
        connection.execute("PRAGMA synchronous = OFF")
        self._open.append(connection)
        return connection

    def _create(self) -> None:
        with self._lent() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        with self.write() as connection:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'switch'")
            if known.fetchone() is None:
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                seed(connection)


def switches_of(connection: sqlite3.Connection) -> Switches:
    """The switches as they stand."""
    return Switches(connection.execute("SELECT name, value FROM switch"))


def set_switches(connection: sqlite3.Connection, changes: dict[str, str]) -> None:
    """Merge what `switches.checked` gave."""
    connection.executemany(
        "INSERT INTO switch VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        list(changes.items()),
    )
