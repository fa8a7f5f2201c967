"""Both sandboxes and the whole of bridge in one process, on the shipped bridge.yaml."""

import datetime as dt
import json
import sqlite3
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from kashflow_target.sandbox.factory import sandbox as kashflow_sandbox
from whmcs_source.sandbox.factory import sandbox as whmcs_sandbox

from bridge.api import Entry, Report
from bridge.app import App, Watch
from bridge.engine.context import Adoption, CancelToken, NoProgress, SyncRequest
from tests import clock
from tests.kashflow_target.sandbox_books import SandboxBooks

ROOT = Path(__file__).resolve().parents[2]
NOON = dt.datetime(2026, 11, 5, 12)  # noqa: DTZ001  # where the tests run
LOOK_UPS = frozenset(
    {
        "GetInvoicesByDateRange",
        "GetCustomers",
        "GetInvoicesForCustomer",
        "GetBankTransactions",
    }
)
SET_UP = frozenset(
    {
        "GetCompanyDetails",
        "GetCurrencies",
        "GetInvPayMethods",
        "GetBankAccounts",
        "GetProducts",
        "GetNominalCodesExtended",
        "GetVATRates",
        "isUserVATRegistered",
        "GetBankTxTypes",
    }
)


class Rig:
    """A company's two systems and the bridge between them.

    Attributes:
        whmcs: WHMCS's sandbox; `whmcs.do(verb, ...)` is its admin.
        fates: What the last run made of each invoice, by id.
    """

    def __init__(self, place: Path, stack: ExitStack) -> None:
        self.place = place
        self.whmcs: Any = stack.enter_context(whmcs_sandbox(place / "far"))
        self.kashflow: Any = stack.enter_context(kashflow_sandbox(place / "far"))
        self.books = SandboxBooks(place / "far")
        self.fates: dict[str, Entry] = {}
        self.settings: dict[str, Any] = yaml.safe_load((ROOT / "bridge.yaml").read_text())
        self.settings["source"].update(self.whmcs.settings)
        self.settings["target"].update(self.kashflow.settings)
        self.settings["sync"]["settle_delay_s"] = 0

    def file(self) -> Path:
        path = self.place / "bridge.yaml"
        path.write_text(yaml.safe_dump(self.settings))
        path.chmod(0o600)
        return path

    def sync(self, *invoices: object, limit: int = 0, adopt: Adoption = Adoption.AUTO) -> Report:
        self.fates = {}

        def listen(entry: Entry) -> None:
            self.fates[entry.invoice.id] = entry

        request = SyncRequest(limit, tuple(str(one) for one in invoices), adopt)
        return App.open(self.file()).sync(request, Watch(NoProgress(), CancelToken(), listen))

    def again(self, invoice: object) -> Report:
        """What shows in no list is read again, as if the weekly deep scan were due."""
        log = sqlite3.connect(self.place / "bridge.db")
        log.execute("UPDATE bridge_entry SET state = 'pending' WHERE invoice = ?", [str(invoice)])
        log.commit()
        log.close()
        return self.sync(invoice)

    def calls(self) -> Counter[str]:
        """KashFlow calls so far, but for set-up data."""
        return Counter(name for name in self.books.calls() if name not in SET_UP)

    def writes(self) -> Counter[str]:
        """KashFlow calls so far, but for set-up data and look-ups."""
        return Counter({name: n for name, n in self.calls().items() if name not in LOOK_UPS})

    def whmcs_calls(self) -> int:
        return len(self._control(self.whmcs.settings["url"], "calls")["calls"])

    def fault(self, end: str, *faults: dict[str, Any]) -> None:
        """Arm faults at the wire of ``whmcs`` or ``kashflow``."""
        self._control(self._address(end), "faults", list(faults))

    def switch(self, end: str, **values: Any) -> None:
        self._control(self._address(end), "switches", values)

    def _address(self, end: str) -> str:
        if end == "whmcs":
            return str(self.whmcs.settings["url"])
        return str(self.kashflow.settings["endpoint"]).partition("/api")[0]

    def _control(self, address: str, what: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{address}/_sandbox/{what}",
            data=data,
            method="GET" if body is None else "PUT",
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def ours(self) -> dict[str, Any]:
        """KashFlow's documents that carry a key of ours, by key."""
        found: dict[str, Any] = {}
        for invoice in self.books.invoices():
            if "WHMCS-" in invoice.reference:
                token = invoice.reference.split(" ")[0]
                assert token not in found, f"{token} stands twice"
                found[token] = invoice
        return found

    def payments(self) -> dict[str, Any]:
        """KashFlow's payments that carry a key of ours, by key."""
        found: dict[str, Any] = {}
        for payment in self.books.payments():
            if "WHMCS-" in payment.note:
                token = payment.note.split(" ")[0]
                assert token not in found, f"{token} stands twice"
                found[token] = payment
        return found

    # A client and an invoice of their own ------------------------------------------------------

    def new_client(self, **fields: Any) -> int:
        values = {
            "firstname": "Nia",
            "lastname": "Newcome",
            "email": f"nia{len(self.whmcs.rows('SELECT id FROM tblclients'))}@newcome.example",
            "country": "GB",
            "currency": 1,
            **fields,
        }
        return int(self.whmcs.do("create_client", **values))

    def paid_invoice(self, client: int, *amounts: str, paid: str = "2026-10-30", **pay: Any) -> int:
        lines = [
            {"type": "Hosting", "description": "Starter Hosting", "amount": amount, "taxed": True}
            for amount in amounts or ("100.00",)
        ]
        invoice = int(self.whmcs.do("create_invoice", client=client, lines=lines, date=paid))
        arguments = {"gateway": "stripe", "transid": f"ch_{invoice}", "date": paid, **pay}
        self.whmcs.do("pay", invoice=invoice, **arguments)
        return invoice


@pytest.fixture
def at_noon(tmp_path: Path) -> Iterator[None]:
    """The clock stands at `NOON` when the test begins, so that no day ends in it.

    It does so here, in the sandboxes, and in every `bridge` that is run.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(clock.FILE, str(tmp_path / "clock"))
        patch.setenv("PYTHONPATH", clock.python_path())
        clock.set_to(NOON, tmp_path / "clock")
        yield
    clock.follow()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A fresh company that bridge has never seen."""
    with ExitStack() as stack:
        (tmp_path / "far").mkdir()
        yield Rig(tmp_path, stack)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A company whose whole history is booked; tests of a module share it and add to it."""
    place = tmp_path_factory.mktemp("settled")
    with ExitStack() as stack:
        (place / "far").mkdir()
        rig = Rig(place, stack)
        rig.sync()
        yield rig


@pytest.fixture
def companies(tmp_path: Path) -> Iterator[Callable[[Callable[[Rig], Any]], tuple[Rig, Any]]]:
    """Makes one fresh company after another, each with the story that is told of it."""
    stack = ExitStack()
    numbers = count(1)

    def make(story: Callable[[Rig], Any]) -> tuple[Rig, Any]:
        stack.close()
        place = tmp_path / str(next(numbers))
        (place / "far").mkdir(parents=True)
        rig = Rig(place, stack)
        rig.file()
        return rig, story(rig)

    with stack:
        yield make
