"""One run: settle, scan, look up, decide, write, read back, report."""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from time import monotonic

from bridge.engine.context import (
    CancelToken,
    Clock,
    Connections,
    Observers,
    Policy,
    Progress,
    SyncRequest,
    utc_now,
)
from bridge.engine.decide.inputs import DecisionInputs
from bridge.engine.find_entries import named_entries
from bridge.engine.prepare.moved_lines import MovedLines
from bridge.engine.prepare.prepare import Preparer, WorkItem
from bridge.engine.run.batch import BatchDispatcher
from bridge.engine.run.prefetch import Prefetcher
from bridge.engine.run.run_context import NOTE, RunContext
from bridge.engine.run.scan import scan
from bridge.engine.run.scheduler import ConflictQueue
from bridge.engine.run.workers import CircuitBreaker, WorkerPool
from bridge.engine.write.client_writer import KnownClients
from bridge.engine.write.lookup import Lookup
from bridge.engine.write.run_report import RunCounters, summary
from bridge.engine.write.settle import Settler, clients_of
from bridge.engine.write.writer import OPEN
from bridge.errors import BridgeError, LockLostError, StoreError
from bridge.model.refs import Kind
from bridge.model.run import EntryState, Report, Run
from bridge.store.lease import Lease
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow

_PIECE = 100
_VERIFY = 200
_log = logging.getLogger("bridge.run")


def sync(
    ends: Connections,
    log: SyncLog,
    *,
    run: Run,
    lease: Lease | None,
    policy: Policy,
    request: SyncRequest,
    observers: Observers,
    progress: Progress,
    stop: CancelToken,
    clock: Clock = utc_now,
) -> Report:
    """Bring the target up to date with the source, as far as `request` and `policy` allow.

    Whatever ends the run early is in the report, with the exit code; what was written is in the
    log. The run is closed in the log when this returns.
    """
    started = monotonic()
    if request.minutes:
        stop.deadline = started + 60 * request.minutes
    session = _Session(
        ends=ends,
        log=log,
        run=run,
        lease=lease,
        policy=policy,
        request=request,
        observers=observers,
        progress=progress,
        stop=stop,
        clock=clock,
    )
    error = session.work()
    report = session.counters.report(
        backlog=_backlog(log, clock),
        seconds=round(monotonic() - started),
        error=error,
        stop=stop,
    )
    observers.run_finished(run, report)
    _close(log, run, report)
    return report


def _close(log: SyncLog, run: Run, report: Report) -> None:
    try:
        log.finish_run(run, exit_code=report.exit_code, summary=summary(report))
    except StoreError as error:
        _log.error("%s. To do: %s", error, error.remedy)


def _backlog(log: SyncLog, clock: Clock) -> int:
    try:
        return log.backlog(now=clock())
    except StoreError:
        return 0


class _Session:
    """The parts of one run and the order in which they work."""

    def __init__(
        self,
        *,
        ends: Connections,
        log: SyncLog,
        run: Run,
        lease: Lease | None,
        policy: Policy,
        request: SyncRequest,
        observers: Observers,
        progress: Progress,
        stop: CancelToken,
        clock: Clock,
    ) -> None:
        self.ends = ends
        self.log = log
        self.run = run
        self.lease = lease
        self.policy = policy
        self.request = request
        self.observers = observers
        self.progress = progress
        self.stop = stop
        self.clock = clock
        self.today = clock().astimezone().date()
        self.counters = RunCounters(run, observers)
        self.known = KnownClients(log)
        self.breaker = CircuitBreaker()
        self.context = RunContext(
            ends=ends,
            log=log,
            run=run,
            lease=lease,
            policy=policy,
            clock=clock,
            counters=self.counters,
            known=self.known,
            stop=stop,
        )
        self.own = self.context.worker()
        self.settler = Settler(log, self.own.writer, self.own.recorder, policy.settle_delay_s)
        self.dispatcher = BatchDispatcher(
            log=log,
            policy=policy,
            request=request,
            recorder=self.own.recorder,
            known=self.known,
            lookup=Lookup(ends.target, log, ends.source.label, self.today),
            progress=progress,
            stop=stop,
        )
        self.acted = 0

    def work(self) -> BridgeError | None:
        """Do it all; answers what ended it early, or None."""
        self.observers.run_started(self.run)
        try:
            self._stages()
        except BridgeError as error:
            self._keep_what_was_learnt(error)
            return error
        return None

    def _keep_what_was_learnt(self, error: BridgeError) -> None:
        if isinstance(error, LockLostError | StoreError):
            return
        try:
            self.own.writer.flush()
        except (LockLostError, StoreError) as second:
            _log.error("%s. To do: %s", second, second.remedy)

    def _stages(self) -> None:
        self.ends.source.check()
        self.ends.target.check()
        self.ends.target.prepare()
        if self.lease:
            self.ends.target.before_write = self.lease.check
        self._settle()
        self._verify_leftovers()
        self._scan()
        if self.stop.is_due:
            return
        preparer = Preparer(
            self.ends, self.log, self._terms(), self.observers, MovedLines(self.log)
        )
        self._book(preparer)
        if self._settle_own():
            self._book(preparer)

    def _book(self, preparer: Preparer) -> None:
        """Read ahead on some threads, look up on this one, write on those of a pool."""
        limit = self.request.limit
        if limit and self.acted >= limit:
            return
        queue: ConflictQueue[WorkItem] = ConflictQueue(
            room=_PIECE, limit=limit - self.acted if limit else 0, proven=self._proven()
        )
        pool = WorkerPool(
            self.context.worker,
            queue,
            self.breaker,
            workers=self.policy.workers,
            stop=self.stop,
            progress=self.progress,
        )
        self.progress.stage("book", self._expected())
        try:
            with Prefetcher(self._claims(), preparer, self.policy.workers) as prefetcher, pool:
                for items in prefetcher.batches():
                    if not self.dispatcher.work(items, queue):
                        break
                pool.finish()
        finally:
            self.acted += queue.acted

    def _claims(self) -> Iterator[Sequence[EntryRow]]:
        """The work list, oldest first, a piece at a time; or what is named on the command line."""
        if self.request.invoices:
            yield named_entries(self.log, self.request.invoices)
            return
        last: EntryRow | None = None
        while not self.stop.is_due:
            rows = self.log.claim(_PIECE, now=self.clock(), after=last)
            if not rows:
                return
            yield rows
            last = rows[-1]

    def _proven(self) -> set[str]:
        """Kinds of documents of which one was read back and found right."""
        proven = set(self.log.linked_currencies())
        if self.log.has_links(Kind.CREDIT_NOTE):
            proven.add(NOTE)
        return proven

    def _terms(self) -> DecisionInputs:
        source = self.ends.source
        return DecisionInputs(self.policy, source.label, source.base_currency)

    def _scan(self) -> None:
        scan(
            self.ends.source,
            self.log,
            run=self.run,
            policy=self.policy,
            today=self.today,
            progress=self.progress,
            stop=self.stop,
            left_out=self.own.recorder.left_out,
        )

    # What earlier runs left ------------------------------------------------------------------

    def _settle(self) -> int:
        still = self.settler.settle()
        open_steps = self.log.steps(states=OPEN)
        self.known.troubled = clients_of(open_steps)
        return still

    def _settle_own(self) -> bool:
        """Look once for what this run left open: what is found need not wait for the next run."""
        if self.stop.requested or not self.counters.outcome()["unknown"]:
            return False
        before = self.counters.outcome()["unknown"]
        self._settle()
        return self.counters.outcome()["unknown"] < before

    def _verify_leftovers(self) -> None:
        rows = self.log.entries(states={EntryState.UNVERIFIED})
        while some := list(islice(rows, _VERIFY)):
            self.own.verifier.verify(some, {})

    def _expected(self) -> int:
        backlog = self.log.backlog(now=self.clock())
        return min(backlog, self.request.limit) if self.request.limit else backlog
