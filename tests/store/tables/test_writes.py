"""Runs, steps, links, sightings and events: written once, read back the same."""

import threading
from dataclasses import replace

import pytest

from bridge.api import (
    EntryState,
    Kind,
    Reason,
    SourceRef,
    TargetRef,
    invoice_ref,
)
from bridge.errors import StoreError
from bridge.model.keys import Key, Role
from bridge.model.run import StepState
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import (
    AddEvent,
    Conclude,
    Intend,
    PutLink,
    SetEntry,
    Write,
)
from tests.store.builders import (
    NOW,
    Place,
    a_link,
    a_step,
    begin,
    book,
    header,
    payload,
    the_entry,
)

INVOICE = TargetRef(Kind.INVOICE, "1001")
SECOND = Key(Role.INVOICE, "501", part=1).ref


def test_all_of_a_write_is_kept_or_nothing(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    step = a_step(log, run, invoice_ref(501))
    writes: list[Write] = [
        Intend(step),
        PutLink(a_link(invoice_ref(501), INVOICE)),
        SetEntry(invoice_ref(501), EntryState.DONE),
        AddEvent("info", "booked", "booked"),
        Conclude(step.id + 1, StepState.DONE),
    ]
    with pytest.raises(StoreError, match=f"step {step.id + 1} is not in the sync log"):
        log.write(run, writes, lease=None)
    assert log.steps() == []
    assert log.links([invoice_ref(501)]) == {}
    assert the_entry(log, 501).state is EntryState.PENDING
    assert list(log.events()) == []


def test_an_entry_that_was_never_seen_cannot_be_given_a_state(log: SyncLog) -> None:
    with pytest.raises(StoreError, match="invoice 501 is not in the sync log"):
        log.write(begin(log), [SetEntry(invoice_ref(501), EntryState.DONE)], lease=None)


def test_of_many_entries_the_one_that_was_never_seen_is_named(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(number) for number in (501, 502, 504)], None)
    puts = [SetEntry(invoice_ref(number), EntryState.DONE) for number in (501, 502, 503, 504)]
    with pytest.raises(StoreError, match=r"^invoice 503: invoice 503 is not"):
        log.write(run, puts, lease=None)
    assert {row.state for row in log.entries()} == {EntryState.PENDING}


def test_an_entry_keeps_what_is_not_given(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    log.write(
        run,
        [
            SetEntry(
                invoice_ref(501),
                EntryState.FAILED,
                money_fingerprint="m",
                content_fingerprint="c",
                tries=2,
                next_try=NOW,
                target="1001",
            )
        ],
        lease=None,
    )
    entry = the_entry(log, 501)
    assert (entry.tries, entry.next_try, entry.target) == (2, NOW, "1001")
    log.write(run, [SetEntry(invoice_ref(501), EntryState.PENDING, tries=0)], lease=None)
    entry = the_entry(log, 501)
    assert (entry.money_fingerprint, entry.content_fingerprint) == ("m", "c")
    assert (entry.tries, entry.next_try, entry.target) == (0, None, "1001")


def test_a_hold_keeps_its_age_while_its_reason_stands(log: SyncLog) -> None:
    first = begin(log)
    log.see(first, [header(501)], None)
    held = SetEntry(invoice_ref(501), EntryState.HELD, reason=Reason.PAYMENT_SHORT, what="1.00")
    log.write(first, [held], lease=None)
    since = the_entry(log, 501).changed
    later = begin(log)
    log.write(later, [replace(held, what="2.00")], lease=None)
    entry = the_entry(log, 501)
    assert (entry.changed, entry.run, entry.what) == (since, first.id, "2.00")
    log.write(later, [replace(held, reason=Reason.CHARGEBACK)], lease=None)
    entry = the_entry(log, 501)
    assert entry.changed > since
    assert entry.run == later.id


def test_sentences_may_hold_what_a_database_cannot(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    odd = "a\0b \ud800 ż 🧾"
    log.write(
        run,
        [
            SetEntry(invoice_ref(501), EntryState.FAILED, what=odd, remedy=odd),
            AddEvent("info", "odd", odd, data={"text": odd}),
        ],
        lease=None,
    )
    assert the_entry(log, 501).what.endswith("ż 🧾")
    (event,) = log.events()
    assert event.data == {"text": odd}


def test_a_payload_of_a_megabyte_is_kept_whole(log: SyncLog) -> None:
    run = begin(log)
    step = a_step(log, run, invoice_ref(501))
    step = replace(step, payload=payload(body={"Lines": ["é" * 1000] * 600}))
    log.write(run, [Intend(step)], lease=None)
    assert log.steps() == [step]


def test_threads_and_second_connections_write_at_once_and_nothing_is_lost(place: Place) -> None:
    logs = [place.open(), place.open()]
    run = begin(logs[0])
    logs[0].see(run, [header(number) for number in range(80)], None)
    failures: list[BaseException] = []

    def work(log: SyncLog, numbers: range) -> None:
        try:
            for number in numbers:
                book(log, replace(run, id=run.id + 1000 * (log is logs[1])), number)
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(logs[part % 2], range(part * 20, part * 20 + 20)))
        for part in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert logs[0].count_entries() == {(EntryState.DONE, None): 80}
    assert len(logs[0].steps(states=[StepState.DONE])) == 80
    assert len(logs[0].links([SourceRef(Kind.INVOICE, str(n)) for n in range(80)])) == 80
    for log in logs:
        log.close()
