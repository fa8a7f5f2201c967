"""One run: settle, scan, look up, decide, write, read back, report."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

from bridge.api import (
    BridgeError,
    EntryState,
    Kind,
    LockLostError,
    Report,
    Run,
    SourceRef,
    StepState,
    StoreError,
)
from bridge.engine.batch import Batches
from bridge.engine.book import Booker
from bridge.engine.clients import ClientDesk
from bridge.engine.ends import Clock, Ends, Observers, Stop, SyncRequest, utc_now
from bridge.engine.lookup import Lookup
from bridge.engine.named import named_entries
from bridge.engine.policy import Policy
from bridge.engine.prepare import Prepared, Preparer
from bridge.engine.progress import Progress
from bridge.engine.refusals import RefusalsInARow
from bridge.engine.scan import scan
from bridge.engine.settle import Settler, clients_of
from bridge.engine.steps import Steps
from bridge.engine.summary import summary
from bridge.engine.tally import Tally
from bridge.engine.tell import Teller
from bridge.engine.terms import Terms
from bridge.engine.verify import Verifier
from bridge.engine.writer import Writer
from bridge.store.log import Lease, SyncLog
from bridge.store.rows import EntryRow

_CLAIM = 100
_VERIFY = 200
_log = logging.getLogger("bridge.run")

Ahead = tuple[Sequence[EntryRow], "Future[list[Prepared]]"]


def sync(
    ends: Ends,
    log: SyncLog,
    *,
    run: Run,
    lease: Lease | None,
    policy: Policy,
    request: SyncRequest,
    observers: Observers,
    progress: Progress,
    stop: Stop,
    clock: Clock = utc_now,
) -> Report:
    """Bring the target up to date with the source, as far as `request` and `policy` allow.

    Whatever ends the run early is in the report, with the exit code; what was written is in the
    log. The run is closed in the log when this returns.
    """
    started = monotonic()
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
    report = session.tally.report(
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
        ends: Ends,
        log: SyncLog,
        run: Run,
        lease: Lease | None,
        policy: Policy,
        request: SyncRequest,
        observers: Observers,
        progress: Progress,
        stop: Stop,
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
        target = ends.target
        self.tally = Tally(run, observers)
        self.writer = Writer(log, run, lease, clock)
        self.teller = Teller(self.writer, self.tally, policy, clock)
        self.steps = Steps(self.writer, self.teller, self.tally)
        self.desk = ClientDesk(target, log, self.steps)
        self.booker = Booker(target, log, ends.source.label, self.steps, self.desk)
        self.verifier = Verifier(target, log, self.writer, self.teller)
        self.settler = Settler(target, log, self.writer, self.teller, policy.settle_delay_s, clock)
        self.today = clock().astimezone().date()
        self.batches = Batches(
            log=log,
            policy=policy,
            request=request,
            steps=self.steps,
            booker=self.booker,
            verifier=self.verifier,
            lookup=Lookup(target, log, ends.source.label, self.today),
            refusals=RefusalsInARow(self.teller),
            progress=progress,
            stop=stop,
        )
        self.passed: set[SourceRef] = set()

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
            self.writer.flush()
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
        if self.stop.requested:
            return
        self.batches.proven = set(self.log.linked_currencies())
        if self.log.has_links(Kind.CREDIT_NOTE):
            self.batches.proven.add("credit note")
        preparer = Preparer(self.ends, self.log, self._terms(), self.observers)
        self._book(preparer)
        if self._settle_own():
            self._book(preparer)
        self.writer.flush()

    def _book(self, preparer: Preparer) -> None:
        if self.request.invoices:
            rows = named_entries(self.log, self.request.invoices)
            self.batches.work(preparer.prepare(rows))
        else:
            self._work_list(preparer)

    def _terms(self) -> Terms:
        source, target = self.ends.source, self.ends.target
        return Terms(self.policy, target.choices, source.label, source.base_currency)

    def _scan(self) -> None:
        scan(
            self.ends.source,
            self.log,
            run=self.run,
            policy=self.policy,
            today=self.today,
            progress=self.progress,
            stop=self.stop,
        )

    # What earlier runs left ------------------------------------------------------------------

    def _settle(self) -> int:
        still = self.settler.settle()
        open_steps = self.log.steps(states={StepState.INTENDED, StepState.UNKNOWN})
        self.desk.troubled = clients_of(open_steps)
        return still

    def _settle_own(self) -> bool:
        """Look once for what this run left open: what is found need not wait for the next run."""
        if self.stop.requested or not self.tally.outcome()["unknown"]:
            return False
        before = self.tally.outcome()["unknown"]
        self._settle()
        return self.tally.outcome()["unknown"] < before

    def _verify_leftovers(self) -> None:
        rows = list(self.log.entries(states={EntryState.UNVERIFIED}))
        for start in range(0, len(rows), _VERIFY):
            self.verifier.verify(rows[start : start + _VERIFY], {})

    # The work list ---------------------------------------------------------------------------

    def _work_list(self, preparer: Preparer) -> None:
        """Claim, read ahead on a thread, write on this one."""
        self.progress.stage("book", self._expected())
        with ThreadPoolExecutor(1, thread_name_prefix="bridge-reader") as pool:
            ahead = self._claim(pool, preparer)
            while ahead and not self.batches.enough():
                rows, future = ahead
                jobs = future.result()
                ahead = self._claim(pool, preparer)
                left = self.batches.work(jobs)
                self.passed.difference_update(row.invoice for row in rows)
                self.passed.update(left)

    def _claim(self, pool: ThreadPoolExecutor, preparer: Preparer) -> Ahead | None:
        if self.batches.enough():
            return None
        rows = self.log.claim(_CLAIM, now=self.clock(), passed=self.passed)
        if not rows:
            return None
        self.passed.update(row.invoice for row in rows)
        return rows, pool.submit(preparer.prepare, rows)

    def _expected(self) -> int:
        backlog = self.log.backlog(now=self.clock())
        return min(backlog, self.request.limit) if self.request.limit else backlog
