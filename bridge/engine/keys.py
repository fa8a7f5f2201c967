"""The keys of the records that one invoice becomes, and what they do to a client's balance."""

from collections.abc import Iterable

from bridge.model.money import Money
from bridge.model.refs import Kind, SourceRef, payment_ref
from bridge.model.target_records import Payload
from bridge.store.tables.values import PREPAID, LinkRow

_GIVEN = "/given"
_ONTO = ("/excess", PREPAID, _GIVEN)
_OFF = ("/returned",)
_UNDONE = "/undone"


def fee_ref(transaction: str) -> SourceRef:
    """A gateway's cut of one transaction."""
    return SourceRef(Kind.MOVEMENT, f"T{transaction}/fee")


def excess_ref(transaction: str) -> SourceRef:
    """What of a transaction went beyond its invoice."""
    return SourceRef(Kind.MOVEMENT, f"T{transaction}/excess")


def prepaid_ref(transaction: str) -> SourceRef:
    """Money that was paid onto the balance."""
    return SourceRef(Kind.MOVEMENT, f"T{transaction}{PREPAID}")


def returned_ref(transaction: str) -> SourceRef:
    """Money that was returned from the balance."""
    return SourceRef(Kind.MOVEMENT, f"T{transaction}/returned")


def given_ref(entry: str) -> SourceRef:
    """A balance given or taken by hand."""
    return SourceRef(Kind.MOVEMENT, f"C{entry}{_GIVEN}")


def is_given(ref: SourceRef) -> bool:
    """Whether it is a balance given or taken by hand: no invoice's own, but its client's."""
    return ref.kind is Kind.MOVEMENT and ref.id.endswith(_GIVEN)


def difference_ref(payment: SourceRef) -> SourceRef:
    """The exchange difference of one payment."""
    return SourceRef(Kind.MOVEMENT, f"{payment.id}/exchange")


def is_difference(ref: SourceRef) -> bool:
    """Whether a movement is the exchange difference of a payment."""
    return ref.kind is Kind.MOVEMENT and ref.id.endswith("/exchange")


def balance_use_ref(invoice: str, running: Money) -> SourceRef:
    """Balance used on an invoice, up to this running total."""
    return SourceRef(Kind.PAYMENT, f"{invoice}/credit/{running.amount}")


def note_ref(refund: str) -> SourceRef:
    """The credit note that a refund makes."""
    return SourceRef(Kind.CREDIT_NOTE, f"R{refund}")


def cancel_ref(invoice: str) -> SourceRef:
    """The credit note of what was never supplied."""
    return SourceRef(Kind.CREDIT_NOTE, f"{invoice}/cancelled")


def booking_ref(invoice: SourceRef, number: int) -> SourceRef:
    """The key that an invoice's document bears in the target when it is booked once more.

    Its own the first time; after an undo reversed that, ``501/2``, so that no search takes the one
    for the other. The log keeps a reversed booking under ``501/undone1``.
    """
    return SourceRef(Kind.INVOICE, f"{invoice.id}/{number}") if number > 1 else invoice


def reversed_ref(invoice: SourceRef, number: int) -> SourceRef:
    """Under which the log keeps a booking that an undo reversed."""
    return SourceRef(Kind.INVOICE, f"{invoice.id}{_UNDONE}{number}")


def reversal_ref(booking: SourceRef) -> SourceRef:
    """The credit note by which an undo reverses a booking."""
    return SourceRef(Kind.CREDIT_NOTE, f"{booking.id}/reversed")


def is_reversal(ref: SourceRef) -> bool:
    """Whether a credit note reverses a booking for an undo.

    >>> is_reversal(reversal_ref(SourceRef(Kind.INVOICE, "501")))
    True
    """
    return ref.kind is Kind.CREDIT_NOTE and ref.id.endswith("/reversed")


def is_undone(ref: SourceRef) -> bool:
    """Whether a record belongs to a booking that an undo reversed: it, or its credit note."""
    return is_reversal(ref) or (ref.kind is Kind.INVOICE and _UNDONE in ref.id)


def bookings(refs: Iterable[SourceRef]) -> int:
    """The number of the current or next booking of an invoice, by the refs of its links."""
    return 1 + sum(ref.kind is Kind.INVOICE and _UNDONE in ref.id for ref in refs)


def payout_ref(refund: str) -> SourceRef:
    """The money that goes out on that credit note."""
    return payment_ref(refund, f"R{refund}")


def to_balance_ref(refund: str) -> SourceRef:
    """The same where it went onto the client's balance."""
    return SourceRef(Kind.PAYMENT, f"R{refund}/credit/0")


def is_balance_use(ref: SourceRef) -> bool:
    """Whether a payment came from the client's balance."""
    return ref.kind is Kind.PAYMENT and "/credit/" in ref.id


def is_money_back(ref: SourceRef) -> bool:
    """Whether a payment or movement returned money."""
    if ref.kind is Kind.MOVEMENT:
        return ref.id.endswith(_OFF)
    return ref.kind is Kind.PAYMENT and document_of(ref).kind is Kind.CREDIT_NOTE


def document_of(payment: SourceRef) -> SourceRef:
    """Which document a payment stands on, by its key.

    >>> str(document_of(payment_ref(900, 501))), str(document_of(payout_ref("905")))
    ('invoice 501', 'credit_note R905')
    >>> str(document_of(SourceRef(Kind.PAYMENT, "501/credit/120.00")))
    'invoice 501'
    """
    head, _, tail = payment.id.partition("/")
    document = head if is_balance_use(payment) else tail
    kind = Kind.CREDIT_NOTE if document.startswith("R") else Kind.INVOICE
    return SourceRef(kind, document)


def balance_effect(ref: SourceRef, payload: Payload | None) -> Money | None:
    """What a written record did to its client's balance, in the client's currency."""
    if payload is None or payload.paid is None:
        return None
    if is_balance_use(ref):
        return -payload.paid  # a payout onto the balance is negative, and so raises it
    if ref.kind is Kind.MOVEMENT and ref.id.endswith(_ONTO + _OFF):
        return payload.paid
    return None


def funded(links: Iterable[LinkRow], currency: str) -> Money:
    """A client's balance as the books have it, from everything that was written for it."""
    result = Money.zero(currency)
    for link in links:
        effect = balance_effect(link.ref, link.payload)
        if effect is not None and effect.currency == currency:
            result += effect
    return result
