"""Whole columns of raw values, read at once: a tenth of what a call for each value costs.

Each gives just what reading value by value gives (`whmcs_source.database.rows`); where that cannot
be seen at a glance, it is done value by value after all.
"""

from collections.abc import Callable, Sequence
from typing import Any

Column = Sequence[bytes | None]
Read = Callable[[Column], Sequence[Any]]
Convert = Callable[[bytes | None], Any]

_BETWEEN = "\x1f"
_SPACE = ord(" ")
_DAY, _MOMENT = 10, 19


def one_by_one(convert: Convert) -> Read:
    """For values that nothing is known of, or that a cache has."""
    return lambda column: list(map(convert, column))


def ids(convert: Convert) -> Read:
    """Whole numbers; `convert` knows what to make of others."""

    def read(column: Column) -> Sequence[int]:
        try:
            numbers = list(map(int, column))  # type: ignore[arg-type]  # None is refused below
        except (TypeError, ValueError):
            return list(map(convert, column))
        return numbers if min(numbers) >= 0 else list(map(convert, column))

    return read


def days(convert: Convert, cached: Convert) -> Read:
    """Days, of dates or of moments. Those are few, and `cached` has them once they were read."""

    def read(column: Column) -> Sequence[Any]:
        lengths = set(map(len, filter(None, column)))
        if lengths == {_MOMENT} and all(value and value[_DAY] == _SPACE for value in column):
            return [cached(value and value[:_DAY]) for value in column]
        return list(map(cached if lengths == {_DAY} else convert, column))

    return read


def texts(convert: Convert, *, is_plain: Callable[[bytes], bool]) -> Read:
    """Texts. Where nothing needs to be done to any of them, they are taken out of one.

    Args:
        is_plain: Whether a text has nothing in it that `convert` would treat.
    """

    def read(column: Column) -> Sequence[str]:
        if None not in column:
            between = _BETWEEN.encode()
            body = between.join(column)  # type: ignore[arg-type]  # none is None
            if body.isascii() and is_plain(body):
                text = body.decode("ascii")
                values = text.split(_BETWEEN)
                if len(values) == len(column) and text.replace(_BETWEEN, "").isprintable():
                    return list(map(str.strip, values))
        return list(map(convert, column))

    return read
