"""A day in a closed period is held, or becomes the first open one."""

import datetime as dt

import pytest

from bridge.api import Hold, Reason
from bridge.engine.context import Choices
from bridge.engine.decide.closed_periods import open_day, with_day

CLOSED = dt.date(2026, 3, 31)
FIRST_OPEN = dt.date(2026, 4, 1)


@pytest.mark.parametrize("when_closed", ["hold", "first_open_day"])
@pytest.mark.parametrize("closed", [None, CLOSED])
def test_an_open_day_stays(closed: dt.date | None, when_closed: str) -> None:
    choices = Choices(books_closed_to=closed, when_closed=when_closed)
    assert open_day(FIRST_OPEN, choices, "its date") == FIRST_OPEN


def test_a_closed_day_is_held_and_says_what_would_be_dated_on_it() -> None:
    held = open_day(CLOSED, Choices(books_closed_to=CLOSED), "its refund of")
    assert isinstance(held, Hold)
    assert held.reason is Reason.PERIOD_LOCKED
    assert held.what.startswith("its refund of 2026-03-31 is in a closed period")


def test_a_closed_day_may_move_to_the_first_open_one() -> None:
    choices = Choices(books_closed_to=CLOSED, when_closed="first_open_day")
    assert open_day(dt.date(2025, 12, 31), choices, "its date") == FIRST_OPEN


def test_the_true_day_is_written_beside_what_moved() -> None:
    assert with_day("INV-7", CLOSED, CLOSED) == "INV-7"
    assert with_day("INV-7", CLOSED, FIRST_OPEN) == "INV-7 of 2026-03-31"
    assert with_day("", CLOSED, FIRST_OPEN) == "of 2026-03-31"
