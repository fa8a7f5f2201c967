"""The page: the chart is to scale, and nothing on it is markup but the page's own."""

import datetime as dt

from bridge.api import (
    EntryState,
    Reason,
    RecordClass,
)
from bridge.engine.reconcile.totals import by_month
from bridge.engine.reconcile.values import SALES, MatchClass
from bridge.reports.html import HEIGHT, TOP, as_page, charts
from bridge.testing.builders import gbp
from tests.engine.reconcile.company import Company
from tests.engine.reconcile.conftest import Paper

MARCH = dt.date(2026, 3, 1)


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


def test_names_are_text_on_the_page_and_never_markup(company: Company) -> None:
    """What somebody typed as a number of an invoice must not become part of the page."""
    company.bill(501, number="<script>alert(1)</script>")
    page = as_page(company.reconcile(), name="Söhne & <b>Töchter</b>")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<title>Reconciliation of Söhne &amp; &lt;b&gt;Töchter&lt;/b&gt;" in page


def test_what_is_typed_is_set_apart_on_the_page_and_escaped_too(company: Company) -> None:
    """An invoice that no run has seen tells what to type; its number is somebody's own text."""
    company.bill(501, number="`<i>x</i>`")
    page = as_page(company.reconcile(), name="books")
    assert "<code>bridge sync</code>" in page
    assert "<code>&lt;i&gt;x&lt;/i&gt;</code>" in page
