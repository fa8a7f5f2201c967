"""Smaller questions about the money on an invoice. Pure."""

from bridge.engine.decide.inputs import oldest_first
from bridge.model.money import total
from bridge.model.reasons import Hold, Reason, Skip
from bridge.model.source_records import Invoice, TransactionKind
from bridge.model.target_records import Rate


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


def document_rate(invoice: Invoice, base_currency: str) -> Rate | None:
    """The rate of the last payment, with which the document came to exist."""
    if invoice.currency == base_currency:
        return None
    for row in reversed(oldest_first(invoice, TransactionKind.PAYMENT)):
        if row.rate:
            return Rate(base_currency, row.rate, f"transaction {row.id}")
    return None
