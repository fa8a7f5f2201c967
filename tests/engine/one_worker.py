"""One worker of a run between a billing system and books in memory, with a log in a file."""

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from bridge.api import Invoice, SourceRef
from bridge.engine.context import CancelToken, Connections, NoProgress
from bridge.engine.decide.inputs import DecisionInputs
from bridge.engine.prepare.moved_lines import MovedLines
from bridge.engine.prepare.prepare import Preparer, WorkItem
from bridge.engine.run.run_context import RunContext, WorkerContext
from bridge.engine.run.scan import scan
from bridge.engine.write.client_writer import KnownClients
from bridge.engine.write.run_report import RunCounters
from bridge.model.run import Run
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow, StepRow
from bridge.testing.builders import a_client
from bridge.testing.conformance.simulation import NullObservers
from bridge.testing.faults import Fault
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget
from tests.engine.run_engine import POLICY

MORNING = dt.datetime(2026, 5, 4, 6, 0, tzinfo=dt.UTC)


@dataclass
class OneWorker:
    """What a worker writes with, while entered, at a time of its own."""

    place: Path
    now: dt.datetime = MORNING
    billing: MemoryBilling = field(default_factory=lambda: MemoryBilling(a_client()))
    books: MemoryBooks = field(default_factory=MemoryBooks)
    stop: CancelToken = field(default_factory=CancelToken)

    log: SyncLog = field(init=False)
    run: Run = field(init=False)
    target: MemoryTarget = field(init=False)
    ends: Connections = field(init=False)
    context: RunContext = field(init=False)
    worker: WorkerContext = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        opened = open_log("sqlite:///log.db", "kit", base=self.place)
        self.log = self._stack.enter_context(closing(opened))
        self.log.migrate()
        self.run = self.log.start_run("sync", version="0", settings_digest="")
        self.target = MemoryTarget(self.books)
        self._stack.enter_context(self.target)
        self.target.prepare()
        self.ends = Connections(self._stack.enter_context(MemorySource(self.billing)), self.target)
        self.ends.source.check()
        self.context = RunContext(
            ends=self.ends,
            log=self.log,
            run=self.run,
            lease=None,
            policy=POLICY,
            clock=lambda: self.now,
            counters=RunCounters(self.run, NullObservers()),
            known=KnownClients(self.log),
            stop=self.stop,
        )
        self.worker = self.context.worker()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def fault(self, name: str, mode: str, nth: int = 1, times: int = 1) -> None:
        self.books.faults.append(Fault(name, mode, nth, times))

    def later(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def prepare(self, *invoices: Invoice) -> list[WorkItem]:
        """Bill, scan and prepare these invoices, oldest id first."""
        for invoice in invoices:
            self.billing.put(invoice)
        scan(
            self.ends.source,
            self.log,
            run=self.run,
            policy=POLICY,
            today=self.now.date(),
            progress=NoProgress(),
            stop=self.stop,
            left_out=lambda header: pytest.fail(f"{header.ref} was left out"),
        )
        return self.preparer.prepare([self.entry(each.ref) for each in invoices])

    @property
    def preparer(self) -> Preparer:
        source = self.ends.source
        terms = DecisionInputs(POLICY, source.label, source.base_currency)
        return Preparer(self.ends, self.log, terms, NullObservers(), MovedLines(self.log))

    def write(self, *invoices: Invoice) -> None:
        """Write these, not read back yet."""
        for item in self.prepare(*invoices):
            assert self.worker.work(item).is_written
        self.worker.flush()

    def entry(self, ref: SourceRef) -> EntryRow:
        row = self.log.entry(ref)
        assert row
        return row

    def steps(self) -> Sequence[StepRow]:
        return list(self.log.steps())
