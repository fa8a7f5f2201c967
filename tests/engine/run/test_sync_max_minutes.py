"""A run whose time is up begins no further invoice and leaves none half done."""

import datetime as dt
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from bridge.api import EntryState, InvoiceState, Report, TargetRef
from bridge.engine import context as ends
from bridge.engine.context import NoProgress, Policy, UnpaidDocuments
from bridge.engine.run import sync
from bridge.store import open_log
from bridge.testing.builders import DAY, a_client, a_line, a_transaction, an_invoice
from bridge.testing.conformance.simulation import NullObservers
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget

POLICY = Policy(start_date=dt.date(2026, 4, 1), unpaid_documents=UnpaidDocuments.PROFORMA)
MORNING = dt.datetime(2026, 5, 4, 6, 0, tzinfo=dt.UTC)
INVOICES = 6


@dataclass
class Watch:
    """The time as `time.monotonic` has it, which passes only while the target works."""

    seconds: float = 1000.0


@dataclass
class Company:
    """Clients with a paid invoice each, and books whose every document takes half a minute."""

    place: Path
    watch: Watch
    billing: MemoryBilling = field(default_factory=MemoryBilling)
    books: MemoryBooks = field(default_factory=MemoryBooks)

    def bill(self) -> None:
        for number in range(1, INVOICES + 1):
            self.billing.put(a_client(number))
            self.billing.put(
                an_invoice(
                    500 + number,
                    client=number,
                    lines=(a_line(),),
                    state=InvoiceState.PAID,
                    paid_on=DAY,
                    transactions=(
                        a_transaction(900 + number, client=number, invoice=500 + number),
                    ),
                )
            )

    def run(self, *, minutes: int, workers: int = 1) -> Report:
        with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
            log.migrate()
            with SlowTarget(self) as target, MemorySource(self.billing) as source:
                return sync.sync(
                    ends.Connections(source, target),
                    log,
                    run=log.start_run("sync", version="0", settings_digest=""),
                    lease=None,
                    policy=replace(POLICY, workers=workers),
                    request=ends.SyncRequest(0, minutes=minutes),
                    observers=NullObservers(),
                    progress=NoProgress(),
                    stop=ends.CancelToken(),
                    clock=lambda: MORNING,
                )

    def states(self) -> list[EntryState]:
        with closing(open_log("sqlite:///log.db", "kit", base=self.place)) as log:
            return [row.state for row in log.entries()]


class SlowTarget(MemoryTarget):
    """Half a minute passes while it makes a document."""

    def __init__(self, company: Company) -> None:
        super().__init__(company.books)
        self._watch = company.watch

    def create_invoice(self, *arguments: Any, **others: Any) -> TargetRef:
        self._watch.seconds += 30
        return super().create_invoice(*arguments, **others)


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    watch = Watch()
    for module in (ends, sync):
        monkeypatch.setattr(module, "monotonic", lambda: watch.seconds)
    made = Company(tmp_path, watch)
    made.bill()
    return made


def test_what_was_begun_is_paid_and_read_back_and_the_rest_waits(company: Company) -> None:
    report = company.run(minutes=1)
    assert report.exit_code == 0
    assert report.backlog == INVOICES - 2
    assert sorted(company.states()) == sorted(
        [EntryState.DONE] * 2 + [EntryState.PENDING] * (INVOICES - 2)
    )
    assert len(company.books.documents) == len(company.books.payments) == 2


@pytest.mark.parametrize("workers", [1, 4])
def test_runs_that_stop_at_their_time_come_to_the_end_with_each_record_once(
    company: Company, workers: int
) -> None:
    for _ in range(INVOICES):
        report = company.run(minutes=1, workers=workers)
        assert report.exit_code == 0
        assert EntryState.UNVERIFIED not in company.states()
        if not report.backlog:
            break
    assert company.states() == [EntryState.DONE] * INVOICES
    assert len(company.books.documents) == len(company.books.payments) == INVOICES


def test_without_a_time_a_run_takes_as_long_as_it_takes(company: Company) -> None:
    report = company.run(minutes=0)
    assert (report.exit_code, report.backlog) == (0, 0)
