"""The report on a terminal, on a page of 80 columns, piped or not. Pure."""

import textwrap
from collections.abc import Iterator, Sequence

from bridge.engine.reconcile.result import Reconciliation
from bridge.reports.reconcile_sections import Detail, headline, sections
from bridge.reports.table import Table

WIDTH = 80
_LEAST = 12


def as_text(report: Reconciliation) -> Iterator[str]:
    """Line by line."""
    yield from headline(report)
    for number, section in enumerate(sections(report, Detail.SHORT), start=1):
        yield ""
        yield f"{number}. {section.title}"
        for sentence in section.says:
            yield from textwrap.wrap(sentence, WIDTH, break_on_hyphens=False)
        for table in section.tables:
            yield ""
            yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    if table.title:
        yield table.title
    if not table.rows:
        yield "Nothing."
        return
    names = tuple(name.lstrip(">") for name in table.columns)
    right = tuple(name.startswith(">") for name in table.columns)
    lines = [names, *table.rows]
    gap = 2 if _least(lines, right) + 2 * (len(names) - 1) <= WIDTH else 1
    widths = _widths(lines, right, gap)
    for place, line in enumerate(lines):
        if table.last and place == len(lines) - table.last:
            yield "-" * (sum(widths) + gap * (len(widths) - 1))
        yield from _folded(line, widths, right, " " * gap)


def _needed(lines: Sequence[Sequence[str]], right: Sequence[bool]) -> list[int]:
    return [max(len(line[index]) for line in lines) for index in range(len(right))]


def _least(lines: Sequence[Sequence[str]], right: Sequence[bool]) -> int:
    """How narrow it can be made: texts fold, figures do not."""
    needed = zip(_needed(lines, right), right, strict=True)
    return sum(width if figures else min(width, _LEAST) for width, figures in needed)


def _widths(lines: Sequence[Sequence[str]], right: Sequence[bool], gap: int) -> list[int]:
    """As wide as needed; what is too wide for the page is taken off the widest texts."""
    widths = _needed(lines, right)
    room = WIDTH - gap * (len(widths) - 1)
    while sum(widths) > room:
        texts = [index for index, figures in enumerate(right) if not figures]
        widest = max(texts, key=lambda index: widths[index], default=0)
        if not texts or widths[widest] <= _LEAST:
            break
        widths[widest] -= 1
    return widths


def _folded(
    line: Sequence[str], widths: Sequence[int], right: Sequence[bool], gap: str
) -> Iterator[str]:
    cells = [
        textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
        for cell, width in zip(line, widths, strict=True)
    ]
    for place in range(max(len(cell) for cell in cells)):
        parts = [
            (part.rjust(width) if figures else part.ljust(width))
            for cell, width, figures in zip(cells, widths, right, strict=True)
            for part in (cell[place] if place < len(cell) else "",)
        ]
        yield gap.join(parts).rstrip()
