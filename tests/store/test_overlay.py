"""A rehearsal reads what is there, writes where nobody sees it, and leaves nothing behind."""

import datetime as dt
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.api import EntryState, Gone, Kind, TargetRef, invoice_ref
from bridge.errors import BridgeError, StoreError
from bridge.model.run import StepState
from bridge.store.overlay import open_overlay
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import (
    AddEvent,
    Conclude,
    Intend,
    KeepAnswer,
    KeepSnapshot,
    PutLink,
    SetEntry,
    SightingRow,
)
from tests.store.builders import (
    NOW,
    Place,
    a_link,
    a_step,
    begin,
    book,
    header,
)
from tests.store.tables.test_answers import answered


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go in this test."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


@pytest.fixture
def filled(place: Place) -> Iterator[SyncLog]:
    """A log with some of everything, more than a page of it."""
    log = place.open()
    run = begin(log)
    log.see(run, [header(number) for number in range(1, 1302)], "page 13")
    for number in (1, 2, 3):
        book(log, run, number)
    log.write(
        run,
        [
            Intend(a_step(log, run, invoice_ref(4))),
            SetEntry(invoice_ref(4), EntryState.UNKNOWN),
            KeepSnapshot(invoice_ref(4), "digest", "content", {"lines": []}),
            AddEvent("info", "seen", "seen", invoice_ref(4)),
            AddEvent("info", "answer", "one charge", invoice_ref(4), {"answer": "one-charge"}),
            KeepAnswer(answered("one-charge", "71", invoice=4)),
        ],
        lease=None,
    )
    target = TargetRef(Kind.INVOICE, "55")
    log.sighted([SightingRow(Kind.INVOICE, "WHMCS-5", target, None, None, None, None, "WHMCS-5")])
    log.finish_run(run, exit_code=0, summary={})
    yield log
    log.close()


def everything(log: SyncLog) -> tuple[object, ...]:
    """All that a run asks of a log."""
    refs = [invoice_ref(number) for number in range(1, 8)]
    return (
        list(log.entries()),
        log.steps(),
        log.links(refs),
        log.links_of_invoice(invoice_ref(2)),
        log.snapshots(invoice_ref(4)),
        log.answers(invoice_ref(4)),
        [row for row in log.events(invoice=invoice_ref(4)) if row.code == "answer"],
        log.sightings(Kind.INVOICE, ["WHMCS-5"]),
        log.cursor("scan"),
        log.seen(refs),
        log.counts(),
        list(log.booked(dt.date(2026, 1, 1))),
        log.claim(10, now=NOW),
        log.backlog(now=NOW),
        log.runs(3),
    )


def test_a_rehearsal_begins_with_all_that_is_known(place: Place, filled: SyncLog) -> None:
    overlay = open_overlay(place.url, place.name, base=place.base)
    assert everything(overlay) == everything(filled)
    overlay.close()


def test_a_rehearsal_changes_nothing_and_leaves_nothing(
    place: Place, filled: SyncLog, temporary: Path
) -> None:
    before = everything(filled), list(filled.events())
    overlay = open_overlay(place.url, place.name, base=place.base)
    overlay.migrate()
    with overlay.lock(lease_s=0.001, command="dry run") as lease:
        run = overlay.start_run("dry run", version="1", settings_digest="")
        assert (run.id, run.name) == (0, place.name)
        assert overlay.see(run, [header(2000), Gone(invoice_ref(9), "gone")], "page 99") == 2
        step = a_step(overlay, run, invoice_ref(2000))
        lease.check()
        target = TargetRef(Kind.INVOICE, "dry-run")
        overlay.write(
            run,
            [
                Intend(step),
                Conclude(step.id, StepState.DONE, target),
                PutLink(a_link(invoice_ref(2000), target)),
                SetEntry(invoice_ref(2000), EntryState.DONE),
                AddEvent("info", "would", "would book"),
            ],
            lease=lease,
        )
        overlay.finish_run(run, exit_code=0, summary={})
    assert overlay.entry(invoice_ref(2000)) is not None
    assert overlay.cursor("scan") == "page 99"
    assert list(temporary.iterdir()) != []
    overlay.close()
    assert list(temporary.iterdir()) == []
    assert (everything(filled), list(filled.events())) == before


def test_a_rehearsal_goes_on_beside_a_run(place: Place, filled: SyncLog) -> None:
    with filled.lock(lease_s=30, command="sync"):
        overlay = open_overlay(place.url, place.name, base=place.base)
        with overlay.lock(lease_s=30, command="dry run"):
            begin(filled)
        overlay.close()


def test_other_bridges_stay_out_of_a_rehearsal(place: Place, filled: SyncLog) -> None:
    overlay = open_overlay(place.url, place.name + "-2", base=place.base)
    assert list(overlay.entries()) == []
    overlay.close()


def test_without_a_log_a_rehearsal_begins_empty_and_makes_none(fresh_place: Place) -> None:
    overlay = open_overlay(fresh_place.url, fresh_place.name, base=fresh_place.base)
    run = overlay.start_run("dry run", version="1", settings_digest="")
    assert overlay.see(run, [header(501)], "end") == 1
    assert overlay.snapshots(invoice_ref(501)) == []
    assert overlay.backlog(now=NOW) == 1
    overlay.close()
    with pytest.raises(StoreError, match="no sync log yet"):
        fresh_place.open(create=False)
    assert not (fresh_place.base / "log.db").exists()


def test_a_log_of_another_version_is_not_rehearsed_on(tmp_path: Path, temporary: Path) -> None:
    place = Place("sqlite:///log.db", "books", tmp_path)
    log = place.open()
    log.migrate()
    log.close()
    for other, words in (("0001", "before version"), ("0999", "newer version")):
        connection = sqlite3.connect(tmp_path / "log.db")
        connection.execute("UPDATE bridge_version SET version_num = ?", (other,))
        connection.commit()
        connection.close()
        with pytest.raises(BridgeError, match=words):
            open_overlay(place.url, place.name, base=tmp_path)
    assert list(temporary.iterdir()) == []
