"""Refunds and cancelled sales as credit notes: their lines, their day, and the way of the money."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.api import (
    CreditNote,
    Hold,
    Invoice,
    InvoiceState,
    PaidFrom,
    Payment,
    Reason,
    Transaction,
    TransactionKind,
)
from bridge.engine.context import Choices, Policy, UnpaidDocuments
from bridge.engine.decide.allocation import MoneyAllocation
from bridge.engine.decide.answers import Answer, Answers, Given
from bridge.engine.decide.credit_note_lines import Reduction
from bridge.engine.decide.credit_notes import (
    Cancellation,
    Refund,
    plan_cancellation,
    plan_refunds,
)
from bridge.engine.decide.inputs import DecisionInputs, PriorBooking
from bridge.model.keys import Key, Role, refund_ref
from bridge.testing.builders import DAY, a_payment, a_sale, a_transaction, an_invoice, gbp

CREDIT = Choices(price_reductions="credit_note", refund_to_balance="credit_note")
POLICY = Policy(DAY, UnpaidDocuments.PROFORMA, choices=CREDIT)
INPUTS = DecisionInputs(POLICY, "MEM", "GBP")
LATER = DAY + dt.timedelta(days=9)
PAID = a_transaction(900, gateway="paypal")
SALE = a_sale()


def _back(amount: str, refund: int = 905, *, to_balance: bool = False) -> Reduction:
    kind = TransactionKind.TO_BALANCE if to_balance else TransactionKind.REFUND
    row = a_transaction(
        refund, money_out=gbp(amount), date=LATER, gateway="stripe", kind=kind, refund_of="900"
    )
    return Reduction(row, gbp(amount), gbp("0.00"), to_balance)


def _with(choices: Choices) -> DecisionInputs:
    return replace(INPUTS, policy=replace(POLICY, choices=choices))


def _invoice(*refunds: Reduction, state: InvoiceState = InvoiceState.PAID) -> Invoice:
    rows: list[Transaction] = [PAID, *(refund.row for refund in refunds)]
    return an_invoice(state=state, transactions=rows)


def _planned(*refunds: Reduction, inputs: DecisionInputs = INPUTS) -> tuple[Refund, ...] | Hold:
    return plan_refunds(_invoice(*refunds), SALE, MoneyAllocation(reductions=list(refunds)), inputs)


def _refund(*refunds: Reduction, inputs: DecisionInputs = INPUTS) -> Refund:
    planned = _planned(*refunds, inputs=inputs)
    assert not isinstance(planned, Hold), planned
    return planned[0]


def test_a_refund_lowers_the_price_and_goes_back_the_way_it_came() -> None:
    refund = _refund(_back("30.00"))
    note = refund.note.sale
    assert (note.ref, str(note.reference)) == (refund_ref("905"), "MEM-R905 credits INV-2026-501")
    assert (note.net, note.tax, note.date, note.due) == (gbp("-25.00"), gbp("-5.00"), LATER, None)
    assert (refund.note.original, refund.note.original_number) == (SALE.ref, "INV-2026-501")
    payout = refund.payout
    assert (payout.ref, payout.invoice) == (
        Key(Role.PAYMENT, "905", on=Key(Role.NOTE, "905")).ref,
        note.ref,
    )
    assert (payout.amount, payout.gateway) == (gbp("-30.00"), "paypal")
    assert payout.paid_from is PaidFrom.GATEWAY


def test_a_refund_whose_payment_is_unknown_goes_by_its_own_gateway() -> None:
    lone = _back("30.00")
    lone = replace(lone, row=replace(lone.row, refund_of="77"))
    assert _refund(lone).payout.gateway == "stripe"


def test_a_refund_to_the_balance_is_no_money_of_a_gateway() -> None:
    payout = _refund(_back("30.00", to_balance=True)).payout
    assert payout.ref == Key(Role.TO_BALANCE, "905").ref
    assert (payout.gateway, payout.paid_from) == ("", PaidFrom.BALANCE)


def test_a_note_in_a_closed_period_says_its_true_day() -> None:
    inputs = _with(replace(CREDIT, books_closed_to=LATER, when_closed="first_open_day"))
    refund = _refund(_back("30.00"), inputs=inputs)
    moved = LATER + dt.timedelta(days=1)
    assert (refund.note.sale.date, refund.payout.date) == (moved, moved)
    assert str(refund.note.sale.reference) == f"MEM-R905 credits INV-2026-501 of {LATER}"


@pytest.mark.parametrize(
    ("choices", "to_balance", "reason"),
    [
        (replace(CREDIT, price_reductions="hold"), False, Reason.REFUND_POLICY),
        (replace(CREDIT, refund_to_balance="hold"), True, Reason.REFUND_TO_BALANCE),
        (replace(CREDIT, books_closed_to=LATER), False, Reason.PERIOD_LOCKED),
    ],
)
def test_what_was_not_decided_is_held(choices: Choices, to_balance: bool, reason: Reason) -> None:
    held = _planned(_back("30.00", to_balance=to_balance), inputs=_with(choices))
    assert isinstance(held, Hold)
    assert held.reason is reason


def test_a_refund_of_what_is_asked_for_again_lowers_no_price() -> None:
    refund = _back("120.00")
    invoice = _invoice(refund, state=InvoiceState.OPEN)
    held = plan_refunds(invoice, SALE, MoneyAllocation(reductions=[refund]), INPUTS)
    assert isinstance(held, Hold)
    assert held.reason is Reason.REFUND_POLICY
    assert "its price is still owed in full" in held.what


def test_no_refund_is_planned_where_one_of_them_is_in_doubt() -> None:
    too_much = _back("120.01", 906)
    held = _planned(_back("30.00"), too_much)
    assert isinstance(held, Hold)
    assert held.reason is Reason.REFUND_EXCEEDS_INVOICE


def _answered(answer: Answer) -> PriorBooking:
    given = Given(answer, (), "rose@office", "never set up", LATER)
    return PriorBooking(is_booked=True, answers=Answers((given,)))


def _cancelled(
    answer: Answer, *refunds: Reduction, paid: tuple[Payment, ...] = ()
) -> Cancellation | Hold:
    money = MoneyAllocation(payments=list(paid), reductions=list(refunds))
    invoice = an_invoice(state=InvoiceState.CANCELLED, transactions=[])
    return plan_cancellation(invoice, SALE, money, INPUTS, _answered(answer))


def _note(cancelled: Cancellation | Hold) -> CreditNote:
    assert isinstance(cancelled, Cancellation), cancelled
    assert cancelled.note is not None
    return cancelled.note


def test_what_was_not_supplied_is_credited_on_the_day_of_the_answer() -> None:
    cancelled = _cancelled(Answer.NOT_SUPPLIED)
    note = _note(cancelled).sale
    assert (note.ref, note.gross, note.date) == (
        Key(Role.CANCELLED, "501").ref,
        gbp("-120.00"),
        LATER,
    )
    assert isinstance(cancelled, Cancellation)
    assert "never set up (rose@office, " in cancelled.remark.what


def test_what_refunds_took_back_is_not_credited_again() -> None:
    half = _back("60.00")
    assert _note(_cancelled(Answer.NOT_SUPPLIED, half)).sale.gross == gbp("-60.00")
    cancelled = _cancelled(Answer.NOT_SUPPLIED, _back("120.00"))
    assert isinstance(cancelled, Cancellation)
    assert cancelled.note is None


def test_what_was_supplied_stays_a_debtor() -> None:
    cancelled = _cancelled(Answer.SUPPLIED_UNPAID)
    assert isinstance(cancelled, Cancellation)
    assert cancelled.note is None
    assert "stays a debtor" in cancelled.remark.what


def test_money_that_was_not_returned_keeps_the_note_waiting() -> None:
    paid = (a_payment(gbp("50.00")),)
    held = _cancelled(Answer.NOT_SUPPLIED, _back("20.00"), paid=paid)
    assert isinstance(held, Hold)
    assert held.reason is Reason.CANCELLED_AFTER_BOOKING
    assert "30.00 GBP that was paid on it was not returned" in held.what


def test_a_foreign_payout_has_its_worth_at_the_rate_of_the_refund() -> None:
    refund = _back("30.00")
    dollars = DecisionInputs(POLICY, "MEM", "USD")
    assert _refund(refund, inputs=dollars).payout.base_amount is None
    rated = replace(refund, row=replace(refund.row, rate=Decimal("0.8")))
    base = _refund(rated, inputs=dollars).payout.base_amount
    assert base is not None
    assert (base.amount, base.currency) == (Decimal("-37.50"), "USD")
