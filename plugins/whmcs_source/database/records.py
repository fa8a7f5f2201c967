"""One row a document and a movement, for reconciliation: only those of the period are read."""

import datetime as dt
from collections.abc import Iterator, Sequence

from bridge.api import Days, Record
from whmcs_source.api.calls import OddRow, Row as ListRow
from whmcs_source.database import batch as invoices
from whmcs_source.database.numbers import PIECE, among, pieces
from whmcs_source.database.queries import Tables
from whmcs_source.database.read_ahead import ReadAhead
from whmcs_source.database.reading import DatabaseReader
from whmcs_source.database.rows import number_of
from whmcs_source.settings import Products
from whmcs_source.source.records import Records, is_within

_INVOICE_DAYS = ("date", "duedate", "datepaid", "date_refunded", "date_cancelled")
_FIGURES = ("userid", "subtotal", "tax", "total")


class DatabaseRecords(Records):
    """Gives what API mode gives, in the same order, without going through the whole list."""

    def __init__(self, tables: Tables, label: str) -> None:
        ahead = ReadAhead(tables)
        super().__init__(ahead, DatabaseReader(ahead, products=Products.SKIP), label)
        self._ahead = ahead

    def read(self, days: Days) -> Iterator[Record]:
        """Documents by id, then money by client and row id."""
        for rows in self._documents(days):
            self._ahead.expect_invoices([row.id for row in rows])
            for row in rows:
                if isinstance(row, OddRow):
                    yield self._odd(row, days)
                elif row.status != "Draft" and is_within(row, days):
                    yield self._whole_or_odd(row, days)
        for piece in pieces(self._clients(days)):
            self._ahead.expect_money(piece)
            for client in piece:
                yield from self._movements(client, days)

    def cost(self, days: Days) -> int:
        """About how many statements `read` would take."""
        condition = self._invoice_condition(days)
        with self._ahead.database.snapshot() as snapshot:
            [found] = snapshot.row(f"SELECT COUNT(*) FROM tblinvoices WHERE {condition}")  # noqa: S608
        return 8 + 8 * (number_of(found) // PIECE) + len(self._clients(days)) // PIECE

    def _documents(self, days: Days) -> Iterator[Sequence[ListRow]]:
        condition, last = self._invoice_condition(days), 0
        while True:
            where = f"id > {last} AND ({condition}) ORDER BY id LIMIT {PIECE}"
            rows = invoices.listed(self._ahead.asked, where)
            if not rows:
                return
            yield rows
            last = rows[-1].id

    def _invoice_condition(self, days: Days) -> str:
        """What may be of the period, and what may make no sense, which is told in any case."""
        there = self._ahead.asked.setup().layout.of("tblinvoices")
        odd = [_half_zero(name) for name in _INVOICE_DAYS if name in there]
        odd += [f"`{name}` IS NULL" for name in _FIGURES]
        within = [_within(name, days) for name in ("date", "datepaid")]
        undated = "`date` IS NULL OR YEAR(`date`) = 0"
        return " OR ".join([*within, undated, "status = ''", *odd])

    def _clients(self, days: Days) -> list[int]:
        """Clients who exist and had money in the period, or have money without a day."""
        undated = f"`date` IS NULL OR YEAR(`date`) = 0 OR {_half_zero('date')}"
        with self._ahead.database.snapshot() as snapshot:
            moved = snapshot.rows(
                "SELECT DISTINCT userid FROM tblaccounts"  # noqa: S608  # days and our own names
                f" WHERE {_within('date', days)} OR {undated}"
            )
            found: set[int] = set()
            for piece in pieces(number_of(row[0]) for row in moved):
                rows = snapshot.rows(
                    f"SELECT id FROM tblclients WHERE {among('id', piece)}"  # noqa: S608  # numbers
                )
                found.update({number_of(row[0]) for row in rows} & set(piece))
        return sorted(found)


def _within(column: str, days: Days) -> str:
    after = days.last + dt.timedelta(days=1)
    return f"(`{column}` >= '{days.first}' AND `{column}` < '{after}')"


def _half_zero(column: str) -> str:
    """A day such as 2026-02-00, which MySQL lets be and nobody can read."""
    return f"(YEAR(`{column}`) > 0 AND (MONTH(`{column}`) = 0 OR DAY(`{column}`) = 0))"
