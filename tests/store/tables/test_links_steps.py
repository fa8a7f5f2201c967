"""Steps, the links that they make, and the target's records that were seen."""

import datetime as dt
import threading
from dataclasses import replace

import pytest

from bridge.api import (
    Kind,
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
    Conclude,
    DropLink,
    Intend,
    PutLink,
    SightingRow,
)
from tests.store.builders import (
    NOW,
    a_link,
    a_step,
    begin,
    book,
    gbp,
    header,
    payload,
)

INVOICE = TargetRef(Kind.INVOICE, "1001")
SECOND = Key(Role.INVOICE, "501", part=1).ref


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
