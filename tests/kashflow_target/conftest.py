"""A KashFlow account as settings and reference data, and a target on a running sandbox."""

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from kashflow_target.books import Books, books
from kashflow_target.names import Known, Register
from kashflow_target.reference_data import Account, Currency, resolve
from kashflow_target.refusals import Refusals
from kashflow_target.sandbox.factory import KashFlowSandbox, sandbox
from kashflow_target.settings import KashFlowSettings
from kashflow_target.soap import Door
from kashflow_target.target import KashFlowTarget
from pydantic import SecretStr

SETTINGS: dict[str, Any] = {
    "username": "northwind",
    "password": "a-password",
    "gateways": {
        "stripe": {"method": "Credit Card", "account": "Card Clearing"},
        "paypal": {
            "method": "PayPal",
            "account": {"code": 1220},
            "currencies": {"EUR": "PayPal EUR"},
        },
        "banktransfer": "bank_feed",
    },
    "nominals": {
        "default": "Web Hosting",
        "types": {"Domain": "Domain Names", "LateFee": "Late Fees"},
        "groups": {"Servers": "Servers"},
        "products": {"Reseller Gold": {"code": 4020}},
        "discounts": "Web Hosting",
    },
    "fees": "on_gateway_invoice",
    "invoice_rate": "source",
}


def an_account(**changes: Any) -> Account:
    """The sandbox's account, as it would be read."""
    fields: dict[str, Any] = {
        "home": "GBP",
        "currencies": {
            "GBP": Currency(1, "GBP", Decimal(1)),
            "EUR": Currency(2, "EUR", Decimal("1.1700")),
            "USD": Currency(3, "USD", Decimal("1.2700")),
        },
        "methods": Register(
            "payment method",
            (Known(83101, "BACS"), Known(83103, "Credit Card"), Known(83104, "PayPal")),
        ),
        "accounts": Register(
            "bank account",
            (
                Known(310450, "Current Account", 1200),
                Known(310451, "Card Clearing", 1210),
                Known(310452, "PayPal", 1220),
                Known(310453, "PayPal EUR", 1221),
            ),
        ),
        "nominals": Register(
            "sales type or nominal",
            (
                Known(18685811, "Web Hosting", 4000),
                Known(18685812, "Domain Names", 4010),
                Known(18685813, "Resale", 4020),
                Known(18685814, "Servers", 4030),
                Known(18685816, "Late Fees", 4900),
            ),
        ),
        "vat_rates": frozenset({Decimal(20), Decimal(5), Decimal(0)}),
        "vat_registered": True,
    }
    return Account(**{**fields, **changes})


MakeBooks = Callable[..., Books]


@pytest.fixture(scope="session")
def make_books() -> MakeBooks:
    """Books by settings and what is different about the account."""

    def make(account: Account | None = None, **settings: Any) -> Books:
        chosen = KashFlowSettings.model_validate({**SETTINGS, **settings})
        here = account or an_account()
        mapped = resolve(chosen, here)
        return books(chosen, here, mapped.tills, mapped.nominals)

    return make


@pytest.fixture(scope="session")
def make_account() -> Callable[..., Account]:
    return an_account


@pytest.fixture
def settings() -> dict[str, Any]:
    return dict(SETTINGS)


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[KashFlowSandbox]:
    """A running sandbox whose books are in `tmp_path`."""
    with sandbox(tmp_path) as running:
        yield running


MakeTarget = Callable[..., KashFlowTarget]


@pytest.fixture
def make_target(standing: KashFlowSandbox) -> Iterator[MakeTarget]:
    """Opens targets on the sandbox; all are closed in the end."""
    opened: list[KashFlowTarget] = []

    def make(**changes: Any) -> KashFlowTarget:
        chosen = KashFlowSettings.model_validate({**SETTINGS, **standing.settings, **changes})
        opened.append(KashFlowTarget(chosen))
        return opened[-1]

    yield make
    for target in opened:
        target.close()


@pytest.fixture
def target(make_target: MakeTarget) -> KashFlowTarget:
    """A target that is checked and prepared."""
    made = make_target()
    made.check()
    made.prepare()
    return made


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
def door(scripted: Scripted) -> Iterator[Door]:
    """A door to it that waits for nobody."""
    made = Door(
        endpoint=scripted.endpoint,
        username="northwind",
        password=SecretStr(PASSWORD),
        timeout_s=2,
        refusals=Refusals(),
        wait_s=0.0,
    )
    yield made
    made.close()
