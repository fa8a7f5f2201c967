"""Making the log shorter by old events, as a manual act that is itself in the log."""

import datetime as dt
from pathlib import Path

from bridge.engine.hands import Hands
from bridge.store.pruning import Pruned
from bridge.store.rows import AddEvent


def prune_events(hands: Hands, before: dt.datetime, folder: Path) -> Pruned:
    """Archive events older than `before` in `folder` and remove them; who did it stays.

    Raises:
        StoreError: nothing was archived, and nothing removed.
    """
    found = hands.log.archive_events(before, folder)
    if found.file is not None:
        told = f"{found.count} events before {before:%Y-%m-%d} were moved to {found.file.name}"
        event = AddEvent("info", "by_hand", f"{told} ({hands.who})")
        hands.log.write(hands.run, [event], lease=hands.lease)
    return found
