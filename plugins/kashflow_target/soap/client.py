"""The client of KashFlow. Everything that passes it is ours: values in, bridge's own errors out.

Each request is written as our WSDL says (`requests`), so that a wrong name or type stops here and
not in the books; the reply is read by `replies`, by name. Credentials are put in last, on the way
to the wire, and are known to nothing else.

What a failure means is said in `outcome`.
"""

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import stamina

from bridge.api import OutcomeUnknownError, Reason, RecordRejectedError, TransientError
from kashflow_target.soap.http import HttpResponse, HttpTransport, RequestBody
from kashflow_target.soap.list_reply import ListReply
from kashflow_target.soap.outcome import LOOK, CallOutcome, ResponsePolicy
from kashflow_target.soap.refusals import Refusals
from kashflow_target.soap.replies import Reply, Row, parse
from kashflow_target.soap.requests import RequestBuilder

if TYPE_CHECKING:
    import zeep
    from lxml.etree import _Element  # type: ignore[import-untyped]

WSDL = Path(__file__).parent.parent / "wsdl" / "kashflow.wsdl"

_TRIES = 3
_PATIENCE_S = 30.0
# Without a handler of its own, Python would print stamina's warnings to stderr by itself.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class Secret(Protocol):
    """A text that hides itself: pydantic's SecretStr."""

    def get_secret_value(self) -> str:
        """The text."""
        ...


def _nothing() -> None:
    """A read needs nobody's leave."""


class KashFlowClient:
    """Calls of one KashFlow account. Safe to use from several threads.

    Attributes:
        before_write: Called on the writing thread when the connection stands and before the first
            byte of a write leaves; what it raises is passed on and means that nothing was sent.

    Args:
        timeout_s: For the reply to one call.
        wait_s: Before the second try of a read; the third waits longer.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        username: str,
        password: Secret,
        timeout_s: int,
        refusals: Refusals,
        before_write: Callable[[], None] = _nothing,
        wait_s: float = 0.2,
    ) -> None:
        self._username = username
        self._password = password
        self._policy = ResponsePolicy(endpoint, refusals)
        self.before_write = before_write
        self.transport = HttpTransport(endpoint, timeout_s)
        self._guard = threading.Lock()
        self._requests: RequestBuilder | None = None
        self._retrying = stamina.RetryingCaller(
            attempts=_TRIES, timeout=_PATIENCE_S, wait_initial=wait_s, wait_max=10 * wait_s
        ).on(_may_pass)

    def close(self) -> None:
        """Let go of all connections."""
        self.transport.close()

    def requests(self) -> RequestBuilder:
        """Returns the builder of requests; the WSDL is read from the package once."""
        with self._guard:
            if self._requests is None:
                self._requests = RequestBuilder(_load())
            return self._requests

    def read(self, operation: str, **arguments: object) -> Reply:
        """Ask for something, up to 3 times within seconds.

        Raises:
            AccessError, UnreachableError: the run cannot go on.
            TransientError: no usable answer came; asking again is safe.
            RecordRejectedError: KashFlow answered with a refusal, its words in `text`.
        """
        return self._retrying(
            partial(self._call, operation, _nothing, record="", arguments=arguments)
        )

    def write(self, operation: str, *, record: str, **arguments: object) -> Reply:
        """Have something done.

        Args:
            operation: As in the WSDL.
            record: What is written, for messages.
            arguments: As in the WSDL, without credentials.

        Raises:
            AccessError, UnreachableError: the run cannot go on; nothing was done.
            TransientError: provably not sent.
            RecordRejectedError: refused; nothing was done.
            OutcomeUnknownError: sent, and no usable answer came.
        """
        return self._call(operation, self._leave, record=record, arguments=arguments)

    def insert(self, operation: str, *, record: str, **arguments: object) -> int:
        """Have something made, and learn its number. Raises as `write`.

        A number of 0 beside Status OK, or none, is no proof of either outcome.
        """
        reply = self.write(operation, record=record, **arguments)
        if reply.result.isdecimal() and int(reply.result) > 0:
            return int(reply.result)
        raise OutcomeUnknownError(
            f"KashFlow answered {operation} with OK but without a number", remedy=LOOK,
            record=record,
        )  # fmt: skip

    def look_after(self, operation: str, *, record: str, **arguments: object) -> Reply:
        """Read, to see what a write came to: if that fails, its outcome is unknown.

        Raises:
            OutcomeUnknownError: no usable answer came.
            AccessError, UnreachableError, RecordRejectedError: as `read`.
        """
        try:
            return self.read(operation, **arguments)
        except TransientError as error:
            raise OutcomeUnknownError(error.what, remedy=LOOK, record=record) from error

    def rows(self, operation: str, item: str, **arguments: object) -> Iterator[Row]:
        """Ask for a long list and read it as it arrives; up to 3 times for its first row.

        What was yielded counts only when the iterator ends without an error: Status stands behind
        the list. Raises as `read`, while iterating too.
        """
        first, others = self._retrying(partial(self._begun, operation, item, arguments))
        with closing(others):
            if first is not None:
                yield first
            yield from others

    def _begun(
        self, operation: str, item: str, arguments: Mapping[str, object]
    ) -> tuple[Row | None, Generator[Row]]:
        """A list and its first row: up to there it can be asked for again unseen."""
        others = self._rows_once(operation, item, arguments)
        return next(others, None), others

    def _rows_once(
        self, operation: str, item: str, arguments: Mapping[str, object]
    ) -> Generator[Row]:
        outcome = CallOutcome(self._policy, operation, record="", writing=False)
        reply = ListReply(operation, item, self.scrubbed)
        with outcome.translating(), self._post(operation, _nothing, "", arguments) as answer:
            outcome.check_http(answer)
            yield from reply.rows(answer.chunks)
        outcome.check(reply.fault or reply.tail())

    def _leave(self) -> None:
        self.before_write()

    def _call(
        self,
        operation: str,
        leaving: Callable[[], None],
        *,
        record: str,
        arguments: Mapping[str, object],
    ) -> Reply:
        outcome = CallOutcome(self._policy, operation, record, writing=leaving is not _nothing)
        with (
            outcome.translating(),
            self._post(operation, leaving, record, arguments) as answer,
        ):
            outcome.check_http(answer)
            reply = parse(self.transport.whole(answer), operation, self.scrubbed)
        return outcome.check(reply)

    @contextmanager
    def _post(
        self,
        operation: str,
        leaving: Callable[[], None],
        record: str,
        arguments: Mapping[str, object],
    ) -> Iterator[HttpResponse]:
        envelope = self._build(operation, record, arguments)
        body = RequestBody(self._signed(envelope), leaving)
        with self.transport.post(f"KashFlow/{operation}", body) as answer:
            yield answer

    def _build(self, operation: str, record: str, arguments: Mapping[str, object]) -> "_Element":
        """The request without credentials. Whatever goes wrong here, nothing was sent."""
        wrong = ""
        try:
            envelope = self.requests().build(operation, arguments)
        except Exception as error:  # noqa: BLE001 - zeep raises whatever a value's type raises
            wrong = f"{type(error).__name__}: {error}"
        else:
            return envelope
        raise RecordRejectedError(
            f"{operation} could not be put into KashFlow's form: {self.scrubbed(wrong)}",
            remedy="report this: a record should never differ from KashFlow's own description",
            record=record,
            reason=Reason.TEXT_REJECTED.value if "XML compatible" in wrong else "",
        )

    def _signed(self, envelope: "_Element") -> bytes:
        """The bytes to send, with the credentials first in the call as the WSDL has them."""
        from lxml import etree  # type: ignore[import-untyped]

        call = envelope[-1][0]
        for place, (name, text) in enumerate(
            (("UserName", self._username), ("Password", self._password.get_secret_value()))
        ):
            element = etree.Element(f"{{KashFlow}}{name}")
            element.text = text
            call.insert(place, element)
        data: bytes = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        return data

    def scrubbed(self, text: str) -> str:
        """`text` without the password, should the far side echo it."""
        secret = self._password.get_secret_value()
        return text.replace(secret, "********") if secret else text


def _load() -> "zeep.Client":
    import zeep

    return zeep.Client(description(), settings=_settings())  # type: ignore[no-untyped-call]


def _settings() -> "zeep.Settings":
    import zeep

    return zeep.Settings(forbid_dtd=True, forbid_external=True)


@cache
def description() -> "zeep.wsdl.Document":
    """Our WSDL, parsed; the same for every account, so that a process reads it once."""
    import zeep

    # zeep's transport logs whole envelopes at DEBUG, and its schema reader a line an element. It
    # never sends anything here; should it ever, it shall not show it.
    for name in ("zeep", "zeep.transports"):
        logging.getLogger(name).setLevel(logging.INFO)
    reader: Any = zeep.Transport()  # type: ignore[no-untyped-call]
    return zeep.wsdl.Document(str(WSDL), reader, settings=_settings())


def _may_pass(error: Exception) -> bool | float:
    """Whether a read is worth another try, or after how many seconds."""
    if not isinstance(error, TransientError):
        return False
    if error.retry_after_s is None:
        return True
    return error.retry_after_s if error.retry_after_s < _PATIENCE_S else False
