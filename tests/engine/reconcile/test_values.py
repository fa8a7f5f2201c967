"""What a comparison depends on, and what an item says of itself."""

import datetime as dt
from dataclasses import replace

import pytest

from bridge.engine.context import BookWhen, Choices, Policy, UnpaidDocuments
from bridge.engine.reconcile.values import MatchClass, Verdict
from tests.engine.reconcile.conftest import DAY, Paper, money

PAID = dt.date(2026, 3, 20)


@pytest.mark.parametrize(
    ("unpaid", "book_when", "due"),
    [
        (UnpaidDocuments.PROFORMA, BookWhen.PAID, PAID),
        (UnpaidDocuments.VAT_INVOICE, BookWhen.PAID, DAY),
        (UnpaidDocuments.PROFORMA, BookWhen.ISSUED, DAY),
    ],
)
def test_a_proforma_is_due_on_the_day_of_payment(
    paper: Paper, unpaid: UnpaidDocuments, book_when: BookWhen, due: dt.date
) -> None:
    policy = Policy(paper.start, unpaid, book_when=book_when)
    terms = replace(paper.terms(), policy=policy)
    assert terms.due_day(paper.bill(501, paid_on=PAID)) == due
    assert terms.due_day(paper.bill(502, paid_on=None)) == DAY


def test_a_day_in_closed_books_may_be_the_first_open_one(paper: Paper) -> None:
    paper.choices = Choices(books_closed_to=DAY)
    after = DAY + dt.timedelta(days=1)
    assert paper.terms().allowed(DAY) == {DAY, after}
    assert paper.terms().allowed(after) == {after}
    paper.choices = Choices()
    assert paper.terms().allowed(DAY) == {DAY}


def test_what_is_as_young_as_the_last_run_may_not_have_been_seen(paper: Paper) -> None:
    paper.seen_until = DAY
    terms = paper.terms()
    assert terms.is_fresh(None, DAY)
    assert not terms.is_fresh(None, DAY - dt.timedelta(days=1))
    paper.seen_until = None
    assert not paper.terms().is_fresh(DAY)


def test_an_item_shows_the_sources_amount_before_the_targets(paper: Paper) -> None:
    paper.bill(501)
    [item] = paper.items()
    assert item.amount == money("120.00")
    assert replace(item, billed=None, booked=money("7.00")).amount == money("7.00")
    with pytest.raises(ValueError, match="WHMCS-501 has no amount at either end"):
        _ = replace(item, billed=None).amount


@pytest.mark.parametrize("standing", list(MatchClass))
def test_four_classes_are_unexplained(paper: Paper, standing: MatchClass) -> None:
    paper.bill(501)
    [item] = paper.items()
    assert replace(item, verdict=Verdict(standing)).is_unexplained == (
        standing in {"only_in_source", "only_in_target", "differs", "written_but_wrong"}
    )
