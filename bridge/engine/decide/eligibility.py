"""What an invoice's state, lines and totals alone say. Pure."""

import datetime as dt

from bridge.engine.context import BookWhen, Policy
from bridge.engine.decide.answers import CANCELLED
from bridge.engine.decide.exchange_rate import reversed_invoice
from bridge.engine.decide.inputs import DecisionInputs, PriorBooking
from bridge.model.money import total
from bridge.model.reasons import Hold, Reason, Skip
from bridge.model.run import EntryState
from bridge.model.source_records import Invoice, InvoiceState, LineKind, TransactionKind
from bridge.store.tables.values import EntryRow


def decide_header(row: EntryRow, policy: Policy) -> Skip | None:
    """What the scan's row alone decides, so that the invoice need not be read.

    One that waits although it is from before the start has money that may have moved since.
    """
    if row.state is EntryState.PENDING and row.reason is Reason.BEFORE_START_DATE:
        return None
    if row.source_state is InvoiceState.DRAFT:
        return Skip(Reason.DRAFT, "it is a draft")
    if row.source_state is InvoiceState.CANCELLED:
        return Skip(Reason.CANCELLED, "it was cancelled before it was booked")
    issued = policy.book_when is BookWhen.ISSUED
    if row.source_state is InvoiceState.OPEN and not issued:
        return Skip(Reason.NOT_PAID, f"it is {row.status.lower()}")
    day = row.issued if issued else row.paid_on
    whole = {InvoiceState.PAID, InvoiceState.OPEN}
    if row.source_state not in whole or not day or day >= policy.start_date:
        return None
    if row.paid_on and row.paid_on >= policy.start_date:
        return None  # issued before the start and paid since: the invoice itself tells what moved
    return _too_early(day, policy)


def _too_early(day: dt.date, policy: Policy) -> Skip:
    word = "issued" if policy.book_when is BookWhen.ISSUED else "paid"
    return Skip(
        Reason.BEFORE_START_DATE,
        f"it was {word} on {day}, before the start date {policy.start_date}",
    )


def by_state(invoice: Invoice, inputs: DecisionInputs, before: PriorBooking) -> Skip | Hold | None:
    """What its state in the source decides."""
    early = None if before.is_booked else _before_start(invoice, inputs.policy)
    match invoice.state:
        case InvoiceState.DRAFT:
            return Skip(Reason.DRAFT, "it is a draft")
        case InvoiceState.CANCELLED:
            return _cancelled(invoice, before)
        case _ if before.credited:
            return _revived(invoice)
        case InvoiceState.OPEN:
            return early or _open(invoice, inputs.policy, before)
        case InvoiceState.REVERSED:
            return early or reversed_invoice(invoice)
        case InvoiceState.REFUNDED | InvoiceState.PAID:
            return early or _undated(invoice, inputs.policy) or _taken_back(invoice)


def _cancelled(invoice: Invoice, before: PriorBooking) -> Skip | Hold | None:
    if not before.is_booked:
        return Skip(Reason.CANCELLED, "it was cancelled before it was booked")
    if before.answers.of(CANCELLED):
        return None
    return Hold(
        Reason.CANCELLED_AFTER_BOOKING,
        "it was cancelled after it was booked; whether it was supplied decides what it is",
        f"`bridge answer {invoice.ref.id} not-supplied --because ...` credits it, `bridge answer"
        f" {invoice.ref.id} supplied-unpaid --because ...` leaves it a debtor",
    )


def _revived(invoice: Invoice) -> Hold:
    return Hold(
        Reason.CHANGED_AFTER_WRITE,
        f"it was cancelled, credited as not supplied, and is {invoice.status.lower()} now",
        "find out why it was opened again; correct the books by hand, then `bridge skip` it with"
        " the reason",
    )


def _open(invoice: Invoice, policy: Policy, before: PriorBooking) -> Skip | Hold | None:
    if policy.book_when is BookWhen.ISSUED:
        return None
    if not before.is_booked:
        return Skip(Reason.NOT_PAID, f"it is {invoice.status.lower()}")
    return Hold(
        Reason.CHANGED_AFTER_WRITE,
        f"it was booked as paid and is {invoice.status.lower()} now",
        "find out why it was opened again; correct the books by hand",
    )


def _undated(invoice: Invoice, policy: Policy) -> Hold | None:
    if invoice.paid_on is not None or policy.book_when is BookWhen.ISSUED:
        return None
    return Hold(
        Reason.DATE_MISSING,
        "it is paid but the source gives no day of payment",
        "set its date of payment in the source",
    )


def _taken_back(invoice: Invoice) -> Hold | None:
    if not any(row.kind is TransactionKind.REVERSAL for row in invoice.transactions):
        return None
    answer = reversed_invoice(invoice)
    return answer if isinstance(answer, Hold) else None


def _before_start(invoice: Invoice, policy: Policy) -> Skip | Hold | None:
    """What became bookable before the start stays out; money since then needs a person."""
    issued = policy.book_when is BookWhen.ISSUED
    day = invoice.issued if issued else invoice.paid_on
    if day is None or day >= policy.start_date:
        return None
    since = [row for row in invoice.transactions if row.date >= policy.start_date]
    if not since:
        return _too_early(day, policy)
    amount = since[0].money_out or since[0].money_in
    word = "issued" if issued else "paid"
    return Hold(
        Reason.OPENING_ITEM,
        f"it was {word} on {day}, before the start date, and {amount} moved on it on"
        f" {since[0].date}",
        "book that money by hand with the opening balances, then `bridge skip` it with the reason",
    )


def by_lines(invoice: Invoice) -> Skip | Hold | None:
    """What the kinds of its lines decide."""
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
    if LineKind.PREPAYMENT in kinds and kinds != {LineKind.PREPAYMENT}:
        return Hold(
            Reason.PREPAYMENT_UNMAPPED,
            "it sells something and puts money on the client's balance besides",
            "book it by hand, then `bridge skip` it with the reason",
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


def by_totals(invoice: Invoice) -> Skip | Hold | None:
    """What its totals decide."""
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
