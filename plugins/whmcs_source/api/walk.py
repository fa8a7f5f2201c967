"""Walking a list by offset, although it changes meanwhile, and losing none.

WHMCS pages by offset only, so a row that is deleted, or that leaves the filter, moves all later
ones forward. Each page therefore begins on a row that was seen already; if it does not, the walk
steps back until it does. Source: WHMCS API reference, GetInvoices (limitstart, limitnum).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic

from bridge.api import TransientError
from whmcs_source.api.calls import Page, RowT_co

_STEP_BACK = 8  # each step back is this many times as long as the one before


@dataclass(frozen=True, slots=True)
class Place:
    """How far a walk has come: `offset` rows seen, `last` the highest id among them."""

    offset: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Stretch(Generic[RowT_co]):
    """What a page brought that was not seen before, ids ascending, and where that leads.

    Attributes:
        after: The highest id seen before this stretch.
        total: How many rows fit the filter.
    """

    rows: tuple[RowT_co, ...]
    after: int
    place: Place
    total: int


def walk(fetch: Callable[[int], Page[RowT_co]], place: Place) -> Iterator[Stretch[RowT_co]]:
    """Go on from a place to the end of the list; at least one page is fetched.

    Rows with an id up to `place.last` are not given again.
    """
    back = 1 if place.last else 0
    while True:
        begin = max(0, place.offset - back)
        page = fetch(begin)
        if begin and (not page.rows or page.rows[0].id > place.last):
            back *= _STEP_BACK
            continue
        fresh = tuple(row for row in page.rows if row.id > place.last)
        after, end = place.last, begin + len(page.rows)
        place = Place(end, fresh[-1].id if fresh else place.last)
        yield Stretch(fresh, after, place, page.total)
        if not page.rows or end >= page.total:
            return
        if back and len(page.rows) == 1:
            raise TransientError(
                "WHMCS gave one row of a list, though more were asked for and are there",
                remedy="set source.page_size to another number",
            )
        back = 1
