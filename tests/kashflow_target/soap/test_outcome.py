"""What KashFlow answers, or something in its place, and what that means for reads and writes."""

from typing import Any

import pytest

from bridge.api import (
    AccessError,
    BridgeError,
    OutcomeUnknownError,
    RecordRejectedError,
    TransientError,
    UnreachableError,
)

PASSWORD = "canary-8f3a"
Scripted = Any  # these two are of conftest.py
Calls = Any

OK = "<DeleteInvoiceResult>1</DeleteInvoiceResult><Status>OK</Status>"


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b""),
        (200, {}, b"<html><body>Down for maintenance</body></html>"),
        (200, {}, b"\x00\xff garbage"),
        (200, {"Content-Length": "5000"}, b"<soap:Envelope"),
        (500, {}, b"<html>Runtime Error</html>"),
        (301, {"Location": "http://127.0.0.1:1/elsewhere"}, b""),
        (401, {}, b""),
        (403, {}, b"blocked"),
        (404, {}, b"not here"),
        (408, {}, b""),
        (413, {}, b""),
        (429, {"Retry-After": "1"}, b""),
        (502, {}, b""),
        (503, {"Retry-After": "1"}, b""),
        (504, {}, b""),
    ],
)
def test_a_write_with_no_usable_answer_is_unknown(
    calls: Calls, scripted: Scripted, answer: tuple[int, dict[str, str], bytes]
) -> None:
    """Whatever stands between us and the service may have written it: it is sent once, no more."""
    scripted.answer = answer
    assert isinstance(calls.error(calls.write), OutcomeUnknownError)
    assert len(scripted.sent) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, AccessError),
        (401, AccessError),
        (404, UnreachableError),
        (301, UnreachableError),
        (502, TransientError),
        (503, TransientError),
    ],
)
def test_a_read_with_an_http_error_says_what_to_do(
    calls: Calls, scripted: Scripted, status: int, kind: type[BridgeError]
) -> None:
    """No redirect is followed: the password would go along."""
    scripted.answer = (status, {"Location": "http://127.0.0.1:1/elsewhere"}, b"")
    assert isinstance(calls.error(calls.read), kind)
    assert isinstance(calls.error(calls.stream), kind)


@pytest.mark.parametrize(("said", "waits"), [("90", 90.0), ("soon", None)])
def test_how_long_to_wait_is_passed_on(
    calls: Calls, scripted: Scripted, said: str, waits: float | None
) -> None:
    """Longer than a call's own patience, so that it is the engine's to wait."""
    scripted.answer = (429, {"Retry-After": said}, b"")
    error = calls.error(calls.read)
    assert isinstance(error, TransientError)
    assert error.retry_after_s == waits


def test_a_date_to_wait_for_counts_from_now(calls: Calls, scripted: Scripted) -> None:
    scripted.answer = (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"")
    error = calls.error(calls.read)
    assert isinstance(error, TransientError)
    assert error.retry_after_s == 0


@pytest.mark.parametrize(
    "text",
    [
        "Server was unable to read request. There is an error in XML document (1, 2).",
        "The string is not a valid AllXsd value.",
        "Server did not recognize the value of HTTP Header SOAPAction: x.",
    ],
)
def test_a_request_that_could_not_be_read_made_nothing(
    calls: Calls, scripted: Scripted, text: str
) -> None:
    scripted.faults(text)
    error = calls.error(calls.write)
    assert isinstance(error, RecordRejectedError)
    assert error.text == text


@pytest.mark.parametrize("status", [200, 500])
def test_any_other_fault_of_a_write_is_unknown(
    calls: Calls, scripted: Scripted, status: int
) -> None:
    """The service may have broken after the work."""
    scripted.faults("Server was unable to process request. Deadlock.", status=status)
    assert isinstance(calls.error(calls.write), OutcomeUnknownError)
    assert isinstance(calls.error(calls.read), TransientError)
    assert isinstance(calls.error(calls.stream), TransientError)


@pytest.mark.parametrize("status", ["", "<Status/>", "<Status>ERROR</Status>"])
def test_a_status_that_says_neither_is_unknown(
    calls: Calls, scripted: Scripted, status: str
) -> None:
    """Only OK is OK, and only NO is a refusal."""
    scripted.says("DeleteInvoice", f"<DeleteInvoiceResult>1</DeleteInvoiceResult>{status}")
    assert isinstance(calls.error(calls.write), OutcomeUnknownError)


def test_a_detail_may_stand_beside_ok(calls: Calls, scripted: Scripted) -> None:
    """GetReceipts answers so since 2013: text is no refusal."""
    scripted.says("DeleteInvoice", f"{OK}<StatusDetail>Now with paging</StatusDetail>")
    calls.write()


def test_a_refusal_is_rejected_in_kashflows_words(calls: Calls, scripted: Scripted) -> None:
    scripted.says("DeleteInvoice", "<Status>NO</Status><StatusDetail>No way</StatusDetail>")
    error = calls.error(calls.write)
    assert isinstance(error, RecordRejectedError)
    assert (error.text, error.record) == ("No way", "invoice 7")


def test_the_answer_to_another_question_is_no_answer(calls: Calls, scripted: Scripted) -> None:
    scripted.says("GetCurrencies", OK)
    assert isinstance(calls.error(calls.write), OutcomeUnknownError)
    assert isinstance(calls.error(calls.stream), TransientError)


@pytest.mark.parametrize(
    "result", ["<InsertInvoiceResult>0</InsertInvoiceResult>", "", "<InsertInvoiceResult/>"]
)
def test_an_insert_without_a_number_is_unknown(
    calls: Calls, scripted: Scripted, result: str
) -> None:
    """Status OK and no number: look, do not guess."""
    scripted.says("DeleteInvoice", result.replace("InsertInvoice", "DeleteInvoice") + OK[-19:])
    error = calls.error(lambda: calls.kashflow.insert("DeleteInvoice", record="x", InvoiceNumber=7))
    assert isinstance(error, OutcomeUnknownError)


def test_a_document_type_is_refused(calls: Calls, scripted: Scripted) -> None:
    """No entity of the far side's making is expanded."""
    scripted.says("GetInvoice", OK)
    status, headers, body = scripted.answer
    body = body.replace(b"<soap:Envelope", b'<!DOCTYPE x [<!ENTITY a "b">]><soap:Envelope', 1)
    scripted.answer = (status, headers, body)
    assert isinstance(calls.error(calls.read), TransientError)
