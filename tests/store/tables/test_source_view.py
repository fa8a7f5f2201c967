"""What a source may ask of the log."""

import datetime as dt

from bridge.api import EntryState, Kind, Seen, SourceRef, TargetRef, client_ref, invoice_ref
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import Intend, PutLink, SetEntry
from tests.store.builders import a_link, a_step, begin, book, header

DAY = dt.date(2026, 4, 1)


def test_a_source_sees_what_it_last_said(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(501), header(502, status="Unpaid", fingerprint=None)], None)
    log.write(run, [SetEntry(invoice_ref(501), EntryState.DONE, money_fingerprint="m")], lease=None)
    assert log.seen([invoice_ref(501), invoice_ref(502), invoice_ref(503)]) == {
        invoice_ref(501): Seen(
            invoice_ref(501), client_ref(7), "Paid", "first", "m", dt.date(2026, 4, 1)
        ),
        invoice_ref(502): Seen(
            invoice_ref(502), client_ref(7), "Unpaid", None, None, dt.date(2026, 4, 1)
        ),
    }
    assert log.counts() == {"Paid": 1, "Unpaid": 1}


def test_refs_of_a_status_come_by_number(log: SyncLog) -> None:
    numbers = range(1, 1203)
    log.see(begin(log), [header(number, status="Unpaid") for number in numbers], None)
    assert list(log.refs("Unpaid")) == [invoice_ref(number) for number in numbers]
    assert list(log.refs("unpaid")) == []


def test_the_newest_is_the_highest_number_and_not_the_last_text(log: SyncLog) -> None:
    assert log.newest() is None
    run = begin(log)
    log.see(run, [header("zz")], None)
    assert log.newest() is None
    log.see(run, [header(999), header(1000), header("1x")], None)
    assert log.newest() == invoice_ref(1000)


def test_booked_is_by_the_day_of_booking_with_clients_together(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(1, client=10), header(2, client=9), header(3, client=10), header(4)], None)
    midnight = dt.datetime.combine(dt.date(2026, 5, 2), dt.time()).astimezone()
    book(log, run, 1, created=midnight)
    book(log, run, 2, created=midnight + dt.timedelta(days=3))
    book(log, run, 3, created=midnight + dt.timedelta(seconds=1))
    book(log, run, 4, created=midnight - dt.timedelta(microseconds=1))
    assert list(log.booked(dt.date(2026, 5, 2))) == [
        (client_ref(9), invoice_ref(2)),
        (client_ref(10), invoice_ref(1)),
        (client_ref(10), invoice_ref(3)),
    ]


def test_money_put_on_a_balance_counts_as_booked(log: SyncLog) -> None:
    """Its invoice has no document, and money may go back on it as on any other."""
    run = begin(log)
    log.see(run, [header(1, client=10)], None)
    ref = SourceRef(Kind.MOVEMENT, "T900/balance")
    log.write(run, [Intend(a_step(log, run, ref, invoice=invoice_ref(1)))], lease=None)
    log.write(run, [PutLink(a_link(ref, TargetRef(Kind.MOVEMENT, "77")))], lease=None)
    assert list(log.booked(dt.date(2020, 1, 1))) == [(client_ref(10), invoice_ref(1))]
