"""Which invoice may be worked on next: clients side by side, each client's own in order."""

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Generic, Protocol, TypeVar


class Conflicting(Protocol):
    """Work that may depend on other work.

    Attributes:
        conflict_keys: What it must not share with other work that is under way.
        first_of_kind: Kinds of which the first is proven right before another is begun.
    """

    @property
    def conflict_keys(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def first_of_kind(self) -> frozenset[str]: ...  # noqa: D102


T = TypeVar("T", bound=Conflicting)


class ConflictQueue(Generic[T]):
    """A bounded queue out of which several workers take what does not depend on each other.

    A task waits while an earlier one that shares a conflict key is waiting or under way, and it is
    under way until its worker has its outcome on disk. A worker may itself go on at once with what
    depends on its own last task. A task of an unproven kind is worked on alone.

    Args:
        room: Ts that wait at most; whoever brings more is kept waiting.
        limit: Invoices that may be acted on; 0 is no limit.
        proven: Kinds of which one was read back and found right.
    """

    def __init__(self, *, room: int, limit: int, proven: Collection[str]) -> None:
        self._room = room
        self._limit = limit
        self._proven = set(proven)
        # Two of one lock, so that whoever finishes a task does not wake whoever brings some.
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._has_room = threading.Condition(lock)
        self._waiting: list[T] = []
        self._busy: Counter[str] = Counter()
        self._under_way = 0
        self._is_alone = False
        self._places = 0
        self._acted = 0
        self._is_ended = False

    @property
    def acted(self) -> int:
        """Invoices for which something was sent."""
        with self._changed:
            return self._acted

    # For whoever brings ----------------------------------------------------------------------

    def put(self, task: T) -> bool:
        """Queue a task, after waiting for room; False when nothing more is taken."""
        with self._changed:
            self._has_room.wait_for(lambda: self._is_ended or len(self._waiting) < self._room)
            if self._is_ended:
                return False
            self._waiting.append(task)
            self._changed.notify()
            return True

    def end(self) -> None:
        """Nothing more comes: workers finish what waits."""
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()
            self._has_room.notify_all()

    def close(self) -> None:
        """Drop what waits: it stays on the work list."""
        with self._changed:
            self._is_ended = True
            self._waiting.clear()
            self._changed.notify_all()
            self._has_room.notify_all()

    # For workers -----------------------------------------------------------------------------

    def take(self, own: Sequence[T]) -> T | None:
        """A task that may be worked on now, or None.

        `own` are the asker's tasks whose outcomes are not on disk yet.
        """
        with self._changed:
            return self._take(own)

    def wait(self) -> T | None:
        """The next task; None when there is none any more. The asker has none of its own."""
        with self._changed:
            while not self._is_over():
                task = self._take(())
                if task:
                    return task
                self._changed.wait()
            return None

    def worked(self, *, acted: bool) -> None:
        """A task is finished; it counts for the limit where something was sent for it."""
        with self._changed:
            if acted:
                self._acted += 1
            else:
                self._places -= 1
            if self._limit and self._acted >= self._limit:
                self.close()
            self._changed.notify_all()

    def release(self, task: T) -> None:
        """A task's outcome is on disk."""
        with self._changed:
            self._busy.subtract(task.conflict_keys)
            self._busy += Counter()  # drops what nobody holds any more
            self._under_way -= 1
            self._is_alone = self._is_alone and bool(self._under_way)
            self._changed.notify_all()

    def proven(self, kinds: Collection[str]) -> None:
        """One of each of these kinds was read back and found right."""
        with self._changed:
            self._proven.update(kinds)
            self._is_alone = False
            self._changed.notify_all()

    def is_proven(self, kinds: Collection[str]) -> bool:
        """Whether one of each of these kinds was read back."""
        with self._changed:
            return self._proven.issuperset(kinds)

    def _is_over(self) -> bool:
        return self._is_ended and not self._waiting

    def _take(self, own: Sequence[T]) -> T | None:
        if self._is_alone or (self._limit and self._places >= self._limit):
            return None
        mine = Counter(key for task in own for key in task.conflict_keys)
        blocked = {key for key, times in self._busy.items() if times > mine[key]}
        for place, task in enumerate(self._waiting):
            is_new = not self._proven.issuperset(task.first_of_kind)
            if is_new and (place or self._under_way > len(own)):
                return None
            if blocked.isdisjoint(task.conflict_keys):
                self._start(place, alone=is_new)
                return task
            blocked |= task.conflict_keys
        return None

    def _start(self, place: int, *, alone: bool) -> None:
        task = self._waiting.pop(place)
        self._busy.update(task.conflict_keys)
        self._under_way += 1
        self._places += 1
        self._is_alone = alone
        self._has_room.notify()
