"""The workers of a run: so many threads that write, and one that reads back what they wrote."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from bridge.engine.context import Clock, Ends
from bridge.engine.halt import Halt, HaltedError
from bridge.engine.policy import Policy
from bridge.engine.progress import Progress
from bridge.engine.run.read_back_line import ReadBackLine
from bridge.engine.run.refusals import RefusalsInARow
from bridge.engine.run.scheduler import Lanes, Task
from bridge.engine.write.book import Booker, Written
from bridge.engine.write.clients import ClientDesk, KnownClients
from bridge.engine.write.entry_states import Teller
from bridge.engine.write.run_report import RunCounters
from bridge.engine.write.steps import Steps
from bridge.engine.write.verify import Verifier
from bridge.engine.write.writer import Writer
from bridge.errors import FirstDocumentError, LockLostError, StoreError
from bridge.model.run import Run
from bridge.store.lease import Lease
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import AddEvent

NOTE = "credit note"


@dataclass(frozen=True, slots=True)
class Bench:
    """What one thread writes with; what it has learnt and not yet committed is its own."""

    writer: Writer
    teller: Teller
    steps: Steps
    booker: Booker
    verifier: Verifier


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all workers of a run share."""

    ends: Ends
    log: SyncLog
    run: Run
    lease: Lease | None
    policy: Policy
    clock: Clock
    counters: RunCounters
    known: KnownClients
    halt: Halt
    refusals: RefusalsInARow
    progress: Progress

    def bench(self) -> Bench:
        """What one more thread needs."""
        target, label = self.ends.target, self.ends.source.label
        writer = Writer(target, self.log, self.run, self.lease, self.clock)
        teller = Teller(writer, self.counters, self.policy, self.clock)
        steps = Steps(writer, teller, self.counters, self.halt)
        desk = ClientDesk(self.known, steps)
        booker = Booker(target, self.log, label, steps, desk)
        return Bench(writer, teller, steps, booker, Verifier(target, self.log, writer, teller))


class Crew:
    """Threads at work on what is handed to them, for the length of a `with` block."""

    def __init__(self, shop: Workshop, lanes: Lanes) -> None:
        self._shop = shop
        self._lanes = lanes
        self._line = ReadBackLine(shop.bench().verifier, shop.halt)
        self._workers = [
            self._thread(f"bridge worker {number}", self._work)
            for number in range(1, shop.policy.workers + 1)
        ]
        self._reader = self._thread("bridge read-back", self._line.work)

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        # Daemons, so that a second signal ends the process at once.
        return threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)

    def __enter__(self) -> Self:
        for thread in (*self._workers, self._reader):
            thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if exc:
            self._shop.halt.set(exc)
        self._lanes.close()
        self._line.close()
        if not isinstance(exc, KeyboardInterrupt):
            for thread in (*self._workers, self._reader):
                thread.join()

    def finish(self) -> None:
        """Wait until all that was handed over is written and read back.

        Raises:
            BaseException: what ended a thread, the first of them.
        """
        self._lanes.end()
        for thread in self._workers:
            thread.join()
        self._line.end()
        self._reader.join()
        if self._shop.halt.error:
            raise self._shop.halt.error

    # On the threads ---------------------------------------------------------------------------

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for us
            self._shop.halt.set(error)
            self._lanes.close()
            self._line.close()

    def _work(self) -> None:
        """Take task after task; whatever ends it, what was learnt is kept."""
        bench = self._shop.bench()
        own: list[Task] = []
        try:
            while task := self._next(bench, own):
                self._do(bench, task, own)
        except (LockLostError, StoreError):
            raise
        except HaltedError:
            self._lanes.close()
            bench.writer.flush()
        except Exception:
            bench.writer.flush()
            raise

    def _next(self, bench: Bench, own: list[Task]) -> Task | None:
        if self._shop.halt.ends_invoices:
            self._lanes.close()
        task = self._lanes.take(own)
        if task:
            return task
        bench.writer.flush()
        return self._lanes.wait()

    def _do(self, bench: Bench, task: Task, own: list[Task]) -> None:
        own.append(task)
        bench.steps.acted = False
        try:
            result = bench.booker.book(task.job, task.ready, task.around)
            refused = bench.steps.take_refusal()
            if isinstance(result, Written):
                self._written(bench, task, result)
            elif refused:
                bench.writer.flush()
                self._shop.refusals.add(task.job.row, refused, bench.teller)
        finally:
            self._lanes.worked(acted=bench.steps.acted)

        def let_go() -> None:
            own.remove(task)
            self._lanes.let_go(task)

        bench.writer.when_kept(let_go)
        self._shop.progress.advance()

    def _written(self, bench: Bench, task: Task, result: Written) -> None:
        """Have it read back: with others, or at once where it is the first of its kind.

        If the target computes otherwise than expected, one document shows it, not two hundred.
        """
        self._shop.refusals.clear()
        kinds = {task.job.row.gross.currency} if result.target else set[str]()
        if result.has_note:
            kinds.add(NOTE)
        row, composed = task.job.row, task.ready.composed
        for rule in composed.nothing:
            text = f"none for {rule.about}: {rule.value} ({rule.rule})"
            bench.writer.note(AddEvent("info", "nothing", text, row.invoice))
        remark = composed.remark
        if self._lanes.is_proven(kinds):
            bench.writer.when_kept(lambda: self._line.put(row, remark))
            return
        if bench.verifier.verify([row], {row.invoice: remark} if remark else {}):
            name = "credit note" if NOTE in kinds else f"invoice in {row.gross.currency}"
            raise FirstDocumentError(
                f"the first {name} came out differently in the target",
                record=f"invoice {row.number}",
                remedy=f"compare it with `bridge explain {row.invoice.id}`; nothing more was"
                " sent in this run",
            )
        self._lanes.proven(kinds)
