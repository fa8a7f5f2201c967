"""Threads that carry out tasks, and one beside them that verifies what they wrote."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from bridge.engine.context import CancelledError, CancelToken, Progress
from bridge.engine.run.scheduler import Conflicting, ConflictQueue
from bridge.errors import AccessError, LockLostError, RecordRejectedError, StoreError
from bridge.model.reasons import Hold
from bridge.model.refs import SourceRef
from bridge.store.tables.values import EntryRow

_BATCH = 200
_ROOM = 4 * _BATCH
_IN_A_ROW = 3

Verify = Callable[[Sequence[EntryRow], Mapping[SourceRef, Hold]], int]
T = TypeVar("T", bound=Conflicting)
T_contra = TypeVar("T_contra", bound=Conflicting, contravariant=True)


@dataclass(frozen=True, slots=True)
class Worked:
    """What came of one task.

    Attributes:
        kinds: Of what was written, those whose first is verified at once.
        remark: What a person should hear of it although it is right.
        refused: Why it was refused.
        is_written: Whether all of it is written, so that it can be verified.
    """

    row: EntryRow
    kinds: frozenset[str] = frozenset()
    remark: Hold | None = None
    refused: RecordRejectedError | None = None
    is_written: bool = False


class Worker(Protocol[T_contra]):
    """What one thread works with.

    Attributes:
        acted: Whether something was sent for the latest task, even if an error ended it.
    """

    acted: bool

    def work(self, item: T_contra, /) -> Worked:
        """Carry out one task."""
        ...

    def flush(self) -> None:
        """Commit what was learnt."""
        ...

    def when_kept(self, call: Callable[[], None], /) -> None:
        """Do this once all that was learnt by now is on disk."""
        ...

    def give_back(self, row: EntryRow, /) -> None:
        """Take back a failure of this run."""
        ...

    def verify(self, rows: Sequence[EntryRow], remarks: Mapping[SourceRef, Hold], /) -> int:
        """Verify what was written; return how many are wrong."""
        ...

    def verify_first(self, first: Worked, /) -> None:
        """Verify the first of its kind, and raise where it is wrong."""
        ...


class VerificationQueue:
    """Collects what is written and committed, and reads it back once there is enough of it."""

    def __init__(self, verify: Verify, stop: CancelToken) -> None:
        self._verify = verify
        self._stop = stop
        self._changed = threading.Condition()
        self._rows: list[EntryRow] = []
        self._remarks: dict[SourceRef, Hold] = {}
        self._is_ended = False
        self._is_closed = False

    def put(self, row: EntryRow, remark: Hold | None) -> None:
        """Have an entry read back, after waiting while too many are behind."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or len(self._rows) < _ROOM)
            self._rows.append(row)
            if remark:
                self._remarks[row.invoice] = remark
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more comes: read back the rest."""
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Leave the rest to the next run."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def work(self) -> None:
        """Read back until the end. Runs on a thread of its own."""
        while rows := self._next():
            with self._changed:
                remarks = {
                    row.invoice: self._remarks.pop(row.invoice)
                    for row in rows
                    if row.invoice in self._remarks
                }
            self._verify(rows, remarks)

    def _next(self) -> list[EntryRow]:
        with self._changed:
            self._changed.wait_for(self._has_enough)
            if self._is_closed or self._stop.ends_steps:
                return []
            rows, self._rows = self._rows[:_BATCH], self._rows[_BATCH:]
            self._changed.notify_all()
            return rows

    def _has_enough(self) -> bool:
        return self._is_closed or self._is_ended or len(self._rows) >= _BATCH


@dataclass(slots=True)
class CircuitBreaker:
    """Ends a run whose invoices are refused with the same unexplained words, one after the other.

    That is the account's trouble, not the invoices'. It counts for all workers.
    """

    text: str = ""
    rows: list[EntryRow] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """An invoice went through: the account is in order."""
        with self._guard:
            self.text, self.rows = "", []

    def add(
        self, row: EntryRow, error: RecordRejectedError, give_back: Callable[[EntryRow], None]
    ) -> None:
        """Count one, whose failure is in the log already.

        Raises:
            AccessError: it was the third, or came after it; all have their tries back.
        """
        if error.reason:
            return
        text = error.text or error.what
        with self._guard:
            if text != self.text:
                self.text, self.rows = text, []
            self.rows.append(row)
            if len(self.rows) < _IN_A_ROW:
                return
            for each in self.rows:
                give_back(each)
        raise AccessError(
            f"the target refused {_IN_A_ROW} invoices in a row with the same words: {text}",
            remedy="find out in the target what it means for the account; if it is about single"
            " invoices, name it under target.refusal_texts; nothing is lost, run again",
        )


class WorkerPool(Generic[T]):
    """Threads at work on what is handed to them, for the length of a `with` block."""

    def __init__(
        self,
        new_worker: Callable[[], Worker[T]],
        queue: ConflictQueue[T],
        breaker: CircuitBreaker,
        *,
        workers: int,
        stop: CancelToken,
        progress: Progress,
    ) -> None:
        self._new_worker = new_worker
        self._queue = queue
        self._breaker = breaker
        self._stop = stop
        self._progress = progress
        self._verifications = VerificationQueue(new_worker().verify, stop)
        self._workers = [
            self._thread(f"bridge worker {number}", self._work) for number in range(1, workers + 1)
        ]
        self._reader = self._thread("bridge read-back", self._verifications.work)

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
            self._stop.fail(exc)
        self._queue.close()
        self._verifications.close()
        if not isinstance(exc, KeyboardInterrupt):
            for thread in (*self._workers, self._reader):
                thread.join()

    def finish(self) -> None:
        """Wait until all that was handed over is written and read back.

        Raises:
            BaseException: what ended a thread, the first of them.
        """
        self._queue.end()
        for thread in self._workers:
            thread.join()
        self._verifications.end()
        self._reader.join()
        if self._stop.error:
            raise self._stop.error

    # On the threads ---------------------------------------------------------------------------

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for us
            self._stop.fail(error)
            self._queue.close()
            self._verifications.close()

    def _work(self) -> None:
        """Take task after task; whatever ends it, what was learnt is kept."""
        worker = self._new_worker()
        own: list[T] = []
        try:
            while task := self._next(worker, own):
                self._do(worker, task, own)
        except (LockLostError, StoreError):
            raise
        except CancelledError:
            self._queue.close()
            worker.flush()
        except Exception:
            worker.flush()
            raise

    def _next(self, worker: Worker[T], own: list[T]) -> T | None:
        if self._stop.is_due:
            self._queue.close()
        task = self._queue.take(own)
        if task:
            return task
        worker.flush()
        return self._queue.wait()

    def _do(self, worker: Worker[T], task: T, own: list[T]) -> None:
        own.append(task)
        worker.acted = False
        try:
            worked = worker.work(task)
            if worked.is_written:
                self._written(worker, worked)
            elif worked.refused:
                worker.flush()
                self._breaker.add(worked.row, worked.refused, worker.give_back)
        finally:
            self._queue.worked(acted=worker.acted)

        def release() -> None:
            own.remove(task)
            self._queue.release(task)

        worker.when_kept(release)
        self._progress.advance()

    def _written(self, worker: Worker[T], worked: Worked) -> None:
        """Have it read back: with others, or at once where it is the first of its kind."""
        self._breaker.clear()
        if self._queue.is_proven(worked.kinds):
            worker.when_kept(lambda: self._verifications.put(worked.row, worked.remark))
            return
        worker.verify_first(worked)
        self._queue.proven(worked.kinds)
