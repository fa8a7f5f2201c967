"""The tables: VAT, accounts, debtors, balances, numbers, what is held, and the chart."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bridge.api import EntryState, Money, Reason, Record, RecordClass, TaxPart
from bridge.engine.reconcile.debtors import debtors
from bridge.engine.reconcile.number_gaps import gaps
from bridge.engine.reconcile.result import held_lines
from bridge.engine.reconcile.tax_return import return_lines, tax_lines
from bridge.engine.reconcile.totals import account_lines, by_month
from bridge.engine.reconcile.values import SALES, MatchClass
from bridge.reports.html import HEIGHT, TOP, charts
from bridge.reports.table import by_currency, figure
from bridge.testing.builders import eur, gbp

Paper = Any
AMOUNTS = (("12100", "JPY"), ("-1234.5", "GBP"), ("0.25", "KWD"), ("0", "JPY"))
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


def test_a_debtor_is_what_the_target_itself_shows_unpaid(paper: Paper) -> None:
    paid = replace(paper.sold(501), paid=gbp("120.00"))
    fed = replace(paper.sold(502, gateway="banktransfer"), paid=gbp("0.00"))
    foreign = replace(
        paper.document("WHMCS-503", "120.00 EUR", "0.00"),
        paid=gbp("40.00"),
        rate=Decimal("1.2"),
    )
    paper.bill(503, "120.00 EUR", "0.00")
    ours = {number: item for item in paper.items() for number in item.targets}
    [line], found = debtors([paid, fed, foreign], ours, {"502"}, paper.terms())
    assert (line.invoices, line.paid, line.open) == (gbp("340.00"), gbp("160.00"), gbp("180.00"))
    assert [(each.number, str(each.open), each.by_feed, each.age) for each in found] == [
        ("F-502", "120.00 GBP", True, 22),
        ("F-503", "60.00 GBP", False, 22),
    ]


def test_a_missing_number_is_explained_as_far_as_the_log_can(paper: Paper) -> None:
    for ref, number in ((1, "INV-2025-0009"), (2, "INV-2025-0012"), (3, "INV-2026-0003")):
        paper.bill(ref, number=number)
    paper.bill(700, number="700")  # an id: an unpaid one has no number
    paper.entry(44, EntryState.SKIPPED, Reason.DELETED)
    paper.entries["44"] = replace(paper.entries["44"], number="INV-2025-0011")
    found = gaps(paper.source, paper.entries, "WHMCS")
    assert sorted((gap.first, gap.last, gap.count) for gap in found) == [
        ("INV-2025-0010", "INV-2025-0010", 1),
        ("INV-2025-0011", "INV-2025-0011", 1),
    ]
    [known] = [gap for gap in found if gap.first == "INV-2025-0011"]
    assert "invoice 44 bore it" in known.why
    assert "deleted" in known.why


def test_a_long_gap_is_one_line(paper: Paper) -> None:
    paper.bill(1, number="F-1")
    paper.bill(2, number="F-100000")
    [gap] = gaps(paper.source, {}, "WHMCS")
    assert (gap.first, gap.last, gap.count) == ("F-2", "F-99999", 99_998)


def test_figures_have_the_digits_of_their_currency() -> None:
    shown = [figure(Money(Decimal(amount), code)) for amount, code in AMOUNTS]
    assert shown == ["12,100", "-1,234.50", "0.250", "0"]
    mixed = by_currency(Money(Decimal(amount), code) for amount, code in AMOUNTS)
    assert mixed == "-1,234.50 GBP and 12,100 JPY and 0.250 KWD"


def test_what_is_held_shows_the_vat_at_stake_and_its_age(paper: Paper) -> None:
    for ref, day in ((501, 2), (502, 20)):
        paid = dt.date(2026, 3, day)
        paper.bill(ref, date=paid, paid_on=paid)
        paper.entry(ref, EntryState.HELD, Reason.FOREIGN_VAT)
    [line] = held_lines(paper.items(), dt.date(2026, 4, 1))
    assert (line.reason, line.count, line.gross, line.tax) == (
        "foreign_vat",
        2,
        gbp("240.00"),
        gbp("40.00"),
    )
    assert line.oldest == 30


def test_the_chart_draws_each_part_to_scale(paper: Paper) -> None:
    paper.sold(501)
    paper.bill(502)
    paper.entry(502, EntryState.HELD, Reason.FOREIGN_VAT)
    [chart] = charts(by_month(paper.items(), SALES), "GBP")
    heights = {bar.kind: bar.height for bar in chart.bars}
    assert heights["matched"] == heights["held"] == heights["booked"]
    assert heights["matched"] == HEIGHT * 120 / 400
    lowest = max(bar.y + bar.height for bar in chart.bars)
    assert lowest == TOP + HEIGHT
    assert "2026-03, billed, held: 120.00 GBP" in {bar.title for bar in chart.bars}


def test_a_month_of_nothing_but_credit_notes_still_draws(paper: Paper) -> None:
    paper.document("WHMCS-R905", "-25.00", "-5.00")
    paper.pay(905, "-30.00")
    [line] = by_month(paper.items(), SALES)
    assert line.of(MatchClass.MATCHED) == gbp("-30.00")
    [chart] = charts([line], "GBP")
    assert chart.bars == ()
    assert {row.record_class for row in paper.target} == {RecordClass.CREDIT_NOTE}
    assert line.month == MARCH
