"""A pool of workers: who is stopped by what, what is verified when, and when a task is let go."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bridge.engine.context import CancelledError, CancelToken, NoProgress
from bridge.engine.run.scheduler import ConflictQueue
from bridge.engine.run.workers import CircuitBreaker, VerificationQueue, Worked, WorkerPool
from bridge.errors import AccessError, FirstDocumentError, RecordRejectedError
from bridge.store.tables.values import EntryRow


def row(number: int) -> EntryRow:
    @dataclass(frozen=True)
    class Row:
        """All that a pool looks at of an entry."""

        invoice: int

    return cast("EntryRow", Row(number))


@dataclass(eq=False)
class Task:
    number: int
    conflict_keys: frozenset[str] = frozenset()
    first_of_kind: frozenset[str] = frozenset({"GBP"})


@dataclass
class Shared:
    """What the workers of a test did, and what is to happen to them.

    Attributes:
        trouble: By task, what working on it raises.
        refused: Tasks that are refused with the same words.
        wrong: Whether the first of a kind comes out differently.
    """

    trouble: dict[int, BaseException] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    wrong: bool = False
    worked: list[int] = field(default_factory=list)
    verified: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    given_back: list[Any] = field(default_factory=list)
    flushed: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def worker(self) -> "RecordingWorker":
        return RecordingWorker(self)


@dataclass
class RecordingWorker:
    """One worker, whose outcomes are kept at the next flush."""

    shared: Shared
    acted: bool = False
    kept: list[Callable[[], None]] = field(default_factory=list)

    def work(self, item: Task) -> Worked:
        self.acted = True
        with self.shared.guard:
            self.shared.worked.append(item.number)
        if item.number in self.shared.trouble:
            raise self.shared.trouble[item.number]
        if item.number in self.shared.refused:
            return Worked(row(item.number), refused=RecordRejectedError("no", remedy="ask"))
        return Worked(row(item.number), item.first_of_kind, is_written=True)

    def flush(self) -> None:
        self.shared.flushed += 1
        while self.kept:
            self.kept.pop(0)()

    def when_kept(self, call: Callable[[], None]) -> None:
        self.kept.append(call)

    def give_back(self, row: EntryRow) -> None:
        self.shared.given_back.append(row.invoice)

    def verify(self, rows: Sequence[EntryRow], remarks: Mapping[Any, Any]) -> int:
        del remarks
        self.shared.verified.extend(cast("Any", each.invoice) for each in rows)
        return 0

    def verify_first(self, first: Worked) -> None:
        if self.shared.wrong:
            raise FirstDocumentError("it came out differently", remedy="compare it")
        self.shared.firsts.append(cast("Any", first.row.invoice))


def run(
    shared: Shared,
    *tasks: Task,
    workers: int = 1,
    stop: CancelToken | None = None,
    proven: tuple[str, ...] = ("GBP",),
) -> ConflictQueue[Task]:
    queue: ConflictQueue[Task] = ConflictQueue(room=50, limit=0, proven=proven)
    pool = WorkerPool(
        shared.worker,
        queue,
        CircuitBreaker(),
        workers=workers,
        stop=stop or CancelToken(),
        progress=NoProgress(),
    )
    for task in tasks:
        queue.put(task)
    with pool:
        pool.finish()
    return queue


@pytest.mark.parametrize("workers", [1, 4])
def test_everything_that_was_handed_over_is_worked_on_and_verified(workers: int) -> None:
    shared = Shared()
    queue = run(shared, *map(Task, range(1, 21)), workers=workers)
    assert sorted(shared.worked) == sorted(shared.verified) == list(range(1, 21))
    assert queue.acted == 20


def test_the_first_of_a_kind_is_verified_at_once_and_the_others_in_bulk() -> None:
    shared = Shared()
    run(shared, Task(1), Task(2), proven=())
    assert shared.firsts == [1]
    assert shared.verified == [2]


def test_a_first_that_came_out_differently_ends_the_pool() -> None:
    shared = Shared(wrong=True)
    with pytest.raises(FirstDocumentError):
        run(shared, Task(1), Task(2), proven=())
    assert shared.worked == [1]


def test_the_first_error_of_a_worker_ends_all_and_is_raised_by_whoever_waits() -> None:
    shared, stop = Shared(trouble={2: AccessError("no login", remedy="check it")}), CancelToken()
    tasks = [Task(number, frozenset({"same client"})) for number in range(1, 9)]
    with pytest.raises(AccessError):
        run(shared, *tasks, workers=3, stop=stop)
    assert shared.worked == [1, 2]
    assert isinstance(stop.error, AccessError)
    assert shared.flushed


def test_a_cancelled_step_is_no_error_and_what_was_learnt_is_kept() -> None:
    shared = Shared(trouble={2: CancelledError()})
    run(shared, Task(1), Task(2), Task(3))
    assert shared.worked == [1, 2]
    assert shared.flushed


def test_nothing_is_begun_once_the_run_is_to_end() -> None:
    shared = Shared()
    run(shared, Task(1), stop=CancelToken(requested=True))
    assert shared.worked == []


def test_what_depends_on_a_task_waits_for_its_outcome_to_be_kept() -> None:
    """Of one worker it goes on at once; another would wait for the flush."""
    shared = Shared()
    tasks = [Task(number, frozenset({"same client"})) for number in (1, 2, 3)]
    run(shared, *tasks, workers=3)
    assert shared.worked == [1, 2, 3]


def test_the_same_refusal_three_times_in_a_row_is_the_accounts_trouble() -> None:
    shared = Shared(refused={1, 2, 3})
    with pytest.raises(AccessError, match="3 invoices in a row"):
        run(shared, *map(Task, range(1, 5)))
    assert shared.given_back == [1, 2, 3]
    assert shared.worked == [1, 2, 3]


def test_a_success_between_clears_the_count_of_refusals() -> None:
    shared = Shared(refused={1, 2, 4, 5})
    run(shared, *map(Task, range(1, 6)))
    assert shared.given_back == []


def test_a_refusal_of_a_known_reason_does_not_count() -> None:
    breaker = CircuitBreaker()
    known = RecordRejectedError("no", remedy="ask", reason="vat_rule_missing")
    for number in range(1, 9):
        breaker.add(row(number), known, lambda _: pytest.fail("it gave a try back"))


def test_verification_waits_for_a_full_batch_or_the_end() -> None:
    sizes: list[int] = []

    def verify(rows: Sequence[EntryRow], remarks: Mapping[Any, Any]) -> int:
        del remarks
        sizes.append(len(rows))
        return 0

    queue = VerificationQueue(verify, CancelToken())
    for number in range(450):
        queue.put(row(number), None)
    queue.end()
    queue.work()
    assert sizes == [200, 200, 50]


def test_a_closed_verification_leaves_the_rest_to_the_next_run() -> None:
    queue = VerificationQueue(lambda _, __: pytest.fail("it verified"), CancelToken())
    queue.put(row(1), None)
    queue.close()
    queue.work()
