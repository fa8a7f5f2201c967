"""Items by month and class, and what moved on accounts."""

import datetime as dt
from decimal import Decimal

import pytest

from bridge.api import Days, EntryState, Money, Reason
from bridge.engine.reconcile.totals import (
    account_lines,
    at_home,
    by_month,
    column_sums,
    in_column,
    summed,
)
from bridge.engine.reconcile.values import SALES, MatchClass
from bridge.testing.builders import eur, gbp
from tests.engine.reconcile.conftest import Paper


def test_an_account_shows_what_moved_and_why(paper: Paper) -> None:
    document = paper.sold(501)
    paper.row("WHMCS-T901/fee", "-1.50")
    paper.row("WHMCS-T901/501/exchange", "0.40")
    paper.row("WHMCS-T905/R905", "-30.00", document)
    paper.row("", "7.00")
    [line] = account_lines(paper.target, "WHMCS")
    shown = (line.receipts, line.refunds, line.fees, line.exchange, line.other, line.net)
    assert [str(each.amount) for each in shown] == [
        "120.00",
        "-30.00",
        "-1.50",
        "0.40",
        "7.00",
        "95.90",
    ]


def test_a_month_closes_over_all_classes(paper: Paper) -> None:
    """Billed is what the source has in each class; what is the target's own is not booked by us."""
    paper.sold(501)
    paper.bill(502)
    paper.entry(502, EntryState.HELD, Reason.FOREIGN_VAT)
    paper.document("", "10.00", "2.00", client="C99")
    [line] = by_month(paper.items(), SALES)
    assert (line.month, line.currency, line.count) == (dt.date(2026, 3, 1), "GBP", 2)
    assert line.billed == line.of(MatchClass.MATCHED, MatchClass.HELD) == gbp("240.00")
    assert line.booked == gbp("120.00")
    assert line.by_standing[MatchClass.OTHER].booked == gbp("12.00")
    assert line.of(MatchClass.DIFFERS) == gbp("0.00")


def test_currencies_and_months_have_lines_of_their_own(paper: Paper) -> None:
    paper.bill(501)
    paper.bill(502, "50.00 EUR", "0.00")
    paper.bill(503, date=dt.date(2026, 3, 31), paid_on=dt.date(2026, 4, 2))
    paper.days = Days(dt.date(2026, 3, 1), dt.date(2026, 4, 30))
    lines = by_month(paper.items(), SALES)
    assert [(f"{line.month:%m}", line.currency, line.count) for line in lines] == [
        ("03", "EUR", 1),
        ("03", "GBP", 1),
        ("04", "GBP", 1),
    ]


def test_what_an_end_does_not_have_adds_nothing(paper: Paper) -> None:
    paper.bill(501)
    paper.document("", "10.00", "2.00")
    sums = summed(paper.items(), "GBP")
    assert (sums.count, sums.known) == (2, 1)
    assert (sums.billed, sums.billed_tax) == (gbp("120.00"), gbp("20.00"))
    assert (sums.booked, sums.booked_tax) == (gbp("12.00"), gbp("2.00"))


def test_columns_are_added_up_by_place_in_order() -> None:
    one, two = in_column(0, gbp("1.00"), 2), in_column(1, gbp("2.00"), 2)
    sums = column_sums([(("b",), one), (("a",), two), (("b",), two)])
    assert list(sums.items()) == [
        (("a",), (1, [gbp("0.00"), gbp("2.00")])),
        (("b",), (2, [gbp("1.00"), gbp("2.00")])),
    ]


@pytest.mark.parametrize(
    ("amount", "rate", "home"),
    [
        (gbp("1.00"), None, gbp("1.00")),
        (eur("60.00"), Decimal("1.2"), gbp("50.00")),
        (eur("60.00"), None, None),
    ],
)
def test_an_amount_is_worth_at_home_what_its_own_rate_makes_of_it(
    amount: Money, rate: Decimal | None, home: Money | None
) -> None:
    assert at_home(amount, rate, "GBP") == home
