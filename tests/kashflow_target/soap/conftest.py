"""A far side of the tests' own making, and a client of it."""

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.refusals import Refusals
from pydantic import SecretStr

from bridge.api import BridgeError

PASSWORD = "canary-8f3a"


class Scripted(ThreadingHTTPServer):
    """A far side that answers whatever a test says, and remembers what it was sent.

    Attributes:
        answer: Status, headers and body of every reply from now on.
        sent: Bodies of the requests so far.
        actions: Their SOAPAction headers.
    """

    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")
        self.sent: list[bytes] = []
        self.actions: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that goes away in the middle is what some tests are about."""
        if not isinstance(sys.exception(), OSError):
            raise  # noqa: PLE0704 - called while the error is handled

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/service.asmx"

    def says(self, operation: str, inner: str, *, status: int = 200) -> None:
        """Answer with this XML inside the operation's response element."""
        envelope = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>'
            f'<{operation}Response xmlns="KashFlow">{inner}</{operation}Response>'
            "</soap:Body></soap:Envelope>"
        )
        self.answer = (status, {}, envelope.encode())

    def faults(self, text: str, *, status: int = 500) -> None:
        """Answer with a SOAP fault."""
        envelope = (
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
            f"<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{text}</faultstring>"
            "</soap:Fault></soap:Body></soap:Envelope>"
        )
        self.answer = (status, {}, envelope.encode())


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.sent.append(self.rfile.read(length))
        self.server.actions.append(self.headers["SOAPAction"])
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Say nothing."""


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A far side of the test's own making."""
    with Scripted() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def kashflow(scripted: Scripted) -> Iterator[KashFlowClient]:
    """A client of it that waits for nobody."""
    made = KashFlowClient(
        endpoint=scripted.endpoint,
        username="northwind",
        password=SecretStr(PASSWORD),
        timeout_s=2,
        refusals=Refusals(),
        wait_s=0.0,
    )
    yield made
    made.close()


@dataclass(frozen=True, slots=True)
class Calls:
    """One write, one read, one list."""

    kashflow: KashFlowClient

    def write(self) -> object:
        return self.kashflow.write("DeleteInvoice", record="invoice 7", InvoiceNumber=7)

    def read(self) -> object:
        return self.kashflow.read("GetInvoice", InvoiceNumber=7)

    def stream(self) -> object:
        return list(self.kashflow.rows("GetInvoicesForCustomer", "Invoice", CustID=7))

    def error(self, call: Callable[[], object]) -> BridgeError:
        """How a call fails: with an error of bridge, a remedy, and no password in its words."""
        with pytest.raises(BridgeError) as caught:
            call()
        assert caught.value.what
        assert caught.value.remedy
        assert PASSWORD not in str(caught.value) + caught.value.remedy
        return caught.value


@pytest.fixture
def calls(kashflow: KashFlowClient) -> Calls:
    return Calls(kashflow)


@pytest.fixture
def door_to() -> Iterator[Callable[[str], Calls]]:
    """Doors to other addresses."""
    opened: list[KashFlowClient] = []

    def to(endpoint: str) -> Calls:
        opened.append(
            KashFlowClient(
                endpoint=endpoint,
                username="northwind",
                password=SecretStr(PASSWORD),
                timeout_s=1,
                refusals=Refusals(),
                wait_s=0.0,
            )
        )
        return Calls(opened[-1])

    yield to
    for each in opened:
        each.close()
