"""Digests of many chunks in little memory, and how two sets of them differ. Pure."""

import base64
import binascii
import itertools
import operator
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

Sums = tuple[int, int]
"""Of a chunk: how many rows, and the digests of all of them on top of each other (XOR)."""

_FORM = struct.Struct(">IQ")
_NOTHING = (0, 0)
_MOST_ROWS = 2**32 - 1


class Series:
    """Digests by chunk number: twelve bytes for each.

    The digest of two sets of rows is worked out from theirs, in whatever order they come.
    """

    __slots__ = ("_body", "_keys")

    def __init__(self, keys: Iterable[int] = (), body: bytes = b"") -> None:
        self._keys = array("I", keys)
        self._body = body

    @classmethod
    def of(cls, sums: Mapping[int, Sums]) -> Self:
        """From sums by chunk; a chunk without rows is none."""
        keys = sorted(key for key, one in sums.items() if one[0])
        return cls(keys, b"".join(_FORM.pack(*sums[key]) for key in keys))

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Series):
            return NotImplemented
        return self._keys == other._keys and self._body == other._body

    __hash__ = None  # type: ignore[assignment]  # it is compared, never looked up

    def __getitem__(self, key: int) -> Sums:
        place = bisect_left(self._keys, key)
        if place == len(self._keys) or self._keys[place] != key:
            return _NOTHING
        rows, digest = _FORM.unpack_from(self._body, place * _FORM.size)
        return rows, digest

    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(rows for rows, _ in _FORM.iter_unpack(self._body))

    def differing(self, other: Self) -> list[int]:
        """Chunks whose digests are not the same in both, ascending."""
        if self == other:
            return []
        return [key for key in sorted({*self, *other}) if self[key] != other[key]]

    def plus(self, other: Self) -> Self:
        """The digests of the rows of both, which have none in common."""
        if not other:
            return self
        every = {*self, *other}
        return self.of({key: added(self[key], other[key]) for key in every})

    def put(self, fresh: Mapping[int, Sums]) -> Self:
        """These chunks with other digests."""
        return self.of({**{key: self[key] for key in self}, **fresh})

    # Text -------------------------------------------------------------------------------------

    def text(self) -> str:
        """For the sync log. Digests do not compress; the steps between their numbers do."""
        steps = array("I", map(operator.sub, self._keys, [0, *self._keys[:-1]]))
        return f"{_encoded(zlib.compress(steps.tobytes(), 9))}.{_encoded(self._body)}"

    @classmethod
    def read(cls, text: str) -> Self:
        """From the sync log.

        Raises:
            ValueError: it is none.
        """
        head, _, tail = text.partition(".")
        steps = array("I")
        try:
            steps.frombytes(zlib.decompress(base64.b64decode(head, validate=True)))
            body = base64.b64decode(tail, validate=True)
        except (binascii.Error, zlib.error) as error:
            raise ValueError("it is no series of digests") from error
        if len(body) != len(steps) * _FORM.size:
            raise ValueError("it has not one digest a chunk")
        return cls(itertools.accumulate(steps), body)


def added(one: Sums, other: Sums) -> Sums:
    """The digest of two sets of rows that have none in common."""
    return one[0] + other[0] & _MOST_ROWS, one[1] ^ other[1]


def _encoded(body: bytes) -> str:
    return base64.b64encode(body).decode("ascii")
