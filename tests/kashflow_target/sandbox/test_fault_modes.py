"""Each way of going wrong, as it looks at the wire, and what it leaves in the books."""

import http.client
import time
from pathlib import Path

import pytest
from kashflow_target.sandbox.driver import Driver
from kashflow_target.sandbox.factory import KashFlowSandbox, sandbox

from tests.kashflow_target.raw_client import SOAP12, RawClient, enveloped
from tests.kashflow_target.sandbox_books import SandboxBooks

NOT_DONE, DONE = 3, 4


def _count(books: SandboxBooks) -> int:
    return len(books.invoices())


def _plan(driver: Driver, mode: str, **details: object) -> None:
    driver.plan([{"name": "InsertInvoice", "mode": mode} | details])


@pytest.mark.parametrize(("mode", "left"), [("cut_before", NOT_DONE), ("lost_reply", DONE)])
def test_the_connection_is_closed_without_a_byte(
    client: RawClient, driver: Driver, books: SandboxBooks, mode: str, left: int
) -> None:
    _plan(driver, mode)
    with pytest.raises(http.client.RemoteDisconnected):
        client.insert_invoice()
    assert _count(books) == left
    assert driver.calls() == ["InsertInvoice"]
    client.connection.close()
    assert client.insert_invoice().value == str(1001 + left)


def test_half_a_reply_ends_in_the_middle(
    client: RawClient, driver: Driver, books: SandboxBooks
) -> None:
    _plan(driver, "half_reply")
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.insert_invoice()
    assert caught.value.partial.startswith(b'<?xml version="1.0"')
    assert b"</soap:Envelope>" not in caught.value.partial
    assert _count(books) == DONE


def test_garbage_is_no_xml(client: RawClient, driver: Driver, books: SandboxBooks) -> None:
    _plan(driver, "garbage")
    answer = client.insert_invoice()
    assert answer.http_status == 200
    with pytest.raises(SyntaxError):
        _ = answer.tree
    assert _count(books) == DONE


@pytest.mark.parametrize(
    ("mode", "status", "left"),
    [
        ("html", 200, NOT_DONE),
        ("http_500", 500, NOT_DONE),
        ("http_503", 503, NOT_DONE),
        ("http_429", 429, NOT_DONE),
        ("http_500_after", 500, DONE),
    ],
)
def test_a_page_in_place_of_a_reply(
    client: RawClient, driver: Driver, books: SandboxBooks, mode: str, status: int, left: int
) -> None:
    _plan(driver, mode)
    answer = client.insert_invoice()
    assert answer.http_status == status
    assert answer.headers["content-type"] == "text/html"
    assert answer.body.startswith(b"<html>")
    assert answer.headers.get("retry-after") == ("1" if status in (429, 503) else None)
    assert _count(books) == left


def test_refuse_is_an_in_band_refusal_in_unknown_words(
    client: RawClient, driver: Driver, books: SandboxBooks
) -> None:
    _plan(driver, "refuse")
    answer = client.insert_invoice()
    assert (answer.http_status, answer.status, answer.value) == (200, "NO", "0")
    assert answer.detail == "This request could not be completed (ref 4471)"
    assert _count(books) == NOT_DONE


def test_slow_waits_then_does_it_and_replies(
    client: RawClient, driver: Driver, books: SandboxBooks
) -> None:
    _plan(driver, "slow", seconds=0.2)
    started = time.monotonic()
    assert client.insert_invoice().value == "1004"
    assert time.monotonic() - started >= 0.2
    assert _count(books) == DONE


def test_a_late_commit_closes_first_and_does_the_work_afterwards(
    client: RawClient, driver: Driver, books: SandboxBooks
) -> None:
    _plan(driver, "late_commit", seconds=0.3)
    started = time.monotonic()
    with pytest.raises(http.client.RemoteDisconnected):
        client.insert_invoice()
    assert time.monotonic() - started < 0.2
    assert _count(books) == NOT_DONE
    while _count(books) == NOT_DONE:
        assert time.monotonic() - started < 3
        time.sleep(0.01)
    assert time.monotonic() - started >= 0.3
    assert _count(books) == DONE


def test_a_late_commit_is_not_forgotten_when_the_server_stops(tmp_path: Path) -> None:
    with sandbox(tmp_path) as running, RawClient(running.settings) as client:
        client.control("PUT", "faults", [{"name": "*", "mode": "late_commit", "seconds": 60}])
        with pytest.raises(http.client.RemoteDisconnected):
            client.insert_invoice()
        assert _count(SandboxBooks(tmp_path)) == NOT_DONE
    assert _count(SandboxBooks(tmp_path)) == DONE


def test_a_server_stops_at_once_while_a_slow_reply_waits(
    kashflow: KashFlowSandbox, client: RawClient, driver: Driver
) -> None:
    driver.plan([{"name": "GetCurrencies", "mode": "slow", "seconds": 60}])
    content, action = enveloped(client.body("GetCurrencies")), "KashFlow/GetCurrencies"
    client.connection.request("POST", "/api/service.asmx", content, {"SOAPAction": action})
    while not driver.calls():
        time.sleep(0.01)
    started = time.monotonic()
    kashflow.__exit__(None, None, None)
    assert time.monotonic() - started < 0.2


class TestWhichCallIsStruck:
    def test_the_nth_matching_call_from_now(self, client: RawClient, driver: Driver) -> None:
        _plan(driver, "refuse", nth=2)
        client.call("GetCurrencies")
        assert client.insert_invoice().status == "OK"
        client.call("GetCurrencies")
        assert client.insert_invoice().status == "NO"
        assert client.insert_invoice().status == "OK"

    def test_several_times_in_a_row(self, client: RawClient, driver: Driver) -> None:
        _plan(driver, "refuse", nth=2, times=2)
        assert [client.insert_invoice().status for _ in range(4)] == ["OK", "NO", "NO", "OK"]

    def test_a_star_is_any_call(self, client: RawClient, driver: Driver) -> None:
        driver.plan([{"name": "*", "mode": "refuse", "nth": 3}])
        answers = [client.call(name) for name in ("GetProducts", "GetCurrencies", "GetVATRates")]
        assert [answer.status for answer in answers] == ["OK", "OK", "NO"]

    def test_what_has_not_struck_yet_is_listed_as_it_counts_down(
        self, client: RawClient, driver: Driver
    ) -> None:
        client.control(
            "PUT",
            "faults",
            [
                {"name": "InsertInvoice", "mode": "refuse", "nth": 3},
                {"name": "GetCurrencies", "mode": "html"},
            ],
        )
        client.call("GetCurrencies")
        client.insert_invoice()
        (left,) = client.control("GET", "faults")
        assert (left["name"], left["mode"], left["nth"]) == ("InsertInvoice", "refuse", 2)
        client.control("PUT", "faults", [])
        assert client.control("GET", "faults") == []
        assert [client.insert_invoice().status for _ in range(2)] == ["OK", "OK"]

    def test_a_read_can_go_wrong_as_well(self, client: RawClient, driver: Driver) -> None:
        driver.plan([{"name": "GetCustomers", "mode": "half_reply"}])
        with pytest.raises(http.client.IncompleteRead):
            client.call("GetCustomers")

    @pytest.mark.parametrize(
        "entry",
        [
            {"name": "*", "mode": "explode"},
            {"name": "*", "mode": "slow", "nth": 0},
            {"name": "*", "mode": "slow", "when": "now"},
            {"name": "*"},
        ],
    )
    def test_a_fault_that_makes_no_sense_is_refused(
        self, client: RawClient, driver: Driver, entry: dict[str, object]
    ) -> None:
        with pytest.raises(ValueError, match="error"):
            client.control("PUT", "faults", [entry])
        assert driver.faults() == []


def test_a_fault_strikes_each_kind_of_write(
    client: RawClient, driver: Driver, books: SandboxBooks
) -> None:
    driver.plan([{"name": "InsertCustomer", "mode": "lost_reply"}])
    with pytest.raises(http.client.RemoteDisconnected):
        client.insert_customer()
    client.connection.close()
    assert client.insert_customer().detail == "Customer Code is not unique"
    assert [customer.code for customer in books.customers()].count("WHMCS31") == 1


def test_a_refusal_keeps_the_soap_version(client: RawClient, driver: Driver) -> None:
    driver.plan([{"name": "GetCurrencies", "mode": "refuse"}])
    answer = client.call("GetCurrencies", soap=SOAP12)
    assert answer.headers["content-type"].startswith("application/soap+xml")
