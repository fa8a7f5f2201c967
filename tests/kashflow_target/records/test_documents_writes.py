"""What is written through the target on a sandbox: how many calls, and what stands there."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver
from kashflow_target.target import KashFlowTarget

from bridge.api import AmbiguousMatchError, Days, Kind, RecordRejectedError, Reference, TargetRef
from bridge.testing.builders import (
    DAY,
    a_client,
    a_credit_note,
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


def test_a_new_client_costs_three_calls_and_a_known_one_two(
    target: KashFlowTarget, hands: Driver, work: Work
) -> None:
    client, invoice = work.booked()
    work.paid(invoice)
    assert hands.calls() == ["InsertCustomer", "InsertInvoice", "InsertInvoicePayment"]
    hands.forget_calls()
    sale = a_sale(502)
    second = target.create_invoice(work.sale(sale), client=client)
    work.paid(second, transaction=901)
    assert hands.calls() == ["InsertInvoice", "InsertInvoicePayment"]


def test_a_run_asks_for_its_reference_data_once(
    make_target: MakeTarget, tmp_path: Path, work_on: Any
) -> None:
    """One call to sign in, seven to prepare, none to compose."""
    made = make_target()
    made.check()
    made.prepare()
    made.compose_invoice(a_sale())
    work_on(made).client()
    assert sorted(SandboxBooks(tmp_path).calls()) == [
        "GetBankAccounts",
        "GetCompanyDetails",
        "GetCurrencies",
        "GetInvPayMethods",
        "GetNominalCodesExtended",
        "GetProducts",
        "GetVATRates",
        "isUserVATRegistered",
    ]
    assert made.home_currency == "GBP"


def test_what_is_written_stands_there_to_the_penny(
    target: KashFlowTarget, stands: SandboxBooks, work: Work
) -> None:
    """Looked at past the target: nominal, VAT, method, account, reference, note, number."""
    lines = [
        a_sale_line(gbp("33.33"), tax=gbp("6.67"), product="Reseller Gold"),
        a_sale_line(gbp("-3.33"), tax=gbp("-0.67"), type="Domain"),
    ]
    _, invoice = work.booked(a_sale(lines=lines))
    work.paid(invoice, amount=gbp("36.00"))
    [shown] = [each for each in stands.invoices() if each.reference.startswith("MEM-501")]
    assert str(shown.number) == invoice.id
    assert (shown.net, shown.vat, shown.amount_paid, shown.paid) == (
        Decimal(30),
        Decimal(6),
        Decimal(36),
        True,
    )
    assert shown.customer_code == "MEM31"
    assert [(each.nominal, each.net, each.vat) for each in shown.lines] == [
        ("Resale", Decimal("33.33"), Decimal("6.67")),
        ("Domain Names", Decimal("-3.33"), Decimal("-0.67")),
    ]
    [payment] = [each for each in stands.payments() if each.invoice == shown.number]
    assert (payment.method, payment.account, payment.note, payment.amount) == (
        "Credit Card",
        "Card Clearing",
        "MEM-T900/501 txn_900",
        Decimal(36),
    )


def test_a_foreign_invoice_closes_at_its_booked_sterling(
    target: KashFlowTarget, stands: SandboxBooks, work: Work
) -> None:
    """Lines are in euros, the payment is in pounds, and KashFlow takes it for paid."""
    german = a_client(country="DE", tax_number="DE136695976", currency="EUR")
    line = a_sale_line(eur("100.00"), tax_rate=Decimal(0))
    sale = work.sale(a_sale(client=german, lines=[line]))
    client = target.create_client(work.client(german))
    invoice = target.create_invoice(sale, client=client)
    money = a_payment(eur("100.00"), base_amount=gbp("85.47"))
    target.create_payment(work.of(target.compose_payment(money, sale, [])), document=invoice)
    [shown] = [each for each in stands.invoices() if str(each.number) == invoice.id]
    assert (shown.currency, shown.net, shown.exchange_rate) == (
        "EUR",
        Decimal(100),
        Decimal("1.17"),
    )
    assert (shown.amount_paid, shown.paid) == (Decimal("85.47"), True)
    [document] = [d for d in target.documents([MONTH]) if d.ref.id == invoice.id]
    assert (document.net, document.paid) == (eur("100.00"), gbp("85.47"))


def test_a_credit_note_is_made_applied_once_and_listed(
    target: KashFlowTarget, stands: SandboxBooks, hands: Driver, work: Work
) -> None:
    """Applied by permanent ids; a second time it is left as it is."""
    client, invoice = work.booked()
    note = work.of(target.compose_credit_note(a_credit_note(original_number=invoice.id)))
    made = target.create_credit_note(note, client=client, original=invoice)
    hands.forget_calls()
    target.apply_credit_note(made, original=invoice)
    assert hands.calls() == ["GetInvoice", "GetInvoice", "applyCreditNoteToInvoice"]
    target.apply_credit_note(made, original=invoice)
    assert hands.calls().count("applyCreditNoteToInvoice") == 1
    found = target.find_invoice(Reference("MEM-R905"), client=client, day=DAY)
    assert found is not None
    assert (found.ref.kind, found.net, found.tax) == (Kind.CREDIT_NOTE, gbp("-25"), gbp("-5"))
    by_number = {str(each.number): each for each in stands.invoices()}
    assert by_number[invoice.id].amount_paid == 30


def test_a_bank_transaction_is_made_once_and_found(
    target: KashFlowTarget, stands: SandboxBooks
) -> None:
    payload = payload_of(target.compose_movement(a_movement()))
    assert target.find_movement(payload) is None
    made = target.create_movement(payload)
    assert target.find_movement(payload) == made
    [shown] = stands.bank_transactions()
    assert (shown.account, shown.nominal, shown.amount) == (
        "Card Clearing",
        "Card Fees",
        Decimal("-1.95"),
    )
    target.create_movement(payload)
    with pytest.raises(AmbiguousMatchError):
        target.find_movement(payload)


def test_what_was_written_can_be_taken_back(
    target: KashFlowTarget, stands: SandboxBooks, work: Work
) -> None:
    """Payment, document by number or permanent id, client; and it is looked whether it is gone."""
    client, invoice = work.booked()
    payment = work.paid(invoice)
    target.remove(payment, document=invoice)
    assert list(target.payments(invoice)) == []
    [document] = target.documents([], [client])
    target.remove(document.ref)
    second = target.create_invoice(work.sale(a_sale(502)), client=client)
    target.remove(second)
    target.remove(client)
    assert not [each for each in stands.customers() if each.code == "MEM31"]


def test_what_cannot_be_taken_back_says_so(
    target: KashFlowTarget, hands: Driver, work: Work
) -> None:
    """A bank transaction, and a paid invoice that KashFlow keeps."""
    with pytest.raises(RecordRejectedError) as caught:
        target.remove(TargetRef(Kind.MOVEMENT, "5"))
    assert "by hand" in caught.value.remedy
    _, invoice = work.booked()
    work.paid(invoice)
    hands.switch(delete_paid_invoice="refuse")
    with pytest.raises(RecordRejectedError):
        target.remove(invoice)


def test_several_threads_write_through_one_target(
    target: KashFlowTarget, stands: SandboxBooks, work: Work
) -> None:
    """Each invoice once, each with its own number."""
    client = target.create_client(work.client())
    numbers: list[str] = []

    def write(first: int) -> None:
        for number in range(first, first + 10):
            payload = work.sale(a_sale(number))
            numbers.append(target.create_invoice(payload, client=client).id)

    threads = [threading.Thread(target=write, args=(1000 * place,)) for place in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 40
    ours = [each for each in stands.invoices() if each.reference.startswith("MEM-")]
    assert len({each.reference for each in ours}) == 40


def test_opening_and_closing_asks_nothing(make_target: MakeTarget, tmp_path: Path) -> None:
    with make_target():
        pass
    assert SandboxBooks(tmp_path).calls() == []


def test_a_due_day_and_a_reference_detail_are_kept(
    target: KashFlowTarget, stands: SandboxBooks, work: Work
) -> None:
    sale = replace(a_sale(due=dt.date(2026, 5, 1)), reference=Reference("MEM-501", "INV & 77"))
    _, invoice = work.booked(sale)
    [shown] = [each for each in stands.invoices() if str(each.number) == invoice.id]
    assert (shown.due[:10], shown.reference) == ("2026-05-01", "MEM-501 INV & 77")
