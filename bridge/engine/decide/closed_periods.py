"""Days on which the books are open. Pure."""

import datetime as dt

from bridge.engine.context import Choices
from bridge.model.reasons import Hold, Reason


def open_day(day: dt.date, choices: Choices, what: str) -> dt.date | Hold:
    """`day`, or the first open day after it where the books are closed on it and may move."""
    closed = choices.books_closed_to
    if closed is None or day > closed:
        return day
    if choices.when_closed == "first_open_day":
        return closed + dt.timedelta(days=1)
    return Hold(
        Reason.PERIOD_LOCKED,
        f"{what} {day} is in a closed period (books_closed_to: {closed})",
        "move books_closed_to back, set `when_closed: first_open_day`, or book it by hand; then"
        " `bridge retry --reason period_locked`",
    )


def with_day(detail: str, original: dt.date, booked: dt.date) -> str:
    """What a person recognises, and the true day where the books were closed on it."""
    return detail if original == booked else f"{detail} of {original}".strip()
