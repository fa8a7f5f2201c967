"""The sandbox's own door, and the hands of somebody else in the books."""

from decimal import Decimal
from pathlib import Path

import pytest
from kashflow_target.sandbox.call import RefusalError
from kashflow_target.sandbox.driver import Driver
from kashflow_target.sandbox.factory import sandbox
from kashflow_target.sandbox.switches import SWITCHES, UnknownSwitchError

from tests.kashflow_target.raw_client import RawClient
from tests.kashflow_target.sandbox_books import SandboxBooks


def test_switches_are_read_and_merged(client: RawClient) -> None:
    before = client.control("GET", "switches")
    assert set(before) == set(SWITCHES)
    assert before["strict"] == "on"
    after = client.control("PUT", "switches", {"latency_ms": 5, "cisrc": "off"})
    assert after == before | {"latency_ms": 5, "cisrc": "off"}
    assert client.control("GET", "switches") == after


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"stricct": "off"}, "did you mean strict"),
        ({"strict": "maybe"}, "strict takes on, off"),
        ({"latency_ms": "fast"}, "latency_ms takes a whole number"),
        ({"cisrc": "off", "strict": 1}, "strict takes on, off"),
    ],
)
def test_a_wrong_switch_is_refused_and_none_is_set(
    client: RawClient, driver: Driver, changes: dict[str, object], told: str
) -> None:
    before = driver.switches()
    with pytest.raises(ValueError, match=told):
        client.control("PUT", "switches", changes)
    assert driver.switches() == before


def test_the_factory_sets_switches_and_the_books_keep_them(tmp_path: Path) -> None:
    changed = {"username": "dan", "password": "hunter2 & co", "latency_ms": "1"}
    with sandbox(tmp_path, switches=changed) as running:
        assert running.settings["username"] == "dan"
    with sandbox(tmp_path) as again, RawClient(again.settings) as client:
        assert again.settings["password"] == "hunter2 & co"
        assert client.call("GetCurrencies").status == "OK"


def test_the_factory_refuses_a_switch_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UnknownSwitchError), sandbox(tmp_path, switches={"speed": "1"}):
        pass


def test_calls_are_listed_in_order_and_can_be_forgotten(client: RawClient) -> None:
    client.call("GetCurrencies")
    client.insert_invoice()
    assert client.control("GET", "calls") == {
        "calls": [{"n": 1, "name": "GetCurrencies"}, {"n": 2, "name": "InsertInvoice"}]
    }
    client.control("DELETE", "calls")
    client.get("WSDL")
    client.call("GetProducts")
    assert client.control("GET", "calls") == {"calls": [{"n": 1, "name": "GetProducts"}]}


def test_there_is_no_other_control(client: RawClient) -> None:
    with pytest.raises(ValueError, match="there is no GET /_sandbox/secrets"):
        client.control("GET", "secrets")
    with pytest.raises(
        ValueError, match="there is no action reboot; there are add_bank_transaction"
    ):
        client.control("POST", "do", {"action": "reboot"})
    with pytest.raises(ValueError, match="TypeError"):
        client.control("POST", "do", {"action": "delete_invoice", "colour": "red"})


def test_an_invoice_changed_by_hand_shows_at_the_wire(client: RawClient) -> None:
    client.control("POST", "do", {"action": "edit_line", "number": 1002, "net": "200", "vat": "40"})
    edit = {"action": "edit_invoice", "number": 1002, "reference": "changed", "date": "2025-10-03"}
    client.control("POST", "do", edit)
    shown = client.call("GetInvoice", "<InvoiceNumber>1002</InvoiceNumber>").fields
    assert (shown["NetAmount"], shown["VATAmount"]) == ("200.0000", "40.0000")
    assert (shown["CustomerReference"], shown["InvoiceDate"]) == ("changed", "2025-10-03T00:00:00")


def test_invoices_payments_and_customers_can_be_made_by_hand(
    client: RawClient, books: SandboxBooks
) -> None:
    customer = {"action": "add_customer", "Code": "NEW1", "Name": "New & Co"}
    key = client.control("POST", "do", customer)["result"]
    invoice = {
        "action": "add_invoice",
        "customer": key,
        "date": "2025-12-01",
        "reference": "WHMCS-777 by hand",
        "currency": "EUR",
        "lines": [
            {"net": "10.00", "vat": "2.00", "nominal": "4010"},
            {"net": "5.00", "description": "a book"},
        ],
    }
    number = client.control("POST", "do", invoice)["result"]
    payment = {"action": "add_payment", "number": number, "date": "2025-12-02", "amount": "14.53"}
    client.control("POST", "do", payment)
    made = books.invoices()[-1]
    assert (made.number, made.customer_code, made.reference) == (1004, "NEW1", "WHMCS-777 by hand")
    assert (made.gross, made.exchange_rate) == (Decimal(17), Decimal("1.17"))
    assert [(line.nominal, line.vat_rate) for line in made.lines] == [
        ("Domain Names", Decimal(20)),
        ("Web Hosting", Decimal(0)),
    ]
    assert (made.amount_paid, made.paid) == (Decimal("14.53"), True)


def test_hands_can_delete_and_edit(driver: Driver, books: SandboxBooks) -> None:
    driver.delete_payment(books.payments()[0].pay_id)
    driver.delete_invoice(1003)
    driver.edit_customer(5400104, Email="new@cornerbakery.example", VATNumber="GB1")
    driver.delete_customer(5400102)
    assert books.payments() == []
    assert [(invoice.number, invoice.paid) for invoice in books.invoices()] == [
        (1001, False),
        (1002, False),
    ]
    bakery = next(customer for customer in books.customers() if customer.code == "COR01")
    assert (bakery.email, bakery.fields["VATNumber"]) == ("new@cornerbakery.example", "GB1")


def test_hands_that_miss_are_told(driver: Driver) -> None:
    with pytest.raises(RefusalError, match="no invoice"):
        driver.delete_invoice(77)
    with pytest.raises(RefusalError, match="no customer"):
        driver.edit_customer(77, Name="x")
    with pytest.raises(ValueError, match="a customer has no Nmae"):
        driver.edit_customer(5400104, Nmae="x")
    with pytest.raises(ValueError, match="invoice 1002 has no line 1"):
        driver.edit_line(1002, position=1, net="1")


def test_hands_are_no_calls(driver: Driver) -> None:
    driver.add_customer(Code="NEW1")
    assert driver.calls() == []
