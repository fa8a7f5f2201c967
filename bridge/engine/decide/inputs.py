"""What a decision depends on besides the invoice itself."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.engine.context import BookWhen, Choices, Policy, UnpaidDocuments
from bridge.engine.decide.answers import NO_ANSWERS, Answers
from bridge.model.money import Money
from bridge.model.reasons import Hold, Reason
from bridge.model.source_records import BalanceEntry, Invoice, Transaction, TransactionKind


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """Settings of the run, and what both ends say of themselves.

    Attributes:
        label: Prefix of references.
        base_currency: What the source's rates are relative to.
    """

    policy: Policy
    label: str
    base_currency: str

    @property
    def choices(self) -> Choices:
        """Return the accounting choices."""
        return self.policy.choices


@dataclass(frozen=True, slots=True)
class PriorBooking:
    """What stands in the books for this invoice already, and what was read beside it.

    Attributes:
        is_booked: Whether its document or its prepayment is in the books.
        used: Balance that is booked on it.
        balances: The client's balance movements, where they were read.
        answers: What persons said about it.
        credited: Whether a credit note took it back when it was cancelled.
        documents: Where lines were added after booking, the invoice as documents, in order.
        waits: Why the last of them is not booked yet.
        booking: 1, and one more for each time that an undo reversed its document.
    """

    is_booked: bool = False
    used: Money | None = None
    balances: Sequence[BalanceEntry] = field(default_factory=tuple)
    answers: Answers = NO_ANSWERS
    credited: bool = False
    documents: tuple[Invoice, ...] = ()
    waits: Hold | None = None
    booking: int = 1


NO_PRIOR_BOOKING = PriorBooking()


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


def own_number(invoice: Invoice) -> str:
    """Its number, or nothing where it goes by its id."""
    return "" if invoice.number == invoice.ref.id else invoice.number


def oldest_first(invoice: Invoice, *kinds: TransactionKind) -> list[Transaction]:
    """Returns the transactions of these kinds by day, and by id within a day."""
    rows = [row for row in invoice.transactions if row.kind in kinds]
    return sorted(rows, key=lambda row: (row.date, len(row.id), row.id))
