"""A walk over a list that changes under it loses no row that was there all the time."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from whmcs_source.api.calls import Page, Row
from whmcs_source.api.walk import Place, walk
from whmcs_source.api.wire_models import WireRow

from bridge.api import TransientError


def a_row(number: int) -> WireRow:
    return WireRow(
        id=number, userid=1, subtotal=Decimal(1), tax=Decimal(0), total=Decimal(1), status="Paid"
    )


@dataclass
class Listing:
    """A list as WHMCS pages it: by offset, over whatever is there at that moment.

    `script` holds, for each call in turn, ids that are deleted before it and how many are added.
    """

    ids: list[int]
    size: int
    script: list[tuple[frozenset[int], int]] = field(default_factory=list)
    calls: int = 0
    ever: int = 0

    def __post_init__(self) -> None:
        self.ever = max(self.ids, default=0)

    def fetch(self, offset: int) -> Page[Row]:
        self.calls += 1
        if self.script:
            deleted, added = self.script.pop(0)
            self.ids = [number for number in self.ids if number not in deleted]
            self.ids += range(self.ever + 1, self.ever + 1 + added)
            self.ever += added
        found = self.ids[offset : offset + self.size]
        return Page(tuple(a_row(number) for number in found), len(self.ids))


def walked(listing: Listing, place: Place) -> tuple[list[int], Place]:
    seen: list[int] = []
    for stretch in walk(listing.fetch, place):
        seen += [row.id for row in stretch.rows]
        place = stretch.place
    return seen, place


CHANGES = st.lists(
    st.tuples(st.frozensets(st.integers(1, 40), max_size=8), st.integers(0, 3)), max_size=12
)


@given(st.sets(st.integers(1, 40)), st.integers(2, 7), CHANGES)
def test_no_row_is_lost_or_given_twice(
    ids: set[int], size: int, script: list[tuple[frozenset[int], int]]
) -> None:
    listing = Listing(sorted(ids), size, list(script))
    seen, _ = walked(listing, Place())
    stayed = ids.difference(*(deleted for deleted, _ in script))
    assert stayed <= set(seen)
    assert seen == sorted(set(seen))


@given(st.sets(st.integers(1, 40), min_size=1), st.integers(2, 7), st.sets(st.integers(1, 40)))
def test_a_later_walk_finds_exactly_what_is_new(
    ids: set[int], size: int, deleted: set[int]
) -> None:
    """However many of the old ones were deleted in between."""
    listing = Listing(sorted(ids), size)
    _, place = walked(listing, Place())
    listing.script = [(frozenset(deleted), 5)]
    seen, _ = walked(listing, place)
    newest = max(ids)
    assert seen == list(range(newest + 1, newest + 6))


def test_nothing_new_costs_one_call() -> None:
    listing = Listing(list(range(1, 1001)), 100)
    _, place = walked(listing, Place())
    listing.calls = 0
    assert walked(listing, place)[0] == []
    assert listing.calls == 1


def test_a_thousand_deletions_cost_a_few_calls() -> None:
    """Stepping back lengthens each time."""
    listing = Listing(list(range(1, 2001)), 100)
    _, place = walked(listing, Place())
    listing.calls = 0
    listing.script = [(frozenset(range(1, 1001)), 1)]
    assert walked(listing, place)[0] == [2001]
    assert listing.calls < 20


def test_a_page_of_one_row_ends_the_walk_rather_than_going_on_for_ever() -> None:
    with pytest.raises(TransientError, match="one row"):
        walked(Listing([1, 2, 3], 1), Place())


def test_an_empty_list_is_one_call() -> None:
    listing = Listing([], 10)
    assert walked(listing, Place()) == ([], Place())
    assert listing.calls == 1
