"""One row a document and a movement, for reconciliation."""

from collections.abc import Iterator

from bridge.api import Days, Kind, Money, Record, RecordClass, TargetDocument, rounded
from kashflow_target.books import Books
from kashflow_target.documents import Documents, as_payment, currency_of, midnight
from kashflow_target.soap import Door
from kashflow_target.text import key_in


def records(door: Door, documents: Documents, books: Books, days: Days) -> Iterator[Record]:
    """Documents of the period, then payments, then bank transactions."""
    currencies: dict[str, str] = {}
    for document in documents.within([days]):
        if document.currency != books.home:
            currencies[document.ref.id] = document.currency
        if document.date in days:
            yield _document(document)
    yield from _payments(door, books, days, currencies)
    yield from _movements(door, books, days)


def _document(document: TargetDocument) -> Record:
    is_note = document.ref.kind is Kind.CREDIT_NOTE
    return Record(
        record_class=RecordClass.CREDIT_NOTE if is_note else RecordClass.INVOICE,
        token=key_in(document.reference),
        number=document.ref.id,
        client=document.client.id,
        date=document.date,
        net=document.net,
        tax=document.tax,
        note=document.reference,
    )


def _payments(door: Door, books: Books, days: Days, currencies: dict[str, str]) -> Iterator[Record]:
    """Pages from 1 until one is empty (KashFlowApiClient); the page's size is not documented."""
    seen: set[str] = set()
    page = 1
    while True:
        rows = door.read(
            "GetInvoicePaymentsByDateRange",
            StartDate=midnight(days.first),
            EndDate=midnight(days.last),
            PageNumber=page,
        ).items
        fresh = [row for row in rows if row.text("PayID") not in seen]
        if not fresh:
            return
        for row in fresh:
            seen.add(row.text("PayID"))
            payment = as_payment(row, Kind.INVOICE, books.home, books)
            if payment.date not in days:
                continue
            amount = payment.amount
            if not books.payments_at_home:
                amount = rounded(
                    row.decimal("PayAmount"),
                    _currency(door, books, payment.document.id, currencies),
                )
            yield Record(
                record_class=RecordClass.REFUND if amount.amount < 0 else RecordClass.PAYMENT,
                token=key_in(payment.note),
                number=payment.ref.id,
                client="",
                date=payment.date,
                net=amount,
                tax=Money.zero(amount.currency),
                account=payment.account,
                note=payment.note,
            )
        page += 1


def _currency(door: Door, books: Books, number: str, known: dict[str, str]) -> str:
    """The currency of an invoice that may be dated outside the period."""
    if number not in known:
        row = door.read("GetInvoice", InvoiceNumber=int(number)).row
        known[number] = currency_of(row, books)
    return known[number]


def _movements(door: Door, books: Books, days: Days) -> Iterator[Record]:
    """Bank transactions, account by account: KashFlow lists them without a period."""
    for account in books.accounts:
        for row in door.read("GetBankTransactions", AccountID=account.id).items:
            date = row.day("TransactionDate")
            if date not in days:
                continue
            amount = rounded(row.decimal("moneyin") - row.decimal("moneyout"), books.home)
            yield Record(
                record_class=RecordClass.MOVEMENT,
                token=key_in(row.text("Comment")),
                number=str(row.whole("ID")),
                client="",
                date=date,
                net=amount,
                tax=Money.zero(books.home),
                account=account.name,
                note=row.text("Comment"),
            )
