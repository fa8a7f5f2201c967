"""What a scan does to the work list: the promises of `SyncLog.see`."""

import datetime as dt

import pytest

from bridge.api import (
    EntryState,
    Gone,
    Kind,
    Reason,
    SourceRef,
    client_ref,
    invoice_ref,
)
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import (
    EntryRow,
    Intend,
    SetEntry,
)
from tests.store.builders import (
    NOW,
    a_step,
    begin,
    book,
    gbp,
    header,
    the_entry,
)


def test_a_new_invoice_becomes_pending_with_all_that_its_header_says(log: SyncLog) -> None:
    run = begin(log)
    assert log.see(run, [header(501)], None) == 1
    entry = the_entry(log, 501)
    assert entry == EntryRow(
        invoice=invoice_ref(501),
        client=client_ref(7),
        number="INV-2026-501",
        status="Paid",
        source_state=header(501).state,
        issued=dt.date(2026, 4, 1),
        paid_on=dt.date(2026, 4, 10),
        gross=gbp("120.00"),
        header_fingerprint="first",
        money_fingerprint=None,
        content_fingerprint=None,
        state=EntryState.PENDING,
        reason=None,
        what="",
        remedy="",
        tries=0,
        next_try=None,
        changed=entry.changed,
        run=run.id,
        target="",
    )
    assert entry.changed.tzinfo is dt.UTC


def test_an_unchanged_invoice_is_not_touched(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    log.write(run, [SetEntry(invoice_ref(501), EntryState.DONE)], lease=None)
    before = the_entry(log, 501)
    assert log.see(begin(log), [header(501)], None) == 0
    assert the_entry(log, 501) == before


@pytest.mark.parametrize("fingerprint", ["second", None])
@pytest.mark.parametrize("state", [EntryState.DONE, EntryState.HELD, EntryState.FAILED])
def test_a_changed_invoice_goes_back_on_the_list_and_keeps_what_was_booked(
    log: SyncLog, state: EntryState, fingerprint: str | None
) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    given = SetEntry(
        invoice_ref(501),
        state,
        reason=Reason.PAYMENT_SHORT if state is EntryState.HELD else None,
        what="why",
        remedy="how",
        money_fingerprint="money",
        content_fingerprint="content",
        tries=3,
        next_try=NOW,
        target="77",
    )
    log.write(run, [given], lease=None)
    later = begin(log)
    assert log.see(later, [header(501, fingerprint=fingerprint, gross="99.00")], None) == 1
    entry = the_entry(log, 501)
    assert (entry.state, entry.reason, entry.what, entry.remedy) == (
        EntryState.PENDING,
        None,
        "",
        "",
    )
    assert (entry.tries, entry.next_try, entry.run) == (0, None, later.id)
    assert (entry.money_fingerprint, entry.content_fingerprint) == ("money", "content")
    assert (entry.target, entry.gross) == ("77", gbp("99.00"))


@pytest.mark.parametrize("state", [EntryState.UNKNOWN, EntryState.UNVERIFIED, EntryState.MISMATCH])
def test_what_was_sent_is_settled_before_a_change_counts(log: SyncLog, state: EntryState) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    log.write(run, [SetEntry(invoice_ref(501), state, what="why", tries=2)], lease=None)
    assert log.see(begin(log), [header(501, fingerprint="second", gross="99.00")], None) == 1
    entry = the_entry(log, 501)
    assert (entry.state, entry.what, entry.tries, entry.run) == (state, "why", 2, run.id)
    assert (entry.header_fingerprint, entry.gross) == ("second", gbp("99.00"))


def test_what_a_person_skipped_stays_skipped(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    skip = SetEntry(invoice_ref(501), EntryState.SKIPPED, reason=Reason.SKIPPED_BY_USER)
    log.write(run, [skip], lease=None)
    log.see(run, [header(501, fingerprint="second")], None)
    assert the_entry(log, 501).reason is Reason.SKIPPED_BY_USER
    log.see(run, [Gone(invoice_ref(501), "deleted")], None)
    assert the_entry(log, 501).reason is Reason.SKIPPED_BY_USER


def test_what_a_rule_skipped_comes_back_when_it_changes(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501, status="Unpaid")], None)
    skip = SetEntry(invoice_ref(501), EntryState.SKIPPED, reason=Reason.NOT_PAID)
    log.write(run, [skip], lease=None)
    log.see(run, [header(501, fingerprint="second")], None)
    assert the_entry(log, 501).state is EntryState.PENDING


def test_a_vanished_invoice_that_was_never_written_is_skipped(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    assert log.see(run, [Gone(invoice_ref(501), "WHMCS no longer has it")], None) == 1
    entry = the_entry(log, 501)
    assert (entry.state, entry.reason) == (EntryState.SKIPPED, Reason.DELETED)
    assert entry.what == "WHMCS no longer has it"


def test_a_vanished_invoice_that_was_booked_is_held(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    book(log, run, 501)
    log.see(run, [Gone(invoice_ref(501), "WHMCS no longer has it")], None)
    entry = the_entry(log, 501)
    assert (entry.state, entry.reason) == (EntryState.HELD, Reason.CHANGED_AFTER_WRITE)
    assert "WHMCS no longer has it" in entry.what
    assert "bridge skip 501" in entry.remedy
    assert entry.content_fingerprint == "booked"


@pytest.mark.parametrize(
    ("ref", "state"),
    [
        (invoice_ref(501), EntryState.HELD),
        (SourceRef(Kind.PAYMENT, "T9/501"), EntryState.HELD),
        (client_ref(7), EntryState.SKIPPED),
    ],
)
def test_a_vanished_invoice_that_may_have_been_sent_is_held(
    log: SyncLog, ref: SourceRef, state: EntryState
) -> None:
    """Its client alone is no document in the books."""
    run = begin(log)
    log.see(run, [header(501)], None)
    log.write(run, [Intend(a_step(log, run, ref, invoice=invoice_ref(501)))], lease=None)
    log.see(run, [Gone(invoice_ref(501), "gone")], None)
    assert the_entry(log, 501).state is state


def test_one_from_before_the_start_is_read_once_its_money_may_have_moved(log: SyncLog) -> None:
    """A header without fingerprint says so, also if the same scan gives one after it."""
    run = begin(log)
    early = SetEntry(invoice_ref(501), EntryState.SKIPPED, reason=Reason.BEFORE_START_DATE)
    log.see(run, [header(501)], None)
    log.write(run, [early], lease=None)
    log.see(run, [header(501, fingerprint=None), header(501)], None)
    entry = the_entry(log, 501)
    assert (entry.state, entry.reason) == (EntryState.PENDING, Reason.BEFORE_START_DATE)
    log.write(run, [early], lease=None)
    log.see(run, [header(501, fingerprint="second")], None)
    entry = the_entry(log, 501)
    assert (entry.state, entry.reason) == (EntryState.PENDING, None)


def test_a_vanished_invoice_is_news_once_and_is_not_counted(log: SyncLog) -> None:
    """A source that compares its list with `refs` and `counts` would report it for ever."""
    run = begin(log)
    log.see(run, [header(501, status="Unpaid"), header(502, status="Unpaid")], None)
    gone = Gone(invoice_ref(501), "gone")
    assert [log.see(run, [gone], None) for _ in range(2)] == [1, 0]
    assert log.counts() == {"Unpaid": 1}
    assert list(log.refs("Unpaid")) == [invoice_ref(502)]
    assert list(log.refs("")) == []


def test_a_vanished_invoice_that_comes_back_unchanged_is_pending_again(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    log.see(run, [Gone(invoice_ref(501), "gone")], None)
    assert log.see(run, [header(501)], None) == 1
    assert the_entry(log, 501).state is EntryState.PENDING


def test_a_vanished_invoice_that_was_never_seen_is_nothing(log: SyncLog) -> None:
    assert log.see(begin(log), [Gone(invoice_ref(501), "gone")], None) == 0
    assert log.entry(invoice_ref(501)) is None


def test_a_piece_may_name_an_invoice_twice_and_the_last_word_counts(log: SyncLog) -> None:
    run = begin(log)
    piece = [header(501), header(501, fingerprint="second", gross="99.00"), header(502)]
    assert log.see(run, piece, None) == 2
    assert the_entry(log, 501).gross == gbp("99.00")
    assert log.see(run, [header(501, fingerprint="x"), Gone(invoice_ref(501), "gone")], None) == 1
    assert the_entry(log, 501).reason is Reason.DELETED


def test_a_piece_and_its_cursor_are_one_transaction(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], "page 1")
    log.see(run, [header(502)], None)
    assert log.cursor("scan") == "page 1"
    wrong = header(503, currency="GBP")
    with pytest.raises(ValueError, match="stands where"):
        log.see(run, [wrong, Gone(client_ref(7), "not an invoice")], "page 2")
    assert log.cursor("scan") == "page 1"
    assert log.entry(invoice_ref(503)) is None


def test_thousands_in_one_piece(log: SyncLog) -> None:
    """More than any database takes as parameters of one statement."""
    run = begin(log)
    piece = [header(number) for number in range(1, 2501)]
    assert log.see(run, piece, "end") == 2500
    assert log.see(run, piece, "end") == 0
    assert log.newest() == invoice_ref(2500)


def test_cursors_are_kept_by_name(log: SyncLog) -> None:
    assert log.cursor("sweep") is None
    log.set_cursor("sweep", "x" * 100_000)
    log.set_cursor("sweep", "2026-04-01")
    assert log.cursor("sweep") == "2026-04-01"
    assert log.cursor("scan") is None
