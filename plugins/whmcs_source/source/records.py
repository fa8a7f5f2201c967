"""One row a document and a movement, for reconciliation."""

import datetime as dt
from collections.abc import Iterator, Sequence

from bridge.api import (
    Days,
    Money,
    Record,
    RecordClass,
    SourceRef,
    Transaction,
    TransactionKind,
    invoice_ref,
    payment_ref,
    refund_ref,
    token_of,
    transaction_ref,
)
from whmcs_source.api.calls import Calls, OddRow, Page, Row
from whmcs_source.api.reply_errors import OddAmountError, UnreadableReplyError
from whmcs_source.api.walk import Place, walk
from whmcs_source.api.wire_models import WireClientRow, WireItem, WireRow
from whmcs_source.read import RecordReader
from whmcs_source.translate.invoice import PAID_STATES, STATES
from whmcs_source.translate.transactions import money

_NOTES = {"Invoice": "mass payment", "AddFunds": "adds to the client's balance"}
_CLASSES = {"Invoice": RecordClass.SETTLEMENT, "AddFunds": RecordClass.PREPAYMENT}


class Records:
    """Reads a period afresh: the whole list, each invoice of it in full, each client's money.

    Money without a client is not read: WHMCS gives it only together with everybody else's.
    """

    def __init__(self, calls: Calls, reading: RecordReader, label: str) -> None:
        self._calls = calls
        self._reading = reading
        self._label = label

    def read(self, days: Days) -> Iterator[Record]:
        """Documents by id, then money by client and row id."""
        for stretch in walk(self._page, Place()):
            for row in stretch.rows:
                if isinstance(row, OddRow):
                    yield self._odd(row, days)
                elif row.status != "Draft" and is_within(row, days):
                    yield self._whole_or_odd(row, days)
        for clients in walk(self._client_page, Place()):
            for client in clients.rows:
                yield from self._movements(client.id, days)

    def cost(self, days: Days) -> int:
        """About how many calls `read` would take.

        How many invoices fall into the period is taken from the first and the last of the list,
        as if they were spread evenly between.
        """
        first = self._calls.page(offset=0, limit=1)
        last = self._calls.page(offset=0, limit=1, order="desc")
        clients = self._calls.client_page(offset=0, limit=1).total
        size = self._calls.page_size
        inside = _inside(first.total, days, _day(first), _day(last))
        return 1 + first.total // size + inside + 1 + clients // size + clients

    def _page(self, offset: int) -> Page[Row]:
        return self._calls.page(offset=offset)

    def _client_page(self, offset: int) -> Page[WireClientRow]:
        return self._calls.client_page(offset=offset)

    def _movements(self, client: int, days: Days) -> Iterator[Record]:
        rows: list[Transaction] = []
        unread: list[Record] = []
        try:
            for moved in self._reading.transactions(client):
                rows.append(moved)  # noqa: PERF402  # what came before an error counts
        except UnreadableReplyError as error:
            note = f"the rest of this client's money cannot be read: {error}"
            unread = [self._unread(RecordClass.MOVEMENT, "", "", client, days, note)]
        invoices = {moved.id: moved.invoice for moved in rows}
        for moved in rows:
            if moved.date in days and moved.kind is not TransactionKind.ADJUSTMENT:
                yield self._movement(moved, invoices.get(moved.refund_of) or moved.invoice)
        yield from unread

    def _document(self, row: WireRow, day: dt.date) -> Record:
        currency = row.currencycode.upper() or self._reading.currency_of(row.userid)
        currency = currency or self._reading.books().base_currency
        record = f"invoice {row.id}"
        wire = self._calls.invoice(row.id)
        items = wire.items if wire else ()
        notes = [note for type_, note in _NOTES.items() if any(i.type == type_ for i in items)]
        deleted = [] if wire else ["deleted meanwhile"]
        state = STATES.get(row.status)
        return Record(
            record_class=_document_class(items),
            token=token_of(self._label, invoice_ref(row.id)),
            number=row.invoicenum or str(row.id),
            client=str(row.userid),
            date=day,
            net=money(row.subtotal, currency, record),
            tax=money(row.tax + row.tax2, currency, record),
            note=", ".join([row.status, *deleted, *notes]),
            state=state,
            paid_on=row.datepaid if state in PAID_STATES else None,
            credit=money(row.credit, currency, record),
            settles=tuple(
                token_of(self._label, invoice_ref(item.relid))
                for item in items
                if item.type == "Invoice" and item.relid
            ),
        )

    def _whole_or_odd(self, row: WireRow, days: Days) -> Record:
        try:
            return self._document(row, row.date or row.datepaid or days.first)
        except OddAmountError as error:
            return self._odd(OddRow(row.id, row.userid, row.status, error.what), days)

    def _odd(self, row: OddRow, days: Days) -> Record:
        token = token_of(self._label, invoice_ref(row.id))
        note = f"it cannot be read: {row.why}"
        return self._unread(RecordClass.INVOICE, token, str(row.id), row.userid, days, note)

    def _unread(  # a record's own fields
        self,
        record_class: RecordClass,
        token: str,
        number: str,
        client: int,
        days: Days,
        note: str,
    ) -> Record:
        nothing = Money.zero(self._reading.books().base_currency)
        return Record(
            record_class=record_class,
            token=token,
            number=number,
            client=str(client),
            date=days.first,
            net=nothing,
            tax=nothing,
            note=note,
        )

    def _movement(self, row: Transaction, invoice: SourceRef | None) -> Record:
        record_class, ref = _class_of(row)
        amount = row.money_in - row.money_out
        return Record(
            record_class=record_class,
            token=token_of(self._label, ref),
            number=row.reference,
            client=row.client.id if row.client else "",
            date=row.date,
            net=amount,
            tax=Money.zero(amount.currency),
            account=row.gateway,
            note=row.description,
            document=token_of(self._label, invoice) if invoice else "",
            fee=row.fee,
            rate=row.rate,
        )


def is_within(row: WireRow, days: Days) -> bool:
    """Whether it was issued or paid in the period; what has no day of issue is never left out."""
    return row.date is None or any(day in days for day in (row.date, row.datepaid) if day)


def _document_class(items: Sequence[WireItem]) -> RecordClass:
    """A sale, unless every line is of the one other kind."""
    types = {item.type for item in items}
    return (
        _CLASSES.get(types.pop(), RecordClass.INVOICE) if len(types) == 1 else RecordClass.INVOICE
    )


def _class_of(row: Transaction) -> tuple[RecordClass, SourceRef]:
    if row.kind is not TransactionKind.PAYMENT:
        return RecordClass.REFUND, refund_ref(row.id)
    if row.invoice is None:
        return RecordClass.MOVEMENT, transaction_ref(row.id)
    return RecordClass.PAYMENT, payment_ref(row.id, row.invoice.id)


def _day(page: Page[Row]) -> dt.date | None:
    rows = [row for row in page.rows if isinstance(row, WireRow)]
    return rows[0].date if rows else None


def _inside(count: int, days: Days, first: dt.date | None, last: dt.date | None) -> int:
    if first is None or last is None or last <= first:
        return count
    begin, end = max(days.first, first), min(days.last, last)
    inside = max(0, (end - begin).days + 1)
    return count * inside // ((last - first).days + 1)
