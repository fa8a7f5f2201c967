"""What the target reads of a sandbox: documents, keys, records, answers of every shape."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver
from kashflow_target.target import KashFlowTarget

from bridge.api import AmbiguousMatchError, Days, Level, RecordClass, Reference, Survey
from bridge.testing.builders import (
    DAY,
    a_client,
    a_movement,
    a_payment,
    a_sale,
    a_sale_line,
    eur,
    gbp,
)
from bridge.testing.conformance.target_writer import payload_of
from tests.kashflow_target.sandbox_books import SandboxBooks

Work = Any  # of conftest.py
MakeTarget = Callable[..., KashFlowTarget]
MONTH = Days(DAY.replace(day=1), DAY.replace(day=30))


def test_documents_are_listed_by_days_and_by_client(
    target: KashFlowTarget, hands: Driver, work: Work
) -> None:
    """One call for each range and each client; the permanent id comes with them."""
    client, invoice = work.booked()
    hands.forget_calls()
    listed = list(target.documents([MONTH, Days(dt.date(2025, 9, 1), dt.date(2025, 9, 30))]))
    assert invoice.id in {each.ref.id for each in listed}
    assert all(each.ref.internal_id for each in listed)
    assert [each.ref.id for each in target.documents([], [client])] == [invoice.id]
    assert hands.calls() == ["GetInvoicesByDateRange"] * 2 + ["GetInvoicesForCustomer"]


def test_a_key_is_found_as_the_whole_first_word_only(
    target: KashFlowTarget, hands: Driver, work: Work
) -> None:
    """MEM-50 is not MEM-501, and an invoice that a person entered with our key is found."""
    client, invoice = work.booked()
    lines = [{"net": "10", "description": "x"}]
    by_hand, about = (
        hands.add_invoice(int(client.id), "2026-04-15", lines, reference=text)
        for text in ("MEM-700 please", "see MEM-701")
    )
    shown = {each.ref.id for each in target.documents([], [client])}
    assert {invoice.id, str(by_hand), str(about)} <= shown
    wanted = {"MEM-501": invoice.id, "MEM-700": str(by_hand), "MEM-701": None, "MEM-50": None}
    for token, found in wanted.items():
        document = target.find_invoice(Reference(token), client=client, day=DAY)
        assert (document and document.ref.id) == found


def test_a_key_that_two_carry_is_nobodys(target: KashFlowTarget, work: Work) -> None:
    client, invoice = work.booked()
    second = target.create_invoice(work.sale(), client=client)
    with pytest.raises(AmbiguousMatchError) as caught:
        target.find_invoice(a_sale().reference, client=client, day=DAY)
    assert invoice.id in caught.value.what
    assert second.id in caught.value.what
    for _ in range(2):
        work.paid(invoice)
    with pytest.raises(AmbiguousMatchError):
        target.find_payment(a_payment().reference, document=invoice)


@pytest.mark.parametrize(
    "switches",
    [
        {"cisrc": "off"},
        {"status_detail_on_ok": "text"},
        {"status_detail_on_ok": "absent"},
        {"empty_list": "absent"},
    ],
)
def test_answers_of_every_shape_are_understood(
    target: KashFlowTarget, hands: Driver, switches: dict[str, str], work: Work
) -> None:
    hands.switch(**switches)
    client, invoice = work.booked()
    assert list(target.payments(invoice)) == []
    assert list(target.documents([Days(dt.date(2020, 1, 1), dt.date(2020, 1, 2))])) == []
    work.paid(invoice)
    assert len(list(target.payments(invoice))) == 1
    document = target.find_invoice(a_sale().reference, client=client, day=DAY)
    assert document is not None
    assert document.lines == work.sale().lines


def test_a_reference_that_was_cut_shows(target: KashFlowTarget, hands: Driver, work: Work) -> None:
    hands.switch(text_limit=10)
    _, invoice = work.booked()
    [document] = [each for each in target.documents([MONTH]) if each.ref.id == invoice.id]
    assert document.reference != work.sale().reference


def test_records_of_a_period_are_one_row_each(
    target: KashFlowTarget, hands: Driver, stands: SandboxBooks, work: Work
) -> None:
    """Ours and others', over several pages of payments, those of other months left out."""
    hands.switch(payments_page_size=2)
    _, invoice = work.booked()
    for number in range(900, 905):
        work.paid(invoice, transaction=number, amount=gbp("10.00"))
    target.create_movement(payload_of(target.compose_movement(a_movement())))
    rows = list(target.records(MONTH))
    kinds = [row.record_class for row in rows]
    assert kinds.count(RecordClass.INVOICE) == 1
    assert kinds.count(RecordClass.PAYMENT) == 5
    assert kinds.count(RecordClass.MOVEMENT) == 1
    assert {row.token for row in rows} >= {"MEM-501", "MEM-T900/501", "MEM-T900/fee"}
    assert {row.account for row in rows if row.record_class is RecordClass.PAYMENT} == {
        "Card Clearing"
    }
    others = list(target.records(Days(dt.date(2025, 9, 1), dt.date(2025, 9, 30))))
    assert {row.token for row in others} == {""}
    assert sum(row.net.amount for row in others if row.record_class is RecordClass.INVOICE) == 180


def test_payments_in_the_invoices_currency_are_read_so(
    make_target: MakeTarget, hands: Driver, work_on: Any
) -> None:
    """Where that is chosen, each amount takes its invoice's currency."""
    hands.switch(payments_in="invoice")
    made = make_target(foreign_payments="invoice")
    made.prepare()
    german = a_client(country="DE", tax_number="DE136695976", currency="EUR")
    line = a_sale_line(eur("100.00"), tax_rate=Decimal(0))
    sale = work_on(made).sale(a_sale(client=german, lines=[line]))
    invoice = made.create_invoice(sale, client=made.create_client(work_on(made).client(german)))
    money = work_on(made).of(made.compose_payment(a_payment(eur("100.00")), sale, []))
    made.create_payment(money, document=invoice)
    [payment] = made.payments(invoice)
    assert payment.amount == eur("100.00")
    [row] = [r for r in made.records(MONTH) if r.record_class is RecordClass.PAYMENT]
    assert row.net == eur("100.00")
    elsewhere = [r for r in made.records(Days(DAY, DAY)) if r.token == "MEM-T900/501"]
    assert [r.net for r in elsewhere] == [eur("100.00")]


def test_assess_says_of_everything_whether_it_is_mapped(target: KashFlowTarget) -> None:
    survey = Survey(
        base_currency="USD",
        currencies=("GBP", "EUR", "JPY"),
        gateways={"stripe": "Card", "banktransfer": "Bank Transfer", "worldpay_old": "Worldpay"},
        tax_rates=("20.00", "13.5", "0"),
        line_types=("Domain", "Hosting"),
    )
    findings = {each.subject: each for each in target.assess(survey)}
    wrong = {subject for subject, each in findings.items() if each.level is not Level.OK}
    assert wrong == {"currency JPY", "invoice_rate", "gateway worldpay_old", "tax rate 13.5 %"}
    assert all(findings[subject].remedy for subject in wrong)
    assert "Credit Card on Card Clearing (1210)" in findings["gateway stripe"].what
    assert "bank feed" in findings["gateway banktransfer"].what
    assert "4010" in findings["line type Domain"].what


def test_assess_tells_where_money_goes_that_is_no_payment(
    make_target: Callable[..., KashFlowTarget],
) -> None:
    """Each name as the account has it; the account of balances proved to be a nominal too."""
    made = make_target(
        client_balances={"method": "Client balance", "account": "Client Balances"},
        fees={"nominal": "Card Fees"},
        exchange_differences={"nominal": {"code": 7906}},
        manual_credits={"nominal": "Goodwill"},
    )
    made.prepare()
    told = {each.subject: each.what for each in made.assess(Survey("GBP", ("GBP",), {}))}
    assert told["client balances"].startswith("Client Balances (2210), bank account and nominal")
    assert told["client balances"].endswith("is held: vat is undecided")
    assert told["fees"] == "Card Fees (7901), taken out of the gateway's account"
    assert told["exchange differences"].startswith("Exchange Differences (7906)")
    assert told["balances by hand"].startswith("Goodwill (7600)")
    made = make_target(
        client_balances=None, fees="on_gateway_invoice", exchange_differences=None,
        manual_credits="hold",
    )  # fmt: skip
    made.prepare()
    told = {each.subject: each.what for each in made.assess(Survey("GBP", ("GBP",), {}))}
    assert told["fees"] == "left to the gateways' own bills, booked by hand"
    assert not {"client balances", "exchange differences", "balances by hand"} & set(told)
