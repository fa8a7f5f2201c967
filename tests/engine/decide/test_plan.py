"""Every invoice is booked, skipped or held, with the reason a bookkeeper would give."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.api import (
    WHOLE_INVOICE,
    Hold,
    Invoice,
    InvoiceState,
    LineKind,
    Money,
    Reason,
    Sale,
    TransactionKind,
)
from bridge.engine.context import Choices, Policy, UnpaidDocuments
from bridge.engine.decide.inputs import DecisionInputs
from bridge.engine.decide.plan import Plan, decide
from bridge.model.reasons import Skip
from bridge.testing.builders import (
    DAY,
    a_client,
    a_line,
    a_transaction,
    an_invoice,
    eur,
    gbp,
)

POLICY = Policy(start_date=dt.date(2026, 4, 1), unpaid_documents=UnpaidDocuments.PROFORMA)
INPUTS = DecisionInputs(POLICY, "MEM", "GBP")
LATE = dt.date(2026, 5, 2)


def _decided(invoice: Invoice, inputs: DecisionInputs = INPUTS) -> Plan | Skip | Hold:
    return decide(invoice, a_client(currency=invoice.currency), inputs)


def _plan(invoice: Invoice, inputs: DecisionInputs = INPUTS) -> Plan:
    answer = _decided(invoice, inputs)
    assert isinstance(answer, Plan), answer
    return answer


def test_a_card_sale_becomes_a_sale_and_a_payment() -> None:
    plan = _plan(an_invoice())
    assert (_sure(plan.sale).net, _sure(plan.sale).tax) == (gbp("100.00"), gbp("20.00"))
    assert str(_sure(plan.sale).reference) == "MEM-501 INV-2026-501"
    (payment,) = plan.payments
    assert (payment.amount, payment.gateway, payment.date) == (gbp("120.00"), "stripe", DAY)
    assert str(payment.reference) == "MEM-T900/501 txn_900"


def test_an_invoice_without_a_number_of_its_own_is_known_by_its_id() -> None:
    assert str(_sale(an_invoice(number="501")).reference) == "MEM-501"


def test_several_payments_stay_several() -> None:
    rows = [
        a_transaction(900, money_in=gbp("50.00")),
        a_transaction(901, money_in=gbp("70.00"), gateway="paypal"),
    ]
    plan = _plan(an_invoice(transactions=rows))
    assert [(each.ref.id, str(each.amount)) for each in plan.payments] == [
        ("T900/501", "50.00 GBP"),
        ("T901/501", "70.00 GBP"),
    ]


def test_a_fee_is_a_movement_of_its_own() -> None:
    plan = _plan(an_invoice(transactions=[a_transaction(fee=gbp("1.95"))]))
    (fee,) = plan.movements
    assert (fee.ref.id, fee.amount) == ("T900/fee", gbp("-1.95"))


def _sure(sale: Sale | None) -> Sale:
    assert sale is not None
    return sale


def _sale(invoice: Invoice, inputs: DecisionInputs = INPUTS) -> Sale:
    return _sure(_plan(invoice, inputs).sale)


HELD = {
    "an unknown line": (
        an_invoice(lines=[a_line(kind=LineKind.UNKNOWN, type="AddonX")]),
        Reason.LINE_TYPE_UNKNOWN,
    ),
    "a negative total": (
        an_invoice(lines=[a_line(gbp("-100.00"))], transactions=[]),
        Reason.NEGATIVE_INVOICE,
    ),
    "a partial refund": (
        an_invoice(transactions=[a_transaction(), a_transaction(905, money_out=gbp("30.00"))]),
        Reason.REFUND_POLICY,
    ),
    "a chargeback": (
        an_invoice(
            state=InvoiceState.REVERSED,
            transactions=[
                a_transaction(),
                a_transaction(930, money_out=gbp("120.00"), kind=TransactionKind.REVERSAL),
            ],
        ),
        Reason.CHARGEBACK,
    ),
    "no day of payment": (
        replace(an_invoice(), paid_on=None),
        Reason.DATE_MISSING,
    ),
    "money from before the start": (
        an_invoice(
            paid_on=LATE,
            transactions=[
                a_transaction(900, money_in=gbp("50.00"), date=dt.date(2026, 3, 2)),
                a_transaction(901, money_in=gbp("70.00"), date=LATE),
            ],
        ),
        Reason.OPENING_ITEM,
    ),
    "two taxes": (
        an_invoice(tax2=gbp("5.00"), tax_rate2=Decimal(5)),
        Reason.TAX_RATE_UNKNOWN,
    ),
    "an untaxed discount on taxed lines": (
        an_invoice(
            lines=[
                a_line(),
                a_line(gbp("-10.00"), line=2, kind=LineKind.DISCOUNT, type="", taxed=False),
            ]
        ),
        Reason.DISCOUNT_VAT,
    ),
    "a zero total of unlike classes": (
        an_invoice(
            lines=[
                a_line(gbp("10.00"), taxed=False),
                a_line(gbp("-10.00"), line=2, kind=LineKind.DISCOUNT, type=""),
            ],
            net=gbp("0.00"),
            tax=gbp("0.00"),
            transactions=[],
        ),
        Reason.ZERO_TOTAL,
    ),
    "what the source itself doubts": (
        an_invoice(holds=[Hold(Reason.TOTAL_MISMATCH, "off by one", "look")]),
        Reason.TOTAL_MISMATCH,
    ),
    "a container that sells": (
        an_invoice(lines=[a_line(), a_line(kind=LineKind.SETTLEMENT, line=2, related="7")]),
        Reason.MASS_PAY_UNPROVEN,
    ),
}


@pytest.mark.parametrize("case", HELD)
def test_held(case: str) -> None:
    """Each has its own reason, a sentence with the numbers and something to do."""
    invoice, reason = HELD[case]
    answer = _decided(invoice)
    assert isinstance(answer, Hold), answer
    assert answer.reason is reason
    assert answer.what
    assert answer.remedy


SKIPPED = {
    "a draft": (an_invoice(state=InvoiceState.DRAFT), Reason.DRAFT),
    "an open one": (an_invoice(state=InvoiceState.OPEN), Reason.NOT_PAID),
    "a cancelled one": (an_invoice(state=InvoiceState.CANCELLED), Reason.CANCELLED),
    "one paid before the start": (
        an_invoice(issued=dt.date(2026, 3, 1)),
        Reason.BEFORE_START_DATE,
    ),
    "a mass payment's container": (
        an_invoice(
            lines=[a_line(kind=LineKind.SETTLEMENT, related="7", taxed=False)],
            tax_rate=Decimal(0),
        ),
        Reason.MASS_PAY_CONTAINER,
    ),
    "nothing to pay": (
        an_invoice(
            lines=[a_line(), a_line(gbp("-100.00"), line=2, kind=LineKind.DISCOUNT)],
            transactions=[],
        ),
        Reason.ZERO_TOTAL,
    ),
    "a claim in collections that was never paid": (
        an_invoice(state=InvoiceState.REVERSED, transactions=[]),
        Reason.NOT_PAID,
    ),
}


@pytest.mark.parametrize("case", SKIPPED)
def test_skipped(case: str) -> None:
    invoice, reason = SKIPPED[case]
    answer = _decided(invoice)
    assert isinstance(answer, Skip), answer
    assert answer.reason is reason


def test_an_old_invoice_paid_today_is_booked_today() -> None:
    plan = _plan(an_invoice(issued=dt.date(2024, 4, 1), paid_on=LATE))
    assert _sure(plan.sale).date == LATE


def test_a_vat_invoice_keeps_its_day_of_issue() -> None:
    policy = replace(POLICY, unpaid_documents=UnpaidDocuments.VAT_INVOICE)
    plan = _plan(an_invoice(paid_on=LATE), replace(INPUTS, policy=policy))
    assert (_sure(plan.sale).date, plan.payments[0].date) == (DAY, LATE)


def test_a_promotion_takes_the_nominal_of_its_line() -> None:
    lines = [
        a_line(related="410", product="Business Hosting"),
        a_line(line=2, type="Domain", product="", related="9"),
        a_line(gbp("-10.00"), line=3, kind=LineKind.DISCOUNT, type="PromoHosting", related="410"),
    ]
    promo = _sale(an_invoice(lines=lines)).lines[2]
    assert (promo.type, promo.product, promo.reduces) == ("Hosting", "Business Hosting", "Hosting")


def test_a_discount_on_the_whole_invoice_is_spread_by_net() -> None:
    lines = [
        a_line(gbp("75.00")),
        a_line(gbp("25.00"), line=2, type="Domain", product=""),
        a_line(
            gbp("-10.00"),
            line=3,
            kind=LineKind.DISCOUNT,
            type="GroupDiscount",
            related=WHOLE_INVOICE,
        ),
    ]
    plan = _plan(an_invoice(lines=lines))
    assert [(line.type, str(line.net)) for line in _sure(plan.sale).lines[2:]] == [
        ("Hosting", "-7.50 GBP"),
        ("Domain", "-2.50 GBP"),
    ]
    assert _sure(plan.sale).gross == gbp("108.00")


def test_a_foreign_sale_carries_the_rate_of_its_payment() -> None:
    row = a_transaction(money_in=eur("120.00"), rate=Decimal("1.20000"))
    plan = _plan(an_invoice(net=eur("100.00"), transactions=[row]))
    rate = _sure(plan.sale).rate
    assert rate is not None
    assert (rate.base, rate.units) == ("GBP", Decimal("1.20000"))
    assert plan.payments[0].base_amount == Money(Decimal("100.00"), "GBP")


def test_a_closed_period_holds_both_invoice_and_payment() -> None:
    inputs = replace(INPUTS, policy=replace(POLICY, choices=Choices(books_closed_to=DAY)))
    answer = _decided(an_invoice(), inputs)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.PERIOD_LOCKED


def test_a_closed_day_may_move_to_the_first_open_one_and_says_so() -> None:
    choices = Choices(books_closed_to=DAY, when_closed="first_open_day")
    plan = _plan(an_invoice(), replace(INPUTS, policy=replace(POLICY, choices=choices)))
    next_day = DAY + dt.timedelta(days=1)
    assert (_sure(plan.sale).date, plan.payments[0].date) == (next_day, next_day)
    assert str(DAY) in str(_sure(plan.sale).reference)
    assert str(DAY) in str(plan.payments[0].reference)
