"""A difference that a person explained is shown, and counts no more while it stays so."""

import datetime as dt
from dataclasses import replace

import pytest

from bridge.api import EntryState, Kind, UsageError
from bridge.engine.reconcile.accept import classed, judged, kept, named, shown
from bridge.engine.reconcile.match import differences
from bridge.engine.reconcile.totals import by_month
from bridge.engine.reconcile.values import SALES, Difference, MatchClass
from bridge.store.tables.values import AcceptanceRow
from tests.engine.reconcile.conftest import Paper, money

AT = dt.datetime(2026, 4, 1, 9, 0, tzinfo=dt.UTC)


def accept(paper: Paper, name: str) -> dict[str, AcceptanceRow]:
    found = named(found_in(paper), name)
    row = AcceptanceRow(found.family, shown(found), "jo@books", "agreed with the client", AT)
    return {row.number: row}


def found_in(paper: Paper) -> tuple[Difference, ...]:
    return differences(paper.items())


@pytest.fixture
def by_hand(paper: Paper) -> Paper:
    """An invoice that agrees, and one by hand on the same customer: document 1002."""
    paper.sold(501)
    paper.link(Kind.CLIENT, "31", "C31")
    paper.document("", "10.00", "2.00")
    return paper


def test_what_is_accepted_is_in_a_class_of_its_own_and_still_shown(by_hand: Paper) -> None:
    [number] = [each.family for each in found_in(by_hand)]
    rows = accept(by_hand, number)
    found = judged(found_in(by_hand), rows)
    assert [each.accepted for each in found] == [rows[number]]
    items = classed(by_hand.items(), found)
    [item] = [each for each in items if each.standing is MatchClass.ACCEPTED]
    assert (item.booked, item.verdict.reason) == (money("12.00"), "only_in_target")
    [line] = by_month(items, SALES)
    assert (line.count, line.billed, line.booked) == (1, money("120.00"), money("132.00"))


@pytest.mark.parametrize(
    "change",
    [
        {"net": money("10.01")},
        {"tax": money("0.00")},
        {"date": dt.date(2026, 3, 11)},
        {"net": money("10.00 EUR"), "tax": money("2.00 EUR")},
    ],
)
def test_it_counts_again_once_its_figures_change(by_hand: Paper, change: dict[str, object]) -> None:
    [number] = [each.family for each in found_in(by_hand)]
    rows = accept(by_hand, number)
    by_hand.target[-1] = replace(by_hand.target[-1], **change)  # type: ignore[arg-type]
    [found] = judged(found_in(by_hand), rows)
    assert found.accepted is None
    assert "jo@books accepted it on 2026-04-01 (agreed with the client)" in found.what
    assert "has changed since" in found.what


def test_a_new_record_of_the_same_matter_counts(paper: Paper) -> None:
    """A payment by hand on an accepted document is another thing than the document."""
    paper.link(Kind.CLIENT, "31", "C31")
    hand_made = paper.document("", "10.00", "2.00")
    [number] = [each.family for each in found_in(paper)]
    rows = accept(paper, number)
    paper.row("", "12.00", hand_made)
    [found] = judged(found_in(paper), rows)
    assert len(found.items) == 2
    assert found.accepted is None


def test_a_period_that_shows_less_of_it_agrees_too(paper: Paper) -> None:
    """An invoice that is gone and its payment are one matter, and may lie in two months."""
    paper.bill(501)
    paper.pay(901, "120.00", 501)
    paper.entry(501, EntryState.DONE)
    paper.link(Kind.INVOICE, "501", "1001")
    rows = accept(paper, "F-501")
    paper.source.pop()
    [found] = judged(found_in(paper), rows)
    assert found.accepted


def test_a_person_names_it_by_any_of_its_numbers(by_hand: Paper) -> None:
    document = by_hand.target[-1].number
    for name in (document, f"document {document}"):
        assert named(found_in(by_hand), name).family == f"document {document}"
    with pytest.raises(UsageError, match="bears the number 77"):
        named(found_in(by_hand), "77")


def test_a_number_that_two_differences_bear_is_refused(paper: Paper) -> None:
    """An invoice of the source and a document of the target may have the same number."""
    paper.link(Kind.CLIENT, "31", "C31")
    paper.bill(501)
    paper.entry(501)
    paper.document("", "10.00", "2.00", number="F-501")
    with pytest.raises(UsageError, match="may be several") as raised:
        named(found_in(paper), "F-501")
    assert "`501`" in raised.value.remedy
    assert named(found_in(paper), "501").family == "501"


def test_what_was_never_accepted_cannot_be_taken_back() -> None:
    row = AcceptanceRow("document 1240", "", "jo@books", "agreed", AT)
    assert kept([row], "1240") == kept([row], "document 1240") == row
    with pytest.raises(UsageError) as raised:
        kept([row], "501")
    assert "document 1240" in raised.value.remedy
