"""One run: settle, scan, look up, decide, write, read back, report."""

import datetime as dt
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

from bridge.api import (
    BridgeError,
    EntryState,
    FirstDocumentError,
    Hold,
    LockLostError,
    Report,
    Run,
    Skip,
    SourceRef,
    StepState,
    StoreError,
)
from bridge.engine.book import Booker, Surroundings, token_at
from bridge.engine.clients import ClientDesk
from bridge.engine.decide import Terms
from bridge.engine.ends import Clock, Ends, Observers, Stop, SyncRequest, utc_now
from bridge.engine.lookup import Lookup
from bridge.engine.named import named_entries
from bridge.engine.policy import Adoption, Policy, UnpaidDocuments
from bridge.engine.prepare import Prepared, Preparer, Ready, Unread
from bridge.engine.progress import Progress
from bridge.engine.refusals import RefusalsInARow
from bridge.engine.scan import scan
from bridge.engine.settle import Settler, clients_of
from bridge.engine.steps import Steps, Waits
from bridge.engine.summary import summary
from bridge.engine.tally import Tally
from bridge.engine.tell import Teller
from bridge.engine.verify import Verifier
from bridge.engine.writer import Writer
from bridge.store.log import Lease, SyncLog
from bridge.store.rows import EntryRow, LinkRow

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
        self.refusals = RefusalsInARow(self.teller)
        today = clock().astimezone().date()
        self.lookup = Lookup(target, log, ends.source.label, today)
        self.today = today
        self.passed: set[SourceRef] = set()
        self.proven: set[str] = set()

    def work(self) -> BridgeError | None:
        """Do it all; answers what ended it early, or None."""
        self.observers.run_started(self.run)
        try:
            self._stages()
        except BridgeError as error:
            self._keep_what_was_learnt(error)
            _log.error("%s. To do: %s", error, error.remedy)
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
        self.proven = set(self.log.linked_currencies())
        preparer = Preparer(self.ends, self.log, self._terms(), self.observers)
        if self.request.invoices:
            rows = named_entries(self.log, self.request.invoices)
            self._batch(preparer.prepare(rows))
        else:
            self._work_list(preparer)
        if self._settle_own():
            self._work_list(preparer)
        self.writer.flush()

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
            self.verifier.verify(rows[start : start + _VERIFY])

    # The work list ---------------------------------------------------------------------------

    def _work_list(self, preparer: Preparer) -> None:
        """Claim, read ahead on a thread, write on this one."""
        self.progress.stage("book", self._expected())
        with ThreadPoolExecutor(1, thread_name_prefix="bridge-reader") as pool:
            ahead = self._claim(pool, preparer)
            while ahead and not self._enough():
                rows, future = ahead
                jobs = future.result()
                ahead = self._claim(pool, preparer)
                left = self._batch(jobs)
                self.passed.difference_update(row.invoice for row in rows)
                self.passed.update(left)

    def _claim(self, pool: ThreadPoolExecutor, preparer: Preparer) -> Ahead | None:
        if self._enough():
            return None
        rows = self.log.claim(_CLAIM, now=self.clock(), passed=self.passed)
        if not rows:
            return None
        self.passed.update(row.invoice for row in rows)
        return rows, pool.submit(preparer.prepare, rows)

    def _enough(self) -> bool:
        limit = self.request.limit
        return self.stop.requested or bool(limit and len(self.steps.acted) >= limit)

    def _expected(self) -> int:
        backlog = self.log.backlog(now=self.clock())
        return min(backlog, self.request.limit) if self.request.limit else backlog

    def _batch(self, jobs: Sequence[Prepared]) -> set[SourceRef]:
        """Give each job its fate; answers those that stay on the work list."""
        ready = [(job, answer) for job in jobs if (answer := self._tell(job))]
        self.writer.flush()
        around = self._surroundings(ready)
        left: set[SourceRef] = set()
        written: list[EntryRow] = []
        for job, answer in ready:
            if self._enough():
                break
            result = self._book(job, answer, around)
            if isinstance(result, LinkRow):
                written.append(job.row)
                self._first_of_its_currency(job, written)
            elif isinstance(result, Waits):
                left.add(job.row.invoice)
            self.progress.advance()
        if self.stop.requested:
            self.writer.flush()
        else:
            self._read_back(written)
        return left

    def _tell(self, job: Prepared) -> Ready | None:
        match job.answer:
            case Skip():
                self.teller.skip(job.row, job.answer, job.money)
            case Hold():
                self.teller.hold(job.row, job.answer, job.money)
            case Unread():
                remedy = "it is read again on the next run; look at it in the source if it persists"
                self.teller.failed(job.row, job.answer.why, remedy)
            case Ready():
                return job.answer
        return None

    def _book(self, job: Prepared, ready: Ready, around: Surroundings) -> object:
        result = self.booker.book(job, ready, around)
        refused = self.steps.take_refusal()
        if isinstance(result, LinkRow):
            self.refusals.clear()
        elif refused:
            self.refusals.add(job.row, refused)
        return result

    def _read_back(self, written: list[EntryRow]) -> None:
        for start in range(0, len(written), _VERIFY):
            self.verifier.verify(written[start : start + _VERIFY])
        written.clear()

    def _first_of_its_currency(self, job: Prepared, written: list[EntryRow]) -> None:
        """Read the first document of a currency back before the second is sent.

        If the target computes otherwise than expected, one document shows it, not two hundred.
        """
        currency = job.row.gross.currency
        if currency in self.proven:
            return
        wrong = self.verifier.verify(written)
        written.clear()
        if wrong:
            raise FirstDocumentError(
                f"the first invoice in {currency} came out differently in the target",
                record=f"invoice {job.row.number}",
                remedy="compare it with `bridge log --invoice "
                f"{job.row.invoice.id}`; nothing more was sent in this run",
            )
        self.proven.add(currency)

    # What is there already -------------------------------------------------------------------

    def _surroundings(self, ready: Sequence[tuple[Prepared, Ready]]) -> Surroundings:
        fresh = [answer for job, answer in ready if not job.booked]
        if not ready:
            return Surroundings()
        days = (each.composed.invoice.payload.date for each in fresh)
        self._look([day for day in days if day is not None])
        tokens = [token_at(each.composed.invoice.payload.reference) for each in fresh]
        unsure = {
            answer.client.ref: (answer.client, answer.composed.client.payload)
            for _, answer in ready
            if self.desk.needs_a_look(answer)
        }
        matches = self.lookup.clients(list(unsure.values())) if unsure else {}
        return Surroundings(matches, self.lookup.there(tokens) if tokens else {})

    def _look(self, days: Sequence[dt.date]) -> None:
        if not days:
            return
        always = self.request.adopt is Adoption.ALWAYS
        due = self.lookup.sweep_is_due() or (always and not self.lookup.swept)
        if due or (self.lookup.around(days) and not self.lookup.swept):
            self.lookup.sweep(self._oldest(days), self.progress, self.stop)

    def _oldest(self, days: Sequence[dt.date]) -> dt.date:
        """The oldest day on which a document of this bridge may stand."""
        oldest = min(self.policy.start_date, *days)
        if self.policy.unpaid_documents is UnpaidDocuments.PROFORMA:
            return oldest
        issued = (row.issued for row in self.log.entries() if row.issued)
        return min(issued, default=oldest)
