"""What the workers of a run share, and what each of them writes with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.engine.context import CancelToken, Clock, Connections, Policy
from bridge.engine.prepare.prepare import WorkItem
from bridge.engine.run.workers import Worked
from bridge.engine.write.book import InvoiceWriter, InvoiceWritten
from bridge.engine.write.client_writer import ClientWriter, KnownClients
from bridge.engine.write.entry_states import EntryRecorder
from bridge.engine.write.run_report import RunCounters
from bridge.engine.write.steps import Steps
from bridge.engine.write.verify import Verifier
from bridge.engine.write.writer import Writer
from bridge.errors import FirstDocumentError
from bridge.model.reasons import Hold
from bridge.model.refs import SourceRef
from bridge.model.run import Run
from bridge.store.lease import Lease
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import AddEvent, EntryRow

NOTE = "credit note"


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all workers of a run share."""

    ends: Connections
    log: SyncLog
    run: Run
    lease: Lease | None
    policy: Policy
    clock: Clock
    counters: RunCounters
    known: KnownClients
    stop: CancelToken

    def worker(self) -> "WorkerContext":
        """Return what one more thread needs."""
        target, label = self.ends.target, self.ends.source.label
        writer = Writer(target, self.log, self.run, self.lease, self.clock)
        recorder = EntryRecorder(writer, self.counters, self.policy, self.clock)
        steps = Steps(writer, recorder, self.counters, self.stop)
        invoices = InvoiceWriter(target, self.log, label, steps, ClientWriter(self.known, steps))
        verifier = Verifier(target, self.log, writer, recorder)
        return WorkerContext(writer, recorder, steps, invoices, verifier)


@dataclass(slots=True)
class WorkerContext:
    """What one thread writes with; what it has learnt and not yet committed is its own."""

    writer: Writer
    recorder: EntryRecorder
    steps: Steps
    invoices: InvoiceWriter
    verifier: Verifier
    acted: bool = field(default=False, init=False)

    def work(self, item: WorkItem) -> Worked:
        """Write what is missing of an invoice. Raises as `InvoiceWriter.book`."""
        self.steps.acted = False
        try:
            result = self.invoices.book(item)
        finally:
            self.acted = self.steps.acted
        refused = self.steps.take_refusal()
        if not isinstance(result, InvoiceWritten):
            return Worked(item.row, refused=refused)
        for rule in item.composed.nothing:
            text = f"none for {rule.about}: {rule.value} ({rule.rule})"
            self.writer.note(AddEvent("info", "nothing", text, item.row.invoice))
        kinds = {item.row.gross.currency} if result.target else set[str]()
        if result.has_note:
            kinds.add(NOTE)
        return Worked(item.row, frozenset(kinds), item.composed.remark, is_written=True)

    def flush(self) -> None:
        """Commit what was learnt."""
        self.writer.flush()

    def when_kept(self, call: Callable[[], None]) -> None:
        """Do this once all that was learnt by now is on disk."""
        self.writer.when_kept(call)

    def give_back(self, row: EntryRow) -> None:
        """Take back a failure of this run."""
        self.recorder.give_back(row)

    def verify(self, rows: Sequence[EntryRow], remarks: Mapping[SourceRef, Hold]) -> int:
        """Read these entries back; return how many were found wrong."""
        return self.verifier.verify(rows, remarks)

    def verify_first(self, first: Worked) -> None:
        """Read back the first of its kind at once.

        If the target computes otherwise than expected, one document shows it, not two hundred.

        Raises:
            FirstDocumentError: it came out differently.
        """
        row, remark = first.row, first.remark
        if self.verify([row], {row.invoice: remark} if remark else {}):
            name = "credit note" if NOTE in first.kinds else f"invoice in {row.gross.currency}"
            raise FirstDocumentError(
                f"the first {name} came out differently in the target",
                record=f"invoice {row.number}",
                remedy=f"compare it with `bridge explain {row.invoice.id}`; nothing more was"
                " sent in this run",
            )
