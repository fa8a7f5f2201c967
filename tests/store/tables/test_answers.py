"""What persons answered is kept in its order, and outlives every event."""

import datetime as dt
from pathlib import Path

from bridge.api import invoice_ref
from bridge.store.sync_log import SyncLog
from bridge.store.tables import events
from bridge.store.tables.values import AddEvent, AnswerRow, KeepAnswer
from tests.store.builders import NOW, begin


def answered(word: str, *about: str, invoice: int = 1, at: dt.datetime = NOW) -> AnswerRow:
    return AnswerRow(
        invoice=invoice_ref(invoice),
        answer=word,
        about=about,
        who="jo@books",
        because="Größe, \u201cas agreed\u201d",
        day=dt.date(2026, 5, 1),
        run=1,
        at=at,
    )


def test_each_is_kept_in_the_order_in_which_it_was_given(log: SyncLog) -> None:
    run = begin(log)
    first, second = answered("one-charge", "71", "72"), answered("two-charges", "72")
    other = answered("not-supplied", invoice=2)
    for row in (first, other, second):
        log.write(run, [KeepAnswer(row)], lease=None)
    assert log.answers(invoice_ref(1)) == [first, second]
    assert log.answers(invoice_ref(2)) == [other]
    assert log.answers(invoice_ref(3)) == []


def test_the_same_clock_keeps_their_order(log: SyncLog) -> None:
    rows = [answered(word, at=NOW) for word in ("b", "a", "c")]
    log.write(begin(log), [KeepAnswer(row) for row in rows], lease=None)
    assert log.answers(invoice_ref(1)) == rows


def test_no_answer_is_lost_with_the_events(log: SyncLog, tmp_path: Path) -> None:
    run = begin(log)
    row = answered("one-charge", "71")
    log.write(run, [KeepAnswer(row), AddEvent("info", "done", "x", invoice_ref(1))], lease=None)
    assert "answer" in events.KEPT  # what a person did stays in the history too
    log.archive_events(dt.datetime(2999, 1, 1, tzinfo=dt.UTC), tmp_path)
    assert list(log.events()) == []
    assert log.answers(invoice_ref(1)) == [row]
