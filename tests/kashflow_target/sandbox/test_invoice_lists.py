"""Lists of invoices, deletion, closed periods, and any text at all."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from kashflow_target.sandbox.driver import Driver

from tests.kashflow_target.raw_client import INVOICE, RawClient, with_values
from tests.kashflow_target.sandbox_books import SandboxBooks

# What XML 1.0 allows; a carriage return is turned into a line feed by every parser.
_XML_TEXT = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"),
    max_size=60,
)


def _by_number(client: RawClient, number: str | int | None) -> dict[str, str]:
    return client.call("GetInvoice", f"<InvoiceNumber>{number}</InvoiceNumber>").fields


class TestLists:
    @pytest.fixture(autouse=True)
    def _three_days(self, client: RawClient) -> None:
        for day in ("03", "01", "02"):
            client.insert_invoice(with_values(INVOICE, InvoiceDate=f"2025-11-{day}T00:00:00"))

    @staticmethod
    def _range(client: RawClient, first: str, last: str) -> list[str]:
        asked = f"<StartDate>{first}T00:00:00</StartDate><EndDate>{last}T00:00:00</EndDate>"
        return [
            row["InvoiceDate"][:10] for row in client.call("GetInvoicesByDateRange", asked).rows
        ]

    def test_a_range_has_both_ends_in_it(self, client: RawClient) -> None:
        assert self._range(client, "2025-11-01", "2025-11-02") == ["2025-11-01", "2025-11-02"]
        assert self._range(client, "2025-11-03", "2025-11-03") == ["2025-11-03"]
        assert self._range(client, "2025-11-03", "2025-11-01") == []

    def test_or_its_last_day_is_out(self, client: RawClient, driver: Driver) -> None:
        driver.switch(range_end="exclusive")
        assert self._range(client, "2025-11-01", "2025-11-02") == ["2025-11-01"]

    def test_a_customers_invoices_are_whole(self, client: RawClient) -> None:
        answer = client.call("GetInvoicesForCustomer", "<CustID>5400101</CustID>")
        assert [row["InvoiceNumber"] for row in answer.rows] == ["1004", "1005", "1006"]
        assert len(answer.tree.findall(".//{KashFlow}anyType")) == 3

    def test_newer_elements_come_last_or_not_at_all(
        self, client: RawClient, driver: Driver
    ) -> None:
        answer = client.call("GetInvoicesForCustomer", "<CustID>5400101</CustID>")
        newer = ["CISRCNetAmount", "CISRCVatAmount", "IsCISReverseCharge"]
        assert list(answer.rows[0])[-3:] == newer
        driver.switch(cisrc="off")
        answer = client.call("GetInvoicesForCustomer", "<CustID>5400101</CustID>")
        assert not set(newer) & set(answer.rows[0])


class TestDeletion:
    def test_a_deleted_top_number_is_given_again_with_another_internal_id(
        self, client: RawClient
    ) -> None:
        first = _by_number(client, client.insert_invoice().value)
        answer = client.call("DeleteInvoice", "<InvoiceNumber>1004</InvoiceNumber>")
        assert (answer.status, answer.value) == ("OK", "1")
        assert _by_number(client, 1004)["InvoiceDBID"] == "0"
        second = _by_number(client, client.insert_invoice().value)
        assert second["InvoiceNumber"] == first["InvoiceNumber"]
        assert second["InvoiceDBID"] != first["InvoiceDBID"]

    def test_deleting_nothing_is_ok_and_nought(self, client: RawClient) -> None:
        answer = client.call("DeleteInvoice", "<InvoiceNumber>9</InvoiceNumber>")
        assert (answer.status, answer.value) == ("OK", "0")

    def test_by_internal_id(self, client: RawClient, books: SandboxBooks) -> None:
        dbid = _by_number(client, 1002)["InvoiceDBID"]
        client.call("DeleteInvoiceByID", f"<InvoiceID>{dbid}</InvoiceID>")
        assert [invoice.number for invoice in books.invoices()] == [1001, 1003]

    def test_payments_go_with_it(self, client: RawClient, books: SandboxBooks) -> None:
        client.call("DeleteInvoice", "<InvoiceNumber>1001</InvoiceNumber>")
        assert [payment.invoice for payment in books.payments()] == [1003]

    def test_or_it_is_refused(self, client: RawClient, driver: Driver, books: SandboxBooks) -> None:
        driver.switch(delete_paid_invoice="refuse")
        answer = client.call("DeleteInvoice", "<InvoiceNumber>1001</InvoiceNumber>")
        assert (answer.status, answer.value) == ("NO", "0")
        assert len(books.invoices()) == 3


class TestClosedPeriod:
    @pytest.fixture(autouse=True)
    def _closed(self, driver: Driver) -> None:
        driver.switch(locked_to="2025-09-10")

    def test_nothing_dated_in_it_is_written_or_deleted(
        self, client: RawClient, books: SandboxBooks
    ) -> None:
        before = (books.invoices(), books.payments())
        refused = [
            client.insert_invoice(with_values(INVOICE, InvoiceDate="2025-09-10T00:00:00")),
            client.call("DeleteInvoice", "<InvoiceNumber>1001</InvoiceNumber>"),
        ]
        for answer in refused:
            assert (answer.http_status, answer.status) == (200, "NO")
            assert "closed period" in (answer.detail or "")
        assert (books.invoices(), books.payments()) == before

    def test_the_day_after_is_open(self, client: RawClient) -> None:
        sent = with_values(INVOICE, InvoiceDate="2025-09-11T00:00:00")
        assert client.insert_invoice(sent).status == "OK"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=_XML_TEXT)
def test_any_text_comes_back_as_it_went(client: RawClient, books: SandboxBooks, text: str) -> None:
    sent = with_values(INVOICE, CustomerReference=text)
    shown = _by_number(client, client.insert_invoice(sent).value)
    assert shown["CustomerReference"] == text
    assert books.invoices()[-1].reference == text


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200))
def test_any_bytes_get_a_fault_and_do_no_harm(
    client: RawClient, books: SandboxBooks, content: bytes
) -> None:
    answer = client.post(content, action="KashFlow/GetCurrencies")
    assert answer.http_status == 500
    assert answer.fault
    assert len(books.invoices()) == 3
