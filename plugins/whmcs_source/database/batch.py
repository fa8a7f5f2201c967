"""Invoices: list rows, and whole ones with lines and money, many at a time."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TypeVar

from whmcs_source.api.calls import OddRow, Row as ListRow
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.wire_models import WireInvoice, WireModel, WireRow, WireTransaction, parse
from whmcs_source.database.connection import Row, Snapshot
from whmcs_source.database.numbers import among, pieces
from whmcs_source.database.rows import NULL, Maker, number_of
from whmcs_source.database.setup import Asked, Setup, names_of
from whmcs_source.translate.transactions import rows_of_invoice

ModelT = TypeVar("ModelT", bound=WireModel)
Answers = dict[int, WireInvoice | UnreadableReplyError]

_SPECIAL_LINES = "'Invoice','AddFunds'"


def listed(asked: Asked, condition: str) -> tuple[ListRow, ...]:
    """List rows that fit a condition, which must be of bridge's own words and numbers."""
    setup = asked.setup()
    with asked.database.snapshot() as snapshot:
        return list_rows(setup, snapshot, condition)


def listed_by_id(asked: Asked, numbers: Collection[int]) -> dict[int, ListRow]:
    """List rows of these invoices; those that do not exist are left out."""
    found: dict[int, ListRow] = {}
    for piece in pieces(numbers):
        wanted = set(piece)
        rows = listed(asked, f"{among('id', piece)} ORDER BY id")
        found.update((row.id, row) for row in rows if row.id in wanted)
    return found


def list_rows(setup: Setup, snapshot: Snapshot, condition: str) -> tuple[ListRow, ...]:
    """As `listed`, within a transaction."""
    maker = setup.row
    rows = setup.rows(snapshot, "tblinvoices", maker.columns, f"WHERE {condition}")
    user = maker.columns.index("userid")
    codes = setup.codes_of(snapshot, {number_of(row[user]) for row in rows})
    return tuple(_list_row(maker, row, codes.get(number_of(row[user]), "")) for row in rows)


def _list_row(maker: Maker[WireRow], row: Row, currency: str) -> ListRow:
    number = number_of(row[0])
    try:
        return maker.make(row, f"invoice {number}", currencycode=currency)
    except UnreadableReplyError as error:
        raw = maker.raw(row)
        user = number_of(row[maker.columns.index("userid")])
        return OddRow(number, user, str(raw.get("status") or ""), error.what)


def special(asked: Asked, numbers: Collection[int]) -> set[int]:
    """Which of these invoices have a line that pays another invoice or adds funds."""
    found: set[int] = set()
    for piece in pieces(numbers):
        with asked.database.snapshot() as snapshot:
            rows = snapshot.rows(
                "SELECT DISTINCT invoiceid FROM tblinvoiceitems"  # noqa: S608  # numbers
                f" WHERE {among('invoiceid', piece)} AND type IN ({_SPECIAL_LINES})"
            )
        found.update(number_of(row[0]) for row in rows)
    return found & set(numbers)


def paid_by(asked: Asked, numbers: Collection[int]) -> set[int]:
    """Which invoices those of these that are mass payments pay."""
    found: set[int] = set()
    for piece in pieces(numbers):
        wanted = set(piece)
        with asked.database.snapshot() as snapshot:
            rows = snapshot.rows(
                "SELECT invoiceid, relid FROM tblinvoiceitems"  # noqa: S608  # numbers
                f" WHERE {among('invoiceid', piece)} AND type = 'Invoice'"
            )
        found.update(number_of(row[1]) for row in rows if number_of(row[0]) in wanted)
    return found


def whole(asked: Asked, numbers: Collection[int]) -> Answers:
    """Invoices in full; those that do not exist are left out.

    What makes no sense is answered with the error that says so.
    """
    setup = asked.setup()
    found: Answers = {}
    for piece in pieces(numbers):
        with asked.database.snapshot() as snapshot:
            batch = Batch(setup, snapshot, piece)
        answers = ((number, batch.get(number)) for number in piece)
        found |= {number: answer for number, answer in answers if answer is not None}
    return found


class Batch:
    """The rows of some hundred invoices, ids ascending, as they are at one moment.

    They are put together when the first is asked for.
    """

    def __init__(self, setup: Setup, snapshot: Snapshot, numbers: Sequence[int]) -> None:
        self._setup = setup
        self._made: Mapping[int, WireInvoice] | None = None
        where = f"WHERE {among('id', numbers)}"
        heads = setup.gathered(snapshot, "tblinvoices", setup.invoice.columns, where)
        self._heads = {number_of(row[0]): row for row in heads}
        self._lines = self._grouped(snapshot, "tblinvoiceitems", setup.item, numbers)
        self._money = self._grouped(snapshot, "tblaccounts", setup.transaction, numbers)
        self._add_from_elsewhere(snapshot)

    def _grouped(
        self, snapshot: Snapshot, table: str, maker: Maker[ModelT], numbers: Sequence[int]
    ) -> Mapping[int, list[Row]]:
        """Rows of a table by the invoice they stand on, by row id."""
        where = f"WHERE {among('invoiceid', numbers)}"
        grouped: dict[int, list[Row]] = defaultdict(list)
        for row in self._setup.gathered(snapshot, table, (*maker.columns, "invoiceid"), where):
            grouped[number_of(row.pop())].append(row)
        for rows in grouped.values():
            rows.sort(key=_own_id)
        return grouped

    def _add_from_elsewhere(self, snapshot: Snapshot) -> None:
        """Add to each invoice the refunds of its payments that stand elsewhere, and the payments
        that stand elsewhere of refunds that are on it.
        """
        refund_of = self._setup.transaction.columns.index("refundid")
        own = {
            number_of(row[0]): (number, row) for number, rows in self._money.items() for row in rows
        }
        returned: dict[int, set[int]] = defaultdict(set)
        for number, row in own.values():
            if row[refund_of] not in (None, NULL, b"0"):
                returned[number_of(row[refund_of])].add(number)
        wanted = {*self._setup.refunds.of(snapshot, own), *returned}
        for row in [*self._others(snapshot, wanted - own.keys()), *_rows(own, wanted)]:
            stands_on, _ = own.get(number_of(row[0]), (None, row))
            original, _ = own.get(number_of(row[refund_of]), (None, row))
            returning = returned.get(number_of(row[0]), set())
            for place in {original, *returning} - {None, stands_on}:
                self._money[place or 0].append(row)

    def _others(self, snapshot: Snapshot, numbers: Collection[int]) -> Iterator[Row]:
        names = names_of(self._setup.transaction.columns)
        for piece in pieces(numbers):
            wanted = set(piece)
            for row in snapshot.rows(
                f"SELECT {names} FROM tblaccounts WHERE {among('id', piece)}"  # noqa: S608
            ):
                if number_of(row[0]) in wanted:
                    yield row

    def clients(self) -> set[int]:
        """Whose they are."""
        place = self._setup.invoice.columns.index("userid")
        return {number_of(row[place]) for row in self._heads.values()}

    def related(self, types: Collection[str]) -> set[int]:
        """What lines of these types relate to."""
        words = {word.encode() for word in types}
        columns = self._setup.item.columns
        type_, relid = columns.index("type"), columns.index("relid")
        lines = (row for rows in self._lines.values() for row in rows if row[type_] in words)
        return {number_of(row[relid]) for row in lines}

    def get(self, number: int) -> WireInvoice | UnreadableReplyError | None:
        """An invoice with the transactions that belong to it; None where it does not exist."""
        if self._made is None:
            self._made = self._made_at_once()
        made = self._made.get(number)
        if made is not None:
            return made
        head = self._heads.get(number)
        return None if head is None else self._answer(number, head)

    def _made_at_once(self) -> Mapping[int, WireInvoice]:
        """All of them; none where any makes no sense, which shows once they are made one by one."""
        setup, numbers = self._setup, list(self._heads)
        try:
            made = setup.invoice.make_all(
                list(self._heads.values()),
                items=_parted(setup.item, self._lines, numbers),
                transactions=[
                    _own(number, rows)
                    for number, rows in zip(
                        numbers, _parted(setup.transaction, self._money, numbers), strict=True
                    )
                ],
            )
        except (ArithmeticError, TypeError, ValueError):
            return {}
        self._heads, self._lines, self._money = {}, {}, {}
        return dict(zip(numbers, made, strict=True))

    def _answer(self, number: int, head: Row) -> WireInvoice | UnreadableReplyError:
        setup, record = self._setup, f"invoice {number}"
        lines, money = self._lines.get(number, ()), self._money.get(number, ())
        try:
            try:
                items = tuple([setup.item.make(row, record) for row in lines])
                rows = [setup.transaction.make(row, record) for row in money]
            except UnreadableReplyError:
                return parse(WireInvoice, self._raw(head, lines, money), record)
            own = _own(number, tuple(rows))
            return setup.invoice.make(head, record, items=items, transactions=own)
        except UnreadableReplyError as error:
            return error

    def _raw(self, head: Row, lines: Sequence[Row], money: Sequence[Row]) -> dict[str, object]:
        """As the API would send it, so that what is wrong is told in the same words."""
        setup = self._setup
        return {
            **setup.invoice.raw(head),
            "items": [setup.item.raw(row) for row in lines],
            "transactions": [setup.transaction.raw(row) for row in money],
        }


def _parted(
    maker: Maker[ModelT], grouped: Mapping[int, Sequence[Row]], numbers: Sequence[int]
) -> list[tuple[ModelT, ...]]:
    """The records of each of these invoices."""
    rows = [grouped.get(number, ()) for number in numbers]
    made = iter(maker.make_all(list(chain.from_iterable(rows))))
    return [tuple(islice(made, len(own))) for own in rows]


def _own(number: int, rows: tuple[WireTransaction, ...]) -> tuple[WireTransaction, ...]:
    return rows_of_invoice(number, rows) if any(row.refundid for row in rows) else rows


def _own_id(row: Row) -> int:
    return number_of(row[0])


def _rows(own: Mapping[int, tuple[int, Row]], numbers: Collection[int]) -> list[Row]:
    return [own[number][1] for number in numbers if number in own]
