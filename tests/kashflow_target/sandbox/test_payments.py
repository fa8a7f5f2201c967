"""Payments, overpayments, credit notes set against invoices."""

import pytest
from kashflow_target.sandbox.driver import Driver

from tests.kashflow_target.raw_client import INVOICE, PAYMENT, RawClient, with_values
from tests.kashflow_target.sandbox_books import SandboxBooks

NOTE = with_values(INVOICE, Rate="-50.00", VatAmount="-10.00", CustomerReference="WHMCS-R905")
EURO = with_values(INVOICE, CurrencyCode="EUR", ExchangeRate="1.17")


@pytest.fixture(autouse=True)
def _invoice_1004(client: RawClient) -> None:
    """An invoice over 100 + 20."""
    assert client.insert_invoice().value == "1004"


def _shown(client: RawClient, number: int = 1004) -> tuple[str, str]:
    answer = client.call("GetInvoice", f"<InvoiceNumber>{number}</InvoiceNumber>")
    return answer.fields["AmountPaid"], answer.fields["Paid"]


def _pay(client: RawClient, amount: str, number: int = 1004) -> str | None:
    sent = with_values(PAYMENT, PayAmount=amount, PayInvoice=str(number))
    return client.insert_payment(sent).status


def test_a_payment_is_kept_as_it_was_sent(client: RawClient) -> None:
    sent = with_values(PAYMENT, PayNote="WHMCS-T900/501 txn <1> & 2", PayAmount="120.0049")
    pay_id = client.insert_payment(sent).value
    rows = client.call("GetInvoicePayment", "<InvoiceNumber>1004</InvoiceNumber>").rows
    assert rows == [
        {
            "PayID": pay_id,
            "PayInvoice": "1004",
            "PayDate": "2025-09-06T00:00:00",
            "PayNote": "WHMCS-T900/501 txn <1> & 2",
            "PayMethod": "83103",
            "PayAccount": "310451",
            "PayAmount": "120.0049",
        }
    ]


def test_paid_flips_when_payments_reach_the_total(client: RawClient) -> None:
    _pay(client, "119.99")
    assert _shown(client) == ("119.9900", "0")
    _pay(client, "0.01")
    assert _shown(client) == ("120.0000", "1")


def test_the_same_payment_twice_is_two_payments(client: RawClient, books: SandboxBooks) -> None:
    ids = {client.insert_payment().value, client.insert_payment().value}
    assert len(ids) == 2
    assert _shown(client) == ("240.0000", "1")
    assert len([p for p in books.payments() if p.invoice == 1004]) == 2


def test_the_internal_id_in_place_of_the_number_finds_nothing(client: RawClient) -> None:
    asked = "<InvoiceNumber>1004</InvoiceNumber>"
    dbid = client.call("GetInvoice", asked).fields["InvoiceDBID"]
    answer = client.insert_payment(with_values(PAYMENT, PayInvoice=dbid))
    assert (answer.http_status, answer.status, answer.value) == (200, "NO", "0")


@pytest.mark.parametrize(
    "values",
    [
        {"PayInvoice": "77"},
        {"PayMethod": "1"},
        {"PayAccount": "1210"},  # a code, where an id belongs
        {"PayAccount": "99"},
    ],
)
def test_what_the_account_does_not_have_is_refused(
    client: RawClient, books: SandboxBooks, values: dict[str, str]
) -> None:
    before = books.payments()
    answer = client.insert_payment(with_values(PAYMENT, **values))
    assert (answer.status, answer.value) == ("NO", "0")
    assert answer.detail
    assert books.payments() == before


def test_method_and_account_nought_are_booked_somewhere(
    client: RawClient, books: SandboxBooks
) -> None:
    """The silent trap: the money lands in the first account there is."""
    client.insert_payment(with_values(PAYMENT, PayMethod="0", PayAccount="0"))
    paid = books.payments()[-1]
    assert (paid.method, paid.account) == ("BACS", "Current Account")


def test_payments_of_an_unknown_invoice_are_none(client: RawClient) -> None:
    answer = client.call("GetInvoicePayment", "<InvoiceNumber>77</InvoiceNumber>")
    assert (answer.status, answer.rows) == ("OK", [])


@pytest.mark.parametrize(("how", "status"), [("accept", "OK"), ("refuse", "NO")])
def test_a_payment_above_the_total_is_taken_or_refused(
    client: RawClient, driver: Driver, how: str, status: str
) -> None:
    driver.switch(overpayment=how)
    assert _pay(client, "100.00") == "OK"
    assert _pay(client, "20.01") == status
    assert _shown(client) == (("120.0100", "1") if status == "OK" else ("100.0000", "0"))
    driver.switch(overpayment="refuse")
    assert _pay(client, "20.00") == ("NO" if status == "OK" else "OK")
    assert _pay(client, "-5.00") == "OK"


@pytest.mark.parametrize(("how", "status"), [("accept", "OK"), ("refuse", "NO")])
def test_a_negative_payment_on_a_note_is_taken_or_refused(
    client: RawClient, driver: Driver, how: str, status: str
) -> None:
    driver.switch(negative_payments=how)
    assert client.insert_invoice(NOTE).value == "1005"
    assert _shown(client, 1005) == ("0.0000", "0")
    assert _pay(client, "-60.00", 1005) == status
    assert _shown(client, 1005)[1] == ("1" if status == "OK" else "0")


def test_too_much_on_a_note_is_too_much_as_well(client: RawClient, driver: Driver) -> None:
    driver.switch(overpayment="refuse")
    client.insert_invoice(NOTE)
    assert _pay(client, "-60.01", 1005) == "NO"
    assert _pay(client, "-60.00", 1005) == "OK"


class TestForeignInvoice:
    """120 EUR at 1.17 are 102.56 GBP."""

    @pytest.fixture(autouse=True)
    def _euro(self, client: RawClient, _invoice_1004: None) -> None:
        assert client.insert_invoice(EURO).value == "1005"

    def test_home_currency_settles_it_at_its_booked_value(self, client: RawClient) -> None:
        _pay(client, "102.55", 1005)
        assert _shown(client, 1005) == ("102.5500", "0")
        _pay(client, "0.01", 1005)
        assert _shown(client, 1005) == ("102.5600", "1")

    def test_or_payments_are_in_the_invoices_currency(
        self, client: RawClient, driver: Driver
    ) -> None:
        driver.switch(payments_in="invoice")
        _pay(client, "102.56", 1005)
        assert _shown(client, 1005) == ("102.5600", "0")
        _pay(client, "17.44", 1005)
        assert _shown(client, 1005) == ("120.0000", "1")


class TestByDate:
    @staticmethod
    def _page(client: RawClient, page: int) -> list[str]:
        asked = (
            "<StartDate>2025-12-01T00:00:00</StartDate><EndDate>2025-12-31T00:00:00</EndDate>"
            f"<PageNumber>{page}</PageNumber>"
        )
        answer = client.call("GetInvoicePaymentsByDateRange", asked)
        assert answer.status == "OK"
        return [row["PayNote"] for row in answer.rows]

    def test_pages_count_from_one_and_end_empty(self, client: RawClient, driver: Driver) -> None:
        driver.switch(payments_page_size=2)
        for day in (1, 15, 31):
            driver.add_payment(1004, f"2025-12-{day:02d}", "1.00", note=f"day {day}")
        driver.add_payment(1004, "2026-01-01", "1.00", note="next year")
        assert self._page(client, 1) == ["day 1", "day 15"]
        assert self._page(client, 2) == ["day 31"]
        assert self._page(client, 3) == []


class TestDeletion:
    @staticmethod
    def _asked(number: int, pay_id: str | None) -> str:
        return (
            f"<InvoiceNumber>{number}</InvoiceNumber>"
            f"<InvoicePaymentNumber>{pay_id}</InvoicePaymentNumber>"
        )

    def test_a_payment_goes_and_the_invoice_is_unpaid_again(self, client: RawClient) -> None:
        pay_id = client.insert_payment().value
        asked = self._asked(1004, pay_id)
        answer = client.call("DeleteInvoicePayment", asked)
        assert (answer.status, answer.result) == ("OK", None)
        assert _shown(client) == ("0.0000", "0")
        assert client.call("DeleteInvoicePayment", asked).status == "NO"

    @pytest.mark.parametrize(("arguments", "status"), [("two", "NO"), ("one", "OK")])
    def test_the_invoices_number_must_fit_or_is_ignored(
        self, client: RawClient, driver: Driver, arguments: str, status: str
    ) -> None:
        driver.switch(delete_payment_arguments=arguments)
        pay_id = client.insert_payment().value
        asked = self._asked(1001, pay_id)
        assert client.call("DeleteInvoicePayment", asked).status == status


class TestCreditNote:
    @staticmethod
    def _dbid(client: RawClient, number: int) -> str:
        asked = f"<InvoiceNumber>{number}</InvoiceNumber>"
        return client.call("GetInvoice", asked).fields["InvoiceDBID"]

    def _apply(self, client: RawClient, invoice: str, note: str) -> tuple[str | None, str | None]:
        asked = f"<InvoiceID>{invoice}</InvoiceID><CreditNoteID>{note}</CreditNoteID>"
        answer = client.call("applyCreditNoteToInvoice", asked)
        return answer.status, answer.value

    @pytest.fixture(autouse=True)
    def _note_1005(self, client: RawClient, _invoice_1004: None) -> None:
        assert client.insert_invoice(NOTE).value == "1005"

    def test_it_makes_a_payment_on_each_that_sum_to_nothing(
        self, client: RawClient, books: SandboxBooks
    ) -> None:
        ids = self._dbid(client, 1004), self._dbid(client, 1005)
        assert self._apply(client, *ids) == ("OK", "true")
        made = [payment for payment in books.payments() if payment.invoice in (1004, 1005)]
        assert [str(payment.amount) for payment in made] == ["-60.0000", "60.0000"]
        assert _shown(client, 1004) == ("60.0000", "0")
        assert _shown(client, 1005) == ("-60.0000", "1")

    def test_a_second_time_there_is_nothing_left(self, client: RawClient) -> None:
        ids = self._dbid(client, 1004), self._dbid(client, 1005)
        self._apply(client, *ids)
        assert self._apply(client, *ids) == ("OK", "false")

    def test_it_takes_no_more_than_the_invoice_still_bears(self, client: RawClient) -> None:
        _pay(client, "100.00")
        assert self._apply(client, self._dbid(client, 1004), self._dbid(client, 1005))[1] == "true"
        assert _shown(client, 1004) == ("120.0000", "1")
        assert _shown(client, 1005) == ("-20.0000", "0")

    def test_numbers_are_not_ids_and_the_two_cannot_be_swapped(self, client: RawClient) -> None:
        assert self._apply(client, "1004", "1005") == ("NO", "false")
        ids = self._dbid(client, 1005), self._dbid(client, 1004)
        assert self._apply(client, *ids) == ("NO", "false")

    def test_another_customers_invoice_is_refused(self, client: RawClient) -> None:
        ids = self._dbid(client, 1002), self._dbid(client, 1005)
        assert self._apply(client, *ids) == ("NO", "false")


def test_a_payment_in_a_closed_period_is_refused(client: RawClient, driver: Driver) -> None:
    driver.switch(locked_to="2025-09-06")
    answer = client.insert_payment()
    assert answer.status == "NO"
    assert "closed period" in (answer.detail or "")
    sent = with_values(PAYMENT, PayDate="2025-09-07T00:00:00")
    assert client.insert_payment(sent).status == "OK"
