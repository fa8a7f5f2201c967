"""Database mode of the WHMCS source: full invoices a second, and what a look for changes costs.

In this process, with nothing of bridge but the source: `nothing_new` measures whole runs.
"""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from whmcs_source.database.database_source import WhmcsDatabase
from whmcs_source.database.digest import digests, newest_ids

from benchmarks.companies import company
from benchmarks.harness import Figure, show, sized
from benchmarks.log import NOTHING_KNOWN, TODAY
from bridge.api import Checkpoint, Header, Invoice, SourceRef, invoice_ref
from tests.whmcs_source.database.installation import Installation

SIZE = sized(20_000, 1_000_000)
READ_AT_MOST = 50_000
PIECE = 2_000


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and the answer."""
    gc.collect()
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def reading(source: WhmcsDatabase) -> list[float]:
    """Invoices a second, translated and complete; by pieces in the middle of the table."""
    count = min(SIZE // 2, READ_AT_MOST)
    start, rates = SIZE // 3, []
    for first in range(start, start + count, PIECE):
        refs = [invoice_ref(number) for number in range(first, min(first + PIECE, start + count))]
        seconds, found = timed(partial(_whole, source, refs))
        if found != len(refs):
            raise AssertionError(f"{len(refs) - found} of the invoices came incomplete")
        rates.append(found / seconds)
    return rates


def _whole(source: WhmcsDatabase, refs: Sequence[SourceRef]) -> int:
    return sum(map(_is_whole, source.invoices(refs)))


def _is_whole(answer: object) -> bool:
    return isinstance(answer, Invoice) and len(answer.lines) == 3 and not answer.holds


def first_scan(source: WhmcsDatabase) -> tuple[str, int]:
    """The cursor, and how many headers came."""
    cursor, found = "", 0
    for item in source.scan(None, NOTHING_KNOWN, TODAY):
        if isinstance(item, Checkpoint):
            cursor = item.cursor
        else:
            found += isinstance(item, Header)
    return cursor, found


def scan_again(source: WhmcsDatabase, cursor: str) -> int:
    """How many invoices a second look gave; none, when nothing changed."""
    items = source.scan(cursor, NOTHING_KNOWN, TODAY)
    return sum(not isinstance(item, Checkpoint) for item in items)


def one_edit(source: WhmcsDatabase, made: Installation, cursor: str) -> int:
    """How many invoices come after one of them was changed without any mark of time."""
    made.run(f"UPDATE tblinvoices SET subtotal = subtotal + 1 WHERE id = {SIZE // 2}")
    return scan_again(source, cursor)


def measure(made: Installation) -> list[Figure]:
    """Everything that is measured of one company."""
    with made.open(timeout_s=300) as source, made.open(database_digest="deep_scan") as quick:
        source.check()
        list(source.invoices([invoice_ref(1)]))
        rates = reading(source)
        scanning, (cursor, found) = timed(partial(first_scan, source))
        door, layout = source.tables.door, source.tables.asked.setup().layout
        whole = {part: (0, last) for part, last in newest_ids(door).items()}
        digest = min(timed(lambda: digests(door, layout, whole))[0] for _ in range(3))
        full = min(timed(lambda: scan_again(source, cursor))[0] for _ in range(3))
        look = min(timed(lambda: scan_again(quick, cursor))[0] for _ in range(3))
        editing, given = timed(lambda: one_edit(source, made, cursor))
    return [
        Figure("full invoices read, median", statistics.median(rates), "/s", at_least=10_000),
        Figure("full invoices read, slowest piece", min(rates), "/s"),
        Figure("headers of the first scan", found / scanning, "/s"),
        Figure("nothing new: quick check", look, "s", at_most=1),
        Figure("nothing new: full digest", full, "s", at_most=6),
        Figure("of that in the database", digest / full, "x"),
        Figure(f"one edit found ({given} headers read again)", editing, "s"),
        Figure("size of the cursor", len(cursor) / 1024, "KiB"),
    ]


def main() -> None:
    """Measure one company."""
    with company(SIZE) as made:
        show(f"Database mode, {SIZE:,} invoices", measure(made))


if __name__ == "__main__":
    main()
