"""What the money on an invoice says: whether it adds up, and the payments it becomes. Pure."""

import datetime as dt
from collections.abc import Sequence

from bridge.api import (
    Hold,
    Invoice,
    Kind,
    Money,
    Movement,
    MovementKind,
    Payment,
    Rate,
    Reason,
    Reference,
    Skip,
    SourceRef,
    Transaction,
    TransactionKind,
    payment_ref,
    rounded,
    token_of,
    total,
)


def money_rows(invoice: Invoice, kind: TransactionKind) -> list[Transaction]:
    """The transactions of one kind, as the source orders them."""
    return [row for row in invoice.transactions if row.kind is kind]


def reversed_invoice(invoice: Invoice) -> Skip | Hold:
    """What to say of an invoice whose money was taken back, or which is being collected."""
    taken = total((row.money_out for row in invoice.transactions), invoice.currency)
    if not any(row.money_in for row in invoice.transactions):
        return Skip(Reason.NOT_PAID, f"it is in {invoice.status.lower()} and was never paid")
    return Hold(
        Reason.CHARGEBACK,
        f"its payment was reversed: {taken} went back",
        f"book by hand: Dr debtors {taken}, Cr the gateway's account {taken}; any dispute fee"
        " apart; VAT is unchanged",
    )


def refunded_invoice(invoice: Invoice) -> Hold:
    """What to say of an invoice of which money was returned."""
    back = total((row.money_out for row in invoice.transactions), invoice.currency)
    return Hold(
        Reason.REFUND_POLICY,
        f"{back} of {invoice.gross} was refunded, and refunds are not booked by this version",
        "book the sale and the refund by hand, then `bridge skip` it with the reason",
    )


def by_money(invoice: Invoice, start_date: dt.date) -> Hold | None:
    """Hold for money that does not add up to the invoice, or of which nobody can be sure."""
    if money_rows(invoice, TransactionKind.REVERSAL):
        return _as_hold(reversed_invoice(invoice))
    if money_rows(invoice, TransactionKind.REFUND):
        return refunded_invoice(invoice)
    payments = money_rows(invoice, TransactionKind.PAYMENT)
    twin = _duplicate(payments)
    if twin:
        return Hold(
            Reason.DUPLICATE_TRANSACTION,
            f"transactions {twin[0].id} and {twin[1].id} are alike: {twin[0].gateway},"
            f" {twin[0].reference}, {twin[0].money_in}",
            "check the gateway's statement: one charge or two?",
        )
    early = [row for row in payments if row.date < start_date]
    if early:
        return Hold(
            Reason.OPENING_ITEM,
            f"{early[0].money_in} was paid on {early[0].date}, before the start date",
            "book it by hand with the opening balances, then `bridge skip` it with the reason",
        )
    return _sums(invoice, payments)


def _as_hold(answer: Skip | Hold) -> Hold:
    if isinstance(answer, Hold):
        return answer
    return Hold(Reason.CHARGEBACK, answer.what, "look at its transactions in the source")


def _duplicate(payments: Sequence[Transaction]) -> tuple[Transaction, Transaction] | None:
    seen: dict[tuple[str, str, Money], Transaction] = {}
    for row in payments:
        key = (row.gateway, row.reference, row.money_in)
        if row.reference and key in seen:
            return seen[key], row
        seen[key] = row
    return None


def _sums(invoice: Invoice, payments: Sequence[Transaction]) -> Hold | None:
    received = total((row.money_in for row in payments), invoice.currency)
    if received < invoice.gross:
        return Hold(
            Reason.PAYMENT_SHORT,
            f"it is marked paid, but only {received} of {invoice.gross} was received",
            "add the missing payment in the source, or book it by hand",
        )
    if received > invoice.gross:
        return Hold(
            Reason.PREPAYMENT_UNMAPPED,
            f"{received} was received on {invoice.gross}: {received - invoice.gross} went onto"
            " the client's balance",
            "book it by hand; client balances are not booked by this version",
        )
    return None


def document_rate(invoice: Invoice, base_currency: str) -> Rate | None:
    """The rate of the last payment, with which the document came to exist."""
    if invoice.currency == base_currency:
        return None
    for row in reversed(money_rows(invoice, TransactionKind.PAYMENT)):
        if row.rate:
            return Rate(base_currency, row.rate, f"transaction {row.id}")
    return None


def payment_of(
    row: Transaction, invoice: Invoice, *, date: dt.date, label: str, base_currency: str
) -> Payment:
    """One transaction as a payment of this invoice."""
    ref = payment_ref(row.id, invoice.ref.id)
    return Payment(
        ref=ref,
        reference=Reference(token_of(label, ref), with_day(row.reference, row.date, date)),
        invoice=invoice.ref,
        date=date,
        amount=row.money_in,
        base_amount=_base_amount(row, base_currency),
        gateway=row.gateway,
    )


def fee_of(row: Transaction, *, date: dt.date, label: str) -> Movement | None:
    """The gateway's cut of one transaction, as money out of its account."""
    if not row.fee:
        return None
    ref = SourceRef(Kind.MOVEMENT, f"T{row.id}/fee")
    return Movement(
        ref=ref,
        reference=Reference(token_of(label, ref), row.reference),
        kind=MovementKind.FEE,
        date=date,
        amount=-row.fee,
        gateway=row.gateway,
    )


def with_day(detail: str, original: dt.date, booked: dt.date) -> str:
    """What a person recognises, and the true day where the books were closed on it."""
    return detail if original == booked else f"{detail} of {original}".strip()


def _base_amount(row: Transaction, base: str) -> Money | None:
    if row.money_in.currency == base:
        return row.money_in
    if not row.rate:
        return None
    return rounded(row.money_in.amount / row.rate, base)
