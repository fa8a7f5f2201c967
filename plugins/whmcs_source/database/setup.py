"""What is asked of the database once and kept for a run."""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from whmcs_source.api.html_text import single_line
from whmcs_source.api.wire_models import (
    WireClient,
    WireCredit,
    WireInvoice,
    WireItem,
    WireModel,
    WireRow,
    WireTransaction,
)
from whmcs_source.database.connection import DatabaseConnection, Row, Snapshot
from whmcs_source.database.layout import Layout, read_layout
from whmcs_source.database.numbers import among, pieces
from whmcs_source.database.refunds import Refunds
from whmcs_source.database.rows import Maker, number_of, text_of
from whmcs_source.translate.invoice import Product

_PART = b"\x1f"
_END = b"\x1f\x1e"
ModelT = TypeVar("ModelT", bound=WireModel)


class Setup:
    """The tables that there are, how their rows become records, and what refunds return.

    Attributes:
        layout: What the database has.
        refunds: Refunds by their payments.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.refunds = Refunds(indexed=("tblaccounts", "refundid") in layout.indexed)
        self.row = _maker(WireRow, layout.of("tblinvoices"))
        self.invoice = _maker(WireInvoice, layout.of("tblinvoices"))
        self.item = _maker(WireItem, layout.of("tblinvoiceitems"))
        self.transaction = _maker(WireTransaction, layout.of("tblaccounts"))
        self.client = Maker(WireClient, layout.of("tblclients"))
        self.credit = _maker(WireCredit, layout.of("tblcredit"))
        self._codes: Mapping[int, str] | None = None
        self._products: Mapping[int, Product] | None = None

    def rows(
        self, snapshot: Snapshot, table: str, columns: Sequence[str], rest: str
    ) -> Sequence[Row]:
        """Rows of a table; `rest` is the statement from WHERE on.

        Each comes as one value, which takes a driver written in Python half as long. Should a text
        hold the very byte that parts the columns, they are asked for one by one.
        """
        joined = _joined(columns, self.layout.columns[table])
        found = snapshot.rows(f"SELECT {joined} FROM {table} {rest}")  # noqa: S608  # our own names
        rows = [tuple((row[0] or b"").split(_PART)) for row in found]
        if all(len(row) == len(columns) for row in rows):
            return rows
        return snapshot.rows(f"SELECT {names_of(columns)} FROM {table} {rest}")  # noqa: S608

    def gathered(
        self, snapshot: Snapshot, table: str, columns: Sequence[str], where: str
    ) -> list[list[bytes | None]]:
        """Rows of a table that fit, in no order: all of them come as one value.

        They are asked for one by one should that value have been cut, which shows at its end, or
        should a text hold the very bytes that part them.
        """
        joined = _joined(columns, self.layout.columns[table], end=", 0x1e")
        count, body = snapshot.row(
            f"SELECT COUNT(*), GROUP_CONCAT({joined} SEPARATOR '') FROM {table} {where}"  # noqa: S608
        )
        *texts, rest = (body or b"").split(_END)
        rows: list[list[bytes | None]] = [[*text.split(_PART)] for text in texts]
        if not rest and len(rows) == number_of(count) and {*map(len, rows)} <= {len(columns)}:
            return rows
        return [[*row] for row in self.rows(snapshot, table, columns, where)]

    def codes(self, snapshot: Snapshot) -> Mapping[int, str]:
        """Currency codes by WHMCS's currency id."""
        if self._codes is None:
            rows = snapshot.rows("SELECT id, code FROM tblcurrencies")
            self._codes = {number_of(row[0]): single_line(text_of(row[1]) or "") for row in rows}
        return self._codes

    def codes_of(self, snapshot: Snapshot, clients: Collection[int]) -> dict[int, str]:
        """Currency codes of these clients, without those who are gone."""
        codes, found = self.codes(snapshot), dict[int, str]()
        for piece in pieces(clients):
            rows = snapshot.rows(
                "SELECT currency, GROUP_CONCAT(id) FROM tblclients"  # noqa: S608  # numbers
                f" WHERE {among('id', piece)} GROUP BY currency"
            )
            for currency, ids in rows:
                code = codes.get(number_of(currency), "")
                found.update(dict.fromkeys(map(int, (ids or b"").split(b",")), code))
        return found

    def products(self, snapshot: Snapshot) -> Mapping[int, Product]:
        """Names of product and group by product id; one without a group is left out, as the API
        leaves it out.
        """
        if self._products is None:
            groups = snapshot.rows("SELECT id, name FROM tblproductgroups")
            names = {number_of(row[0]): _line(row, 1) for row in groups}
            products = snapshot.rows("SELECT id, gid, name FROM tblproducts")
            self._products = {
                number_of(row[0]): Product(_line(row, 2), names[number_of(row[1])])
                for row in products
                if number_of(row[1]) in names
            }
        return self._products


def _line(row: Row, place: int) -> str:
    return single_line(text_of(row[place]) or "")


def _maker(model: type[ModelT], columns: Iterable[str]) -> Maker[ModelT]:
    return Maker(model, tuple(name for name in columns if name in model.model_fields))


def names_of(columns: Sequence[str]) -> str:
    """Columns for a statement."""
    return ", ".join(f"`{name}`" for name in columns)


def _joined(columns: Sequence[str], nullable: Mapping[str, bool], end: str = "") -> str:
    values = [f"IFNULL(`{name}`, 0x00)" if nullable[name] else f"`{name}`" for name in columns]
    return f"CONCAT_WS(0x1f, {', '.join(values)}{end})"


class Asked:
    """The setup, asked for when it is first needed. Safe for several threads."""

    def __init__(self, database: DatabaseConnection) -> None:
        self.database = database
        self._lock = threading.Lock()
        self._setup: Setup | None = None

    def setup(self) -> Setup:
        """What there is.

        Raises:
            AccessError, UnreachableError: something that bridge needs is not there for it.
        """
        with self._lock:
            if self._setup is None:
                layout = read_layout(self.database)
                layout.verify()
                self._setup = Setup(layout)
            return self._setup

    def forget(self) -> None:
        """Ask anew: another run begins."""
        with self._lock:
            self._setup = None
