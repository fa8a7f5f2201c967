"""A company whose invoices were booked, and a person who takes back what a run made."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge.api import EntryState, Report, invoice_ref
from bridge.engine.context import Connections, Operator, utc_now
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow, StepRow
from bridge.testing.builders import a_client, a_transaction, an_invoice
from bridge.testing.faults import Fault
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.compose import MemoryMapping
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget
from tests.engine.run_engine import POLICY, run_between

MAPPING = MemoryMapping(bank_feed={"banktransfer"})


@dataclass
class Company:
    """One client, a sync log in a file, and commands at a time of their own.

    Attributes:
        now: UTC; the time that every command goes by.
    """

    place: Path
    now: dt.datetime = field(default_factory=utc_now)
    billing: MemoryBilling = field(default_factory=lambda: MemoryBilling(a_client()))
    books: MemoryBooks = field(default_factory=MemoryBooks)

    def bill(self, number: int = 501, gateway: str = "stripe") -> None:
        """A paid invoice; the payment of one by bank transfer is left to a bank feed."""
        paid = a_transaction(number * 10, invoice=number, gateway=gateway)
        self.billing.put(an_invoice(number, gateway=gateway, transactions=[paid]))

    def fault(self, name: str, mode: str, nth: int = 1, times: int = 1) -> None:
        self.books.faults.append(Fault(name, mode, nth, times))

    def later(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def sync(self) -> Report:
        with self.log() as log, self.target() as target, MemorySource(self.billing) as source:
            return run_between(Connections(source, target), log, clock=lambda: self.now)

    @contextmanager
    def log(self) -> Iterator[SyncLog]:
        with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
            log.migrate()
            yield log

    @contextmanager
    def target(self) -> Iterator[MemoryTarget]:
        with MemoryTarget(self.books, mapping=MAPPING) as target:
            target.prepare()
            yield target

    @contextmanager
    def by_hand(self) -> Iterator[tuple[Operator, MemoryTarget]]:
        """A manual act, as the command line prepares it."""
        with self.log() as log, self.target() as target:
            run = log.start_run("undo", version="0", settings_digest="")
            yield Operator(log, run, None, "Rose", lambda: self.now), target

    def entry(self, number: int = 501) -> EntryRow:
        with self.log() as log:
            row = log.entry(invoice_ref(number))
        assert row
        return row

    def open_steps(self) -> list[StepRow]:
        with self.log() as log:
            return [step for step in log.steps() if step.state in {"intended", "unknown"}]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Nothing is booked yet."""
    return Company(tmp_path)


@pytest.fixture
def settle_delay_s() -> int:
    """Seconds for which a server may still be at work."""
    return POLICY.settle_delay_s


def is_held_by_undo(row: EntryRow) -> bool:
    return row.state is EntryState.HELD and "was undone" in row.what
