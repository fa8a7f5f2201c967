"""The report on a terminal, on a page of 80 columns, piped or not. Pure."""

import textwrap
from collections.abc import Iterator, Sequence

from bridge.engine.reconcile.report import Reconciliation
from bridge.engine.reconcile.sections import Detail, headline, sections
from bridge.engine.reconcile.tables import Table

WIDTH = 80
_LEAST = 24


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
    widths = _widths(lines, right)
    for place, line in enumerate(lines):
        if table.last and place == len(lines) - table.last:
            yield "-" * min(WIDTH, sum(widths) + 2 * (len(widths) - 1))
        yield from _folded(line, widths, right)


def _widths(lines: Sequence[Sequence[str]], right: Sequence[bool]) -> list[int]:
    """As wide as needed; what is too wide for the page is taken off the widest texts, not figures.

    Columns stand two blanks apart.
    """
    widths = [max(len(line[index]) for line in lines) for index in range(len(right))]
    room = WIDTH - 2 * (len(widths) - 1)
    while sum(widths) > room:
        texts = [index for index, figures in enumerate(right) if not figures]
        widest = max(texts, key=lambda index: widths[index], default=0)
        if widths[widest] <= _LEAST // 2:
            break
        widths[widest] -= 1
    return widths


def _folded(line: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
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
        yield "  ".join(parts).rstrip()
