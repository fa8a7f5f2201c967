"""Two rows that are alike: the first is booked, the second as far as a person answered."""

import datetime as dt

import pytest

from bridge.api import Hold, LineKind, Reason, Transaction
from bridge.engine.context import Choices, Policy, UnpaidDocuments
from bridge.engine.decide.answers import Answer, Answers, Given
from bridge.engine.decide.inputs import DecisionInputs, PriorBooking
from bridge.engine.decide.plan import Plan, decide
from bridge.testing.builders import DAY, a_client, a_line, a_transaction, an_invoice, gbp

POLICY = Policy(
    start_date=dt.date(2026, 4, 1),
    unpaid_documents=UnpaidDocuments.PROFORMA,
    choices=Choices(price_reductions="credit_note"),
)
INPUTS = DecisionInputs(POLICY, "MEM", "GBP")
LATER = DAY + dt.timedelta(days=9)
ALIKE = (a_transaction(900), a_transaction(901, reference="txn_900"))


def _answered(answer: Answer, *rows: str) -> Answers:
    return Answers((Given(answer, rows, "rose@office", "statement of May", LATER),))


def _decided(*rows: Transaction, answers: Answers | None = None) -> Plan | Hold:
    before = PriorBooking(answers=answers) if answers else PriorBooking()
    decided = decide(an_invoice(transactions=list(rows)), a_client(), INPUTS, before)
    assert isinstance(decided, Plan | Hold)
    return decided


def _plan(*rows: Transaction, answers: Answers | None = None) -> Plan:
    plan = _decided(*rows, answers=answers)
    assert isinstance(plan, Plan), plan
    return plan


def test_the_first_is_booked_and_the_second_asked_about() -> None:
    plan = _plan(*ALIKE)
    assert [each.ref.id for each in plan.payments] == ["T900/501"]
    assert plan.movements == ()
    assert plan.remark is not None
    assert plan.remark.reason is Reason.DUPLICATE_TRANSACTION
    assert "bridge answer 501 one-charge" in plan.remark.remedy


@pytest.mark.parametrize(
    ("answer", "moved"),
    [(Answer.ONE_CHARGE, []), (Answer.TWO_CHARGES, [("T901/excess", gbp("120.00"))])],
)
def test_the_answer_decides(answer: Answer, moved: list[object]) -> None:
    plan = _plan(*ALIKE, answers=_answered(answer, "901"))
    assert [each.ref.id for each in plan.payments] == ["T900/501"]
    assert [(each.ref.id, each.amount) for each in plan.movements] == moved
    assert plan.remark is None


def test_a_third_that_is_alike_is_a_question_of_its_own() -> None:
    third = a_transaction(902, reference="txn_900")
    plan = _plan(*ALIKE, third, answers=_answered(Answer.ONE_CHARGE, "901"))
    assert plan.remark is not None
    assert "900 and 902" in plan.remark.what


@pytest.mark.parametrize(
    "second",
    [
        a_transaction(901, reference="txn_901"),
        a_transaction(901, reference="txn_900", gateway="paypal"),
        a_transaction(901, reference="txn_900", money_in=gbp("1.00")),
    ],
)
def test_what_differs_in_anything_is_money(second: Transaction) -> None:
    plan = _plan(a_transaction(900), second)
    assert plan.remark is None
    assert [each.ref.id for each in plan.movements] == ["T901/excess"]


def test_rows_without_a_gateway_id_are_never_alike() -> None:
    plan = _plan(a_transaction(900, reference=""), a_transaction(901, reference=""))
    assert plan.remark is None


def test_a_refund_waits_for_the_answer_since_it_may_return_the_second() -> None:
    refund = a_transaction(905, money_out=gbp("120.00"), date=LATER, refund_of="901")
    assert _plan(*ALIKE, refund).refunds == ()
    two = _plan(*ALIKE, refund, answers=_answered(Answer.TWO_CHARGES, "901"))
    assert two.refunds == ()
    assert [each.ref.id for each in two.movements] == ["T901/excess", "T905/returned"]


def test_what_was_no_money_cannot_have_been_returned() -> None:
    refund = a_transaction(905, money_out=gbp("120.00"), date=LATER, refund_of="901")
    held = _decided(*ALIKE, refund, answers=_answered(Answer.ONE_CHARGE, "901"))
    assert isinstance(held, Hold)
    assert held.reason is Reason.DUPLICATE_TRANSACTION


def test_a_doubled_prepayment_is_taken_in_once() -> None:
    line = a_line(gbp("120.00"), kind=LineKind.PREPAYMENT, taxed=False)
    invoice = an_invoice(lines=[line], transactions=list(ALIKE))
    plan = decide(invoice, a_client(), INPUTS)
    assert isinstance(plan, Plan)
    assert [each.ref.id for each in plan.movements] == ["T900/balance"]
    assert plan.remark is not None
