"""What an undo took back: the document and its note are matched, the invoice is where it was."""

import datetime as dt
from typing import Any

import pytest

from bridge.api import EntryState, Kind, Reason

Paper = Any
MINUS = {"net": "-100.00", "tax": "-20.00"}


@pytest.fixture
def undone(paper: Paper) -> Paper:
    paper.bill(501)
    paper.entry(501, EntryState.HELD, Reason.SKIPPED_BY_USER)
    paper.document("WHMCS-501")
    return paper


def _classes(paper: Paper) -> list[tuple[str, str]]:
    return sorted((item.standing.value, item.verdict.reason) for item in paper.items())


def test_a_reversed_document_is_explained_and_its_invoice_waits(undone: Paper) -> None:
    undone.document("WHMCS-501/reversed", **MINUS)
    reversed_ = ("matched", "reversed")
    assert _classes(undone) == [("held", "skipped_by_user"), reversed_, reversed_]
    assert undone.unexplained() == []


def test_booked_again_the_later_document_counts(undone: Paper) -> None:
    undone.entry(501)
    undone.document("WHMCS-501/reversed", **MINUS)
    undone.document("WHMCS-501/2")
    assert [standing for standing, _ in _classes(undone)] == ["matched"] * 3
    assert undone.unexplained() == []


def test_a_note_that_takes_back_another_amount_is_a_difference(undone: Paper) -> None:
    undone.document("WHMCS-501/reversed", net="-100.00", tax="-19.99")
    assert len(undone.unexplained()) == 1


def test_a_second_note_of_the_same_key_is_a_difference(undone: Paper) -> None:
    undone.document("WHMCS-501/reversed", **MINUS)
    undone.document("WHMCS-501/reversed", **MINUS)
    assert [standing for _, standing in undone.unexplained()] == ["only_in_target"]


@pytest.mark.parametrize("known", [True, False])
def test_a_note_whose_document_is_of_another_period_is_known_to_the_log(
    paper: Paper, *, known: bool
) -> None:
    paper.link(Kind.CLIENT, "31", "C31")
    paper.document("WHMCS-501/reversed", net="-100.00", tax="0.00", date=dt.date(2026, 3, 20))
    if known:
        paper.link(Kind.CREDIT_NOTE, "501/reversed", "1001", "-100.00")
    assert bool(paper.unexplained()) is not known


def test_a_note_that_somebody_deleted_is_a_difference(undone: Paper) -> None:
    undone.link(Kind.CREDIT_NOTE, "501/reversed", "1002", "-100.00")
    assert [standing for _, standing in undone.unexplained()] == ["only_in_source"]
    [told] = [item.verdict.what for item in undone.items() if item.is_unexplained]
    assert "document 1002" in told
    assert "stands again" in told
