"""One SOAP request answered: read, let in, worked, replied to; or gone wrong on demand."""

import threading
from dataclasses import dataclass, field
from fractions import Fraction

from kashflow_target.sandbox.call import RefusalError, SoapCall
from kashflow_target.sandbox.envelope import (
    SOAP12,
    Message,
    SoapFaultError,
    answer,
    fault,
    opened,
    sealed,
)
from kashflow_target.sandbox.fault_modes import FaultMode, PlannedFault, struck
from kashflow_target.sandbox.interface import interface
from kashflow_target.sandbox.operations import OPERATIONS, writes
from kashflow_target.sandbox.reading import arguments_of
from kashflow_target.sandbox.state import BooksState, switches_of
from kashflow_target.sandbox.switches import Switches

# The first two are texts that clients of the live service have met.
WRONG_SIGN_IN = "Incorrect username or password"
ADDRESS_REFUSED = "The IP address of {address} is not in the access list"
REFUSED_ON_DEMAND = "This request could not be completed (ref 4471)"
_HTML = b"<html><head><title>Maintenance</title></head><body>We will be back soon.</body></html>"
_DETAIL_ON_OK = {"empty": "", "absent": None, "text": "This function will be changed in future."}


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """An HTTP POST.

    Attributes:
        action: SOAPAction header, or the action of the content type.
        address: Of the caller.
    """

    content: bytes
    action: str | None
    address: str


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """What goes back.

    Attributes:
        send: How much of the message is sent before the connection is closed; None is all of it,
            and the connection stays open.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "text/xml; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    send: Fraction | None = None


_CUT = ServiceReply(send=Fraction(0))


class SoapService:
    """KashFlow behind its door.

    Args:
        stopping: Set when the server stops: nothing waits any longer.
    """

    def __init__(self, state: BooksState, stopping: threading.Event) -> None:
        self._state = state
        self._stopping = stopping
        self._late: list[threading.Thread] = []

    def reply(self, request: ServiceRequest) -> ServiceReply:
        """Answer one request."""
        with self._state.read() as connection:
            strict = switches_of(connection).on("strict")
        try:
            message = opened(request.content, action=request.action, strict=strict)
        except SoapFaultError as error:
            return ServiceReply(fault(error), 500, _content_type(error.soap))
        with self._state.write() as connection:
            connection.execute("INSERT INTO call (name) VALUES (?)", (message.operation,))
            planned = struck(connection, message.operation)
        if planned is None:
            return self._done(message, request.address)
        return self._gone_wrong(planned, message, request.address)

    def finish(self) -> None:
        """Wait for work that was promised for later. `stopping` is set."""
        for thread in self._late:
            thread.join()

    def _done(self, message: Message, address: str) -> ServiceReply:
        try:
            inner = self._worked(message, address)
        except SoapFaultError as error:
            error.soap = message.soap
            return ServiceReply(fault(error), 500, _content_type(message.soap))
        return ServiceReply(sealed(inner, message.soap), content_type=_content_type(message.soap))

    def _worked(self, message: Message, address: str) -> str:
        """The response element, after the work is committed."""
        name = message.operation
        with self._state.read() as connection:
            switches = switches_of(connection)
        arguments = arguments_of(name, message.body, strict=switches.on("strict"))
        word, detail = "OK", _DETAIL_ON_OK[switches.text("status_detail_on_ok")]
        try:
            _let_in(switches, arguments, address)
            _check_objects(name, arguments)
            opened_books = self._state.write if writes(name) else self._state.read
            with opened_books() as connection:
                result = OPERATIONS[name](SoapCall(connection, switches_of(connection)), arguments)
        except RefusalError as refusal:
            word, detail, result = "NO", str(refusal), _blank_result(name)
        return answer(name, result, switches.text("status_word") or word, detail)

    def _gone_wrong(self, planned: PlannedFault, message: Message, address: str) -> ServiceReply:
        match planned.mode:
            case FaultMode.CUT_BEFORE:
                return _CUT
            case FaultMode.HTML:
                return ServiceReply(_HTML, 200, "text/html")
            case FaultMode.HTTP_500:
                return ServiceReply(_HTML, 500, "text/html")
            case FaultMode.HTTP_503:
                return ServiceReply(_HTML, 503, "text/html", {"Retry-After": "1"})
            case FaultMode.HTTP_429:
                return ServiceReply(_HTML, 429, "text/html", {"Retry-After": "1"})
            case FaultMode.REFUSE:
                name = message.operation
                inner = answer(name, _blank_result(name), "NO", REFUSED_ON_DEMAND)
                return ServiceReply(sealed(inner, message.soap), 200, _content_type(message.soap))
            case FaultMode.LATE_COMMIT:
                self._do_later(planned.seconds, message, address)
                return _CUT
            case FaultMode.SLOW:
                self._stopping.wait(planned.seconds)
        done = self._done(message, address)
        match planned.mode:
            case FaultMode.LOST_REPLY:
                return _CUT
            case FaultMode.HALF_REPLY:
                return ServiceReply(done.body, done.status, done.content_type, send=Fraction(1, 2))
            case FaultMode.GARBAGE:
                return ServiceReply(b"\x00\xff<<soap:>>not this &", 200)
            case FaultMode.HTTP_500_AFTER:
                return ServiceReply(_HTML, 500, "text/html")
            case _:
                return done

    def _do_later(self, seconds: float, message: Message, address: str) -> None:
        def work() -> None:
            self._stopping.wait(seconds)
            self._done(message, address)

        thread = threading.Thread(target=work, name="late commit", daemon=True)
        self._late.append(thread)
        thread.start()


def _content_type(soap: str) -> str:
    return f"{'application/soap+xml' if soap == SOAP12 else 'text/xml'}; charset=utf-8"


def _let_in(switches: Switches, arguments: dict[str, object], address: str) -> None:
    given = (arguments.get("UserName"), arguments.get("Password"))
    if given != (switches.text("username"), switches.text("password")):
        raise RefusalError(WRONG_SIGN_IN)
    allowed = switches.text("allowed_addresses")
    if allowed != "*" and address not in [part.strip() for part in allowed.split(",")]:
        raise RefusalError(ADDRESS_REFUSED.format(address=address))
    if not switches.on("api"):
        raise RefusalError(switches.text("api_off_text"))


def _check_objects(operation: str, arguments: dict[str, object]) -> None:
    # An object that never came is a null reference inside the service.
    for argument in interface().arguments[operation]:
        if argument.type in interface().types and argument.name not in arguments:
            raise SoapFaultError(
                f"Server was unable to process request. ---> {argument.name} was not sent.",
                party="Server",
            )


def _blank_result(operation: str) -> str | None:
    # An int or boolean result cannot be left out, so it comes as nought beside Status NO.
    result = interface().results[operation]
    return {"int": "0", "boolean": "false"}.get(result.type) if result else None
