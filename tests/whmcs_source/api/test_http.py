"""Nothing foreign comes through the client of WHMCS, and no secret leaves by it."""

import contextlib
import http.client
import io
import json
import logging
import socket
import socketserver
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import urllib3
from requests.adapters import BaseAdapter
from whmcs_source.api.http import Api
from whmcs_source.api.reply_errors import ActionNotAllowedError
from whmcs_source.settings import settings_from

from bridge.api import (
    AccessError,
    BridgeError,
    RecordRejectedError,
    TransientError,
    UnreachableError,
)

SECRET = "canary-secret-5f1d"
KEY = "canary-key-77aa"


class Far(socketserver.ThreadingTCPServer):
    """Answers each connection with the next bytes of a script; the last is repeated.

    Attributes:
        script: Raw HTTP replies; empty bytes close the connection without a word.
        requests: The raw requests that came.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[bytes] = []
        self.requests: list[bytes] = []
        self.delay_s = 0.0
        self.trickle_s = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def forms(self) -> list[dict[str, list[str]]]:
        return [parse_qs(raw.partition(b"\r\n\r\n")[2].decode()) for raw in self.requests]


class _Handler(socketserver.BaseRequestHandler):
    server: Far

    def handle(self) -> None:
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = self.request.recv(65536)
            if not piece:
                return
            raw += piece
        head, _, body = raw.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self.request.recv(65536)
        self.server.requests.append(head + b"\r\n\r\n" + body)
        script = self.server.script
        reply = script.pop(0) if len(script) > 1 else script[0]
        time.sleep(self.server.delay_s)
        with contextlib.suppress(ConnectionError):
            self.request.sendall(reply)
            for _ in range(400 if self.server.trickle_s else 0):
                self.request.sendall(b" ")
                time.sleep(self.server.trickle_s)


@pytest.fixture
def far() -> Iterator[Far]:
    with Far() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def api(far: Far) -> Iterator[Api]:
    made = an_api(far.url)
    yield made
    made.close()


def an_api(url: str, **section: Any) -> Api:
    pair = {"identifier": "id", "secret": SECRET, "access_key": KEY}
    return Api(settings_from({"url": url, **pair, "timeout_s": 2, **section}), wait_s=0.01)


def reply(body: object, status: str = "200 OK", *headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def refused(message: str, status: str = "403 Forbidden") -> bytes:
    return reply({"result": "error", "message": message}, status)


OK = reply({"result": "success", "value": 1})


# What is sent ------------------------------------------------------------------------------------


def test_a_call_is_a_form_with_the_secret_in_its_body_alone(far: Far, api: Api) -> None:
    """In the address it would land in web logs."""
    far.script = [OK]
    assert api.call("GetInvoices", limitnum=5)["value"] == 1
    head, _, _ = far.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /includes/api.php HTTP/1.1\r\n")
    assert SECRET.encode() not in head
    assert far.forms() == [
        {
            "limitnum": ["5"],
            "identifier": ["id"],
            "secret": [SECRET],
            "accesskey": [KEY],
            "action": ["GetInvoices"],
            "responsetype": ["json"],
        }
    ]


def test_the_environment_chooses_no_proxy(
    far: Far, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    far.script = [OK]
    assert api.call("GetCurrencies")


def test_a_redirect_is_not_followed(far: Far, api: Api) -> None:
    """It would lose the body, or carry the secret to another host."""
    far.script = [reply(b"", "301 Moved", "Location: https://other.example.com/x?secret=1")]
    with pytest.raises(UnreachableError, match=r"https://other\.example\.com/x$") as caught:
        api.call("GetCurrencies")
    assert "source.url" in caught.value.remedy
    assert len(far.requests) == 1


# WHMCS says no -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "says", "remedy"),
    [
        ("Invalid IP 203.0.113.9", "203.0.113.9", "API IP Access Restriction"),
        ("Forbidden IP 2001:db8::7", "2001:db8::7", "add 2001:db8::7"),
        ("Authentication Failed", "refused the sign-in", "identifier and secret"),
        ("Invalid or missing credentials", "refused the sign-in", "identifier and secret"),
        ("Invalid password provided", "refused the sign-in", "identifier and secret"),
        ("Administrator Account Disabled", "Account Disabled", "enable the administrator"),
        ("Access Denied", "may not use the API", "API Access"),
        ("Something new", "Something new", "check the credential"),
    ],
)
def test_each_refused_sign_in_says_what_to_change_and_is_not_repeated(
    far: Far, api: Api, message: str, says: str, remedy: str
) -> None:
    far.script = [refused(message)]
    with pytest.raises(AccessError, match=says) as caught:
        api.call("GetInvoices")
    assert remedy in caught.value.remedy
    assert len(far.requests) == 1


def test_a_missing_permission_names_the_action(far: Far, api: Api) -> None:
    far.script = [refused('Invalid Permissions: API action "getinvoices" is not allowed')]
    with pytest.raises(ActionNotAllowedError, match="GetInvoices") as caught:
        api.call("GetInvoices")
    assert "tick GetInvoices" in caught.value.remedy


def test_a_refusal_in_pairs_is_understood_whatever_was_asked_for(far: Far, api: Api) -> None:
    """Very old versions refuse so before they look at the reply type."""
    far.script = [reply(b"result=error;message=Invalid IP 203.0.113.9;", "403 Forbidden")]
    with pytest.raises(AccessError, match=r"203\.0\.113\.9"):
        api.call("GetInvoices")


def test_a_call_that_lost_its_contents_points_at_the_address(far: Far, api: Api) -> None:
    far.script = [refused("Empty action request", "400 Bad Request")]
    with pytest.raises(UnreachableError) as caught:
        api.call("GetInvoices")
    assert "source.url" in caught.value.remedy


def test_a_refused_record_keeps_whmcs_words(far: Far, api: Api) -> None:
    far.script = [refused("Invoice ID Not Found", "200 OK")]
    with pytest.raises(RecordRejectedError) as caught:
        api.call("GetInvoice", invoiceid=5)
    assert caught.value.text == "Invoice ID Not Found"
    assert len(far.requests) == 1


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_page_of_a_firewall_is_told_from_whmcs(far: Far, api: Api, status: str) -> None:
    far.script = [reply(b"<html><h1>Blocked by the shop's firewall</h1></html>", status)]
    with pytest.raises(AccessError, match=r"in front of WHMCS.*Blocked by the shop's firewall"):
        api.call("GetInvoices")


def test_an_address_without_whmcs_is_told(far: Far, api: Api) -> None:
    far.script = [reply(b"<html>Not Found</html>", "404 Not Found")]
    with pytest.raises(UnreachableError, match="no WHMCS API at"):
        api.call("GetInvoices")


# No usable reply ---------------------------------------------------------------------------------

UNUSABLE = {
    "cut": b"",
    "half a header": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": OK[:-5],
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "html": reply(b"<html><title>Maintenance</title>Down for maintenance</html>"),
    "garbage": reply(b"\x00\xff\x13garbage"),
    "empty": reply(b""),
    "a list": reply([1, 2]),
    "no result": reply({"invoices": ""}),
    "php warning": reply(b"<b>Warning</b>: foo in bar.php\n" + b'{"result":"success"}'),
    "http 500": reply(b"<html>oh</html>", "500 Internal Server Error"),
    "http 502": reply(b"", "502 Bad Gateway"),
    "http 503": reply(b"", "503 Service Unavailable"),
    "http 408": reply(b"", "408 Request Timeout"),
    "bad gzip": reply(b"not gzip", "200 OK", "Content-Encoding: gzip"),
    "bad length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfoo\r\n",
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_no_reply_is_transient_and_never_no_data(far: Far, api: Api, name: str) -> None:
    """Tried three times in all, then told with a remedy."""
    far.script = [UNUSABLE[name]]
    with pytest.raises(TransientError) as caught:
        api.call("GetInvoices")
    assert caught.value.remedy
    assert len(far.requests) == 3


@pytest.mark.parametrize("name", UNUSABLE)
def test_one_bad_reply_is_made_good_by_the_next(far: Far, api: Api, name: str) -> None:
    far.script = [UNUSABLE[name], OK]
    assert api.call("GetInvoices")["value"] == 1


def test_an_answer_that_does_not_come_is_transient(far: Far) -> None:
    far.script = [OK]
    far.delay_s = 0.5
    api = an_api(far.url, timeout_s=0.05)
    with pytest.raises(TransientError, match=r"within 0\.05 seconds") as caught:
        api.call("GetInvoices")
    assert "timeout_s" in caught.value.remedy
    api.close()


def test_a_reply_that_is_too_long_is_not_taken_into_memory(
    far: Far, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whmcs_source.api.http._BODY_MAX", 1000)
    far.script = [reply(b" " * 100_000)]
    with pytest.raises(TransientError, match="too long") as caught:
        api.call("GetInvoices")
    assert "page_size" in caught.value.remedy


def test_a_reply_that_trickles_is_given_up(far: Far) -> None:
    """A time-out counts from byte to byte; the whole has an end too."""
    far.script = [b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"]
    far.trickle_s = 0.02
    api = an_api(far.url, timeout_s=0.05)
    began = time.monotonic()
    with pytest.raises(TransientError):
        api.call("GetInvoices")
    assert time.monotonic() - began < 4
    api.close()


@pytest.mark.waits
def test_a_short_wait_that_whmcs_asks_for_is_kept(far: Far, api: Api) -> None:
    far.script = [reply(b"", "429 Too Many Requests", "Retry-After: 1"), OK]
    began = time.monotonic()
    assert api.call("GetInvoices")
    assert time.monotonic() - began >= 1


def test_a_long_wait_is_left_to_the_caller(far: Far, api: Api) -> None:
    far.script = [reply(b"", "503 Service Unavailable", "Retry-After: 120")]
    with pytest.raises(TransientError) as caught:
        api.call("GetInvoices")
    assert caught.value.retry_after_s == 120
    assert len(far.requests) == 1


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    api = an_api(url)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1 is not reachable") as caught:
        api.call("GetInvoices")
    assert url in caught.value.remedy
    api.close()


def test_a_server_without_tls_is_unreachable(far: Far) -> None:
    far.script = [b"HTTP/1.1 400 Bad Request\r\n\r\n"]
    api = an_api(far.url.replace("http:", "https:"), timeout_s=0.2)
    with pytest.raises((UnreachableError, TransientError)):
        api.call("GetInvoices")
    api.close()


def test_a_closed_door_opens_again_on_use(far: Far, api: Api) -> None:
    far.script = [OK]
    api.call("GetCurrencies")
    api.close()
    assert api.call("GetCurrencies")["value"] == 1


def test_each_thread_has_a_session_of_its_own(far: Far, api: Api) -> None:
    far.script = [OK]
    sessions: list[requests.Session] = []

    def use() -> None:
        api.call("GetCurrencies")
        sessions.append(api._session())

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, sessions))) == 4


# Every class of the libraries --------------------------------------------------------------------


def _tree(root: type[BaseException]) -> Iterator[type[BaseException]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


_LIBRARIES = ("requests", "urllib3", "http", "builtins", "socket", "ssl")
FOREIGN = sorted(
    {
        kind
        for root in (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            UnicodeError,
        )
        for kind in _tree(root)
        if not issubclass(kind, Warning)
        and kind.__module__.split(".")[0]
        in ("requests", "urllib3", "http", "builtins", "socket", "ssl")
    },
    key=lambda kind: f"{kind.__module__}.{kind.__qualname__}",
)


def _made(kind: type[BaseException]) -> BaseException:
    if kind is urllib3.exceptions.InvalidChunkLength:
        return kind(urllib3.HTTPResponse(io.BytesIO()), b"zz")
    if kind is urllib3.exceptions.IncompleteRead:
        return kind(1, 2)
    for arguments in ((), ("x",), ("x", "y"), ("x", "doc", 0), (None, "x"), (None, None, "x")):
        try:
            return kind(*arguments)
        except TypeError:
            continue
    return kind.__new__(kind)


class Raising(BaseAdapter):
    """A transport of requests that fails: before a reply, or in the middle of its body."""

    def __init__(self, error: BaseException, *, in_body: bool) -> None:
        super().__init__()
        self.error = error
        self.in_body = in_body

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        if not self.in_body:
            raise self.error
        response = requests.Response()
        response.status_code = 200
        response.request = request
        response.raw = _RaisingBody(self.error)
        return response

    def close(self) -> None:
        """Nothing to close."""


class _RaisingBody(io.RawIOBase):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def read1(self, *_: Any, **__: Any) -> bytes:
        raise self.error


@pytest.mark.parametrize("in_body", [False, True], ids=["before the reply", "in the body"])
@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_every_foreign_error_leaves_as_ours(kind: type[BaseException], in_body: bool) -> None:
    """Class by class, over the trees of requests, urllib3, http.client and the operating system."""
    api = an_api("http://127.0.0.1:9")
    api._session().mount("http://", Raising(_made(kind), in_body=in_body))
    with pytest.raises(BridgeError) as caught:
        api._once("GetInvoices", {})
    assert isinstance(caught.value, TransientError | UnreachableError)
    assert caught.value.remedy
    api.close()


def test_the_walk_covers_the_libraries() -> None:
    assert len(FOREIGN) > 60


# Secrets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["html", "cut", "http 500", "refusal", "firewall"])
def test_no_secret_is_in_any_error_or_log(
    far: Far, api: Api, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Not even where WHMCS echoes it."""
    caplog.set_level(logging.DEBUG)
    echo = f"you sent {SECRET} and {KEY}".encode()
    far.script = [
        {
            "refusal": refused(echo.decode()),
            "firewall": reply(echo, "403 Forbidden"),
            "html": reply(echo),
        }.get(name)
        or UNUSABLE[name]
    ]
    with pytest.raises(BridgeError) as caught:
        api.call("GetInvoices")
    error = caught.value
    told = [
        *traceback.format_exception(error),
        repr(error),
        error.remedy,
        repr(api),
        repr(vars(api)),
        caplog.text,
        *(repr(vars(record)) for record in caplog.records),
    ]
    for text in told:
        assert SECRET not in text
        assert KEY not in text
