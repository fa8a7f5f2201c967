"""The HTTP client of WHMCS: nothing foreign comes through it, and no secret leaves by it.

All calls are reads, so whatever is unclear may be tried again.
"""

import http.client
import logging
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
import stamina
import urllib3

from bridge.api import AccessError, BridgeError, TransientError, UnreachableError
from whmcs_source.api.html_text import decoded, single_line
from whmcs_source.api.replies import parsed, retry_after_s
from whmcs_source.api.reply_errors import refusal
from whmcs_source.api.shapes import Json
from whmcs_source.settings import WhmcsSettings

logger = logging.getLogger(__name__)
# Without a handler of its own, Python would print stamina's warnings to stderr by itself.
logging.getLogger("stamina").addHandler(logging.NullHandler())

_TRIES = 3
_RETRY_S = 8.0  # no further try is begun this long after the first
_PATIENCE_S = 5.0  # a longer Retry-After is left to the caller
_BODY_MAX = 128 * 1024 * 1024
_CHUNK = 64 * 1024
_TAG = re.compile(r"<[^>]*>")
_FOREIGN = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
_NO_SUCH_NAME = (urllib3.exceptions.NameResolutionError, socket.gaierror)
_NEVER_CONNECTED = (
    requests.exceptions.SSLError,
    requests.exceptions.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.SSLError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.LocationValueError,
    ConnectionRefusedError,
)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Api:
    """Calls WHMCS, one session a thread. Safe for several threads.

    Args:
        settings: Where, and how to sign in.
        wait_s: Before the second try; the third waits longer.
    """

    def __init__(self, settings: WhmcsSettings, *, wait_s: float = 0.2) -> None:
        self._settings = settings
        self._host = urlsplit(settings.url).hostname or settings.url
        self._local = threading.local()
        self._lock = threading.Lock()
        self._sessions: list[requests.Session] = []
        self._retrying = stamina.RetryingCaller(
            attempts=_TRIES,
            timeout=_RETRY_S,
            wait_initial=wait_s,
            wait_max=10 * wait_s,
            wait_jitter=wait_s,
        ).on(_retry)

    def close(self) -> None:
        """Let go of connections."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.close()
        self._local = threading.local()

    def call(self, action: str, **parameters: str | int) -> Json:
        """Call one action and give back its reply, which says success.

        Tried up to 3 times within a few seconds.

        Raises:
            AccessError: sign-in, address or role; with where to change it.
            UnreachableError: there is no WHMCS at this address.
            TransientError: no usable reply.
            RecordRejectedError: WHMCS's own refusal, HTTP 200; `text` is its wording.
        """
        return self._retrying(partial(self._once, action, parameters))

    def _once(self, action: str, parameters: Mapping[str, str | int]) -> Json:
        began = time.monotonic()
        try:
            answer = self._post(action, parameters)
        except BridgeError:
            raise
        except _FOREIGN as error:
            raise self._from_foreign(action, error) from error
        took_ms = round(1000 * (time.monotonic() - began))
        logger.debug("WHMCS %s: HTTP %s in %s ms", action, answer.status, took_ms)
        return self._reply(action, answer)

    def _post(self, action: str, parameters: Mapping[str, str | int]) -> _Answer:
        timeout = self._settings.timeout_s
        with self._session().post(
            self._settings.endpoint,
            data={
                **{key: str(value) for key, value in parameters.items()},
                **self._settings.sign_in(),
                "action": action,
                "responsetype": "json",
            },
            timeout=(timeout, timeout),
            allow_redirects=False,  # a redirect would lose the body, or carry the secret elsewhere
            stream=True,
        ) as response:
            return _Answer(response.status_code, response.headers, self._body(action, response))

    def _body(self, action: str, response: requests.Response) -> bytes:
        """The whole body, bounded in size, and in time against a reply that trickles."""
        deadline = time.monotonic() + 10 * self._settings.timeout_s
        parts: list[bytes] = []
        size = 0
        # `iter_content` would wait for a chunk to be full, however slowly it fills.
        while part := response.raw.read1(_CHUNK, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > _BODY_MAX or time.monotonic() > deadline:
                raise TransientError(
                    f"WHMCS's reply to {action} was too long to take in ({size} bytes)",
                    remedy="set source.page_size to a smaller number",
                )
        return b"".join(parts)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.headers["User-Agent"] = "bridge-accounts"
            with self._lock:
                self._sessions.append(session)
            self._local.session = session
        return session

    def _from_foreign(self, action: str, error: Exception) -> BridgeError:
        causes = tuple(_causes(error))
        if any(isinstance(cause, _NO_SUCH_NAME) for cause in causes):
            return self._unreachable("its name could not be looked up", "check the name's spelling")
        if any(isinstance(cause, requests.exceptions.SSLError) for cause in causes):
            return self._unreachable(
                "its certificate was not accepted", "renew the certificate, or correct the name"
            )
        if any(isinstance(cause, _NEVER_CONNECTED) for cause in causes):
            return self._unreachable("no connection came about", "check that its web server is up")
        if any(isinstance(cause, TimeoutError | requests.Timeout) for cause in causes):
            return TransientError(
                f"WHMCS did not answer {action} within {self._settings.timeout_s:g} seconds",
                remedy="run bridge again; if it stays, raise source.timeout_s or lower"
                " source.page_size",
            )
        return TransientError(
            f"the connection to WHMCS broke during {action} ({type(error).__name__})",
            remedy="run bridge again; if it stays, look into the web server's log",
        )

    def _unreachable(self, what: str, advice: str) -> UnreachableError:
        return UnreachableError(
            f"WHMCS at {self._host} is not reachable: {what}",
            remedy=f"{advice}, and check source.url in bridge.yaml ({self._settings.url})",
        )

    def _reply(self, action: str, answer: _Answer) -> Json:
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            raise self._redirected(answer)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in _BUSY:
            raise _busy(action, answer)
        reply = parsed(decoded(answer.body))
        if reply is None:
            raise self._no_reply(action, answer)
        if reply.get("result") == "success" and answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return reply
        message = self._safe(str(reply.get("message") or "no reason was given"))
        raise refusal(action, answer.status, message)

    def _redirected(self, answer: _Answer) -> UnreachableError:
        place = self._safe(answer.headers.get("Location", "elsewhere").partition("?")[0])
        return UnreachableError(
            f"WHMCS at {self._settings.url} sent the call on to {place}",
            remedy="set source.url to the address that WHMCS itself uses",
        )

    def _no_reply(self, action: str, answer: _Answer) -> BridgeError:
        """For a body that is not WHMCS's: a page of the web server, of PHP, or of a firewall."""
        excerpt = self._safe(_TAG.sub(" ", decoded(answer.body[:2000]))) or "an empty page"
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return AccessError(
                f"something in front of WHMCS refused {action} with HTTP {answer.status}:"
                f" {excerpt}",
                remedy="let this machine through the web server's or firewall's rules",
            )
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return UnreachableError(
                f"there is no WHMCS API at {self._settings.endpoint} (HTTP {answer.status})",
                remedy="set source.url to the address of WHMCS, with its folder if it has one",
            )
        return TransientError(
            f"WHMCS answered {action} with a page that is no reply: {excerpt}",
            remedy="run bridge again; if it stays, end WHMCS's maintenance mode, or have PHP log"
            " its warnings instead of showing them",
        )

    def _safe(self, text: str) -> str:
        for secret in self._settings.secrets():
            text = text.replace(secret, "********")
        return single_line(text)[:200]


_BUSY = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
)


def _busy(action: str, answer: _Answer) -> TransientError:
    return TransientError(
        f"WHMCS answered {action} with HTTP {answer.status}",
        remedy="run bridge again later; if it stays, look into the web server's log",
        retry_after_s=retry_after_s(answer.headers.get("Retry-After")),
    )


def _retry(error: Exception) -> bool | float:
    """Whether to try again at once: what may pass by itself within seconds."""
    if isinstance(error, TransientError):
        if error.retry_after_s is None:
            return True
        return error.retry_after_s if error.retry_after_s <= _PATIENCE_S else False
    if isinstance(error, UnreachableError):
        return any(isinstance(cause, ConnectionRefusedError) for cause in _causes(error))
    return False


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all it wraps: requests keeps urllib3's in its arguments, not as a cause."""
    found: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        found.append(one)
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting.extend(item for item in inner if isinstance(item, BaseException))
    return found
