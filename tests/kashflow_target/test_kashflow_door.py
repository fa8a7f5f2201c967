"""The door: every way in which a call can end leaves as an error of bridge that says what next."""

import contextlib
import inspect
import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import requests
import urllib3
import zeep
from kashflow_target.refusals import Refusals
from kashflow_target.soap import Door
from pydantic import SecretStr
from requests.adapters import BaseAdapter

from bridge.api import (
    AccessError,
    BridgeError,
    OutcomeUnknownError,
    RecordRejectedError,
    TransientError,
    UnreachableError,
)

PASSWORD = "canary-8f3a"
Scripted = Any  # the far side of conftest.py

OK = "<DeleteInvoiceResult>1</DeleteInvoiceResult><Status>OK</Status>"


def write(door: Door) -> object:
    return door.write("DeleteInvoice", record="invoice 7", InvoiceNumber=7)


def read(door: Door) -> object:
    return door.read("GetInvoice", InvoiceNumber=7)


def stream(door: Door) -> object:
    return list(door.rows("GetInvoicesForCustomer", "Invoice", CustID=7))


def error_of(call: Callable[[], object]) -> BridgeError:
    with pytest.raises(BridgeError) as caught:
        call()
    assert caught.value.what
    assert caught.value.remedy
    assert PASSWORD not in str(caught.value) + caught.value.remedy
    return caught.value


def foreign_errors(*modules: ModuleType) -> Iterator[type[Exception]]:
    """Every exception class of the libraries, and those of Python below them."""
    for module in modules:
        for _, value in inspect.getmembers(module, inspect.isclass):
            if issubclass(value, Exception) and not issubclass(value, Warning):
                yield value
    yield from (OSError, ConnectionResetError, BrokenPipeError, TimeoutError, socket.gaierror)
    yield from (ssl.SSLError, ssl.SSLCertVerificationError, UnicodeError, ValueError, KeyError)


WIRE_ERRORS = sorted(
    set(foreign_errors(requests.exceptions, urllib3.exceptions)), key=lambda each: each.__name__
)
ZEEP_ERRORS = sorted(set(foreign_errors(zeep.exceptions)), key=lambda each: each.__name__)


def made(kind: type[Exception]) -> Exception:
    for count in range(1, 5):
        with contextlib.suppress(TypeError, AttributeError):
            return kind(*["it broke"] * count)
    return kind.__new__(kind, "it broke")


class Breaking(BaseAdapter):
    """An adapter that fails before the body leaves, after it left, or while the reply arrives."""

    def __init__(self, error: Exception, when: str) -> None:
        super().__init__()
        self._error = error
        self._when = when

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        if self._when != "before":
            assert b"".join(request.body)  # type: ignore[arg-type]  # our body is an iterator
        if self._when != "reply":
            raise self._error
        response = requests.Response()
        response.status_code = 200
        response.raw = self
        return response

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        yield b"<soap:Envel"
        raise self._error

    def close(self) -> None:
        """Nothing is open."""


def breaking(door: Door, kind: type[Exception], when: str) -> Door:
    door.wire.session().mount("http://", Breaking(made(kind), when))
    return door


@pytest.mark.parametrize("kind", WIRE_ERRORS)
def test_what_fails_before_it_left_is_provably_unsent(door: Door, kind: type[Exception]) -> None:
    """Whatever the library calls it: a write can be tried again."""
    for call in (write, read, stream):
        error = error_of(partial(call, breaking(door, kind, "before")))
        assert isinstance(error, TransientError | UnreachableError)


@pytest.mark.parametrize("when", ["after", "reply"])
@pytest.mark.parametrize("kind", WIRE_ERRORS)
def test_what_fails_after_it_left_may_have_been_done(
    door: Door, kind: type[Exception], when: str
) -> None:
    """A write is unknown, never failed; a read can be asked again."""
    assert isinstance(error_of(lambda: write(breaking(door, kind, when))), OutcomeUnknownError)
    assert isinstance(error_of(lambda: read(breaking(door, kind, when))), TransientError)
    assert isinstance(error_of(lambda: stream(breaking(door, kind, when))), TransientError)


@pytest.mark.parametrize("kind", ZEEP_ERRORS)
def test_what_fails_while_it_is_put_together_is_rejected(
    door: Door, scripted: Scripted, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """Nothing was sent, and sending it again would not help."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise made(kind)

    monkeypatch.setattr(door.interface(), "create_message", refuse)
    for call in (write, read, stream):
        assert isinstance(error_of(partial(call, door)), RecordRejectedError)
    assert not scripted.sent


def test_a_certificate_that_is_not_trusted_ends_the_run(door: Door) -> None:
    """It says so, instead of trying it again all night."""
    error = error_of(lambda: write(breaking(door, ssl.SSLCertVerificationError, "before")))
    assert isinstance(error, UnreachableError)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:70000/x", "ftp://127.0.0.1/", "http://[::1/x", "nonsense"]
)
def test_an_address_that_is_none_ends_the_run(endpoint: str) -> None:
    door = Door(
        endpoint=endpoint,
        username="u",
        password=SecretStr(PASSWORD),
        timeout_s=1,
        refusals=Refusals(),
        wait_s=0.0,
    )
    assert isinstance(error_of(lambda: write(door)), UnreachableError | TransientError)
    door.close()


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
    door: Door, scripted: Scripted, answer: tuple[int, dict[str, str], bytes]
) -> None:
    """Whatever stands between us and the service may have written it: it is sent once, no more."""
    scripted.answer = answer
    assert isinstance(error_of(lambda: write(door)), OutcomeUnknownError)
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
    door: Door, scripted: Scripted, status: int, kind: type[BridgeError]
) -> None:
    """No redirect is followed: the password would go along."""
    scripted.answer = (status, {"Location": "http://127.0.0.1:1/elsewhere"}, b"")
    assert isinstance(error_of(lambda: read(door)), kind)
    assert isinstance(error_of(lambda: stream(door)), kind)


@pytest.mark.parametrize(("said", "waits"), [("90", 90.0), ("soon", None)])
def test_how_long_to_wait_is_passed_on(
    door: Door, scripted: Scripted, said: str, waits: float | None
) -> None:
    """Longer than a call's own patience, so that it is the engine's to wait."""
    scripted.answer = (429, {"Retry-After": said}, b"")
    error = error_of(lambda: read(door))
    assert isinstance(error, TransientError)
    assert error.retry_after_s == waits


def test_a_date_to_wait_for_counts_from_now(door: Door, scripted: Scripted) -> None:
    scripted.answer = (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"")
    error = error_of(lambda: read(door))
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
    door: Door, scripted: Scripted, text: str
) -> None:
    scripted.faults(text)
    error = error_of(lambda: write(door))
    assert isinstance(error, RecordRejectedError)
    assert error.text == text


@pytest.mark.parametrize("status", [200, 500])
def test_any_other_fault_of_a_write_is_unknown(door: Door, scripted: Scripted, status: int) -> None:
    """The service may have broken after the work."""
    scripted.faults("Server was unable to process request. Deadlock.", status=status)
    assert isinstance(error_of(lambda: write(door)), OutcomeUnknownError)
    assert isinstance(error_of(lambda: read(door)), TransientError)
    assert isinstance(error_of(lambda: stream(door)), TransientError)


@pytest.mark.parametrize("status", ["", "<Status/>", "<Status>ERROR</Status>"])
def test_a_status_that_says_neither_is_unknown(door: Door, scripted: Scripted, status: str) -> None:
    """Only OK is OK, and only NO is a refusal."""
    scripted.says("DeleteInvoice", f"<DeleteInvoiceResult>1</DeleteInvoiceResult>{status}")
    assert isinstance(error_of(lambda: write(door)), OutcomeUnknownError)


def test_a_detail_may_stand_beside_ok(door: Door, scripted: Scripted) -> None:
    """GetReceipts answers so since 2013: text is no refusal."""
    scripted.says("DeleteInvoice", f"{OK}<StatusDetail>Now with paging</StatusDetail>")
    write(door)


def test_a_refusal_is_rejected_in_kashflows_words(door: Door, scripted: Scripted) -> None:
    scripted.says("DeleteInvoice", "<Status>NO</Status><StatusDetail>No way</StatusDetail>")
    error = error_of(lambda: write(door))
    assert isinstance(error, RecordRejectedError)
    assert (error.text, error.record) == ("No way", "invoice 7")


def test_the_answer_to_another_question_is_no_answer(door: Door, scripted: Scripted) -> None:
    scripted.says("GetCurrencies", OK)
    assert isinstance(error_of(lambda: write(door)), OutcomeUnknownError)
    assert isinstance(error_of(lambda: stream(door)), TransientError)


@pytest.mark.parametrize(
    "result", ["<InsertInvoiceResult>0</InsertInvoiceResult>", "", "<InsertInvoiceResult/>"]
)
def test_an_insert_without_a_number_is_unknown(door: Door, scripted: Scripted, result: str) -> None:
    """Status OK and no number: look, do not guess."""
    scripted.says("DeleteInvoice", result.replace("InsertInvoice", "DeleteInvoice") + OK[-19:])
    error = error_of(lambda: door.insert("DeleteInvoice", record="x", InvoiceNumber=7))
    assert isinstance(error, OutcomeUnknownError)


def test_a_document_type_is_refused(door: Door, scripted: Scripted) -> None:
    """No entity of the far side's making is expanded."""
    scripted.says("GetInvoice", OK)
    status, headers, body = scripted.answer
    body = body.replace(b"<soap:Envelope", b'<!DOCTYPE x [<!ENTITY a "b">]><soap:Envelope', 1)
    scripted.answer = (status, headers, body)
    assert isinstance(error_of(lambda: read(door)), TransientError)


class Stopped(Exception):
    """What the engine raises when the lock is lost."""


class StoppedAsOSError(OSError):
    """The same, of a class that HTTP libraries catch."""


@pytest.mark.parametrize("kind", [Stopped, StoppedAsOSError])
def test_the_engine_stops_a_write_when_the_connection_stands(
    door: Door, scripted: Scripted, kind: type[Exception]
) -> None:
    """Its error passes unchanged; the service never sees a whole request."""

    def stop() -> None:
        raise kind

    door.before_write = stop
    with pytest.raises(kind):
        write(door)
    scripted.says("GetInvoice", "<GetInvoiceResult/><Status>OK</Status>")
    read(door)
    assert [sent for sent in scripted.sent if b"DeleteInvoice" in sent] == []


def test_reads_are_asked_again_and_writes_are_not(door: Door, scripted: Scripted) -> None:
    scripted.answer = (502, {}, b"")
    error_of(lambda: read(door))
    assert len(scripted.sent) == 3
    error_of(lambda: stream(door))
    assert len(scripted.sent) == 6
    error_of(lambda: write(door))
    assert len(scripted.sent) == 7


def test_two_threads_have_sessions_of_their_own(door: Door, scripted: Scripted) -> None:
    scripted.says("DeleteInvoice", OK)
    sessions: list[object] = []

    def work() -> None:
        for _ in range(20):
            write(door)
        sessions.append(door.wire.session())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(scripted.sent) == 80
    assert len({id(session) for session in sessions}) == 4


def test_nothing_of_the_environment_is_used(
    door: Door, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would see the password, and .netrc would change who signs in."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    scripted.says("DeleteInvoice", OK)
    write(door)
    assert len(scripted.sent) == 1
    monkeypatch.undo()


def test_no_log_and_no_traceback_shows_the_password(
    door: Door, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG, with the variables of every frame, for every way of failing."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("zeep.transports").setLevel(logging.DEBUG)
    told: list[str] = []
    answers: list[tuple[int, dict[str, str], bytes]] = [
        (200, {"Content-Length": "99"}, b"half"),
        (500, {}, b"<html>"),
        (503, {}, b""),
    ]
    scripted.faults(f"Server was unable to process request: {PASSWORD}")
    answers.append(scripted.answer)
    scripted.says(
        "DeleteInvoice", f"<Status>NO</Status><StatusDetail>bad {PASSWORD}</StatusDetail>"
    )
    answers.append(scripted.answer)
    for answer in answers:
        scripted.answer = answer
        told.append(_told(lambda: write(door)))
    told.append(_told(lambda: write(breaking(door, ConnectionResetError, "after"))))
    told.append(repr(door))
    assert any(PASSWORD.encode() in sent for sent in scripted.sent)
    assert not [text for text in (*told, caplog.text) if PASSWORD in text]


def _told(call: Callable[[], object]) -> str:
    try:
        call()
    except BridgeError as error:
        whole = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(whole.format()) + repr(error) + error.remedy
    pytest.fail("it should have failed")
