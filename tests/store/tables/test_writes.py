"""Runs, steps, links, sightings and events: written once, read back the same."""

import datetime as dt
import threading
from dataclasses import replace

import pytest

from bridge.api import (
    EntryState,
    Kind,
    Reason,
    SourceRef,
    TargetRef,
    client_ref,
    invoice_ref,
    payment_ref,
)
from bridge.errors import StoreError
from bridge.model.keys import Key, Role
from bridge.model.run import StepState
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import (
    Action,
    AddEvent,
    Conclude,
    DropLink,
    EntryRow,
    Intend,
    PutLink,
    SetEntry,
    SightingRow,
    Write,
)
from tests.store.builders import NOW, Place, a_link, a_step, begin, book, gbp, header, payload

INVOICE = TargetRef(Kind.INVOICE, "1001")
SECOND = Key(Role.INVOICE, "501", part=1).ref


def the_entry(log: SyncLog, number: int) -> EntryRow:
    entry = log.entry(invoice_ref(number))
    assert entry is not None
    return entry


def test_a_run_is_numbered_after_the_last_and_shown_with_its_end(log: SyncLog) -> None:
    killed, run = begin(log), begin(log)
    assert run.id > killed.id
    log.finish_run(run, exit_code=3, summary={"outcome": {"held": 2}, "text": "é"})
    latest, before = log.runs(2)
    assert (latest.id, latest.exit_code, latest.summary) == (
        run.id,
        3,
        {"outcome": {"held": 2}, "text": "é"},
    )
    assert latest.started == run.started
    assert latest.ended is not None
    assert latest.ended >= latest.started
    assert (before.id, before.ended, before.exit_code) == (killed.id, None, None)
    assert [row.id for row in log.runs(1)] == [run.id]


def test_a_step_is_read_back_as_it_was_written(log: SyncLog) -> None:
    run = begin(log)
    step = a_step(log, run, payment_ref(900, 501), invoice=invoice_ref(501))
    step = replace(step, parent=TargetRef(Kind.INVOICE, "1001", "55"), error="a\nb")
    log.write(run, [Intend(step)], lease=None)
    assert log.steps() == [step]


def test_a_step_is_concluded_with_what_came_of_it(log: SyncLog) -> None:
    run = begin(log)
    step = a_step(log, run, invoice_ref(501))
    log.write(run, [Intend(step)], lease=None)
    log.write(run, [Conclude(step.id, StepState.UNKNOWN, error="no reply")], lease=None)
    (unknown,) = log.steps(states=[StepState.UNKNOWN, StepState.INTENDED])
    assert (unknown.error, unknown.target) == ("no reply", None)
    assert unknown.finished is not None
    log.write(run, [Conclude(step.id, StepState.DONE, INVOICE)], lease=None)
    assert log.steps(states=[StepState.UNKNOWN, StepState.INTENDED]) == []
    (done,) = log.steps(states=[StepState.DONE])
    assert (done.error, done.target) == ("", INVOICE)
    assert done.payload == step.payload


def test_steps_are_found_by_invoice_and_by_run_in_order(log: SyncLog) -> None:
    first = begin(log)
    one = a_step(log, first, invoice_ref(501))
    two = a_step(log, first, payment_ref(900, 501), invoice=invoice_ref(501))
    second = begin(log)
    three = a_step(log, second, invoice_ref(502))
    log.write(second, [Intend(three), Intend(two), Intend(one)], lease=None)
    assert log.steps() == [one, two, three]
    assert log.steps(run=first.id) == [one, two]
    assert log.steps(invoice=invoice_ref(502)) == [three]
    assert log.steps(run=second.id, invoice=invoice_ref(501)) == []


def test_step_ids_ascend_and_are_never_given_twice_by_any_thread(log: SyncLog) -> None:
    run, later = begin(log), begin(log)
    given: list[int] = []

    def take() -> None:
        given.extend([log.next_step_id(run) for _ in range(300)])

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 1800
    assert log.next_step_id(later) > max(given)


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


def test_a_link_is_read_back_as_it_was_written(log: SyncLog) -> None:
    link = a_link(invoice_ref(501), TargetRef(Kind.INVOICE, "1001", "55"))
    bare = replace(
        a_link(client_ref(7), TargetRef(Kind.CLIENT, "3001")),
        payload=None,
        adopted=True,
        day=None,
        client=None,
    )
    log.write(begin(log), [PutLink(link), PutLink(bare)], lease=None)
    asked = [invoice_ref(501), client_ref(7), invoice_ref(502), client_ref(501)]
    assert log.links(asked) == {link.ref: link, bare.ref: bare}
    assert log.has_links(Kind.INVOICE)
    assert not log.has_links(Kind.PAYMENT)


def test_a_link_is_replaced_but_keeps_its_origin_and_its_last_payload(log: SyncLog) -> None:
    run = begin(log)
    link = a_link(invoice_ref(501), INVOICE)
    log.write(run, [PutLink(link)], lease=None)
    newer = replace(
        link,
        target=TargetRef(Kind.INVOICE, "1001", "55"),
        payload=payload(body={"new": True}),
        day=dt.date(2026, 4, 11),
        adopted=True,
        run=99,
        created=NOW + dt.timedelta(days=1),
    )
    log.write(run, [PutLink(newer)], lease=None)
    kept = replace(newer, adopted=False, run=link.run, created=link.created)
    assert log.links([link.ref]) == {link.ref: kept}
    log.write(run, [PutLink(replace(newer, payload=None))], lease=None)
    assert log.links([link.ref]) == {link.ref: kept}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TargetRef(Kind.INVOICE, "1001"), TargetRef(Kind.INVOICE, "1001")),
        (TargetRef(Kind.INVOICE, "1001", "55"), TargetRef(Kind.INVOICE, "1001", "55")),
        (TargetRef(Kind.INVOICE, "1001", "55"), TargetRef(Kind.INVOICE, "1002", "55")),
    ],
)
def test_one_target_record_is_linked_to_one_source_record(
    log: SyncLog, one: TargetRef, other: TargetRef
) -> None:
    run = begin(log)
    log.write(run, [PutLink(a_link(invoice_ref(501), one))], lease=None)
    with pytest.raises(StoreError, match="is linked to invoice 501 in the source") as caught:
        log.write(run, [PutLink(a_link(invoice_ref(502), other))], lease=None)
    assert caught.value.record == "invoice 502"
    assert log.links([invoice_ref(502)]) == {}


def test_a_number_that_the_target_gave_again_is_another_record(log: SyncLog) -> None:
    run = begin(log)
    deleted = a_link(invoice_ref(501), TargetRef(Kind.INVOICE, "1001", "55"))
    again = a_link(invoice_ref(502), INVOICE, created=NOW + dt.timedelta(days=1))
    log.write(run, [PutLink(deleted)], lease=None)
    log.write(run, [PutLink(again)], lease=None)
    learnt = replace(again, target=TargetRef(Kind.INVOICE, "1001", "56"))
    log.write(run, [PutLink(learnt)], lease=None)
    asked = [TargetRef(Kind.INVOICE, "1001", internal) for internal in ("55", "56", "57", "")]
    assert log.linked_targets(Kind.INVOICE, asked) == {
        asked[0]: invoice_ref(501),
        asked[1]: invoice_ref(502),
        asked[3]: invoice_ref(502),
    }


def test_kinds_number_their_records_apart(log: SyncLog) -> None:
    run = begin(log)
    log.write(run, [PutLink(a_link(invoice_ref(501), INVOICE))], lease=None)
    paid = a_link(payment_ref(900, 501), TargetRef(Kind.PAYMENT, "1001"))
    log.write(run, [PutLink(paid)], lease=None)
    asked = [TargetRef(Kind.PAYMENT, "1001"), TargetRef(Kind.PAYMENT, "1002")]
    assert log.linked_targets(Kind.PAYMENT, asked) == {asked[0]: paid.ref}


def test_the_target_record_is_found_by_its_permanent_id_under_another_number(log: SyncLog) -> None:
    link = a_link(invoice_ref(501), TargetRef(Kind.INVOICE, "1001", "55"))
    log.write(begin(log), [PutLink(link)], lease=None)
    renumbered = TargetRef(Kind.INVOICE, "2001", "55")
    assert log.linked_targets(Kind.INVOICE, [renumbered]) == {renumbered: invoice_ref(501)}


def test_links_of_an_invoice_are_those_that_its_steps_made(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501), header(502)], None)
    entry = invoice_ref(501)
    made = [
        a_link(client_ref(7), TargetRef(Kind.CLIENT, "3001")),
        a_link(entry, INVOICE, created=NOW + dt.timedelta(seconds=1)),
        a_link(SECOND, TargetRef(Kind.INVOICE, "1002"), created=NOW + dt.timedelta(2)),
    ]
    for link in made:
        step = a_step(log, run, link.ref, invoice=entry)
        outcome = Conclude(step.id, StepState.DONE, link.target)
        log.write(run, [Intend(step), outcome, PutLink(link)], lease=None)
    updates = a_step(log, run, client_ref(7), invoice=invoice_ref(502), action=Action.UPDATE)
    refused = a_step(log, run, client_ref(7), invoice=invoice_ref(502))
    log.write(
        run,
        [
            Intend(updates),
            Conclude(updates.id, StepState.DONE),
            Intend(refused),
            Conclude(refused.id, StepState.REFUSED),
        ],
        lease=None,
    )
    assert log.links_of_invoice(entry) == made
    assert log.links_of_invoice(invoice_ref(502)) == []
    assert log.links_of_invoices([invoice_ref(502), entry]) == {invoice_ref(502): [], entry: made}
    booked = list(log.booked(dt.date(2026, 1, 1)))
    assert booked == [(client_ref(7), entry)]


def test_a_second_document_alone_marks_its_entry_as_booked(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501)], None)
    extra = SECOND
    step = a_step(log, run, extra, invoice=invoice_ref(501))
    log.write(run, [Intend(step), PutLink(a_link(extra, INVOICE))], lease=None)
    assert list(log.booked(dt.date(2026, 1, 1))) == [(client_ref(7), invoice_ref(501))]


def test_a_dropped_link_is_forgotten_and_may_be_made_anew(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501), header(502)], None)
    book(log, run, 501)
    book(log, run, 502)
    log.write(run, [DropLink(invoice_ref(501)), DropLink(invoice_ref(999))], lease=None)
    assert list(log.links([invoice_ref(501), invoice_ref(502)])) == [invoice_ref(502)]
    assert log.links_of_invoice(invoice_ref(501)) == []
    assert list(log.booked(dt.date(2026, 1, 1))) == [(client_ref(7), invoice_ref(502))]
    again = NOW + dt.timedelta(days=30)
    log.write(run, [PutLink(a_link(invoice_ref(501), INVOICE, created=again))], lease=None)
    assert list(log.booked(dt.date(2026, 5, 20))) == [(client_ref(7), invoice_ref(501))]
    assert [step.state for step in log.steps(invoice=invoice_ref(501))] == [StepState.DONE]


def test_many_links_are_found_at_once(log: SyncLog) -> None:
    run = begin(log)
    links = [
        a_link(invoice_ref(number), TargetRef(Kind.INVOICE, str(number))) for number in range(1200)
    ]
    log.write(run, [PutLink(link) for link in links], lease=None)
    assert len(log.links([link.ref for link in links])) == 1200
    assert len(log.linked_targets(Kind.INVOICE, [link.target for link in links])) == 1200


def test_a_sighting_replaces_the_older_one_of_the_same_record(log: SyncLog) -> None:
    old = SightingRow(
        kind=Kind.INVOICE,
        token="WHMCS-501",
        target=TargetRef(Kind.INVOICE, "1001"),
        client=None,
        day=None,
        net=None,
        tax=None,
        reference="WHMCS-501",
    )
    new = replace(
        old,
        token="WHMCS-502",
        target=TargetRef(Kind.INVOICE, "1001", "55"),
        client=TargetRef(Kind.CLIENT, "3001"),
        day=dt.date(2026, 4, 10),
        net=gbp("-100.00"),
        tax=gbp("0.00"),
        reference="WHMCS-502 INV",
    )
    twin = replace(new, target=TargetRef(Kind.INVOICE, "1002"))
    assert log.sighted([old]) == 1
    assert log.sighted(iter([old, new, twin])) == 3
    assert log.sightings(Kind.INVOICE, ["WHMCS-501"]) == []
    assert log.sightings(Kind.INVOICE, ["WHMCS-502", "WHMCS-503"]) == [new, twin]
    assert log.sightings(Kind.CLIENT, ["WHMCS-502"]) == []
    assert log.sighted([]) == 0


def test_a_sweep_of_thousands_is_kept(log: SyncLog) -> None:
    rows = (
        SightingRow(
            Kind.INVOICE,
            f"WHMCS-{number}",
            TargetRef(Kind.INVOICE, str(number)),
            None,
            None,
            None,
            None,
            "",
        )
        for number in range(1300)
    )
    assert log.sighted(rows) == 1300
    assert len(log.sightings(Kind.INVOICE, [f"WHMCS-{number}" for number in range(1300)])) == 1300


def test_cursors_are_kept_by_name(log: SyncLog) -> None:
    assert log.cursor("sweep") is None
    log.set_cursor("sweep", "x" * 100_000)
    log.set_cursor("sweep", "2026-04-01")
    assert log.cursor("sweep") == "2026-04-01"
    assert log.cursor("scan") is None


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


def test_runs_that_begin_at_once_get_numbers_of_their_own(place: Place) -> None:
    logs = [place.open() for _ in range(4)]
    given: list[int] = []
    threads = [
        threading.Thread(target=lambda log=log: given.extend(begin(log).id for _ in range(10)))
        for log in logs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 40
    for log in logs:
        log.close()
