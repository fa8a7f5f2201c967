"""Reading and deciding ahead of the writing, on threads that end with the process."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from bridge.engine.prepare.prepare import Preparer, WorkItem
from bridge.store.tables.values import EntryRow

_AHEAD = 2
_READERS = 8
_SHARE = 25

Rows = Sequence[EntryRow]
Share = tuple[Rows, "Future[list[WorkItem]]"]


class Prefetcher:
    """Prepares pieces of the work list in order, some ahead of the one that is asked for.

    A piece is shared out among the threads, since a source may answer for one invoice at a time.
    Not a `ThreadPoolExecutor`, since that waits for its threads when the process is to end at once.

    Args:
        claims: Pieces of the work list.
        workers: As many threads read as write, within bounds.
    """

    def __init__(self, claims: Iterator[Rows], preparer: Preparer, workers: int) -> None:
        self._claims = claims
        self._preparer = preparer
        self._shares_due: SimpleQueue[Share | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"bridge reader {number}", daemon=True)
            for number in range(1, min(workers, _READERS) + 1)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while not self._shares_due.empty():
            self._shares_due.get()
        for _ in self._threads:
            self._shares_due.put(None)
        if not isinstance(exc, KeyboardInterrupt):
            for thread in self._threads:
                thread.join()

    def batches(self) -> Iterator[list[WorkItem]]:
        """Piece after piece.

        Raises:
            UnreachableError: three invoices in a row could not be read.
        """
        waiting: deque[list[Future[list[WorkItem]]]] = deque()
        while True:
            while len(waiting) < _AHEAD and (rows := next(self._claims, None)) is not None:
                waiting.append([self._hand_out(share) for share in self._shares(rows)])
            if not waiting:
                return
            yield [item for future in waiting.popleft() for item in future.result()]

    def _shares(self, rows: Rows) -> Iterator[Rows]:
        size = max(_SHARE, -(-len(rows) // len(self._threads)))
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    def _hand_out(self, rows: Rows) -> "Future[list[WorkItem]]":
        future: Future[list[WorkItem]] = Future()
        self._shares_due.put((rows, future))
        return future

    def _work(self) -> None:
        while share := self._shares_due.get():
            rows, future = share
            try:
                future.set_result(self._preparer.prepare(rows))
            except BaseException as error:  # noqa: BLE001 - raised again where it is asked for
                future.set_exception(error)
