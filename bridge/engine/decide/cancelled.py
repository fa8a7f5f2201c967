"""A sale that was cancelled after it was booked, as a person answered. Pure."""

from dataclasses import dataclass

from bridge.engine.decide.allocation import Allotment
from bridge.engine.decide.answers import CANCELLED, Answer, Given
from bridge.engine.decide.closed_periods import open_day, with_day
from bridge.engine.decide.credit_note_lines import note_lines
from bridge.engine.decide.inputs import Before, Terms, own_number
from bridge.model.keys import Key, Reference, Role, token_of
from bridge.model.money import Money, total
from bridge.model.reasons import Hold, Reason
from bridge.model.source_records import Invoice
from bridge.model.target_records import CreditNote, Sale


@dataclass(frozen=True, slots=True)
class Ended:
    """What becomes of a cancelled sale.

    Attributes:
        note: Takes back what is left of it, set against it; None where it stays a debtor.
        remark: What a person said, kept with the invoice.
    """

    note: CreditNote | None
    remark: Hold


def plan_end(
    invoice: Invoice, sale: Sale, money: Allotment, terms: Terms, before: Before
) -> Ended | Hold:
    """Carry out the answer that `by_state` made sure of."""
    given = before.answers.of(CANCELLED)
    if given is None:
        msg = "a cancelled invoice without an answer"
        raise LookupError(msg)
    if given.answer is Answer.SUPPLIED_UNPAID:
        return Ended(
            None, _remark(given, "it was cancelled after it was booked and stays a debtor")
        )
    credited = total((each.amount for each in money.reductions), invoice.currency)
    wrong = _still_paid(invoice, money, credited)
    if wrong:
        return wrong
    rest = sale.gross - credited
    if not rest:
        return Ended(None, _remark(given, "it was cancelled, and refunds had taken all of it back"))
    note = _note(invoice, sale, rest, credited, terms, given)
    if isinstance(note, Hold):
        return note
    told = f"it was cancelled after it was booked, and {rest} of it was credited as not supplied"
    return Ended(note, _remark(given, told))


def _still_paid(invoice: Invoice, money: Allotment, credited: Money) -> Hold | None:
    """Money that stands on it is the client's: where it goes is for the source to say first."""
    paid = total((each.amount for each in money.payments), invoice.currency)
    if paid <= credited:
        return None
    return Hold(
        Reason.CANCELLED_AFTER_BOOKING,
        f"it was answered to be not supplied, but {paid - credited} that was paid on it was not"
        " returned",
        "refund that money in the source, or book its return by hand and `bridge skip` the invoice"
        " with the reason",
    )


def _note(
    invoice: Invoice, sale: Sale, rest: Money, credited: Money, terms: Terms, given: Given
) -> CreditNote | Hold:
    """Dated the day of the answer: the source tells no day of cancellation through its API."""
    lines = note_lines(sale, rest, credited, f"Not supplied: {rest}")
    if isinstance(lines, Hold):
        return lines
    day = open_day(given.day, terms.choices, "the credit note of")
    if isinstance(day, Hold):
        return day
    ref = Key(Role.CANCELLED, invoice.ref.id).ref
    number = own_number(invoice) or invoice.ref.id
    reference = Reference(token_of(terms.label, ref), with_day(f"credits {number}", given.day, day))
    note = Sale(
        ref=ref,
        reference=reference,
        client=sale.client,
        date=day,
        due=None,
        currency=sale.currency,
        lines=lines,
        rate=sale.rate,
    )
    return CreditNote(note, invoice.ref, number)


def _remark(given: Given, what: str) -> Hold:
    return Hold(
        Reason.CANCELLED_AFTER_BOOKING,
        f"{what}: {given.because} ({given.who}, {given.day})",
        "nothing: it was answered",
    )
