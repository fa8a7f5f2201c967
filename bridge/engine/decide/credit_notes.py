"""Credit notes: of refunds that lower the price, and of a sale that was cancelled. Pure."""

import datetime as dt
from dataclasses import dataclass, replace

from bridge.engine.context import Choices
from bridge.engine.decide.allocation import MoneyAllocation, base_amount
from bridge.engine.decide.answers import CANCELLED, Answer, Given
from bridge.engine.decide.closed_periods import open_day, with_day
from bridge.engine.decide.credit_note_lines import Reduction, note_lines
from bridge.engine.decide.inputs import DecisionInputs, PriorBooking, own_number
from bridge.model.keys import Key, Reference, Role, refund_ref, token_of
from bridge.model.money import Money, total
from bridge.model.reasons import Hold, Reason
from bridge.model.source_records import Invoice, InvoiceState
from bridge.model.target_records import CreditNote, PaidFrom, Payment, Sale


@dataclass(frozen=True, slots=True)
class Refund:
    """A price reduction: the credit note, and how its money went back."""

    note: CreditNote
    payout: Payment


def plan_refunds(
    invoice: Invoice, sale: Sale, money: MoneyAllocation, inputs: DecisionInputs
) -> tuple[Refund, ...] | Hold:
    """All price reductions of an invoice, each with its note; or the first doubt."""
    if money.reductions and invoice.state is InvoiceState.OPEN:
        return _still_owed(invoice, money.reductions[0])
    result: list[Refund] = []
    for reduction in money.reductions:
        answer = _by_choice(reduction, inputs.choices) or _refund(invoice, sale, reduction, inputs)
        if isinstance(answer, Hold):
            return answer
        result.append(answer)
    return tuple(result)


def _still_owed(invoice: Invoice, reduction: Reduction) -> Hold:
    """What went back is asked for again, so that it lowers no price and no tax."""
    return Hold(
        Reason.REFUND_POLICY,
        f"refund {reduction.row.id} returned {reduction.amount} while it is"
        f" {invoice.status.lower()}: its price is still owed in full",
        "if it is paid after all, the next run books it; if its price is lower, correct it in the"
        " source; else take the payment back in the target by hand, then `bridge skip` it with the"
        " reason",
    )


def _by_choice(reduction: Reduction, choices: Choices) -> Hold | None:
    row, amount = reduction.row, reduction.amount
    if reduction.to_balance and choices.refund_to_balance != "credit_note":
        return Hold(
            Reason.REFUND_TO_BALANCE,
            f"refund {row.id} put {amount} on the client's balance instead of returning it",
            "decide with the accountant what it is, book it by hand, and `bridge skip` the invoice"
            " with the reason",
        )
    if not reduction.to_balance and choices.price_reductions != "credit_note":
        return Hold(
            Reason.REFUND_POLICY,
            f"refund {row.id} returned {amount} on {row.date}, and what a refund is was not"
            " decided",
            "set `price_reductions: credit_note` if it lowers the price, then"
            " `bridge retry --reason refund_policy`; else book it by hand",
        )
    return None


def _refund(
    invoice: Invoice, sale: Sale, reduction: Reduction, inputs: DecisionInputs
) -> Refund | Hold:
    row = reduction.row
    lines = note_lines(sale, reduction.amount, reduction.before, f"Refund of {reduction.amount}")
    if isinstance(lines, Hold):
        return lines
    credit = replace(sale, ref=refund_ref(row.id), lines=lines)
    note = _note(invoice, credit, inputs, row.date, "its refund of")
    if isinstance(note, Hold):
        return note
    return Refund(note, _payout(invoice, reduction, inputs, note.sale.date))


def _payout(
    invoice: Invoice, reduction: Reduction, inputs: DecisionInputs, day: dt.date
) -> Payment:
    """The money goes back the way it came: by the account of the payment that it returns."""
    row = reduction.row
    paid = [each for each in invoice.transactions if each.id == row.refund_of]
    gateway = paid[0].gateway if paid else row.gateway
    note = Key(Role.NOTE, row.id)
    payout = Key(Role.PAYMENT, row.id, on=note)
    ref = (Key(Role.TO_BALANCE, row.id) if reduction.to_balance else payout).ref
    amount = -reduction.amount
    return Payment(
        ref=ref,
        reference=Reference(token_of(inputs.label, ref), row.reference),
        invoice=note.ref,
        date=day,
        amount=amount,
        base_amount=base_amount(row, amount, inputs.base_currency),
        gateway="" if reduction.to_balance else gateway,
        paid_from=PaidFrom.BALANCE if reduction.to_balance else PaidFrom.GATEWAY,
    )


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What becomes of a cancelled sale.

    Attributes:
        note: Takes back what is left of it, set against it; None where it stays a debtor.
        remark: What a person said, kept with the invoice.
    """

    note: CreditNote | None
    remark: Hold


def plan_cancellation(
    invoice: Invoice,
    sale: Sale,
    money: MoneyAllocation,
    inputs: DecisionInputs,
    before: PriorBooking,
) -> Cancellation | Hold:
    """Carry out the answer that `by_state` made sure of."""
    given = before.answers.of(CANCELLED)
    if given is None:
        msg = "a cancelled invoice without an answer"
        raise LookupError(msg)
    if given.answer is Answer.SUPPLIED_UNPAID:
        return Cancellation(
            None, _remark(given, "it was cancelled after it was booked and stays a debtor")
        )
    credited = total((each.amount for each in money.reductions), invoice.currency)
    wrong = _still_paid(invoice, money, credited)
    if wrong:
        return wrong
    rest = sale.gross - credited
    if not rest:
        return Cancellation(
            None, _remark(given, "it was cancelled, and refunds had taken all of it back")
        )
    lines = note_lines(sale, rest, credited, f"Not supplied: {rest}")
    if isinstance(lines, Hold):
        return lines
    # Dated the day of the answer: the source tells no day of cancellation through its API.
    credit = replace(sale, ref=Key(Role.CANCELLED, invoice.ref.id).ref, lines=lines)
    note = _note(invoice, credit, inputs, given.day, "the credit note of")
    if isinstance(note, Hold):
        return note
    told = f"it was cancelled after it was booked, and {rest} of it was credited as not supplied"
    return Cancellation(note, _remark(given, told))


def _still_paid(invoice: Invoice, money: MoneyAllocation, credited: Money) -> Hold | None:
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
    invoice: Invoice, sale: Sale, inputs: DecisionInputs, day: dt.date, what: str
) -> CreditNote | Hold:
    """Returns the note of these lines, on `day` or the first open day after it."""
    date = open_day(day, inputs.choices, what)
    if isinstance(date, Hold):
        return date
    number = own_number(invoice) or invoice.ref.id
    detail = with_day(f"credits {number}", day, date)
    reference = Reference(token_of(inputs.label, sale.ref), detail)
    return CreditNote(replace(sale, reference=reference, date=date, due=None), invoice.ref, number)


def _remark(given: Given, what: str) -> Hold:
    return Hold(
        Reason.CANCELLED_AFTER_BOOKING,
        f"{what}: {given.because} ({given.who}, {given.day})",
        "nothing: it was answered",
    )
