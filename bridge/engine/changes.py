"""What changed at the source since an invoice was booked, and what that means. Pure."""

from bridge.api import Hold, Invoice, InvoiceState, Reason, TransactionKind, as_plain, fingerprint
from bridge.engine.money import money_rows, refunded_invoice, reversed_invoice

# What WHMCS-like sources show live (product names, the gateway of the next attempt) or what says
# nothing about the books (a status word) is left out: its change is no change of the invoice.
_BOOKED = (
    "ref",
    "client",
    "number",
    "state",
    "issued",
    "paid_on",
    "currency",
    "net",
    "tax",
    "tax2",
    "tax_rate",
    "tax_rate2",
    "credit",
    "prices",
    "transactions",
)
_BOOKED_LINE = ("id", "kind", "type", "description", "amount", "taxed", "related")


def content_fingerprint(invoice: Invoice) -> str:
    """A digest of all that bears on what was booked for this invoice."""
    plain = as_plain(invoice)
    lines = [{key: line[key] for key in _BOOKED_LINE} for line in plain["lines"]]
    return fingerprint({**{key: plain[key] for key in _BOOKED}, "lines": lines})


def changed_after_booking(invoice: Invoice) -> Hold:
    """Name the kind of change, since each has its own answer in the books."""
    if invoice.state is InvoiceState.REVERSED or money_rows(invoice, TransactionKind.REVERSAL):
        answer = reversed_invoice(invoice)
        if isinstance(answer, Hold):
            return answer
    if invoice.state is InvoiceState.CANCELLED:
        return Hold(
            Reason.CANCELLED_AFTER_BOOKING,
            "it was cancelled after it was booked",
            "decide whether it was supplied: if not, credit it by hand; if so, it stays a debtor",
        )
    if invoice.state is InvoiceState.REFUNDED or money_rows(invoice, TransactionKind.REFUND):
        return refunded_invoice(invoice)
    return Hold(
        Reason.CHANGED_AFTER_WRITE,
        "it was changed in the source after it was booked",
        "compare both (`bridge log --invoice ID`), correct the books by hand, then `bridge skip` it"
        " with the reason",
    )
