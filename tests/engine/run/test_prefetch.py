"""Pieces of the work list are prepared ahead on threads, and come in order."""

import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest

from bridge.engine.prepare.prepare import Preparer
from bridge.engine.run.prefetch import Prefetcher
from bridge.errors import UnreachableError


class Recorded:
    """Prepares numbers in place of rows; one of them may be out of reach."""

    def __init__(self, out_of_reach: int = 0) -> None:
        self.out_of_reach = out_of_reach
        self.shares: list[Sequence[int]] = []
        self.threads: set[str] = set()
        self._guard = threading.Lock()

    def prepare(self, rows: Sequence[int]) -> list[int]:
        with self._guard:
            self.shares.append(rows)
            self.threads.add(threading.current_thread().name)
        if self.out_of_reach in rows:
            raise UnreachableError("the source does not answer", remedy="check the network")
        return list(rows)


def prefetcher(pieces: Sequence[Sequence[int]], preparer: Recorded, workers: int) -> Any:
    claims: Any = iter(pieces)
    return Prefetcher(claims, cast("Preparer", preparer), workers)


@pytest.mark.parametrize("workers", [1, 4])
def test_pieces_come_whole_and_in_order_however_many_read(workers: int) -> None:
    pieces = [list(range(start, start + 100)) for start in range(1, 501, 100)]
    preparer = Recorded()
    with prefetcher(pieces, preparer, workers) as ahead:
        assert list(ahead.batches()) == pieces
    assert len(preparer.threads) <= workers
    assert all(len(share) >= 25 for share in preparer.shares)


def test_at_most_two_pieces_are_read_ahead_of_the_one_that_is_asked_for() -> None:
    preparer = Recorded()
    with prefetcher([[n] for n in range(1, 10)], preparer, 1) as ahead:
        batches = ahead.batches()
        assert next(batches) == [1]
        assert {n for share in preparer.shares for n in share} <= {1, 2}
        assert next(batches) == [2]
        assert {n for share in preparer.shares for n in share} <= {1, 2, 3}


def test_what_cannot_be_read_is_raised_where_it_is_asked_for() -> None:
    with prefetcher([[1], [2], [3]], Recorded(out_of_reach=2), 1) as ahead:
        batches = ahead.batches()
        assert next(batches) == [1]
        with pytest.raises(UnreachableError):
            next(batches)


def test_its_threads_end_with_it_although_pieces_are_left() -> None:
    with prefetcher([[n] for n in range(1, 10)], Recorded(), 2) as ahead:
        next(ahead.batches())
    assert not [each for each in threading.enumerate() if each.name.startswith("bridge reader")]
