"""Holes in the source's sequence of invoice numbers, each explained. Pure."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.model.keys import invoice_id
from bridge.model.target_records import Record
from bridge.store.tables.values import EntryRow

_NUMBER = re.compile(r"(.*?)(\d{1,15})")
_NAMED = 50


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that no invoice of the source bears.

    Attributes:
        first, last: Equal for a single one.
        why: What is known of it.
    """

    first: str
    last: str
    count: int
    why: str


def gaps(bills: Iterable[Record], entries: Mapping[str, EntryRow], label: str) -> tuple[Gap, ...]:
    """Return the holes between the lowest and the highest number of each series.

    A series is what stands before the last digits. An invoice that goes by its id has no number.
    """
    series: dict[str, dict[int, int]] = defaultdict(dict)
    for bill in bills:
        found = _NUMBER.fullmatch(bill.number)
        if found and bill.number != invoice_id(bill.token, label):
            series[found[1]][int(found[2])] = len(found[2])
    known = {row.number: row for row in entries.values()}
    return tuple(
        gap for prefix, numbers in sorted(series.items()) for gap in _holes(prefix, numbers, known)
    )


def _holes(prefix: str, numbers: Mapping[int, int], known: Mapping[str, EntryRow]) -> Iterator[Gap]:
    ordered = sorted(numbers)
    for before, after in itertools.pairwise(ordered):
        width = numbers[before] if len(str(after)) <= numbers[before] else 0
        names = [
            f"{prefix}{number:0{width}d}"
            for number in range(before + 1, min(after, before + 1 + _NAMED))
        ]
        unknown: list[str] = []
        for name in names:
            row = known.get(name)
            if row is None:
                unknown.append(name)
            else:
                yield Gap(name, name, 1, _known(row))
        missing = after - before - 1 - (len(names) - len(unknown))
        if unknown:
            last = f"{prefix}{after - 1:0{width}d}" if after - before - 1 > _NAMED else unknown[-1]
            yield Gap(unknown[0], last, missing, _UNKNOWN)


def _known(row: EntryRow) -> str:
    reason = f" ({row.reason.value})" if row.reason else ""
    where = f"invoice {row.invoice.id} bore it when a run last saw it: {row.state.value}{reason}"
    return f"{where}; {row.what}" if row.what else f"{where}; it lies outside the period"


_UNKNOWN = (
    "no invoice with it is in the source's period and no run has seen one: it was deleted or"
    " renumbered there, or it belongs to another period"
)
