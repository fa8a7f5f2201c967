"""Whether the database lets bridge in, and is one of a WHMCS that it knows."""

from collections.abc import Iterator

from bridge.api import Finding, Health, Level
from whmcs_source.database.layout import PRODUCT_TABLES, WANTED, Layout
from whmcs_source.database.queries import Tables
from whmcs_source.database.rows import text_of
from whmcs_source.read import RecordReader
from whmcs_source.source.check import Check, refuse_old
from whmcs_source.translate.transactions import Installation


class DatabaseCheck(Check):
    """Looks at tables, columns, grants and indexes. `survey` is as in API mode."""

    def __init__(self, tables: Tables, reading: RecordReader, *, products: bool) -> None:
        super().__init__(tables, reading, products=products)
        self._tables = tables

    def health(self) -> Health:
        """Sign in, and see that all is there that bridge reads.

        Raises:
            AccessError: the sign-in, or what may not be read, with the GRANT statements to run.
            UnreachableError: no such server or database, or none of a WHMCS that bridge knows.
        """
        layout = self._tables.asked.setup().layout
        books = self._reading.books()
        refuse_old(books)
        return Health(f"WHMCS {books.version}", tuple(self._all(layout, books)))

    def _all(self, layout: Layout, books: Installation) -> Iterator[Finding]:
        yield from self._version(books)
        yield Finding(Level.OK, "base currency", books.base_currency)
        yield from self._server()
        yield from self._losses(layout)
        yield from _slowness(layout)
        yield from self._tax_type()

    def _server(self) -> Iterator[Finding]:
        database = self._tables.database
        with database.snapshot() as snapshot:
            [version] = snapshot.row("SELECT VERSION()")
            cipher = snapshot.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        yield Finding(Level.OK, "database", f"{database.where}, server {text_of(version)}")
        if database.is_remote and not (cipher and cipher[0][1]):
            yield Finding(
                Level.WARNING,
                "database",
                "the connection is not encrypted: clients' data cross the network in clear",
                "append ?ssl_ca=/path/to/ca.pem to source.database, or go through a tunnel",
            )

    def _losses(self, layout: Layout) -> Iterator[Finding]:
        """Tables that bridge can do without."""
        for table, wanted in WANTED.items():
            is_unwanted = table in PRODUCT_TABLES and not self._products
            if layout.has(table) or not wanted.loss or is_unwanted:
                continue
            grant = " ".join(layout.grants([table]))
            yield Finding(
                Level.WARNING,
                f"table {table}",
                f"{layout.shortage(table)}: {wanted.loss}",
                f"run as the database's administrator: {grant}",
            )


def _slowness(layout: Layout) -> Iterator[Finding]:
    for table, column, what in layout.slow():
        yield Finding(
            Level.WARNING,
            f"index {table}.{column}",
            f"no index of {table} begins with {column}: {what} are looked for in the whole table",
            f"where the table is large, ask WHMCS's support about: CREATE INDEX bridge_{column} ON"
            f" `{table}` (`{column}`);",
        )
