"""Which invoice a worker is given: clients side by side, what depends on each other in order."""

import threading
from dataclasses import dataclass

from bridge.engine.run.scheduler import ConflictQueue


@dataclass(frozen=True, eq=False)
class Task:
    """The queue knows nothing of what is to be done."""

    conflict_keys: frozenset[str]
    first_of_kind: frozenset[str]


def task(*keys: str, kinds: tuple[str, ...] = ("GBP",)) -> Task:
    return Task(frozenset(keys), frozenset(kinds))


def queue_of(
    *tasks: Task, limit: int = 0, proven: tuple[str, ...] = ("GBP",)
) -> ConflictQueue[Task]:
    made: ConflictQueue[Task] = ConflictQueue(room=50, limit=limit, proven=proven)
    for each in tasks:
        assert made.put(each)
    return made


def test_what_shares_nothing_is_given_out_side_by_side_in_order() -> None:
    one, two, three = task("client 1"), task("client 2"), task("client 3")
    queue = queue_of(one, two, three)
    assert [queue.take(()) for _ in range(4)] == [one, two, three, None]


def test_a_clients_next_invoice_waits_until_the_outcome_of_the_first_is_on_disk() -> None:
    first, second, other = task("client 1"), task("client 1"), task("client 2")
    queue = queue_of(first, second, other)
    assert queue.take(()) is first
    assert queue.take(()) is other
    queue.worked(acted=True)
    assert queue.take(()) is None
    queue.release(first)
    assert queue.take(()) is second


def test_nothing_overtakes_an_earlier_one_that_it_shares_a_payment_with() -> None:
    """Not even while that one only waits: the older is booked first."""
    busy, waiting, later = task("client 1"), task("client 1", "T9"), task("client 2", "T9")
    queue = queue_of(busy, waiting, later)
    assert queue.take(()) is busy
    assert queue.take(()) is None
    queue.release(busy)
    assert queue.take(()) is waiting
    assert queue.take(()) is None
    queue.release(waiting)
    assert queue.take(()) is later


def test_a_worker_goes_on_with_what_depends_on_its_own_last_task_alone() -> None:
    mine, next_of_mine = task("client 1"), task("client 1")
    queue = queue_of(mine, next_of_mine)
    assert queue.take(()) is mine
    assert queue.take(()) is None
    assert queue.take([mine]) is next_of_mine
    queue.release(mine)
    queue.put(third := task("client 1"))
    assert queue.take(()) is None  # `next_of_mine` is under way
    queue.release(next_of_mine)
    assert queue.take(()) is third


def test_the_first_of_an_unproven_kind_is_written_alone() -> None:
    sterling, euro, other = task("client 1"), task("client 2", kinds=("EUR",)), task("client 3")
    queue = queue_of(sterling, euro, other)
    assert queue.take(()) is sterling
    assert queue.take(()) is None  # the euro one waits for an empty floor, and nothing passes it
    queue.release(sterling)
    assert queue.take(()) is euro
    assert queue.take(()) is None
    queue.proven(["EUR"])
    assert queue.is_proven(["GBP", "EUR"])
    assert queue.take(()) is other


def test_an_unproven_one_that_came_to_nothing_lets_the_next_of_its_kind_try() -> None:
    first, second = (task(f"client {number}", kinds=("EUR",)) for number in (1, 2))
    queue = queue_of(first, second)
    assert queue.take(()) is first
    queue.release(first)
    assert queue.take(()) is second
    assert queue.take(()) is None


def test_the_limit_counts_what_was_sent_and_not_what_was_only_looked_at() -> None:
    one, two, three, four = (task(f"client {number}") for number in range(1, 5))
    queue = queue_of(one, two, three, four, limit=2)
    assert [queue.take(()) for _ in range(3)] == [one, two, None]
    queue.worked(acted=False)
    assert queue.take(()) is three
    queue.worked(acted=True)
    queue.worked(acted=True)
    assert queue.acted == 2
    assert queue.wait() is None  # the last waits for the next run
    assert not queue.put(task("client 5"))


def test_whoever_brings_more_than_there_is_room_for_waits() -> None:
    queue: ConflictQueue[Task] = ConflictQueue(room=1, limit=0, proven=["GBP"])
    queue.put(task("client 1"))
    is_in = threading.Event()

    def bring() -> None:
        queue.put(task("client 2"))
        is_in.set()

    thread = threading.Thread(target=bring)
    thread.start()
    assert not is_in.wait(0.05)
    queue.take(())
    assert is_in.wait(10)
    thread.join()


def test_a_worker_waits_for_what_becomes_free_and_ends_when_nothing_more_comes() -> None:
    first, second = task("client 1"), task("client 1")
    queue = queue_of(first, second)
    assert queue.wait() is first
    given: list[Task | None] = []
    thread = threading.Thread(target=lambda: given.extend((queue.wait(), queue.wait())))
    thread.start()
    queue.end()
    queue.release(first)
    thread.join(10)
    assert given == [second, None]


def test_closing_drops_what_waits_and_frees_whoever_waits_for_room() -> None:
    queue: ConflictQueue[Task] = ConflictQueue(room=1, limit=0, proven=["GBP"])
    queue.put(task("client 1"))
    taken: list[bool] = []
    thread = threading.Thread(target=lambda: taken.append(queue.put(task("client 2"))))
    thread.start()
    queue.close()
    thread.join(10)
    assert taken == [False]
    assert queue.wait() is None
