"""Old events move to an archive, and who moved them stays in the log."""

import datetime as dt
from contextlib import closing
from pathlib import Path

import pytest

from bridge.engine.context import Operator
from bridge.engine.manual.prune import prune_events
from bridge.store import open_log
from bridge.store.tables.values import AddEvent


@pytest.mark.parametrize(
    ("before", "until"),
    [
        (dt.datetime(2040, 3, 5, tzinfo=dt.UTC), dt.date(2047, 3, 5)),
        (dt.datetime(2040, 2, 29, tzinfo=dt.UTC), dt.date(2047, 3, 1)),
    ],
)
def test_the_archive_is_to_be_kept_for_years_from_its_youngest_event_on(
    tmp_path: Path, before: dt.datetime, until: dt.date
) -> None:
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as log:
        log.migrate()
        run = log.start_run("log prune", version="0", settings_digest="")
        log.write(run, [AddEvent("info", "done", "booked as 1")], lease=None)
        operator = Operator(log, run, None, "rose@books")
        found = prune_events(operator, before, tmp_path, 7)
        assert (found.count, found.keep_until) == (1, until)
        assert found.file
        (event,) = log.events()
    assert "1 events before 2040" in event.message
    assert event.message.endswith("(rose@books)")


def test_nothing_old_leaves_no_trace(tmp_path: Path) -> None:
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as log:
        log.migrate()
        run = log.start_run("log prune", version="0", settings_digest="")
        operator = Operator(log, run, None, "rose@books")
        found = prune_events(operator, dt.datetime(2020, 1, 1, tzinfo=dt.UTC), tmp_path, 7)
        assert found.file is None
        assert list(log.events()) == []
