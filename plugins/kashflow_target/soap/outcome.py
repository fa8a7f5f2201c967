"""What came of one call, and what that means.

It depends on what was asked:

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

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bridge.api import (
    AccessError,
    BridgeError,
    OutcomeUnknownError,
    RecordRejectedError,
    TransientError,
)
from kashflow_target.soap.http import CallFailedError, CallFailure, HttpResponse, unreachable
from kashflow_target.soap.refusals import Refusals
from kashflow_target.soap.replies import Reply, SoapFault, UnusableReply

LOOK = "nothing: bridge looks in KashFlow before it writes anything more for this record"

_UNREAD = (
    "unable to read request",
    "is not a valid allxsd value",
    "did not recognize the value of http header soapaction",
)


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """What is needed to say what an answer means."""

    endpoint: str
    refusals: Refusals


class CallOutcome:
    """What came of one call, and what that means for a read or for a write."""

    def __init__(
        self, policy: ResponsePolicy, operation: str, record: str, *, writing: bool
    ) -> None:
        self._policy = policy
        self._operation = operation
        self._record = record
        self._writing = writing
        self._http = 200

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Turn the wire's and the reader's signals into errors of bridge."""
        error: BridgeError
        try:
            yield
        except CallFailedError as signal:
            error = self._failure(signal.failure)
        except UnusableReply as signal:
            http = "" if self._http == 200 else f"HTTP {self._http} and "
            error = self._lost(f"answered with {http}something else: {signal.why}")
        else:
            return
        raise error

    def check_http(self, answer: HttpResponse) -> None:
        """Let 200 pass, and 500, which carries SOAP faults.

        Raises:
            BridgeError: for any other status.
        """
        self._http = answer.status
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
            raise unreachable(self._policy.endpoint, f"it {what}")
        raise self._lost(what, retry_after_s=answer.retry_after_s)

    def check(self, reply: Reply | SoapFault) -> Reply:
        """The reply, if it says OK.

        Raises:
            BridgeError: it says anything else.
        """
        if isinstance(reply, SoapFault):
            raise self._fault(reply)
        status = reply.status.upper()
        if status == "OK":
            return reply
        if status == "NO":
            raise self._policy.refusals.error(
                reply.detail, operation=self._operation, record=self._record
            )
        raise self._lost(
            f"answered with the status {reply.status!r}, which says neither yes nor no"
        )

    def _fault(self, fault: SoapFault) -> BridgeError:
        text = fault.text
        if any(words in text.casefold() for words in _UNREAD):
            return RecordRejectedError(
                f"KashFlow could not read {self._operation}: {text}",
                remedy="report this with the text: a request should never differ from KashFlow's"
                " own description",
                record=self._record,
                text=text,
            )
        return self._lost(f"broke off: {text or 'a fault without a text'}")

    def _failure(self, failure: CallFailure) -> BridgeError:
        if failure.untrusted:
            return unreachable(self._policy.endpoint, failure.why)
        if not failure.sent:
            return TransientError(
                f"{self._operation} was not sent to KashFlow: {failure.why}",
                remedy="nothing: bridge tries again",
                record=self._record,
            )
        return self._lost(f"gave no answer: {failure.why}")

    def _lost(self, what: str, *, retry_after_s: float | None = None) -> BridgeError:
        said = f"KashFlow {what} ({self._operation})"
        if self._writing:
            return OutcomeUnknownError(
                f"{said}; it may have been done", remedy=LOOK, record=self._record
            )
        return TransientError(
            said,
            remedy="nothing: bridge tries again",
            record=self._record,
            retry_after_s=retry_after_s,
        )
