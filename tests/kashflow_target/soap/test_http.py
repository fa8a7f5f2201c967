"""Every error of the libraries leaves the client as an error of bridge that says what next."""

import contextlib
import inspect
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
import requests
import urllib3
import zeep
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.requests import RequestBuilder

from bridge.api import OutcomeUnknownError, RecordRejectedError, TransientError, UnreachableError

PASSWORD = "canary-8f3a"
Scripted = Any  # these two are of conftest.py
Calls = Any

OK = "<DeleteInvoiceResult>1</DeleteInvoiceResult><Status>OK</Status>"


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


class Breaking:
    """Connections that fail before the body leaves, after it left, or while the reply arrives."""

    status = 200
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, error: Exception, when: str) -> None:
        self._error = error
        self._when = when

    def urlopen(self, *_: object, body: Iterable[bytes], **others: object) -> "Breaking":
        assert others["redirect"] is False
        if self._when != "before":
            assert b"".join(body)
        if self._when != "reply":
            raise self._error
        return self

    def stream(self, *_: object, **others: object) -> Iterator[bytes]:
        assert others["decode_content"]
        yield b"<soap:Envel"
        raise self._error

    def close(self) -> None:
        """Nothing is open."""

    release_conn = close


def breaking(kashflow: KashFlowClient, kind: type[Exception], when: str) -> None:
    """This thread's connections break from now on."""
    kashflow.transport._own.pool = Breaking(made(kind), when)


@pytest.mark.parametrize("kind", WIRE_ERRORS)
def test_what_fails_before_it_left_is_provably_unsent(calls: Calls, kind: type[Exception]) -> None:
    """Whatever the library calls it: a write can be tried again."""
    breaking(calls.kashflow, kind, "before")
    for call in (calls.write, calls.read, calls.stream):
        error = calls.error(call)
        assert isinstance(error, TransientError | UnreachableError)


@pytest.mark.parametrize("when", ["after", "reply"])
@pytest.mark.parametrize("kind", WIRE_ERRORS)
def test_what_fails_after_it_left_may_have_been_done(
    calls: Calls, kind: type[Exception], when: str
) -> None:
    """A write is unknown, never failed; a read can be asked again."""
    breaking(calls.kashflow, kind, when)
    assert isinstance(calls.error(calls.write), OutcomeUnknownError)
    assert isinstance(calls.error(calls.read), TransientError)
    assert isinstance(calls.error(calls.stream), TransientError)


@pytest.mark.parametrize("kind", ZEEP_ERRORS)
def test_what_fails_while_it_is_put_together_is_rejected(
    calls: Calls, scripted: Scripted, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """Nothing was sent, and sending it again would not help."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise made(kind)

    monkeypatch.setattr(RequestBuilder, "build", refuse)
    for call in (calls.write, calls.read, calls.stream):
        assert isinstance(calls.error(call), RecordRejectedError)
    assert not scripted.sent


def test_a_certificate_that_is_not_trusted_ends_the_run(calls: Calls) -> None:
    """It says so, instead of trying it again all night."""
    breaking(calls.kashflow, ssl.SSLCertVerificationError, "before")
    assert isinstance(calls.error(calls.write), UnreachableError)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:70000/x", "ftp://127.0.0.1/", "http://[::1/x", "nonsense"]
)
def test_an_address_that_is_none_ends_the_run(
    door_to: Callable[[str], Calls], endpoint: str
) -> None:
    calls = door_to(endpoint)
    assert isinstance(calls.error(calls.write), UnreachableError | TransientError)
