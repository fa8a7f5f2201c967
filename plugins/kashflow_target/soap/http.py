"""HTTP to KashFlow: where bytes leave and arrive, and what is known when something goes wrong.

The one question that matters of a failed write is whether it can have happened. The body of a
request is handed to the HTTP library as an iterator that notes when it is asked for its first
byte, after the connection stands: what fails before that was provably never sent, whatever the
library calls it; what fails after it may have been done.
"""

import email.utils
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.api import UnreachableError

if TYPE_CHECKING:
    import ssl

    import urllib3

_CHUNK = 64 * 1024
_LARGEST_REPLY = 32 * 1024 * 1024
_CONNECT_S = 10
_AT_ONCE = 4  # of one thread: a list that is being read, and calls beside it
_HEADERS = {
    "Content-Type": "text/xml; charset=utf-8",
    "Accept": "text/xml",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "bridge-accounts",
}


class RequestBody:
    """A request body that knows whether it has begun to leave.

    Its bytes hold the password, so they are in no repr, and `wipe` drops them.

    Attributes:
        left: Whether the connection has asked for the first byte.
        stopped_by: What `leaving` raised, in place of which the library might raise its own.
    """

    def __init__(self, data: bytes, leaving: Callable[[], None]) -> None:
        self._data = data
        self._leaving = leaving
        self.left = False
        self.stopped_by: BaseException | None = None

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        try:
            self._leaving()
        except BaseException as error:
            self.stopped_by = error
            raise
        self.left = True
        yield self._data

    def wipe(self) -> None:
        """Forget the bytes."""
        self._data = b""


@dataclass(frozen=True, slots=True)
class CallFailure:
    """A call without a usable reply.

    Attributes:
        sent: Whether the request can have reached the service.
        why: In words, for a message.
        untrusted: Whether the far side's certificate was refused, or its address is none.
    """

    sent: bool
    why: str
    untrusted: bool = False


class CallFailedError(Exception):
    """Carries a `CallFailure` through a reader; it never leaves the client."""

    def __init__(self, failure: CallFailure) -> None:
        super().__init__(failure.why)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back over HTTP; the body is still on the wire.

    Attributes:
        retry_after_s: Seconds that the far side asked us to wait, or None.
    """

    status: int
    retry_after_s: float | None
    chunks: Iterator[bytes]


class HttpTransport:
    """Connections to one address, each thread's its own.

    No proxy, certificate store or password file of the environment is used, no redirect followed,
    nothing repeated. Over urllib3, since requests above it would double the processor's time of a
    call for what is not used here.
    """

    def __init__(self, endpoint: str, timeout_s: int) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._own = threading.local()
        self._guard = threading.Lock()
        self._pools: list[urllib3.HTTPConnectionPool] = []
        self._trust: ssl.SSLContext | None = None

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._guard:
            pools, self._pools = self._pools, []
        for pool in pools:
            pool.close()

    def pool(self) -> "urllib3.HTTPConnectionPool":
        """This thread's connections: one, and more only while it reads a list beside a call.

        Raises:
            urllib3.exceptions.LocationValueError: the endpoint is no address.
        """
        pool: urllib3.HTTPConnectionPool | None = getattr(self._own, "pool", None)
        if pool is None:
            with self._guard:
                pool = self._open()
                self._pools.append(pool)
            self._own.pool = pool
        return pool

    def _open(self) -> "urllib3.HTTPConnectionPool":
        import urllib3
        from urllib3.exceptions import LocationValueError, URLSchemeUnknown

        url = urllib3.util.parse_url(self._endpoint)
        if not url.host:
            msg = "it names no host"
            raise LocationValueError(msg)
        wait = urllib3.Timeout(
            connect=min(_CONNECT_S, self._timeout_s), read=float(self._timeout_s)
        )
        if url.scheme == "http":
            return urllib3.HTTPConnectionPool(
                url.host, url.port, timeout=wait, maxsize=_AT_ONCE, retries=False
            )
        if url.scheme != "https":
            raise URLSchemeUnknown(url.scheme or "")
        self._trust = self._trust or _trust()
        return urllib3.HTTPSConnectionPool(
            url.host,
            url.port,
            timeout=wait,
            maxsize=_AT_ONCE,
            retries=False,
            ssl_context=self._trust,
        )

    @contextmanager
    def post(self, action: str, body: RequestBody) -> Iterator[HttpResponse]:
        """Send `body` and yield the answer; its chunks may be read within the block only.

        Raises:
            BrokenError: no answer came, or its chunks broke off.
            UnreachableError: the address is none, or its certificate is not trusted.
            BaseException: whatever the body's `leaving` raised, unchanged.
        """
        response = self._response(action, body)
        try:
            yield HttpResponse(
                response.status,
                _retry_after_s(response.headers.get("Retry-After", "")),
                self._chunks(response),
            )
        finally:
            response.close()  # drops the connection if something of the reply is still on it
            response.release_conn()

    def _response(self, action: str, body: RequestBody) -> "urllib3.BaseHTTPResponse":
        failure: CallFailure | None = None
        try:
            return self.pool().urlopen(
                "POST",
                self._path(),
                body=body,
                headers={**_HEADERS, "SOAPAction": f'"{action}"', "Content-Length": str(len(body))},
                redirect=False,
                preload_content=False,
            )
        except Exception as error:  # noqa: BLE001 - the libraries leak more than they document
            if body.stopped_by is None:
                failure = _failure(error, sent=body.left)
        finally:
            body.wipe()
        # Raised out here so that no frame of the libraries, which hold the password in their
        # variables, hangs on the error.
        if failure is None and body.stopped_by is not None:
            raise body.stopped_by
        raise CallFailedError(failure or CallFailure(body.left, "no answer"))

    def _path(self) -> str:
        """What stands behind the host in the address."""
        _, _, rest = self._endpoint.partition("://")
        return "/" + rest.partition("/")[2].partition("#")[0]

    def _chunks(self, response: "urllib3.BaseHTTPResponse") -> Iterator[bytes]:
        failure: CallFailure | None = None
        try:
            yield from response.stream(_CHUNK, decode_content=True)
        except GeneratorExit:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            failure = _failure(error, sent=True)
        if failure:
            raise CallFailedError(failure)

    def whole(self, answer: HttpResponse) -> bytes:
        """All bytes of a short answer, within twice the time-out.

        Raises:
            BrokenError: it broke off, dripped for too long, or is of no sane size.
        """
        deadline = time.monotonic() + self._timeout_s
        content = bytearray()
        for chunk in answer.chunks:
            content += chunk
            if len(content) > _LARGEST_REPLY:
                raise CallFailedError(CallFailure(sent=True, why="the reply did not end"))
            if time.monotonic() > deadline:
                raise CallFailedError(CallFailure(sent=True, why="the reply took too long"))
        return bytes(content)


def _trust() -> "ssl.SSLContext":
    """Certificates of the authorities that Mozilla trusts: the same on every machine."""
    import certifi
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context()
    context.load_verify_locations(certifi.where())
    return context


def _failure(error: Exception, *, sent: bool) -> CallFailure:
    import ssl

    from urllib3.exceptions import LocationValueError

    untrusted = not sent and (
        any(isinstance(each, ssl.SSLCertVerificationError) for each in _causes(error))
        or isinstance(error, LocationValueError)
    )
    return CallFailure(sent, _words(error), untrusted)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it came from, whichever way the libraries tell."""
    seen: set[int] = set()
    todo: list[Any] = [error]
    while todo:
        each = todo.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        todo += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]


def _words(error: Exception) -> str:
    """What happened, in words that hold nothing of the request."""
    from urllib3 import exceptions

    if isinstance(error, exceptions.ConnectTimeoutError):
        return "no connection within the time-out"
    if isinstance(error, exceptions.TimeoutError):
        return "no answer within the time-out"
    innermost = list(_causes(error))
    for each in innermost:
        if isinstance(each, OSError) and each.strerror and each.errno is not None:
            return each.strerror[:1].lower() + each.strerror[1:]
    return f"the connection failed ({type(error).__name__})"


def _retry_after_s(text: str) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if text.strip().isdecimal():
        return float(text)
    with suppress(ValueError, TypeError):
        when = email.utils.parsedate_to_datetime(text)
        return max(0.0, when.timestamp() - time.time())
    return None


def unreachable(endpoint: str, why: str) -> UnreachableError:
    """The error for an address that can never answer as it stands."""
    return UnreachableError(
        f"KashFlow could not be reached at {endpoint}: {why}",
        remedy="check target.endpoint, this machine's clock and its certificates",
    )
