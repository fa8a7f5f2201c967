"""States of entries: what is tried again and when, and what is held instead."""

import datetime as dt

import pytest

from bridge.api import EntryState, Hold, Reason, RecordRejectedError, invoice_ref
from bridge.model.reasons import Skip
from bridge.store.tables.values import EntryRow
from bridge.testing.builders import an_invoice
from tests.engine.one_worker import OneWorker
from tests.engine.run_engine import POLICY

INVOICE = invoice_ref(501)


@pytest.fixture
def row(one: OneWorker) -> EntryRow:
    one.prepare(an_invoice())
    return one.entry(INVOICE)


def after(one: OneWorker) -> EntryRow:
    one.worker.flush()
    return one.entry(INVOICE)


def test_a_failure_is_tried_again_later_and_later_and_held_in_the_end(
    one: OneWorker, row: EntryRow
) -> None:
    waits = []
    for _ in range(POLICY.retries - 1):
        one.worker.recorder.failed(row, "the target said no", "look there")
        row = after(one)
        assert row.state is EntryState.FAILED
        assert row.next_try
        waits.append(row.next_try - one.now)
    assert waits == sorted(waits)
    assert waits[0] == dt.timedelta(minutes=15)
    assert waits[-1] < dt.timedelta(days=1)
    one.worker.recorder.failed(row, "the target said no", "look there")
    row = after(one)
    assert (row.state, row.reason) == (EntryState.HELD, Reason.RETRIES_EXHAUSTED)


@pytest.mark.parametrize(
    ("reason", "state"),
    [("vat_rule_missing", EntryState.HELD), ("", EntryState.FAILED), ("odd", EntryState.FAILED)],
)
def test_a_refusal_of_a_known_reason_is_held_by_it(
    one: OneWorker, row: EntryRow, reason: str, state: EntryState
) -> None:
    one.worker.recorder.refused(row, RecordRejectedError("no", remedy="ask", reason=reason))
    assert after(one).state is state


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (Reason.PAYMENT_SHORT, EntryState.DONE),
        (Reason.DUPLICATE_TRANSACTION, EntryState.HELD),
        (Reason.CHANGED_AFTER_WRITE, EntryState.HELD),
    ],
)
def test_a_remark_that_is_a_question_about_more_holds_what_is_booked(
    one: OneWorker, row: EntryRow, reason: Reason, state: EntryState
) -> None:
    one.worker.recorder.done(row, "1", Hold(reason, "there is more", "say what it is"))
    shown = after(one)
    assert (shown.state, shown.reason) == (state, reason)


def test_a_failure_that_was_the_accounts_gives_the_try_back(one: OneWorker, row: EntryRow) -> None:
    one.worker.recorder.failed(row, "no", "ask")
    assert after(one).tries == 1
    one.worker.recorder.give_back(row)
    assert (after(one).state, after(one).tries) == (EntryState.PENDING, 0)
    assert one.context.counters.outcome()["failed"] == 0


def test_what_is_skipped_counts_as_skipped(one: OneWorker, row: EntryRow) -> None:
    one.worker.recorder.skip(row, Skip(Reason.DELETED, "it is gone"))
    assert after(one).state is EntryState.SKIPPED
    assert one.context.counters.outcome()["skipped"] == 1
