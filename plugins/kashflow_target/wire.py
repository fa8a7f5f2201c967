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
    import requests

_CHUNK = 64 * 1024
_LARGEST_REPLY = 32 * 1024 * 1024
_CONNECT_S = 10
_HEADERS = {
    "Content-Type": "text/xml; charset=utf-8",
    "Accept": "text/xml",
    "User-Agent": "bridge-accounts",
}


class Outgoing:
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
class Broken:
    """A call without a usable reply.

    Attributes:
        sent: Whether the request can have reached the service.
        why: In words, for a message.
        untrusted: Whether the far side's certificate was refused, or its address is none.
    """

    sent: bool
    why: str
    untrusted: bool = False


class BrokenError(Exception):
    """Carries a `Broken` through a reader; it never leaves the door."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.why)
        self.broken = broken


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP; the body is still on the wire.

    Attributes:
        retry_after_s: Seconds that the far side asked us to wait, or None.
    """

    status: int
    retry_after_s: float | None
    chunks: Iterator[bytes]


class Wire:
    """Sessions to one address, one for each thread.

    No proxy, certificate store or password file of the environment is used, no redirect followed,
    nothing repeated.
    """

    def __init__(self, endpoint: str, timeout_s: int) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._own = threading.local()
        self._guard = threading.Lock()
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._guard:
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.close()

    def session(self) -> "requests.Session":
        """This thread's session."""
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = _session()
            self._own.session = session
            with self._guard:
                self._sessions.append(session)
        return session

    @contextmanager
    def post(self, action: str, body: Outgoing) -> Iterator[Answer]:
        """Send `body` and yield the answer; its chunks may be read within the block only.

        Raises:
            BrokenError: no answer came, or its chunks broke off.
            UnreachableError: the address is none, or its certificate is not trusted.
            BaseException: whatever the body's `leaving` raised, unchanged.
        """
        response = self._response(action, body)
        try:
            yield Answer(
                response.status_code,
                _retry_after(response.headers.get("Retry-After", "")),
                self._chunks(response),
            )
        finally:
            response.close()

    def _response(self, action: str, body: Outgoing) -> "requests.Response":
        broken: Broken | None = None
        try:
            return self.session().post(
                self._endpoint,
                data=body,
                headers={**_HEADERS, "SOAPAction": f'"{action}"'},
                timeout=(min(_CONNECT_S, self._timeout_s), self._timeout_s),
                allow_redirects=False,
                stream=True,
            )
        except Exception as error:  # noqa: BLE001 - the libraries leak more than they document
            if body.stopped_by is None:
                broken = _broken(error, sent=body.left)
        finally:
            body.wipe()
        # Raised out here so that no frame of the libraries, which hold the password in their
        # variables, hangs on the error.
        if broken is None and body.stopped_by is not None:
            raise body.stopped_by
        raise BrokenError(broken or Broken(body.left, "no answer"))

    def _chunks(self, response: "requests.Response") -> Iterator[bytes]:
        broken: Broken | None = None
        try:
            yield from response.iter_content(_CHUNK)
        except GeneratorExit:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            broken = _broken(error, sent=True)
        if broken:
            raise BrokenError(broken)

    def whole(self, answer: Answer) -> bytes:
        """All bytes of a short answer, within twice the time-out.

        Raises:
            BrokenError: it broke off, dripped for too long, or is of no sane size.
        """
        deadline = time.monotonic() + self._timeout_s
        content = bytearray()
        for chunk in answer.chunks:
            content += chunk
            if len(content) > _LARGEST_REPLY:
                raise BrokenError(Broken(sent=True, why="the reply did not end"))
            if time.monotonic() > deadline:
                raise BrokenError(Broken(sent=True, why="the reply took too long"))
        return bytes(content)


def _session() -> "requests.Session":
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = False
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=4, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _broken(error: Exception, *, sent: bool) -> Broken:
    import ssl

    import requests

    untrusted = not sent and (
        any(isinstance(each, ssl.SSLCertVerificationError) for each in _causes(error))
        or isinstance(
            error,
            requests.exceptions.InvalidURL
            | requests.exceptions.MissingSchema
            | requests.exceptions.InvalidSchema,
        )
    )
    return Broken(sent, _words(error), untrusted)


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
    import requests

    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection within the time-out"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer within the time-out"
    innermost = list(_causes(error))
    for each in innermost:
        if isinstance(each, OSError) and each.strerror and each.errno is not None:
            return each.strerror[:1].lower() + each.strerror[1:]
    return f"the connection failed ({type(error).__name__})"


def _retry_after(text: str) -> float | None:
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
