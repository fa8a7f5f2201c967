"""Making the log shorter by old events, as a manual act that is itself in the log."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from bridge.engine.context import Operator
from bridge.store.tables.events import Pruned
from bridge.store.tables.values import AddEvent


def prune_events(
    operator: Operator, before: dt.datetime, folder: Path, retention_years: int
) -> Pruned:
    """Archive events older than `before` in `folder` and remove them; who did it stays.

    The archive is to be kept for `retention_years` from its youngest event on.

    Raises:
        StoreError: nothing was archived, and nothing removed.
    """
    found = operator.log.archive_events(before, folder)
    if found.file is not None:
        until = _years_later(before.date(), retention_years)
        told = (
            f"{found.count} events before {before:%Y-%m-%d} were moved to {found.file.name}, which"
            f" is to be kept until {until}"
        )
        event = AddEvent("info", "by_hand", f"{told} ({operator.who})")
        operator.log.write(operator.run, [event], lease=operator.lease)
        return replace(found, keep_until=until)
    return found


def _years_later(day: dt.date, years: int) -> dt.date:
    """The same day so many years later; the 29th of February ends on the 1st of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)
