"""The one door to KashFlow. Everything that passes it is ours: values in, bridge's own errors out.

zeep builds each request from our WSDL, so that a wrong name or type stops here and not in the
books; the reply is read by `replies`, by name. Credentials are put in last, on the way to the
wire, and are known to nothing else.

What a failure means depends on what was asked:

- Nothing had left: `TransientError`, for a write too.
- A read failed: `TransientError`.
- A write had left, and no usable answer came: `OutcomeUnknownError`. That includes each HTTP error
  status. 429 and 503 say "not now", but a gateway in front of the service writes them as well when
  the service's own answer was lost, and nothing in them proves which it was. A look-up costs one
  call; a second invoice costs a correction in the books.
- A SOAP fault that says the request could not be read: `RecordRejectedError`, since ASP.NET writes
  it before it calls the operation (spree-kashflow's change log 0.1.2: nothing was created).
- Status NO: refused, nothing was done (`refusals`).
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bridge.api import (
    AccessError,
    BridgeError,
    OutcomeUnknownError,
    Reason,
    RecordRejectedError,
    TransientError,
)
from kashflow_target.refusals import Refusals
from kashflow_target.replies import Fault, ListReply, Reply, Row, UnusableReply, parse
from kashflow_target.wire import Answer, Broken, BrokenError, Outgoing, Wire, unreachable

if TYPE_CHECKING:
    import zeep
    from lxml.etree import _Element  # type: ignore[import-untyped]

WSDL = Path(__file__).parent / "wsdl" / "kashflow.wsdl"

_UNREAD = (
    "unable to read request",
    "is not a valid allxsd value",
    "did not recognize the value of http header soapaction",
)
_LOOK = "nothing: bridge looks in KashFlow before it writes anything more for this record"


class Secret(Protocol):
    """A text that hides itself: pydantic's SecretStr."""

    def get_secret_value(self) -> str:
        """The text."""
        ...


def _nothing() -> None:
    """A read needs nobody's leave."""


class Door:
    """Calls of one KashFlow account. Safe to use from several threads.

    Attributes:
        before_write: Called on the writing thread when the connection stands and before the first
            byte of a write leaves; what it raises is passed on and means that nothing was sent.
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
    ) -> None:
        self._endpoint = endpoint
        self._username = username
        self._password = password
        self._refusals = refusals
        self.before_write = before_write
        self.wire = Wire(endpoint, timeout_s)
        self._guard = threading.Lock()
        self._client: zeep.Client | None = None

    def close(self) -> None:
        """Let go of all connections."""
        self.wire.close()

    def interface(self) -> "zeep.Client":
        """The service as our WSDL describes it; read from the package once."""
        with self._guard:
            if self._client is None:
                self._client = _load()
            return self._client

    def read(self, operation: str, **arguments: object) -> Reply:
        """Ask for something.

        Raises:
            AccessError, UnreachableError: the run cannot go on.
            TransientError: no usable answer came; asking again is safe.
            RecordRejectedError: KashFlow answered with a refusal, its words in `text`.
        """
        return self._call(operation, _nothing, record="", arguments=arguments)

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
            f"KashFlow answered {operation} with OK but without a number", remedy=_LOOK,
            record=record,
        )  # fmt: skip

    def rows(self, operation: str, item: str, **arguments: object) -> Iterator[Row]:
        """Ask for a long list and read it as it arrives.

        What was yielded counts only when the iterator ends without an error: Status stands behind
        the list. Raises as `read`, while iterating too.
        """
        verdict = _Verdict(self, operation, record="", writing=False)
        reply = ListReply(operation, item)
        with verdict.judged(), self._post(operation, _nothing, "", arguments) as answer:
            verdict.check_http(answer)
            yield from reply.rows(answer.chunks)
        verdict.check(reply.fault or Reply(reply.status, reply.detail, "", _NO_ROW, ()))

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
        verdict = _Verdict(self, operation, record, writing=leaving is not _nothing)
        with verdict.judged(), self._post(operation, leaving, record, arguments) as answer:
            verdict.check_http(answer)
            reply = parse(self.wire.whole(answer), operation)
        return verdict.check(reply)

    @contextmanager
    def _post(
        self,
        operation: str,
        leaving: Callable[[], None],
        record: str,
        arguments: Mapping[str, object],
    ) -> Iterator[Answer]:
        envelope = self._build(operation, record, arguments)
        body = Outgoing(self._signed(envelope), leaving)
        with self.wire.post(f"KashFlow/{operation}", body) as answer:
            yield answer

    def _build(self, operation: str, record: str, arguments: Mapping[str, object]) -> "_Element":
        """The request without credentials. Whatever goes wrong here, nothing was sent."""
        wrong = ""
        try:
            client = self.interface()
            build: Any = client.create_message
            envelope: _Element = build(client.service, operation, **arguments)
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

    def refusal(self, text: str, *, operation: str, record: str) -> BridgeError:
        """The error for Status NO with this text."""
        return self._refusals.error(self.scrubbed(text), operation=operation, record=record)

    @property
    def endpoint(self) -> str:
        """Where the service is."""
        return self._endpoint


_NO_ROW = Row("", {}, {})


class _Verdict:
    """What came of one call, and what that means for a read or for a write."""

    def __init__(self, door: Door, operation: str, record: str, *, writing: bool) -> None:
        self._door = door
        self._operation = operation
        self._record = record
        self._writing = writing

    @contextmanager
    def judged(self) -> Iterator[None]:
        """Turn the wire's and the reader's signals into errors of bridge."""
        error: BridgeError
        try:
            yield
        except BrokenError as signal:
            error = self._broken(signal.broken)
        except UnusableReply as signal:
            error = self._lost(f"answered with something else: {signal.why}")
        else:
            return
        raise error

    def check_http(self, answer: Answer) -> None:
        """Let 200 pass, and 500, which carries SOAP faults.

        Raises:
            BridgeError: for any other status.
        """
        if answer.status in {200, 500}:
            return
        what = f"answered with HTTP {answer.status}"
        if self._writing:
            raise self._lost(what)
        if answer.status in {401, 403}:
            raise AccessError(
                f"the web server before KashFlow {what} to {self._operation}",
                remedy="check target.endpoint, and that nothing between here and KashFlow blocks"
                " this machine's address",
            )
        if answer.status == 404 or 300 <= answer.status < 400:
            raise unreachable(self._door.endpoint, f"it {what}")
        raise self._lost(what, retry_after_s=answer.retry_after_s)

    def check(self, reply: Reply | Fault) -> Reply:
        """The reply, if it says OK.

        Raises:
            BridgeError: it says anything else.
        """
        if isinstance(reply, Fault):
            raise self._fault(reply)
        status = reply.status.upper()
        if status == "OK":
            return reply
        if status == "NO":
            raise self._door.refusal(reply.detail, operation=self._operation, record=self._record)
        raise self._lost(
            f"answered with the status {reply.status!r}, which says neither yes nor no"
        )

    def _fault(self, fault: Fault) -> BridgeError:
        text = self._door.scrubbed(fault.text)
        if any(words in text.casefold() for words in _UNREAD):
            return RecordRejectedError(
                f"KashFlow could not read {self._operation}: {text}",
                remedy="report this with the text: a request should never differ from KashFlow's"
                " own description",
                record=self._record,
                text=text,
            )
        return self._lost(f"broke off: {text or 'a fault without a text'}")

    def _broken(self, broken: Broken) -> BridgeError:
        if broken.untrusted:
            return unreachable(self._door.endpoint, broken.why)
        if not broken.sent:
            return TransientError(
                f"{self._operation} was not sent to KashFlow: {broken.why}",
                remedy="nothing: bridge tries again",
                record=self._record,
            )
        return self._lost(f"gave no answer: {broken.why}")

    def _lost(self, what: str, *, retry_after_s: float | None = None) -> BridgeError:
        said = self._door.scrubbed(f"KashFlow {what} ({self._operation})")
        if self._writing:
            return OutcomeUnknownError(
                f"{said}; it may have been done", remedy=_LOOK, record=self._record
            )
        return TransientError(
            said,
            remedy="nothing: bridge tries again",
            record=self._record,
            retry_after_s=retry_after_s,
        )


def _load() -> "zeep.Client":
    import logging

    import zeep

    # zeep logs whole envelopes at DEBUG. It never sends one here, and never shall it show one.
    for name in ("zeep.transports", "zeep.wsdl"):
        logging.getLogger(name).setLevel(logging.INFO)
    settings = zeep.Settings(forbid_dtd=True, forbid_external=True)
    return zeep.Client(str(WSDL), settings=settings)  # type: ignore[no-untyped-call]


def type_of(client: "zeep.Client", name: str) -> Any:
    """One of KashFlow's types."""
    return client.get_type(f"{{KashFlow}}{name}")  # type: ignore[no-untyped-call]
