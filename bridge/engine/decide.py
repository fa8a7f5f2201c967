"""What becomes of an invoice: booked, skipped or held. Pure: values in, a value out."""

import datetime as dt
from dataclasses import dataclass

from bridge.api import (
    Choices,
    Client,
    Hold,
    Invoice,
    InvoiceState,
    LineKind,
    Movement,
    Payment,
    Reason,
    Reference,
    Sale,
    SaleLine,
    Skip,
    TransactionKind,
    token_of,
    total,
)
from bridge.engine.money import (
    by_money,
    document_rate,
    fee_of,
    money_rows,
    payment_of,
    refunded_invoice,
    reversed_invoice,
    with_day,
)
from bridge.engine.policy import BookWhen, Policy, UnpaidDocuments
from bridge.engine.sale import sale_lines
from bridge.engine.tax import allocate_tax, guard_totals
from bridge.store.rows import EntryRow


@dataclass(frozen=True, slots=True)
class Plan:
    """What the books should show for one invoice, before the target has had its say."""

    sale: Sale
    payments: tuple[Payment, ...]
    movements: tuple[Movement, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision depends on besides the invoice."""

    policy: Policy
    choices: Choices
    label: str
    base_currency: str


def decide_header(row: EntryRow, policy: Policy) -> Skip | None:
    """What the scan's row alone decides, so that the invoice need not be read."""
    if row.source_state is InvoiceState.DRAFT:
        return Skip(Reason.DRAFT, "it is a draft")
    if row.source_state is InvoiceState.CANCELLED:
        return Skip(Reason.CANCELLED, "it was cancelled before it was booked")
    if row.source_state is InvoiceState.OPEN:
        return Skip(Reason.NOT_PAID, f"it is {row.status.lower()}")
    if row.source_state is InvoiceState.PAID and row.paid_on and row.paid_on < policy.start_date:
        return _too_early(row.paid_on, policy)
    return None


def _too_early(day: dt.date, policy: Policy) -> Skip:
    return Skip(
        Reason.BEFORE_START_DATE,
        f"it was paid on {day}, before the start date {policy.start_date}",
    )


def decide(invoice: Invoice, client: Client, terms: Terms) -> Plan | Skip | Hold:
    """Decide on an invoice that is not in the books yet.

    The order matters: what makes it no sale at all comes first, then what makes its figures
    uncertain, then what makes its money uncertain.
    """
    answer = (
        _by_state(invoice, terms)
        or _by_lines(invoice)
        or _by_totals(invoice)
        or _by_credit(invoice)
        or by_money(invoice, terms.policy.start_date)
    )
    if answer:
        return answer
    lines = _lines(invoice)
    if isinstance(lines, Hold):
        return lines
    day = document_day(invoice, terms.policy)
    date = day if isinstance(day, Hold) else open_day(day, terms.choices, "its date")
    if isinstance(date, Hold):
        return date
    money = _money(invoice, terms)
    if isinstance(money, Hold):
        return money
    number = with_day(_own_number(invoice), day if isinstance(day, dt.date) else date, date)
    sale = Sale(
        ref=invoice.ref,
        reference=Reference(token_of(terms.label, invoice.ref), number),
        client=client,
        date=date,
        due=invoice.due,
        currency=invoice.currency,
        lines=lines,
        rate=document_rate(invoice, terms.base_currency),
    )
    return Plan(sale, *money)


def _lines(invoice: Invoice) -> tuple[SaleLine, ...] | Hold:
    taxed = allocate_tax(invoice)
    if isinstance(taxed, Hold):
        return taxed
    return guard_totals(invoice, taxed) or sale_lines(invoice, taxed)


def _money(
    invoice: Invoice, terms: Terms
) -> tuple[tuple[Payment, ...], tuple[Movement, ...]] | Hold:
    payments: list[Payment] = []
    fees: list[Movement] = []
    for row in money_rows(invoice, TransactionKind.PAYMENT):
        date = open_day(row.date, terms.choices, "its payment of")
        if isinstance(date, Hold):
            return date
        if row.money_in:
            base = terms.base_currency
            payments.append(
                payment_of(row, invoice, date=date, label=terms.label, base_currency=base)
            )
        fee = fee_of(row, date=date, label=terms.label)
        if fee:
            fees.append(fee)
    return tuple(payments), tuple(fees)


def _own_number(invoice: Invoice) -> str:
    return "" if invoice.number == invoice.ref.id else invoice.number


def _by_state(invoice: Invoice, terms: Terms) -> Skip | Hold | None:
    match invoice.state:
        case InvoiceState.DRAFT:
            return Skip(Reason.DRAFT, "it is a draft")
        case InvoiceState.CANCELLED:
            return Skip(Reason.CANCELLED, "it was cancelled before it was booked")
        case InvoiceState.OPEN:
            return Skip(Reason.NOT_PAID, f"it is {invoice.status.lower()}")
        case InvoiceState.REVERSED | InvoiceState.REFUNDED | InvoiceState.PAID:
            pass
    early = _before_start(invoice, terms.policy)
    if early:
        return early
    if invoice.state is InvoiceState.REVERSED:
        return reversed_invoice(invoice)
    if invoice.state is InvoiceState.REFUNDED:
        return refunded_invoice(invoice)
    if invoice.paid_on is None:
        return Hold(
            Reason.DATE_MISSING,
            "it is paid but the source gives no day of payment",
            "set its date of payment in the source",
        )
    return None


def _before_start(invoice: Invoice, policy: Policy) -> Skip | Hold | None:
    """Paid before the start it stays out; money that moved on it since then needs a person."""
    if invoice.paid_on is None or invoice.paid_on >= policy.start_date:
        return None
    since = [row for row in invoice.transactions if row.date >= policy.start_date]
    if not since:
        return _too_early(invoice.paid_on, policy)
    amount = since[0].money_out or since[0].money_in
    return Hold(
        Reason.OPENING_ITEM,
        f"it was paid on {invoice.paid_on}, before the start date, and {amount} moved on it on"
        f" {since[0].date}",
        "book that money by hand with the opening balances, then `bridge skip` it with the reason",
    )


def _by_lines(invoice: Invoice) -> Skip | Hold | None:
    kinds = {line.kind for line in invoice.lines}
    if LineKind.SETTLEMENT in kinds:
        if kinds == {LineKind.SETTLEMENT}:
            named = ", ".join(line.related for line in invoice.lines)
            return Skip(
                Reason.MASS_PAY_CONTAINER,
                f"it only pays other invoices ({named}); the sale is on those",
            )
        return Hold(
            Reason.MASS_PAY_UNPROVEN,
            "it pays other invoices and sells something besides",
            "book it by hand, then `bridge skip` it with the reason",
        )
    if LineKind.PREPAYMENT in kinds:
        return Hold(
            Reason.PREPAYMENT_UNMAPPED,
            f"it puts {invoice.gross} on the client's balance, which is no sale",
            "book it by hand against client balances; they are not booked by this version",
        )
    unknown = [line for line in invoice.lines if line.kind is LineKind.UNKNOWN]
    if unknown:
        words = ", ".join(sorted({line.type for line in unknown}))
        return Hold(
            Reason.LINE_TYPE_UNKNOWN,
            f"it has a line of the unknown type {words}",
            "find out which add-on made it and book it by hand",
        )
    return None


def _by_totals(invoice: Invoice) -> Skip | Hold | None:
    if invoice.holds:
        return invoice.holds[0]
    if invoice.gross.amount < 0:
        return Hold(
            Reason.NEGATIVE_INVOICE,
            f"its total is {invoice.gross}: a credit note, and it does not say of what",
            "book it by hand as a credit note of the invoice it belongs to",
        )
    if not invoice.gross:
        if not any(line.amount for line in invoice.lines) or _cancels_out(invoice):
            return Skip(Reason.ZERO_TOTAL, "its total is zero and so is every VAT class")
        return Hold(
            Reason.ZERO_TOTAL,
            "its total is zero, but its taxed and untaxed lines are not",
            "book it by hand, or correct the discount in the source",
        )
    return None


def _cancels_out(invoice: Invoice) -> bool:
    for taxed in (True, False):
        lines = (line.amount for line in invoice.lines if line.taxed is taxed)
        if total(lines, invoice.currency):
            return False
    return True


def _by_credit(invoice: Invoice) -> Hold | None:
    if not invoice.credit:
        return None
    if invoice.containers:
        names = ", ".join(container.ref.id for container in invoice.containers)
        return Hold(
            Reason.MASS_PAY_UNPROVEN,
            f"{invoice.credit} of it was paid by the mass payment {names}, which is not booked by"
            " this version",
            "book the sale and its payment by hand, then `bridge skip` it with the reason",
        )
    return Hold(
        Reason.CREDIT_UNMAPPED,
        f"{invoice.credit} of it was paid from the client's balance",
        "book the sale and its payment by hand; balances are not booked by this version",
    )


def _period_locked(what: str, closed: dt.date) -> Hold:
    return Hold(
        Reason.PERIOD_LOCKED,
        f"{what} is in a closed period (books_closed_to: {closed})",
        "move books_closed_to back, set `when_closed: first_open_day`, or book it by hand; then"
        " `bridge retry --reason period_locked`",
    )


def document_day(invoice: Invoice, policy: Policy) -> dt.date | Hold:
    """The day of the document: of payment for a proforma, of issue for a VAT invoice.

    A proforma is no tax point; the document comes to exist when it is paid.
    """
    proforma = policy.unpaid_documents is UnpaidDocuments.PROFORMA
    day = invoice.paid_on if proforma and policy.book_when is BookWhen.PAID else invoice.issued
    if day is None:
        return Hold(
            Reason.DATE_MISSING,
            "the source gives it no day of issue",
            "set its date in the source",
        )
    return day


def open_day(day: dt.date, choices: Choices, what: str) -> dt.date | Hold:
    """`day`, or the first open day after it where the books are closed on it and may move."""
    closed = choices.books_closed_to
    if closed is None or day > closed:
        return day
    if choices.when_closed == "first_open_day":
        return closed + dt.timedelta(days=1)
    return _period_locked(f"{what} {day}", closed)
