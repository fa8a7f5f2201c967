"""How the client behaves: the engine's leave, tries, threads, the environment, secrets."""

import logging
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from bridge.api import BridgeError

PASSWORD = "canary-8f3a"
Scripted = Any  # these two are of conftest.py
Calls = Any

OK = "<DeleteInvoiceResult>1</DeleteInvoiceResult><Status>OK</Status>"


class Reset:
    """A connection that breaks while a frame of the library holds what was sent."""

    def urlopen(self, *_: object, body: Iterable[bytes], **__: object) -> object:
        held = b"".join(body)
        msg = f"reset after {len(held)} bytes"
        raise ConnectionResetError(msg)


class Stopped(Exception):
    """What the engine raises when the lock is lost."""


class StoppedAsOSError(OSError):
    """The same, of a class that HTTP libraries catch."""


@pytest.mark.parametrize("kind", [Stopped, StoppedAsOSError])
def test_the_engine_stops_a_write_when_the_connection_stands(
    calls: Calls, scripted: Scripted, kind: type[Exception]
) -> None:
    """Its error passes unchanged; the service never sees a whole request."""

    def stop() -> None:
        raise kind

    calls.kashflow.before_write = stop
    with pytest.raises(kind):
        calls.write()
    scripted.says("GetInvoice", "<GetInvoiceResult/><Status>OK</Status>")
    calls.read()
    assert [sent for sent in scripted.sent if b"DeleteInvoice" in sent] == []


def test_reads_are_asked_again_and_writes_are_not(calls: Calls, scripted: Scripted) -> None:
    scripted.answer = (502, {}, b"")
    calls.error(calls.read)
    assert len(scripted.sent) == 3
    calls.error(calls.stream)
    assert len(scripted.sent) == 6
    calls.error(calls.write)
    assert len(scripted.sent) == 7


def test_threads_have_connections_of_their_own(calls: Calls, scripted: Scripted) -> None:
    scripted.says("DeleteInvoice", OK)
    pools: list[object] = []

    def work() -> None:
        for _ in range(20):
            calls.write()
        pools.append(calls.kashflow.transport.pool())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(scripted.sent) == 80
    assert len({id(pool) for pool in pools}) == 4


def test_nothing_of_the_environment_is_used(
    calls: Calls, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would see the password, and .netrc would change who signs in."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    scripted.says("DeleteInvoice", OK)
    calls.write()
    assert len(scripted.sent) == 1
    monkeypatch.undo()


def test_no_log_and_no_traceback_shows_the_password(
    calls: Calls, scripted: Scripted, caplog: pytest.LogCaptureFixture
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
        told.append(_told(calls.write))
    calls.kashflow.transport._own.pool = Reset()
    told.append(_told(calls.write))
    told.append(repr(calls.kashflow))
    assert any(PASSWORD.encode() in sent for sent in scripted.sent)
    assert not [text for text in (*told, caplog.text) if PASSWORD in text]


def _told(call: Callable[[], object]) -> str:
    try:
        call()
    except BridgeError as error:
        whole = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(whole.format()) + repr(error) + error.remedy
    pytest.fail("it should have failed")
