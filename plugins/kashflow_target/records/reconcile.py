"""One row a document and a movement, for reconciliation."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from bridge.api import Days, Kind, Money, Record, RecordClass, TaxPart, rounded, token_at, total
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.records.customers import CustomerRecords
from kashflow_target.records.documents import (
    as_document,
    as_payment,
    currency_of,
    midnight,
)
from kashflow_target.records.lines import as_line, lines_of, with_lines
from kashflow_target.records.movements import MovementRecords, as_movement
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.replies import Row
from kashflow_target.vat.rules import NOT_APPLICABLE


def records(
    kashflow: KashFlowClient,
    customers: CustomerRecords,
    movements: MovementRecords,
    books: ResolvedAccount,
    days: Days,
) -> Iterator[Record]:
    """Documents of the period, then payments, then bank transactions."""
    countries = {each.ref.id: str(each.body["CountryCode"]) for each in customers.all()}
    currencies: dict[str, str] = {}
    first, last = midnight(days.first), midnight(days.last)
    for row in kashflow.rows("GetInvoicesByDateRange", "Invoice", StartDate=first, EndDate=last):
        record = _document(with_lines(row, kashflow, books), books, countries)
        if record.net.currency != books.home:
            currencies[record.number] = record.net.currency
        if record.date in days:
            yield record
    yield from _payments(kashflow, books, days, currencies)
    yield from _movements(movements, books, days)


def _document(row: Row, books: ResolvedAccount, countries: Mapping[str, str]) -> Record:
    document = as_document(row, books)
    is_note = document.ref.kind is Kind.CREDIT_NOTE
    rate = Decimal(row.text("ExchangeRate") or 0)
    return Record(
        record_class=RecordClass.CREDIT_NOTE if is_note else RecordClass.INVOICE,
        token=token_at(document.reference),
        number=document.ref.id,
        client=document.client.id,
        date=document.date,
        net=document.net,
        tax=document.tax,
        note=document.reference,
        rate=rate if rate > 0 and document.currency != books.home else None,
        paid=document.paid,
        country=countries.get(document.client.id, ""),
        taxes=_taxes(row, document.currency, books),
    )


def _taxes(row: Row, currency: str, books: ResolvedAccount) -> tuple[TaxPart, ...]:
    """The document by VatRate. -1 is N/A and reaches no VAT report (KashFlow manual, InvoiceLine).

    A list reply that came without lines gives none.
    """
    by_rate: dict[Decimal, list[Row]] = {}
    for line in lines_of(row):
        by_rate.setdefault(line.decimal("VatRate").normalize(), []).append(line)
    result = []
    for rate, lines in sorted(by_rate.items(), reverse=True):
        shown = [as_line(line, currency, books) for line in lines]
        outside = rate == NOT_APPLICABLE
        result.append(
            TaxPart(
                code="N/A" if outside else f"{rate:f} %",
                net=total((line.net for line in shown), currency),
                tax=total((line.tax for line in shown), currency),
                on_return=not outside,
            )
        )
    return tuple(result)


def _payments(
    kashflow: KashFlowClient, books: ResolvedAccount, days: Days, currencies: dict[str, str]
) -> Iterator[Record]:
    """Pages from 1 until one is empty (KashFlowApiClient); the page's size is not documented."""
    seen: set[str] = set()
    page = 1
    while True:
        rows = kashflow.read(
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
                    _currency(kashflow, books, payment.document.id, currencies),
                )
            yield Record(
                record_class=RecordClass.REFUND if amount.amount < 0 else RecordClass.PAYMENT,
                token=token_at(payment.note),
                number=payment.ref.id,
                client="",
                date=payment.date,
                net=amount,
                tax=Money.zero(amount.currency),
                account=payment.account,
                note=payment.note,
                document=payment.document.id,
            )
        page += 1


def _currency(
    kashflow: KashFlowClient, books: ResolvedAccount, number: str, known: dict[str, str]
) -> str:
    """The currency of an invoice that may be dated outside the period."""
    if number not in known:
        row = kashflow.read("GetInvoice", InvoiceNumber=int(number)).row
        known[number] = currency_of(row, books)
    return known[number]


def _movements(movements: MovementRecords, books: ResolvedAccount, days: Days) -> Iterator[Record]:
    """Bank transactions of every account, whoever made them."""
    for account, row in movements.rows(books.accounts):
        each, nominal = as_movement(row, account, books), row.whole("TransactionType")
        if each.date in days:
            yield Record(
                record_class=RecordClass.MOVEMENT,
                token=token_at(each.reference),
                number=each.ref.id,
                client="",
                date=each.date,
                net=each.amount,
                tax=Money.zero(each.amount.currency),
                account=each.account,
                note=each.reference,
                nominal=next((known.name for known in books.chart if known.id == nominal), ""),
                booked_by=books.setting_of(account, nominal),
            )
