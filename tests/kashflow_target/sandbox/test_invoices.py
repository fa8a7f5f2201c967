"""Invoices: numbers, figures, currencies, lists, deletion."""

import time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from kashflow_target.sandbox.driver import Driver

from tests.kashflow_target.raw_client import INVOICE, LINE, RawClient, invoice_of, with_values
from tests.kashflow_target.sandbox_books import SandboxBooks

EURO = with_values(INVOICE, CurrencyCode="EUR", ExchangeRate="1.25")


def _by_number(client: RawClient, number: str | int | None) -> dict[str, str]:
    return client.call("GetInvoice", f"<InvoiceNumber>{number}</InvoiceNumber>").fields


def test_a_new_invoice_takes_the_highest_number_plus_one(client: RawClient) -> None:
    assert [client.insert_invoice().value for _ in range(3)] == ["1004", "1005", "1006"]


def test_its_internal_id_is_never_a_number(client: RawClient) -> None:
    shown = _by_number(client, client.insert_invoice().value)
    dbid = shown["InvoiceDBID"]
    assert int(dbid) > 1_000_000
    assert _by_number(client, dbid)["InvoiceDBID"] == "0"
    by_id = client.call("GetInvoiceByID", f"<InvoiceID>{dbid}</InvoiceID>").fields
    assert by_id["InvoiceNumber"] == "1004"


def test_an_invoice_is_read_back_as_it_was_sent(client: RawClient) -> None:
    line = with_values(LINE, Description="Björk & Co <web>\nyear 2")
    sent = invoice_of(line, CustomerReference="WHMCS-501 «é» & 🧾")
    answer = client.call(
        "GetInvoice", f"<InvoiceNumber>{client.insert_invoice(sent).value}</InvoiceNumber>"
    )
    shown = answer.fields
    assert shown["CustomerReference"] == "WHMCS-501 «é» & 🧾"
    assert shown["InvoiceDate"] == "2025-09-05T00:00:00"
    assert shown["DueDate"] == "2025-09-19T00:00:00"
    assert (shown["CustomerID"], shown["CustomerName"]) == ("5400101", "Harbour & Sons Ltd")
    assert (shown["NetAmount"], shown["VATAmount"]) == ("100.0000", "20.0000")
    assert (shown["AmountPaid"], shown["Paid"]) == ("0.0000", "0")
    result = answer.result
    assert result is not None
    lines = result.findall("{KashFlow}Lines/{KashFlow}anyType")
    kinds = [line.get("{http://www.w3.org/2001/XMLSchema-instance}type") for line in lines]
    assert kinds == ["InvoiceLine"]
    inside = {child.tag.removeprefix("{KashFlow}"): child.text for child in lines[0]}
    assert inside["Description"] == "Björk & Co <web>\nyear 2"
    assert (inside["Rate"], inside["VatAmount"]) == ("100.0000", "20.0000")
    assert "ValuesInCurrency" not in inside


def test_a_missing_invoice_is_ok_and_blank(client: RawClient) -> None:
    """Three clients of the live service meet this; none of them an error."""
    for operation, asked in (
        ("GetInvoice", "<InvoiceNumber>9</InvoiceNumber>"),
        ("GetInvoiceByID", "<InvoiceID>1004</InvoiceID>"),
    ):
        answer = client.call(operation, asked)
        assert answer.status == "OK"
        assert (answer.fields["InvoiceDBID"], answer.fields["InvoiceNumber"]) == ("0", "0")
        assert answer.fields["InvoiceDate"] == "0001-01-01T00:00:00"
        assert "CustomerReference" not in answer.fields


def test_the_time_of_day_is_dropped(client: RawClient) -> None:
    sent = with_values(INVOICE, InvoiceDate="2025-09-05T22:44:10", DueDate="2025-09-19T23:59:59.5")
    shown = _by_number(client, client.insert_invoice(sent).value)
    assert shown["InvoiceDate"] == "2025-09-05T00:00:00"
    assert shown["DueDate"] == "2025-09-19T00:00:00"


def test_absent_dates_are_today_and_the_customers_terms(
    client: RawClient, books: SandboxBooks
) -> None:
    empty = "0001-01-01T00:00:00"
    client.insert_invoice(with_values(INVOICE, InvoiceDate=empty, DueDate=empty))
    made = books.invoices()[-1]
    assert made.date == time.strftime("%Y-%m-%d")
    assert made.due > made.date


def test_header_amounts_and_paid_are_ignored(client: RawClient) -> None:
    sent = with_values(INVOICE, NetAmount="1", VATAmount="2", AmountPaid="3", Paid="1")
    shown = _by_number(client, client.insert_invoice(sent).value)
    assert (shown["NetAmount"], shown["VATAmount"]) == ("100.0000", "20.0000")
    assert (shown["AmountPaid"], shown["Paid"]) == ("0.0000", "0")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<CustomerID>5400101<", "<CustomerID>31<"),
        ("<CurrencyCode>GBP<", "<CurrencyCode>SEK<"),
        ("<ChargeType>18685811<", "<ChargeType>4000<"),
        ("<ChargeType>18685811<", "<ChargeType>18685815<"),  # archived
        ("<ProductID>0<", "<ProductID>7<"),
        ("<VatRate>20<", "<VatRate>19<"),
    ],
)
def test_what_the_account_does_not_have_is_refused_and_nothing_is_kept(
    client: RawClient, books: SandboxBooks, old: str, new: str
) -> None:
    before = books.invoices()
    answer = client.insert_invoice(INVOICE.replace(old, new))
    assert (answer.http_status, answer.status, answer.value) == (200, "NO", "0")
    assert answer.detail
    assert books.invoices() == before
    assert client.insert_invoice().value == "1004"


@pytest.mark.parametrize("rate", ["20", "5.0", "0", "-1"])
def test_the_accounts_vat_rates_and_not_applicable_are_taken(client: RawClient, rate: str) -> None:
    assert client.insert_invoice(with_values(INVOICE, VatRate=rate)).status == "OK"


def test_an_unknown_vat_rate_can_be_taken(client: RawClient, driver: Driver) -> None:
    driver.switch(unknown_vat_rate="accept")
    assert client.insert_invoice(with_values(INVOICE, VatRate="19")).status == "OK"


def test_charge_type_nought_is_other(client: RawClient) -> None:
    assert client.insert_invoice(with_values(INVOICE, ChargeType="0")).status == "OK"


def test_a_company_that_is_not_registered_charges_no_vat(client: RawClient, driver: Driver) -> None:
    driver.switch(vat_registered="off")
    assert client.insert_invoice().status == "NO"
    assert client.insert_invoice(with_values(INVOICE, VatAmount="0")).status == "OK"


@pytest.mark.parametrize(("places", "net"), [("on", "12.3500"), ("off", "12.3450")])
def test_a_rate_keeps_two_decimals(
    client: RawClient, driver: Driver, places: str, net: str
) -> None:
    driver.switch(rate_two_decimals=places)
    client.insert_invoice(with_values(INVOICE, Rate="12.345"))
    answer = client.call("GetInvoice", "<InvoiceNumber>1004</InvoiceNumber>")
    rate = answer.tree.find(".//{KashFlow}Rate")
    assert rate is not None
    assert rate.text == net


@pytest.mark.parametrize(("how", "vat"), [("sent", "20.0100"), ("recompute", "20.0000")])
def test_vat_is_taken_as_sent_or_computed_anew(
    client: RawClient, driver: Driver, how: str, vat: str
) -> None:
    driver.switch(vat_amount=how)
    client.insert_invoice(with_values(INVOICE, VatAmount="20.01"))
    assert _by_number(client, 1004)["VATAmount"] == vat


_CENTS = st.integers(-500_000, 500_000).map(lambda cents: Decimal(cents) / 100)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(st.tuples(st.integers(1, 9), _CENTS, _CENTS), min_size=1, max_size=6))
def test_the_headers_figures_are_the_sums_of_its_lines(
    client: RawClient, lines: list[tuple[int, Decimal, Decimal]]
) -> None:
    sent = [
        with_values(LINE, Quantity=str(quantity), Rate=f"{rate:.2f}", VatAmount=f"{vat:.2f}")
        for quantity, rate, vat in lines
    ]
    shown = _by_number(client, client.insert_invoice(invoice_of(*sent)).value)
    assert Decimal(shown["NetAmount"]) == sum(quantity * rate for quantity, rate, _ in lines)
    assert Decimal(shown["VATAmount"]) == sum(vat for _, _, vat in lines)


def test_an_invoice_without_lines_still_gets_a_number(client: RawClient) -> None:
    assert client.insert_invoice(invoice_of()).value == "1004"
    assert _by_number(client, 1004)["NetAmount"] == "0.0000"


class TestForeignCurrency:
    def test_values_in_currency_are_taken_as_they_are(self, client: RawClient) -> None:
        shown = _by_number(client, client.insert_invoice(EURO).value)
        assert (shown["CurrencyCode"], shown["ExchangeRate"]) == ("EUR", "1.2500")
        assert (shown["NetAmount"], shown["VATAmount"]) == ("100.0000", "20.0000")

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("<ValuesInCurrency>1</ValuesInCurrency>", ""),
            (">1</ValuesInCurrency>", ">0</ValuesInCurrency>"),
        ],
    )
    def test_without_it_they_are_home_currency_and_are_converted(
        self, client: RawClient, old: str, new: str
    ) -> None:
        shown = _by_number(client, client.insert_invoice(EURO.replace(old, new)).value)
        assert (shown["NetAmount"], shown["VATAmount"]) == ("125.0000", "25.0000")

    def test_without_a_rate_the_accounts_own_is_used(self, client: RawClient) -> None:
        shown = _by_number(client, client.insert_invoice(with_values(EURO, ExchangeRate="0")).value)
        assert shown["ExchangeRate"] == "1.1700"

    def test_a_home_invoice_has_rate_one_whatever_was_sent(self, client: RawClient) -> None:
        sent = with_values(INVOICE, CurrencyCode="", ExchangeRate="0")
        shown = _by_number(client, client.insert_invoice(sent).value)
        assert (shown["CurrencyCode"], shown["ExchangeRate"]) == ("GBP", "1.0000")


class TestSuppliedNumber:
    def test_by_default_it_overwrites(self, client: RawClient, books: SandboxBooks) -> None:
        """What one client's author reports; the worst of three stories."""
        before = len(books.invoices())
        dbid = _by_number(client, 1002)["InvoiceDBID"]
        assert client.insert_invoice(with_values(INVOICE, InvoiceNumber="1002")).value == "1002"
        shown = _by_number(client, 1002)
        assert (shown["InvoiceDBID"], shown["CustomerID"]) == (dbid, "5400101")
        assert shown["NetAmount"] == "100.0000"
        assert len(books.invoices()) == before

    @pytest.mark.parametrize(
        ("how", "supplied", "status", "number"),
        [
            ("overwrite", "2000", "OK", "2000"),
            ("accept", "2000", "OK", "2000"),
            ("accept", "1002", "OK", "1004"),
            ("refuse", "2000", "NO", "0"),
            ("ignore", "2000", "OK", "1004"),
            ("ignore", "1002", "OK", "1004"),
        ],
    )
    def test_or_it_is_taken_refused_or_ignored(
        self, client: RawClient, driver: Driver, how: str, supplied: str, status: str, number: str
    ) -> None:
        driver.switch(supplied_number=how)
        answer = client.insert_invoice(with_values(INVOICE, InvoiceNumber=supplied))
        assert (answer.status, answer.value) == (status, number)
        assert _by_number(client, 1002)["NetAmount"] == "240.0000"


def test_a_reference_can_be_cut(client: RawClient, driver: Driver) -> None:
    driver.switch(text_limit=9)
    client.insert_invoice(with_values(INVOICE, CustomerReference="WHMCS-501 F2025-77"))
    assert _by_number(client, 1004)["CustomerReference"] == "WHMCS-501"
