"""Text on a page of 80 columns: paragraphs, and tables whose figures are added up. Pure.

It loads nothing else of bridge, since every command writes with it.
"""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    import datetime as dt

    from bridge.engine.reconcile.values import MatchClass
    from bridge.model.money import Money

WIDTH = 80
_LEAST = 12  # the narrowest that a column of text is folded to
_LEAST_LAST = 24  # the same of a column that alone is folded

Row = tuple[str, ...]
Figure: TypeAlias = "int | Money | str"
"""A cell that is added up: a count, an amount, or the text where the figure is not known."""

_LineT = TypeVar("_LineT")


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Columns of text.

    Attributes:
        columns: A name that begins with ``>`` is of figures, set flush right.
        last: How many of the rows at the end are sums.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    last: int = 0


def summed_table(
    title: str,
    columns: tuple[str, ...],
    lines: Iterable[_LineT],
    place: Callable[[_LineT], Row],
    figures: Callable[[_LineT], Sequence[Figure]],
    *,
    totals: bool = False,
) -> ReportTable:
    """Return a table with one row for each place, the figures of its lines added up.

    Args:
        place: The first cells of a line's row. Rows come in the order in which places first occur.
        totals: Whether rows of sums follow: of all lines whose place is the same but for its first
            cell, which reads ``All`` there.
    """
    some = list(lines)
    rows = _added_up(some, place, figures)
    sums = _added_up(some, lambda line: ("All", *place(line)[1:]), figures) if totals else []
    return ReportTable(title, columns, (*rows, *sorted(sums)), len(sums))


def _added_up(
    lines: Sequence[_LineT],
    place: Callable[[_LineT], Row],
    figures: Callable[[_LineT], Sequence[Figure]],
) -> list[Row]:
    groups: dict[Row, list[Sequence[Figure]]] = {}
    for line in lines:
        groups.setdefault(place(line), []).append(figures(line))
    return [(*key, *map(_sum, zip(*some, strict=True))) for key, some in groups.items()]


def _sum(column: Sequence[Figure]) -> str:
    known = [each for each in column if not isinstance(each, str)]
    if not known:
        return str(column[0])
    result = reduce(add, known)
    return f"{result:,}" if isinstance(result, int) else figure(result)


def figure(amount: "Money") -> str:
    """Return an amount without its currency, thousands apart."""
    text = str(amount).partition(" ")[0]
    places = len(text.partition(".")[2])
    return f"{amount.amount:,.{places}f}"


def by_currency(amounts: "Iterable[Money]") -> str:
    """Return sums by currency: ``1,200.00 GBP and 35.10 EUR``."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        code = amount.currency
        sums[code] = sums[code] + amount if code in sums else amount
    return " and ".join(f"{figure(each)} {code}" for code, each in sorted(sums.items())) or "0.00"


def month(day: "dt.date") -> str:
    """Return a month of the calendar as ``2026-03``."""
    return f"{day:%Y-%m}"


def words(standing: "MatchClass") -> str:
    """Return a class as people read it."""
    return standing.value.replace("_", " ")


# As text ---------------------------------------------------------------------------------------


def wrapped(text: str, indent: int = 0) -> str:
    """Return `text` folded to the width of a page, each line indented."""
    space = " " * indent
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=space,
        subsequent_indent=space,
        break_long_words=False,
        break_on_hyphens=False,
    )


def text_of_table(table: ReportTable) -> Iterator[str]:
    """Yield a table's lines; what is too wide for the page is taken off the widest texts."""
    if table.title:
        yield table.title
    if not table.rows:
        yield "Nothing."
        return
    lines = [tuple(name.lstrip(">") for name in table.columns), *table.rows]
    right = [name.startswith(">") for name in table.columns]
    widths = _needed(lines)
    least = sum(
        width if figures else min(width, _LEAST)
        for width, figures in zip(widths, right, strict=True)
    )
    gap = 2 if least + 2 * (len(widths) - 1) <= WIDTH else 1
    _narrow(widths, right, WIDTH - gap * (len(widths) - 1))
    for place, line in enumerate(lines):
        if table.last and place == len(lines) - table.last:
            yield "-" * (sum(widths) + gap * (len(widths) - 1))
        yield from _folded(line, widths, right, gap)


def text_of_columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of columns of which the last alone folds; a word too long sticks out."""
    lines = [head, *rows]
    widths = _needed(lines)
    widths[-1] = max(WIDTH - sum(widths[:-1]) - 2 * (len(widths) - 1), _LEAST_LAST)
    for line in lines:
        yield from _folded(line, widths, [False] * len(widths), 2, break_words=False)


def _needed(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def _narrow(widths: list[int], right: Sequence[bool], room: int) -> None:
    texts = [index for index, figures in enumerate(right) if not figures]
    while sum(widths) > room:
        widest = max(texts, key=lambda index: widths[index], default=-1)
        if widest < 0 or widths[widest] <= _LEAST:
            return
        widths[widest] -= 1


def _folded(
    line: Sequence[str],
    widths: Sequence[int],
    right: Sequence[bool],
    gap: int,
    *,
    break_words: bool = True,
) -> Iterator[str]:
    cells = [
        textwrap.wrap(cell, width, break_on_hyphens=False, break_long_words=break_words) or [""]
        for cell, width in zip(line, widths, strict=True)
    ]
    for place in range(max(map(len, cells))):
        parts = [
            part.rjust(width) if figures else part.ljust(width)
            for cell, width, figures in zip(cells, widths, right, strict=True)
            for part in (cell[place] if place < len(cell) else "",)
        ]
        yield (" " * gap).join(parts).rstrip()
