"""Every error of the libraries leaves the door as an error of bridge that says what next."""

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
