"""Tax of the target's documents, and what its return should show."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bridge.api import Money, Record, TaxPart
from bridge.engine.reconcile.tax_return import return_lines, tax_lines
from bridge.testing.builders import eur, gbp
from tests.engine.reconcile.conftest import Paper

MARCH = dt.date(2026, 3, 1)


def _taxed(record: Record, *parts: tuple[str, Money, Money, bool], **more: Any) -> Record:
    return replace(record, taxes=tuple(TaxPart(*part) for part in parts), **more)


def test_the_return_takes_what_reaches_it_and_nothing_else(paper: Paper) -> None:
    """Zero-rated sales are in box 6; what is N/A is in no box, in the home currency all of it."""
    uk = _taxed(paper.document("WHMCS-1"), ("20 %", gbp("100.00"), gbp("20.00"), True))
    abroad = _taxed(
        paper.document("WHMCS-2", "60.00 EUR", "0.00"),
        ("0 %", eur("60.00"), eur("0.00"), True),
        rate=Decimal("1.2"),
        country="DE",
    )
    outside = _taxed(paper.document("WHMCS-3"), ("N/A", gbp("7.00"), gbp("0.00"), False))
    theirs = _taxed(paper.document(""), ("20 %", gbp("10.00"), gbp("2.00"), True))
    lines, untold = tax_lines([uk, abroad, outside, theirs], {"1001", "1002", "1003"}, "GBP")
    [march] = return_lines(lines, "GBP")
    assert (march.tax_due, march.net_sales) == (gbp("20.00"), gbp("150.00"))
    assert (march.other_tax_due, march.other_net_sales) == (gbp("2.00"), gbp("10.00"))
    assert untold == 0
    assert {(line.country, line.code, line.currency) for line in lines} == {
        ("", "20 %", "GBP"),
        ("DE", "0 %", "EUR"),
        ("", "N/A", "GBP"),
    }


def test_a_document_without_lines_or_rate_is_counted_as_untold(paper: Paper) -> None:
    bare = paper.document("WHMCS-1")
    part = ("0 %", eur("60.00"), eur("0.00"), True)
    rateless = _taxed(paper.document("WHMCS-2", "60.00 EUR", "0.00"), part)
    assert tax_lines([bare, rateless], (), "GBP") == ((), 2)


def test_a_document_with_one_part_without_rate_is_untold_once(paper: Paper) -> None:
    """Its parts before that one are in the figures; what follows is left out."""
    first = ("0 %", gbp("10.00"), gbp("0.00"), True)
    second = ("20 %", eur("60.00"), eur("12.00"), True)
    record = _taxed(paper.document("WHMCS-1"), first, second, second)
    lines, untold = tax_lines([record], (), "GBP")
    assert [(line.code, line.net) for line in lines] == [("0 %", gbp("10.00"))]
    assert untold == 1


def test_parts_of_one_code_are_counted_and_added_up_by_month(paper: Paper) -> None:
    part = ("20 %", gbp("10.00"), gbp("2.00"), True)
    april = dt.date(2026, 4, 1)
    records = [
        _taxed(paper.document("WHMCS-1"), part, part),
        _taxed(paper.document("WHMCS-2", date=april), part),
    ]
    lines, _ = tax_lines(records, {"1001", "1002"}, "GBP")
    assert [(line.month, line.count, line.home_net, line.home_tax) for line in lines] == [
        (MARCH, 2, gbp("20.00"), gbp("4.00")),
        (april, 1, gbp("10.00"), gbp("2.00")),
    ]
    assert [line.month for line in return_lines(lines, "GBP")] == [MARCH, april]


def test_money_has_no_tax(paper: Paper) -> None:
    paper.row("", "7.00")
    assert tax_lines(paper.target, (), "GBP") == ((), 0)
