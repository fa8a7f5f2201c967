"""A look for changes without digests: how many rows there are, and where a time was written down.

It goes through whole tables, since nothing is known of indexes and a row that was deleted shows in
no id and no time. Half of it is waiting for the disk, so it goes on more connections than a digest.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from whmcs_source.database.connection import DatabaseConnection
from whmcs_source.database.digest import SHAPES, DigestPart
from whmcs_source.database.layout import Layout
from whmcs_source.database.numbers import shares
from whmcs_source.database.rows import number_of

_CONNECTIONS = 4
_SHARES = 16
_LEAST = 10_000
_TIMES = ("updated_at", "datepaid", "date_refunded", "date_cancelled")
_OVERLAP = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class QuickCheck:
    """What a look found.

    Attributes:
        counts: How many rows there are.
        timed: Ranges of invoices in which a time was written since, from the first of them on.
    """

    counts: Mapping[DigestPart, int]
    timed: Sequence[range]


def written_since(layout: Layout, since: dt.date) -> str:
    """A condition on invoices: WHMCS wrote a time on them. To the day, with days to spare."""
    there = layout.of("tblinvoices")
    day = since - _OVERLAP
    return " OR ".join(f"`{name}` >= '{day}'" for name in _TIMES if name in there)


def quick_check(database: DatabaseConnection, newest: int, times: str) -> QuickCheck:
    """Count all rows, and find invoices up to the newest that fit the condition `times`."""
    with ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="whmcs-look") as pool:
        lines = pool.submit(_count, database, DigestPart.LINES)  # the slowest first
        invoices = [
            (share, pool.submit(_invoices, database, share, times))
            for share in shares(0, newest, _SHARES, least=_LEAST)
        ]
        others = {
            part: pool.submit(_count, database, part)
            for part in (DigestPart.MONEY, DigestPart.CLIENTS)
        }
        found = [(share, *future.result()) for share, future in invoices]
        counts = {part: future.result() for part, future in others.items()}
        counts[DigestPart.LINES] = lines.result()
    counts[DigestPart.INVOICES] = sum(count for _, count, _ in found)
    timed = [range(first, share.stop) for share, _, first in found if first]
    return QuickCheck(counts, timed)


def _count(database: DatabaseConnection, part: DigestPart) -> int:
    with database.snapshot() as snapshot:
        [count] = snapshot.row(f"SELECT COUNT(*) FROM {SHAPES[part].table}")  # noqa: S608
    return number_of(count)


def _invoices(database: DatabaseConnection, share: range, times: str) -> tuple[int, int]:
    """In one pass: how many there are, and the first that fits; 0 for none."""
    with database.snapshot() as snapshot:
        count, first = snapshot.row(
            f"SELECT COUNT(*), MIN(IF({times}, id, NULL)) FROM tblinvoices"  # noqa: S608
            f" WHERE id BETWEEN {share.start} AND {share.stop - 1}"
        )
    return number_of(count), number_of(first)
