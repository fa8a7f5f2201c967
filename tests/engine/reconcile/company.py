"""A company whose ends are both in memory, synced by the engine and read afresh."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bridge.api import (
    Days,
    Invoice,
)
from bridge.engine.context import (
    CancelToken,
    Connections,
    NoProgress,
    Policy,
    SyncRequest,
    UnpaidDocuments,
)
from bridge.engine.reconcile.read_books import BooksSnapshot, read
from bridge.engine.reconcile.result import Reconciliation, reconciled
from bridge.engine.run.sync import sync
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.testing.builders import a_client, a_line, an_invoice, gbp
from bridge.testing.conformance.simulation import NullObservers
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.compose import MemoryMapping
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget

START = dt.date(2026, 4, 1)
POLICY = Policy(START, UnpaidDocuments.PROFORMA)
NOW = dt.datetime(2026, 6, 1, 6, 0, tzinfo=dt.UTC)
END = NOW.date()
MAPPING = MemoryMapping(bank_feed=frozenset({"paypal"}))


class Company:
    """Two ends and a log."""

    def __init__(self, log: SyncLog) -> None:
        self.log = log
        self.billing = MemoryBilling()
        self.books = MemoryBooks()
        self.told: list[int] = []
        self.takes_balances = False

    def ends(self) -> Connections:
        return Connections(
            MemorySource(self.billing),
            MemoryTarget(self.books, mapping=MAPPING, takes_balances=self.takes_balances),
        )

    def bill(self, ref: int, net: str = "100.00", **values: object) -> Invoice:
        client = a_client(ref % 3 + 1)
        invoice = an_invoice(
            ref,
            client=ref % 3 + 1,
            lines=[a_line(gbp(net))],
            **values,  # type: ignore[arg-type]
        )
        self.billing.put(client, invoice)
        return invoice

    def sync(self) -> None:
        run = self.log.start_run("sync", version="test", settings_digest="abc")
        report = sync(
            self.ends(),
            self.log,
            run=run,
            lease=None,
            policy=POLICY,
            request=SyncRequest(0),
            observers=NullObservers(),
            progress=NoProgress(),
            stop=CancelToken(),
            clock=lambda: NOW,
        )
        assert report.error is None

    def reconcile(self, first: dt.date = START, last: dt.date = END) -> Reconciliation:
        return reconciled(self.read(first, last), version="test", settings="abc")

    def read(self, first: dt.date = START, last: dt.date = END) -> BooksSnapshot:
        return read(
            self.ends(),
            self.log,
            policy=POLICY,
            days=Days(first, last),
            progress=NoProgress(),
            tell_cost=self.told.append,
            clock=lambda: NOW,
        )


@contextmanager
def opened_company(base: Path) -> Iterator[Company]:
    """A company without invoices, whose log is in this folder."""
    with closing(open_log("sqlite:///log.db", "books", base=base)) as log:
        log.migrate()
        yield Company(log)
