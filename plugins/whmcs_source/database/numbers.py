"""Ids in statements, and pairs of ids in little memory."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence

PIECE = 500
"""Ids in one statement. MariaDB turns a list of 1,000 and more into a join of its own making."""


def pieces(numbers: Iterable[int], size: int = PIECE) -> Iterator[list[int]]:
    """The ids, each once and ascending, in pieces of at most `size`."""
    every = sorted(set(numbers))
    for start in range(0, len(every), size):
        yield every[start : start + size]


def shares(after: int, last: int, count: int, *, least: int) -> Iterator[range]:
    """The ids after one and up to another, in at most `count` shares of `least` and more.

    >>> list(shares(5, 50, 2, least=10))
    [range(6, 29), range(29, 51)]
    """
    width = max(least, -(-(last - after) // count))
    for begin in range(after, last, width):
        yield range(begin + 1, min(begin + width, last) + 1)


def among(column: str, numbers: Sequence[int]) -> str:
    """A condition that holds for these ids, ascending; where they lie close, for all between.

    >>> among("id", [5, 6, 8])
    '`id` BETWEEN 5 AND 8'
    >>> among("id", [5, 900])
    '`id` IN (5,900)'
    """
    first, last = numbers[0], numbers[-1]
    if 2 * (last - first) < 3 * len(numbers):
        return f"`{column}` BETWEEN {first} AND {last}"
    return f"`{column}` IN ({','.join(map(str, numbers))})"


class Pairs:
    """Ids by id, several for one, sixteen bytes a pair."""

    def __init__(self) -> None:
        self._keys = array("Q")
        self._values = array("Q")

    def add(self, more: Iterable[tuple[int, int]]) -> None:
        """Add pairs of key and value; one that is there stays once."""
        every = sorted({*zip(self._keys, self._values, strict=True), *more})
        self._keys = array("Q", (key for key, _ in every))
        self._values = array("Q", (value for _, value in every))

    def of(self, keys: Collection[int]) -> Iterator[int]:
        """The values of these keys."""
        numbers, values = self._keys, self._values
        for key in keys:
            place = bisect_left(numbers, key)
            while place < len(numbers) and numbers[place] == key:
                yield values[place]
                place += 1
