"""What an invoice shows as settled by balance or mass payment, and whether that is proved. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from bridge.api import Hold, Invoice, LineKind, Money, Reason, TransactionKind
from whmcs_source.api.wire_models import WireInvoice, WireTransaction
from whmcs_source.translate.transactions import (
    Installation,
    is_credit_note_row,
    is_note_row,
    transaction_kind,
)

_NOTHING = Decimal(0)


class _Figures(Protocol):
    @property
    def gross(self) -> Decimal: ...
    @property
    def credit(self) -> Decimal: ...
    @property
    def total(self) -> Decimal: ...


def credit_shown(
    figures: _Figures, own_rows: Iterable[WireTransaction], books: Installation
) -> Decimal:
    """How much of an invoice was settled by balance or mass payment, as the invoice tells.

    WHMCS 8 keeps it in `credit` and takes it off `total` (seen in an open module, checked on
    8.13.4). WHMCS 9 leaves `total` whole and writes a row for each note that was applied (seen in
    open modules); what it leaves in `credit` is open, so it counts only where no row is shown.
    An invoice from before the update may stand as WHMCS 8 left it. `own_rows` are the
    transactions that stand on the invoice.
    """
    return (
        _noted(own_rows, books) or figures.credit if _is_whole(figures, books) else figures.credit
    )


def received(own_rows: Iterable[WireTransaction], books: Installation) -> Decimal:
    """Money that came on an invoice; what went back is not taken off."""
    payments = (
        row.amountin for row in own_rows if transaction_kind(row, books) is TransactionKind.PAYMENT
    )
    return sum(payments, _NOTHING)


def unsaid_credit(
    figures: _Figures, own_rows: Sequence[WireTransaction], books: Installation
) -> Decimal:
    """What of a paid invoice may be settled by credit that WHMCS 9 shows nowhere; else zero."""
    if not _is_whole(figures, books) or credit_shown(figures, own_rows, books):
        return _NOTHING
    return max(figures.gross - received(own_rows, books), _NOTHING)


def notes_hold(
    wire: WireInvoice, rows: Sequence[WireTransaction], books: Installation
) -> Hold | None:
    """Hold an invoice of WHMCS 9 whose notes are not understood, or disagree with its credit."""
    if not books.keeps_gross_total:
        return None
    odd = [row for row in rows if is_note_row(row, books) and not is_credit_note_row(row, books)]
    if odd:
        return Hold(
            Reason.CREDIT_UNMAPPED,
            f"its row {odd[0].id} is of a billing note of the kind {odd[0].type or 'unnamed'},"
            f" {odd[0].amountin} in and {odd[0].amountout} out, which bridge does not know",
            "look at its billing notes in WHMCS; book it by hand, then `bridge skip` it with the"
            " reason",
        )
    noted = _noted(rows, books)
    if noted and wire.credit and noted != wire.credit:
        return Hold(
            Reason.TOTAL_MISMATCH,
            f"WHMCS shows {wire.credit} of credit on it, but the notes applied to it make {noted}",
            "look at its billing notes in WHMCS; once both agree, `bridge retry`",
        )
    return None


def claimed(invoice: Invoice) -> Decimal:
    """How much of an invoice the mass payments that name it settled, by their lines."""
    lines = (line for container in invoice.containers for line in container.lines)
    shares = (
        line.amount.amount
        for line in lines
        if line.kind is LineKind.SETTLEMENT and line.related == invoice.ref.id
    )
    return sum(shares, _NOTHING)


def credit_hold(invoice: Invoice, used: Decimal) -> Hold | None:
    """Hold an invoice unless mass payments and balance explain the credit it shows, to the penny.

    In WHMCS 9 an applied note without either is one that staff wrote for money that never came
    (marked paid with a balance due): that lowers the price, and is no payment.
    """
    rest = invoice.credit.amount - claimed(invoice)
    if rest <= 0 or rest == used:
        return None
    return Hold(
        Reason.CREDIT_UNMAPPED,
        f"WHMCS shows {invoice.credit} of credit on it; mass payments explain {claimed(invoice)}"
        f" and the client's balance {used} of that",
        "find out in WHMCS where the rest came from (a credit note, an edited credit, a deleted"
        " balance entry); book it by hand, then `bridge skip` it with the reason",
    )


def unsaid_hold(invoice: Invoice, gap: Money) -> Hold:
    """For an invoice of WHMCS 9 that is paid, and what paid a part of it does not show."""
    return Hold(
        Reason.CREDIT_UNMAPPED,
        f"it is {invoice.status.lower()}, but {gap} of its {invoice.gross} came neither as money"
        " nor from a mass payment or the balance",
        "look at its credit notes in WHMCS: one that was written for money that never came lowers"
        " the price; book it by hand, then `bridge skip` it with the reason",
    )


def _is_whole(figures: _Figures, books: Installation) -> bool:
    """Whether `total` is the whole document, as WHMCS 9 keeps it."""
    return books.keeps_gross_total and figures.total == figures.gross


def _noted(own_rows: Iterable[WireTransaction], books: Installation) -> Decimal:
    return sum((row.amountin for row in own_rows if is_credit_note_row(row, books)), _NOTHING)
