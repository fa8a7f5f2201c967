"""Refunds that lower the price: a credit note, and the way its money went. Pure."""

import datetime as dt
from dataclasses import dataclass

from bridge.engine.context import Choices
from bridge.engine.decide.allocation import Allotment, base_amount
from bridge.engine.decide.closed_periods import open_day, with_day
from bridge.engine.decide.credit_note_lines import Reduction, note_lines
from bridge.engine.decide.inputs import Terms, own_number
from bridge.engine.keys import note_ref, payout_ref, to_balance_ref
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import Reference, token_of
from bridge.model.source_records import Invoice, InvoiceState
from bridge.model.target_records import CreditNote, PaidFrom, Payment, Sale


@dataclass(frozen=True, slots=True)
class Refund:
    """A price reduction: the credit note, and how its money went back."""

    note: CreditNote
    payout: Payment


def plan_refunds(
    invoice: Invoice, sale: Sale, money: Allotment, terms: Terms
) -> tuple[Refund, ...] | Hold:
    """All price reductions of an invoice, each with its note; or the first doubt."""
    if money.reductions and invoice.state is InvoiceState.OPEN:
        return _still_owed(invoice, money.reductions[0])
    result: list[Refund] = []
    for reduction in money.reductions:
        answer = _by_choice(reduction, terms.choices) or _refund(invoice, sale, reduction, terms)
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


def _refund(invoice: Invoice, sale: Sale, reduction: Reduction, terms: Terms) -> Refund | Hold:
    words = f"Refund of {reduction.amount}"
    lines = note_lines(sale, reduction.amount, reduction.before, words)
    if isinstance(lines, Hold):
        return lines
    row = reduction.row
    day = open_day(row.date, terms.choices, "its refund of")
    if isinstance(day, Hold):
        return day
    ref = note_ref(row.id)
    number = own_number(invoice) or invoice.ref.id
    note = Sale(
        ref=ref,
        reference=Reference(
            token_of(terms.label, ref), with_day(f"credits {number}", row.date, day)
        ),
        client=sale.client,
        date=day,
        due=None,
        currency=sale.currency,
        lines=lines,
        rate=sale.rate,
    )
    payout = _payout(invoice, reduction, terms, day)
    return Refund(CreditNote(note, invoice.ref, number), payout)


def _payout(invoice: Invoice, reduction: Reduction, terms: Terms, day: dt.date) -> Payment:
    """The money goes back the way it came: by the account of the payment that it returns."""
    row = reduction.row
    paid = [each for each in invoice.transactions if each.id == row.refund_of]
    gateway = paid[0].gateway if paid else row.gateway
    ref = to_balance_ref(row.id) if reduction.to_balance else payout_ref(row.id)
    amount = -reduction.amount
    return Payment(
        ref=ref,
        reference=Reference(token_of(terms.label, ref), row.reference),
        invoice=note_ref(row.id),
        date=day,
        amount=amount,
        base_amount=base_amount(row, amount, terms.base_currency),
        gateway="" if reduction.to_balance else gateway,
        paid_from=PaidFrom.BALANCE if reduction.to_balance else PaidFrom.GATEWAY,
    )
