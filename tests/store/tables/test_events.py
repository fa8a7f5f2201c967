"""Old events go into a file and only then out of the log; what persons did stays."""

import datetime as dt
import gzip
import json
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from bridge.api import (
    Kind,
    Run,
    invoice_ref,
)
from bridge.errors import StoreError
from bridge.store.db.connection import Database
from bridge.store.db.url import read_address
from bridge.store.lease import Lease
from bridge.store.sync_log import SyncLog
from bridge.store.tables import events
from bridge.store.tables.values import (
    AddEvent,
)
from tests.store.builders import (
    Place,
    begin,
    book,
    header,
)

T = TypeVar("T")
LATER = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
MANY = 1203


def _fill(log: SyncLog, count: int) -> Run:
    run = begin(log)
    log.see(run, [header(1)], None)
    book(log, run, 1)
    done = [AddEvent("info", "done", f"n {number} \u00e9") for number in range(count)]
    hands = [AddEvent("info", code, "by ann", invoice_ref(1)) for code in events.KEPT]
    log.write(run, [*done, *hands], lease=None)
    return run


def _archived(file: Path | None) -> list[dict[str, object]]:
    assert file is not None
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_old_events_are_moved_whole_and_what_persons_did_stays(
    log: SyncLog, tmp_path: Path
) -> None:
    _fill(log, MANY)
    before = list(log.events())
    assert log.count_old_events(LATER) == MANY
    found = log.archive_events(LATER, tmp_path)
    assert found.count == MANY
    assert [one.code for one in log.events()] == list(events.KEPT)
    told = _archived(found.file)
    assert told == [
        json.loads(json.dumps(events.as_json(event))) for event in before if event.code == "done"
    ]
    assert log.entry(invoice_ref(1))
    assert log.links([invoice_ref(1)])
    assert log.has_links(Kind.INVOICE)
    assert log.steps(invoice=invoice_ref(1))


def test_the_archive_is_for_its_owner_and_never_written_over(log: SyncLog, tmp_path: Path) -> None:
    files = []
    for count in (3, 2):
        _fill(log, count)
        files.append(log.archive_events(LATER, tmp_path).file)
    assert [len(_archived(file)) for file in files] == [3, 2]
    assert all(file and stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_events_that_are_not_old_stay(log: SyncLog, tmp_path: Path) -> None:
    _fill(log, 2)
    past = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    assert log.count_old_events(past) == 0
    assert log.archive_events(past, tmp_path) == events.Pruned(0)
    assert not list(tmp_path.glob("*.gz"))


def test_where_nothing_can_be_written_nothing_goes(log: SyncLog, tmp_path: Path) -> None:
    _fill(log, 2)
    with pytest.raises(StoreError, match="could not be written") as raised:
        log.archive_events(LATER, tmp_path / "nowhere")
    assert "every event is still in the log" in raised.value.remedy
    assert log.count_old_events(LATER) == 2


class _Interrupted(SyncLog):
    """Ends at its second commit."""

    commits = 0

    def _write(self, job: Callable[[Connection], T], lease: Lease | None = None) -> T:
        self.commits += 1
        if self.commits > 1:
            raise KeyboardInterrupt
        return super()._write(job, lease)


def test_what_an_interruption_leaves_is_archived_by_the_next(place: Place, tmp_path: Path) -> None:
    with closing(place.open()) as log:
        log.migrate()
        _fill(log, MANY)
        database = Database(read_address(place.url, base=place.base))
        with (
            closing(_Interrupted(database, place.name)) as interrupted,
            pytest.raises(KeyboardInterrupt),
        ):
            interrupted.archive_events(LATER, tmp_path)
        left = log.count_old_events(LATER)
        assert 0 < left < MANY
        second = log.archive_events(LATER, tmp_path)
        assert second.count == left
        assert log.count_old_events(LATER) == 0
    (first,) = set(tmp_path.glob("*.jsonl.gz")) - {second.file}
    assert len(_archived(first)) == MANY


def test_events_come_in_order_and_by_what_they_are_about(log: SyncLog) -> None:
    run = begin(log)
    later = begin(log)
    log.write(
        run,
        [
            AddEvent("info", "seen", "one", invoice_ref(501), {"n": 1, "list": [None, "é"]}),
            AddEvent("error", "refused", "two"),
        ],
        lease=None,
    )
    log.write(later, [AddEvent("warning", "held", "three", invoice_ref(501))], lease=None)
    first, second, third = log.events()
    assert (first.message, first.invoice, first.run) == ("one", invoice_ref(501), run.id)
    assert first.data == {"n": 1, "list": [None, "é"]}
    assert (second.invoice, second.data) == (None, {})
    assert first.id < second.id < third.id
    assert list(log.events(run=later.id)) == [third]
    assert list(log.events(invoice=invoice_ref(501))) == [first, third]
    assert list(log.events(levels=["error", "warning"])) == [second, third]
    assert list(log.events(limit=2)) == [second, third]
    assert list(log.events(limit=9)) == [first, second, third]
    assert list(log.events(limit=0)) == []
    assert list(log.events(invoice=invoice_ref(501), limit=1)) == [third]
    assert list(log.events(since=third.at, levels=["warning"])) == [third]
    assert list(log.events(since=third.at + dt.timedelta(seconds=1))) == []
