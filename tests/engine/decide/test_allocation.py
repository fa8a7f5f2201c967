"""Where every penny of an invoice's money goes, with the entries of docs/accounting.md."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bridge.api import (
    BalanceEntry,
    BalanceOrigin,
    Hold,
    Invoice,
    InvoiceState,
    LineKind,
    MovementKind,
    PaidFrom,
    Reason,
    TransactionKind,
    client_ref,
)
from bridge.engine.context import BookWhen, Choices, Policy, UnpaidDocuments
from bridge.engine.decide.inputs import DecisionInputs, PriorBooking
from bridge.engine.decide.plan import Plan, decide
from bridge.testing.builders import DAY, a_client, a_line, a_transaction, an_invoice, gbp

POLICY = Policy(
    start_date=dt.date(2026, 4, 1),
    unpaid_documents=UnpaidDocuments.PROFORMA,
    choices=Choices(price_reductions="credit_note", refund_to_balance="credit_note"),
)
INPUTS = DecisionInputs(POLICY, "MEM", "GBP")
LATER = DAY + dt.timedelta(days=9)


def _plan(
    invoice: Invoice, inputs: DecisionInputs = INPUTS, before: PriorBooking | None = None
) -> Plan:
    client = a_client(currency=invoice.currency)
    answer = decide(invoice, client, inputs, before or PriorBooking())
    assert isinstance(answer, Plan), answer
    return answer


def _held(invoice: Invoice, inputs: DecisionInputs = INPUTS) -> Hold:
    answer = decide(invoice, a_client(currency=invoice.currency), inputs)
    assert isinstance(answer, Hold), answer
    return answer


def _payments(plan: Plan) -> list[tuple[str, str]]:
    return [(each.ref.id, str(each.amount.amount)) for each in plan.payments]


def _movements(plan: Plan) -> list[tuple[str, str]]:
    return [(each.ref.id, str(each.amount.amount)) for each in plan.movements]


def test_an_overpayment_settles_and_the_rest_is_balance() -> None:
    plan = _plan(an_invoice(transactions=[a_transaction(money_in=gbp("130.00"))]))
    assert _payments(plan) == [("T900/501", "120.00")]
    assert _movements(plan) == [("T900/excess", "10.00")]
    assert plan.movements[0].kind is MovementKind.EXCESS


def test_a_second_charge_is_all_balance() -> None:
    plan = _plan(an_invoice(transactions=[a_transaction(900), a_transaction(901)]))
    assert _payments(plan) == [("T900/501", "120.00")]
    assert _movements(plan) == [("T901/excess", "120.00")]


def test_what_is_missing_stays_with_the_debtors_and_is_told() -> None:
    plan = _plan(an_invoice(transactions=[a_transaction(money_in=gbp("100.00"))]))
    assert _payments(plan) == [("T900/501", "100.00")]
    assert plan.remark is not None
    assert plan.remark.reason is Reason.PAYMENT_SHORT
    assert "20.00 GBP of 120.00 GBP" in plan.remark.what


def test_balance_pays_before_money() -> None:
    row = a_transaction(money_in=gbp("70.00"))
    plan = _plan(an_invoice(credit=gbp("50.00"), transactions=[row]))
    assert _payments(plan) == [("501/credit/50.00", "50.00"), ("T900/501", "70.00")]
    assert plan.payments[0].paid_from is PaidFrom.BALANCE


def test_balance_that_was_booked_before_is_not_booked_again() -> None:
    row = a_transaction(money_in=gbp("50.00"))
    invoice = an_invoice(credit=gbp("70.00"), transactions=[row])
    plan = _plan(invoice, before=PriorBooking(is_booked=True, used=gbp("50.00")))
    assert _payments(plan)[0] == ("501/credit/70.00", "20.00")


def test_a_balance_given_by_hand_is_booked_before_it_is_used() -> None:
    given = BalanceEntry(
        "77", client_ref(31), DAY, gbp("50.00"), BalanceOrigin.UNKNOWN, "Sorry for the outage"
    )
    invoice = an_invoice(credit=gbp("120.00"), transactions=[])
    plan = _plan(invoice, before=PriorBooking(balances=[given]))
    assert [(each.ref.id, each.amount) for each in plan.given] == [("C77/given", gbp("50.00"))]


def test_money_put_on_the_balance_is_no_sale() -> None:
    line = a_line(gbp("240.00"), kind=LineKind.PREPAYMENT, type="AddFunds", taxed=False)
    plan = _plan(an_invoice(lines=[line]))
    assert plan.sale is None
    assert _movements(plan) == [("T900/balance", "240.00")]


def _container(*lines: tuple[str, str], changes: dict[str, Any] | None = None) -> Invoice:
    number = 603
    items = [
        a_line(gbp(amount), line=index, kind=LineKind.SETTLEMENT, related=related, taxed=False)
        for index, (related, amount) in enumerate(lines)
    ]
    whole = sum((line.amount for line in items[1:]), start=items[0].amount)
    row = a_transaction(950, invoice=number, money_in=whole, fee=gbp("2.00"))
    container = an_invoice(number, lines=items, transactions=[row])
    return replace(container, **(changes or {}))


def test_a_mass_payment_is_split_and_its_fee_booked_once() -> None:
    container = _container(("501", "120.00"), ("502", "12.00"))
    first = _plan(an_invoice(credit=gbp("120.00"), transactions=[], containers=[container]))
    small = an_invoice(
        502, net=gbp("10.00"), credit=gbp("12.00"), transactions=[], containers=[container]
    )
    second = _plan(small)
    assert _payments(first) == [("T950/501", "120.00")]
    assert _payments(second) == [("T950/502", "12.00")]
    assert _movements(first) == [("T950/fee", "-2.00")]
    assert _movements(second) == []


def test_a_mass_payment_partly_from_balance_is_proved_by_the_sum_of_both() -> None:
    """132 of 120 + 12, of which 32 came from the balance: that goes to the first line."""
    row = a_transaction(950, invoice=603, money_in=gbp("100.00"), fee=gbp("2.00"))
    changes = {"credit": gbp("32.00"), "transactions": (row,)}
    container = _container(("501", "120.00"), ("502", "12.00"), changes=changes)
    first = _plan(an_invoice(credit=gbp("120.00"), transactions=[], containers=[container]))
    second = _plan(
        an_invoice(
            502, net=gbp("10.00"), credit=gbp("12.00"), transactions=[], containers=[container]
        )
    )
    assert _payments(first) == [("501/credit/32.00", "32.00"), ("T950/501", "88.00")]
    assert _payments(second) == [("T950/502", "12.00")]
    assert (_movements(first), _movements(second)) == ([("T950/fee", "-2.00")], [])


def test_a_mass_payment_wholly_from_balance_is_balance_used() -> None:
    changes = {"credit": gbp("132.00"), "transactions": ()}
    container = _container(("501", "120.00"), ("502", "12.00"), changes=changes)
    plan = _plan(an_invoice(credit=gbp("120.00"), transactions=[], containers=[container]))
    assert _payments(plan) == [("501/credit/120.00", "120.00")]


def test_a_mass_payment_that_another_one_paid_is_held() -> None:
    inner = _container(("603", "32.00"))
    row = a_transaction(950, invoice=603, money_in=gbp("100.00"))
    changes = {"credit": gbp("32.00"), "transactions": (row,), "containers": (inner,)}
    container = _container(("501", "120.00"), ("502", "12.00"), changes=changes)
    held = _held(an_invoice(credit=gbp("120.00"), transactions=[], containers=[container]))
    assert held.reason is Reason.MASS_PAY_UNPROVEN


def test_a_share_of_what_was_paid_already_is_excess() -> None:
    """Paid by a mass payment and once more by card: the card's money is the client's balance."""
    own = a_transaction(960, money_in=gbp("120.00"), date=LATER)
    container = _container(("501", "120.00"), ("502", "12.00"))
    plan = _plan(an_invoice(credit=gbp("120.00"), transactions=[own], containers=[container]))
    assert _payments(plan) == [("T950/501", "120.00")]
    assert _movements(plan) == [("T950/fee", "-2.00"), ("T960/excess", "120.00")]


def test_a_mass_payment_on_top_of_a_part_payment() -> None:
    own = a_transaction(900, money_in=gbp("50.00"))
    container = _container(("501", "70.00"), ("502", "12.00"))
    plan = _plan(an_invoice(credit=gbp("70.00"), transactions=[own], containers=[container]))
    assert _payments(plan) == [("T950/501", "70.00"), ("T900/501", "50.00")]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client": client_ref(8)}, id="of another client"),
        pytest.param({"state": InvoiceState.OPEN, "status": "Unpaid"}, id="unpaid"),
        pytest.param({"credit": gbp("5.00")}, id="more than its total"),
        pytest.param({"transactions": ()}, id="without money"),
        pytest.param({"net": gbp("133.00")}, id="off by a pound"),
    ],
)
def test_a_mass_payment_that_does_not_add_up_is_held(changes: dict[str, Any]) -> None:
    container = _container(("501", "120.00"), ("502", "12.00"), changes=changes)
    held = _held(an_invoice(credit=gbp("120.00"), transactions=[], containers=[container]))
    assert held.reason is Reason.MASS_PAY_UNPROVEN


def test_an_overpayment_returned_leaves_the_sale_alone() -> None:
    rows = [
        a_transaction(900, money_in=gbp("130.00")),
        a_transaction(905, money_out=gbp("10.00"), date=LATER, refund_of="900"),
    ]
    plan = _plan(an_invoice(transactions=rows))
    assert _movements(plan) == [("T900/excess", "10.00"), ("T905/returned", "-10.00")]
    assert plan.refunds == ()


def test_a_refund_first_returns_what_was_too_much() -> None:
    rows = [
        a_transaction(900, money_in=gbp("130.00")),
        a_transaction(905, money_out=gbp("40.00"), date=LATER, refund_of="900"),
    ]
    plan = _plan(an_invoice(transactions=rows))
    assert _movements(plan)[1] == ("T905/returned", "-10.00")
    (refund,) = plan.refunds
    assert (refund.note.sale.net, refund.note.sale.tax) == (gbp("-25.00"), gbp("-5.00"))
    assert (refund.payout.ref.id, refund.payout.amount) == ("T905/R905", gbp("-30.00"))
    assert refund.note.sale.date == refund.payout.date == LATER


def test_several_refunds_close_the_invoice_to_the_penny() -> None:
    """100.00 and 21.00 in three parts: their notes sum to exactly that."""
    parts = ["33.33", "41.00", "46.67"]
    rows = [a_transaction(900, money_in=gbp("121.00"))]
    rows += [
        a_transaction(905 + index, money_out=gbp(part), date=LATER, refund_of="900")
        for index, part in enumerate(parts)
    ]
    invoice = an_invoice(
        net=gbp("100.83"), tax=gbp("20.17"), transactions=rows, state=InvoiceState.REFUNDED
    )
    plan = _plan(replace(invoice, paid_on=DAY))
    notes = [refund.note.sale for refund in plan.refunds]
    assert sum(note.gross.minor_units() for note in notes) == -12100
    assert sum(note.net.minor_units() for note in notes) == -10083
    assert sum(note.tax.minor_units() for note in notes) == -2017


def test_a_full_refund_mirrors_every_line() -> None:
    lines = [a_line(gbp("60.00")), a_line(gbp("40.00"), line=2, type="Domain")]
    rows = [a_transaction(900), a_transaction(905, money_out=gbp("120.00"), date=LATER)]
    plan = _plan(an_invoice(lines=lines, transactions=rows))
    (refund,) = plan.refunds
    assert [(line.type, line.net) for line in refund.note.sale.lines] == [
        ("Hosting", gbp("-60.00")),
        ("Domain", gbp("-40.00")),
    ]


def _two_classes(*refunds: str) -> Invoice:
    lines = [a_line(gbp("100.00")), a_line(gbp("30.00"), line=2, taxed=False)]
    rows = [a_transaction(900, money_in=gbp("150.00"))]
    rows += [
        a_transaction(905 + index, money_out=gbp(amount), date=LATER)
        for index, amount in enumerate(refunds)
    ]
    return an_invoice(lines=lines, transactions=rows)


def test_a_refund_that_fits_one_set_of_lines_is_for_those() -> None:
    (refund,) = _plan(_two_classes("30.00")).refunds
    assert (refund.note.sale.net, refund.note.sale.tax) == (gbp("-30.00"), gbp("0.00"))


def test_a_refund_that_fits_no_lines_of_mixed_tax_is_held() -> None:
    assert _held(_two_classes("50.00")).reason is Reason.REFUND_ALLOCATION


def test_more_refunded_than_sold_is_held() -> None:
    rows = [a_transaction(900), a_transaction(905, money_out=gbp("121.00"), date=LATER)]
    assert _held(an_invoice(transactions=rows)).reason is Reason.REFUND_EXCEEDS_INVOICE


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (TransactionKind.REFUND, Reason.REFUND_POLICY),
        (TransactionKind.TO_BALANCE, Reason.REFUND_TO_BALANCE),
    ],
)
def test_refunds_wait_until_somebody_decides(kind: TransactionKind, reason: Reason) -> None:
    rows = [a_transaction(900), a_transaction(905, money_out=gbp("30.00"), kind=kind, date=LATER)]
    inputs = replace(INPUTS, policy=replace(POLICY, choices=Choices()))
    assert _held(an_invoice(transactions=rows), inputs).reason is reason


def test_a_refund_to_balance_pays_the_note_out_onto_it() -> None:
    rows = [
        a_transaction(900),
        a_transaction(905, money_out=gbp("30.00"), kind=TransactionKind.TO_BALANCE, date=LATER),
    ]
    (refund,) = _plan(an_invoice(transactions=rows)).refunds
    assert refund.payout.paid_from is PaidFrom.BALANCE
    assert refund.payout.ref.id == "R905/credit/0"


def test_what_came_on_top_is_not_put_on_the_balance_again() -> None:
    """It became the client's when it came, so that a refund to the balance doubles it."""
    rows = [
        a_transaction(900, money_in=gbp("130.00")),
        a_transaction(905, money_out=gbp("10.00"), kind=TransactionKind.TO_BALANCE, date=LATER),
    ]
    held = _held(an_invoice(transactions=rows))
    assert held.reason is Reason.REFUND_TO_BALANCE
    assert "twice" in held.remedy


def test_what_went_back_on_an_unpaid_invoice_lowers_no_price() -> None:
    inputs = replace(INPUTS, policy=replace(POLICY, book_when=BookWhen.ISSUED))
    rows = [
        a_transaction(900, money_in=gbp("50.00")),
        a_transaction(905, money_out=gbp("50.00"), kind=TransactionKind.REFUND, date=LATER),
    ]
    held = _held(an_invoice(state=InvoiceState.OPEN, transactions=rows), inputs)
    assert held.reason is Reason.REFUND_POLICY
    paid = a_transaction(906, date=LATER, reference="ch_2")
    plan = _plan(an_invoice(transactions=[*rows, paid]), inputs)
    assert _payments(plan) == [("T900/501", "50.00"), ("T906/501", "70.00")]
    assert _movements(plan) == [("T906/excess", "50.00"), ("T905/returned", "-50.00")]
    assert plan.refunds == ()


def test_issued_invoices_are_booked_before_they_are_paid() -> None:
    inputs = replace(INPUTS, policy=replace(POLICY, book_when=BookWhen.ISSUED))
    plan = _plan(an_invoice(state=InvoiceState.OPEN, transactions=[]), inputs)
    assert plan.sale is not None
    assert (plan.sale.date, plan.payments, plan.remark) == (DAY, (), None)
