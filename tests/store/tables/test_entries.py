"""What is tried next, how much there is, and what a source may ask."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from bridge.api import EntryState, Kind, Reason, SourceRef, TargetRef, client_ref, invoice_ref
from bridge.model.keys import MOST, Key, Role
from bridge.model.run import StepState
from bridge.store.sync_log import SyncLog
from bridge.store.tables.mapping import can_keep
from bridge.store.tables.values import Conclude, DropLink, EntryRow, Intend, PutLink, SetEntry
from tests.store.builders import NOW, Place, a_link, a_step, begin, book, header

DAY = dt.date(2026, 4, 1)


def ids(entries: Sequence[EntryRow]) -> list[str]:
    return [entry.invoice.id for entry in entries]


def claimed(log: SyncLog, limit: int = 100, after: int | None = None) -> list[str]:
    last = None if after is None else log.entry(invoice_ref(after))
    return ids(log.claim(limit, now=NOW, after=last))


def test_the_oldest_is_claimed_first_by_the_day_paid_then_issued_then_by_number(
    log: SyncLog,
) -> None:
    log.see(
        begin(log),
        [
            header(10, paid=DAY),
            header(9, paid=DAY),
            header(1, paid=DAY + dt.timedelta(2)),
            header(2, paid=None, issued=DAY + dt.timedelta(1)),
            header(3, paid=None, issued=None),
            header(4, paid=DAY - dt.timedelta(1), issued=DAY + dt.timedelta(9)),
        ],
        None,
    )
    assert claimed(log) == ["4", "9", "10", "2", "1", "3"]


def test_only_pending_and_due_failed_entries_are_claimed(log: SyncLog) -> None:
    run = begin(log)
    log.see(run, [header(number) for number in range(1, 11)], None)
    log.write(
        run,
        [
            SetEntry(invoice_ref(2), EntryState.FAILED, next_try=NOW - dt.timedelta(seconds=1)),
            SetEntry(invoice_ref(3), EntryState.FAILED, next_try=NOW),
            SetEntry(invoice_ref(4), EntryState.FAILED, next_try=NOW + dt.timedelta(seconds=1)),
            SetEntry(invoice_ref(5), EntryState.FAILED),
            SetEntry(invoice_ref(6), EntryState.DONE),
            SetEntry(invoice_ref(7), EntryState.HELD, reason=Reason.PAYMENT_SHORT),
            SetEntry(invoice_ref(8), EntryState.UNKNOWN),
            SetEntry(invoice_ref(9), EntryState.UNVERIFIED),
        ],
        lease=None,
    )
    assert claimed(log) == ["1", "2", "3", "5", "10"]
    assert log.backlog(now=NOW) == 5


def test_a_claim_takes_no_more_than_its_limit_and_begins_behind_the_last_one(log: SyncLog) -> None:
    log.see(begin(log), [header(number) for number in range(1, 8)], None)
    assert claimed(log, 3) == ["1", "2", "3"]
    assert claimed(log, 3, after=3) == ["4", "5", "6"]
    assert claimed(log, 0) == []
    assert claimed(log, 3, after=7) == []


@pytest.mark.parametrize("days", [1, 700])
def test_a_long_list_is_claimed_whole_and_in_order(log: SyncLog, days: int) -> None:
    """More than a page, on one day as well as over many."""
    run = begin(log)
    log.see(
        run,
        [header(number, paid=DAY + dt.timedelta(number % days)) for number in range(1, 2301)],
        None,
    )
    expected = sorted(range(1, 2301), key=lambda number: (number % days, number))
    assert claimed(log, 5000) == [str(number) for number in expected]
    assert ids(list(log.entries())) == [str(number) for number in expected]
    assert claimed(log, 2, after=expected[1499]) == [str(number) for number in expected[1500:1502]]


def test_entries_of_several_states_come_as_one_stream_oldest_first(log: SyncLog) -> None:
    run = begin(log)
    log.see(
        run, [header(number, paid=DAY + dt.timedelta(9 - number)) for number in range(1, 8)], None
    )
    log.write(
        run,
        [
            SetEntry(invoice_ref(1), EntryState.DONE),
            SetEntry(invoice_ref(3), EntryState.HELD, reason=Reason.PAYMENT_SHORT),
            SetEntry(invoice_ref(4), EntryState.SKIPPED, reason=Reason.NOT_PAID),
            SetEntry(invoice_ref(6), EntryState.HELD, reason=Reason.CHARGEBACK),
        ],
        lease=None,
    )
    assert ids(list(log.entries())) == ["7", "6", "5", "4", "3", "2", "1"]
    assert ids(list(log.entries(limit=2))) == ["7", "6"]
    assert ids(list(log.entries(limit=0))) == []
    assert ids(list(log.entries(states=[EntryState.HELD, EntryState.DONE]))) == ["6", "3", "1"]
    assert ids(list(log.entries(reasons=[Reason.CHARGEBACK, Reason.NOT_PAID]))) == ["6", "4"]
    assert ids(list(log.entries(states=[EntryState.HELD], reasons=[Reason.NOT_PAID]))) == []
    assert log.count_entries() == {
        (EntryState.PENDING, None): 3,
        (EntryState.DONE, None): 1,
        (EntryState.HELD, Reason.PAYMENT_SHORT): 1,
        (EntryState.HELD, Reason.CHARGEBACK): 1,
        (EntryState.SKIPPED, Reason.NOT_PAID): 1,
    }


def test_the_oldest_day_of_issue_is_that_of_any_entry(log: SyncLog) -> None:
    """Also of one that is done, whenever it was paid; none where no invoice has a day."""
    assert log.oldest_issue() is None
    run = begin(log)
    undated = replace(header(1), issued=None)
    log.see(run, [undated], None)
    assert log.oldest_issue() is None
    days = {2: DAY, 3: DAY - dt.timedelta(40), 4: DAY + dt.timedelta(1)}
    log.see(run, [replace(header(number), issued=day) for number, day in days.items()], None)
    log.write(run, [SetEntry(invoice_ref(3), EntryState.DONE)], lease=None)
    assert log.oldest_issue() == days[3]


def test_entries_are_counted_whatever_their_currency(log: SyncLog) -> None:
    headers = [header(1, currency="GBP"), header(2, currency="EUR"), header(3, currency="EUR")]
    log.see(begin(log), headers, None)
    assert log.count_entries() == {(EntryState.PENDING, None): 3}


def test_a_person_names_an_invoice_by_id_or_number_and_exactly(log: SyncLog) -> None:
    log.see(begin(log), [header(501), header(5010), header("INV-2026-501")], None)
    assert ids(log.find_entries("501")) == ["501"]
    assert ids(log.find_entries("INV-2026-501")) == ["INV-2026-501", "501"]
    for wrong in ("inv-2026-501", "501 ", "50", "", "n003501"):
        assert ids(log.find_entries(wrong)) == []


def test_currencies_of_what_is_done(log: SyncLog) -> None:
    run = begin(log)
    currencies = ["USD", "EUR", "EUR", "GBP", "JPY"]
    for number, currency in enumerate(currencies, 1):
        gross = "120" if currency == "JPY" else "120.00"
        log.see(run, [header(number, currency=currency, gross=gross)], None)
    for number in range(1, 5):
        log.write(run, [SetEntry(invoice_ref(number), EntryState.DONE)], lease=None)
    log.write(run, [SetEntry(invoice_ref(5), EntryState.UNVERIFIED)], lease=None)
    assert log.linked_currencies() == {"USD", "EUR", "GBP"}


def test_bridges_of_one_database_do_not_see_each_other(place: Place) -> None:
    one, other = place.open(), Place(place.url, place.name.upper(), place.base).open()
    run = begin(one)
    one.see(run, [header(501)], "here")
    book(one, run, 501)
    assert other.entry(invoice_ref(501)) is None
    assert other.cursor("scan") is None
    assert other.count_entries() == {}
    assert other.newest() is None
    assert list(other.entries()) == []
    assert list(other.runs(5)) == []
    second = begin(other)
    assert second.id > run.id
    other.see(second, [header(501, gross="1.00")], "there")
    book(other, second, 501)
    assert one.cursor("scan") == "here"
    one.close()
    other.close()


_names = itertools.count()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 40),
            st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 5)),
            st.sampled_from(EntryState),
            st.integers(-2, 2),
        )
    ),
    st.integers(0, 40),
    st.integers(0, 12),
)
def test_claim_and_backlog_agree_with_a_plain_model(
    place: Place,
    facts: list[tuple[int, dt.date | None, EntryState, int]],
    after: int,
    limit: int,
) -> None:
    with_name = Place(place.url, f"{place.name}.{next(_names)}", place.base)
    log = with_name.open()
    run = begin(log)
    model: dict[int, tuple[dt.date, bool]] = {}
    for number, day, state, hours in facts:
        log.see(run, [header(number, paid=day, issued=None, fingerprint=None)], None)
        next_try = NOW + dt.timedelta(hours=hours)
        log.write(run, [SetEntry(invoice_ref(number), state, next_try=next_try)], lease=None)
        due = state is EntryState.PENDING or (state is EntryState.FAILED and hours <= 0)
        model[number] = (day or dt.date.max, due)
    due_ones = sorted((day, number) for number, (day, due) in model.items() if due)
    assert log.backlog(now=NOW) == len(due_ones)
    wanted = [str(number) for _, number in due_ones]
    assert claimed(log, limit) == wanted[:limit]
    if after in model:
        mark = (model[after][0], after)
        behind = [str(number) for day, number in due_ones if (day, number) > mark]
        assert claimed(log, limit, after) == behind[:limit]
    log.close()


def test_money_put_on_a_balance_counts_as_booked(log: SyncLog) -> None:
    """Its invoice has no document, and money may go back on it as on any other."""
    run = begin(log)
    log.see(run, [header(1, client=10)], None)
    ref = SourceRef(Kind.MOVEMENT, "T900/balance")
    log.write(run, [Intend(a_step(log, run, ref, invoice=invoice_ref(1)))], lease=None)
    log.write(run, [PutLink(a_link(ref, TargetRef(Kind.MOVEMENT, "77")))], lease=None)
    assert list(log.booked(dt.date(2020, 1, 1))) == [(client_ref(10), invoice_ref(1))]


def test_ids_of_any_form_are_kept_apart_and_given_back(log: SyncLog) -> None:
    """Blanks at the end too, which MariaDB compares away, and what a key of ours looks like."""
    odd = ["7", "7 ", "in_1NabC", "IN_1NABC", "R7", "7+1", "7/undone1", "~7", "é", "\n"]
    run = begin(log)
    log.see(run, [header(one, client=one) for one in odd], None)
    assert {entry.invoice.id for entry in log.entries()} == set(odd)
    assert {seen.client.id for seen in log.seen(list(map(invoice_ref, odd))).values()} == set(odd)
    assert {ref.id for ref in log.refs("Paid")} == set(odd)
    assert log.newest() == invoice_ref("7")
    for place, one in enumerate(odd):
        assert [entry.invoice.id for entry in log.find_entries(one)] == [one]
        ref = invoice_ref(one)
        step = a_step(log, run, ref)
        link = a_link(ref, TargetRef(Kind.INVOICE, f"{1000 + place}"))
        log.write(run, [Intend(step), Conclude(step.id, StepState.DONE), PutLink(link)], lease=None)
        assert log.links_of_invoice(ref) == [link]
        assert [each.ref for each in log.steps(invoice=ref)] == [ref]
    second = Key(Role.INVOICE, "7", part=1).ref
    assert log.links([second, *map(invoice_ref, odd)]).keys() == set(map(invoice_ref, odd))
    log.write(run, [DropLink(second)], lease=None)
    assert {invoice.id for _, invoice in log.booked(dt.date(2026, 1, 1))} == set(odd)


def test_the_longest_key_fits(log: SyncLog) -> None:
    longest = invoice_ref("x" * (MOST - 2))
    assert can_keep(longest)
    assert not can_keep(invoice_ref("x" * (MOST - 1)))
    assert not can_keep(invoice_ref(""))
    log.see(begin(log), [replace(header(501), ref=longest)], None)
    assert [entry.invoice for entry in log.entries()] == [longest]
