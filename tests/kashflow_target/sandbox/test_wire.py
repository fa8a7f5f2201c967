"""Envelopes, bindings, sign-in: what happens before an operation is at work."""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kashflow_target.sandbox.driver import Driver
from kashflow_target.sandbox.factory import KashFlowSandbox, sandbox

from tests.kashflow_target.raw_client import CUSTOMER, SOAP11, SOAP12, RawClient, enveloped

EXPANDING = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def test_the_wsdl_is_served_with_its_own_address(
    client: RawClient, kashflow: KashFlowSandbox
) -> None:
    answer = client.get("WSDL")
    assert answer.http_status == 200
    assert f'location="{kashflow.address}"'.encode() in answer.body
    assert b"securedwebapp.com/api/service.asmx" not in answer.body.partition(b"<wsdl:types>")[2]


@pytest.mark.parametrize(
    ("soap", "content_type"), [(SOAP11, "text/xml"), (SOAP12, "application/soap+xml")]
)
def test_a_reply_uses_the_soap_version_of_the_request(
    client: RawClient, soap: str, content_type: str
) -> None:
    answer = client.call("GetCurrencies", soap=soap)
    assert answer.status == "OK"
    assert answer.tree.tag == f"{{{soap}}}Envelope"
    assert answer.headers["content-type"] == f"{content_type}; charset=utf-8"


def test_soap_12_may_name_its_action_in_the_content_type(client: RawClient) -> None:
    content = enveloped(client.body("GetCurrencies"), SOAP12)
    named = 'application/soap+xml; charset=utf-8; action="KashFlow/GetCurrencies"'
    assert client.post(content, content_type=named).status == "OK"
    wrong = named.replace("GetCurrencies", "GetProducts")
    fault = client.post(content, content_type=wrong)
    assert fault.http_status == 500
    assert "did not recognize the value of HTTP Header SOAPAction" in (fault.fault or "")
    assert b"soap:Sender" in fault.body


def test_the_response_root_declares_the_default_namespace(client: RawClient) -> None:
    """The shape that .NET writes: no prefix anywhere in the body, result before the status."""
    body = client.call("isUserVATRegistered").body.decode()
    assert (
        '<soap:Body><isUserVATRegisteredResponse xmlns="KashFlow">'
        "<isUserVATRegisteredResult>true</isUserVATRegisteredResult>"
        "<Status>OK</Status><StatusDetail /></isUserVATRegisteredResponse></soap:Body>"
    ) in body


@pytest.mark.parametrize(
    ("content", "action", "told"),
    [
        ("this is not XML", "KashFlow/GetCurrencies", "unable to read request"),
        ("", "KashFlow/GetCurrencies", "unable to read request"),
        ("<a/>", "KashFlow/GetCurrencies", "not a SOAP Envelope"),
        (enveloped(""), "KashFlow/GetCurrencies", "one Body with one element"),
        (
            enveloped('<GetCurrencies xmlns="KashFlow"/><GetProducts xmlns="KashFlow"/>'),
            "KashFlow/GetCurrencies",
            "one Body with one element",
        ),
        (enveloped('<GetMoney xmlns="KashFlow"/>'), "KashFlow/GetMoney", "GetMoney"),
        (enveloped('<getcurrencies xmlns="KashFlow"/>'), "KashFlow/getcurrencies", "getcurrencies"),
        (enveloped("<GetCurrencies/>"), "KashFlow/GetCurrencies", "GetCurrencies"),
        (enveloped('<GetCurrencies xmlns="KashFlow"/>'), "KashFlow/GetProducts", "SOAPAction"),
        (enveloped('<GetCurrencies xmlns="KashFlow"/>'), None, "SOAPAction header is missing"),
    ],
)
def test_what_cannot_be_read_is_a_client_fault(
    client: RawClient, content: str, action: str | None, told: str
) -> None:
    answer = client.post(content, action=action)
    assert answer.http_status == 500
    assert b"<faultcode>soap:Client</faultcode>" in answer.body
    assert told in (answer.fault or "")


def test_a_document_type_is_refused_before_anything_expands(client: RawClient) -> None:
    content = enveloped(client.body("GetCustomer", "<CustomerCode>&c;</CustomerCode>"))
    answer = client.post(content.replace("?>", "?>" + EXPANDING), action="KashFlow/GetCustomer")
    assert answer.http_status == 500
    assert "DTD is prohibited" in (answer.fault or "")
    assert b"aaaaaaaaaa" not in answer.body


def test_a_document_type_in_another_encoding_is_refused_too(client: RawClient) -> None:
    content = enveloped(client.body("GetCurrencies")).replace("utf-8", "utf-16")
    content = content.replace("?>", "?>" + EXPANDING)
    answer = client.post(content.encode("utf-16"), action="KashFlow/GetCurrencies")
    assert "DTD is prohibited" in (answer.fault or "")


@pytest.mark.parametrize(("name", "password"), [("northwind", "wrong"), ("wrong", ""), ("", "")])
def test_a_wrong_sign_in_is_refused_in_band(client: RawClient, name: str, password: str) -> None:
    client.username, client.password = name, password
    answer = client.call("GetCustomers")
    assert (answer.http_status, answer.status) == (200, "NO")
    assert answer.detail == "Incorrect username or password"
    assert answer.result is None


def test_a_wrong_sign_in_writes_nothing_and_answers_nought(
    client: RawClient, driver: Driver
) -> None:
    driver.switch(password="changed today")
    answer = client.insert_customer()
    assert (answer.status, answer.value) == ("NO", "0")
    client.password = "changed today"
    assert client.insert_customer().status == "OK"


def test_an_address_that_is_not_listed_is_told_its_address(
    client: RawClient, driver: Driver
) -> None:
    driver.switch(allowed_addresses="10.0.0.9, 10.0.0.10")
    answer = client.call("GetCurrencies")
    assert answer.status == "NO"
    assert answer.detail == "The IP address of 127.0.0.1 is not in the access list"
    driver.switch(allowed_addresses="10.0.0.9, 127.0.0.1")
    assert client.call("GetCurrencies").status == "OK"


def test_an_account_without_api_refuses_in_words_that_nobody_knows(
    client: RawClient, driver: Driver
) -> None:
    driver.switch(api="off", api_off_text="Your plan has no API.")
    assert client.call("GetCurrencies").detail == "Your plan has no API."


def test_a_wrong_password_counts_before_a_blocked_address(
    client: RawClient, driver: Driver
) -> None:
    driver.switch(allowed_addresses="10.0.0.9", api="off")
    client.password = "wrong"
    assert client.call("GetCurrencies").detail == "Incorrect username or password"


@pytest.mark.parametrize(
    ("how", "detail"),
    [("empty", ""), ("absent", None), ("text", "This function will be changed in future.")],
)
def test_status_detail_beside_ok_comes_in_three_ways(
    client: RawClient, driver: Driver, how: str, detail: str | None
) -> None:
    driver.switch(status_detail_on_ok=how)
    answer = client.call("GetCurrencies")
    assert (answer.status, answer.detail) == ("OK", detail)


def test_a_status_can_be_one_that_nobody_has_seen(client: RawClient, driver: Driver) -> None:
    driver.switch(status_word="MAYBE")
    assert client.insert_customer().status == "MAYBE"
    driver.switch(status_word="")
    assert client.insert_customer().detail == "Customer Code is not unique"


def test_an_empty_list_comes_as_an_empty_element_or_not_at_all(
    client: RawClient, driver: Driver
) -> None:
    asked = "<CustID>5400101</CustID>"
    assert b"<GetInvoicesForCustomerResult />" in client.call("GetInvoicesForCustomer", asked).body
    driver.switch(empty_list="absent")
    answer = client.call("GetInvoicesForCustomer", asked)
    assert (answer.status, answer.result) == ("OK", None)


def test_latency_is_the_whole_time_of_a_reply(client: RawClient, driver: Driver) -> None:
    client.call("GetCurrencies")
    driver.switch(latency_ms=150)
    started = time.monotonic()
    client.call("GetCurrencies")
    assert 0.15 <= time.monotonic() - started < 0.3


def test_many_calls_on_one_connection_are_not_delayed(client: RawClient) -> None:
    """Nagle's algorithm and delayed acknowledgement together would cost 40 ms a call."""
    client.call("GetCurrencies")
    connected = client.connection.sock
    started = time.monotonic()
    for _ in range(20):
        assert client.call("GetCurrencies").status == "OK"
    assert client.connection.sock is connected
    assert time.monotonic() - started < 0.4


def test_it_listens_on_loopback_only(kashflow: KashFlowSandbox) -> None:
    assert urlsplit(kashflow.settings["endpoint"]).hostname == "127.0.0.1"


def test_it_stops_at_once_while_connections_are_open_and_gives_the_port_back(
    tmp_path: Path,
) -> None:
    with sandbox(tmp_path / "books") as running, RawClient(running.settings) as by_hand:
        port = urlsplit(running.address).port
        assert port
        by_hand.call("GetCurrencies")
        begun = time.monotonic()
        running.__exit__(None, None, None)
        assert time.monotonic() - begun < 0.1
        assert by_hand.connection.sock.recv(1) == b""
    with sandbox(tmp_path / "books", port=port) as again:
        assert urlsplit(again.address).port == port


def test_the_password_is_in_no_reply(client: RawClient) -> None:
    answers = [
        client.call("GetCurrencies"),
        client.post("rubbish", action="KashFlow/GetCurrencies"),
        client.insert_customer(CUSTOMER.replace("<EC>0</EC>", "<EC></EC>")),
    ]
    for answer in answers:
        assert not re.search(client.password.encode(), answer.body)
