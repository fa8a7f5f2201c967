"""The sums of a run are a table that fits a page, whatever they are of."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

from bridge.api import Money, Report, Run
from bridge.cli.console import STATE
from bridge.cli.report import tell_dry_run, tell_run
from bridge.model.run import Totals
from bridge.reports.table import WIDTH


@pytest.fixture(autouse=True)
def _as_text() -> Iterator[None]:
    """Other tests of this process may have asked for JSON."""
    before = STATE.as_json, STATE.is_quiet
    STATE.as_json = STATE.is_quiet = False
    yield
    STATE.as_json, STATE.is_quiet = before


def _report(**totals: Totals) -> Report:
    return Report(
        run=Run(4, "books", "sync", dt.datetime(2026, 5, 4, tzinfo=dt.UTC)),
        outcome={"done": 3, "skipped": 0},
        created={"invoices": 3},
        updated={},
        totals=totals,
        reasons={},
        backlog=0,
        newly_held=(),
        seconds=1,
        exit_code=0,
    )


def _totals(currency: str, **amounts: str) -> Totals:
    return Totals(**{name: Money(Decimal(each), currency) for name, each in amounts.items()})


def _told(report: Report, capsys: pytest.CaptureFixture[str]) -> list[str]:
    tell_run(report)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Run 4 of books: 3 invoices booked.", "Created: 3 invoices."]
    return lines[2:]


def test_what_a_gateway_kept_is_a_column_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    report = _report(
        EUR=_totals("EUR", invoiced="20.00", paid="20.00"),
        USD=_totals("USD", invoiced="851.79", paid="851.79", fees="14.80"),
    )
    assert _told(report, capsys) == [
        "Currency  Invoiced    Paid   Fees",
        "EUR          20.00   20.00",
        "USD         851.79  851.79  14.80",
    ]
    tell_dry_run(report, [])
    assert capsys.readouterr().out.splitlines()[-1] == "USD         851.79  851.79  14.80"


def test_a_run_that_created_nothing_has_no_sums(capsys: pytest.CaptureFixture[str]) -> None:
    assert _told(_report(), capsys) == []


def test_columns_that_a_page_does_not_hold_follow_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    amounts = {
        "invoiced": "1234567.89",
        "paid": "1234567.89",
        "credited": "50.00",
        "refunded": "20.00",
        "fees": "4.80",
        "balance": "-2000000.00",
        "exchange": "-0.37",
    }
    codes = ("AUD", "EUR", "GBP", "USD", "ZAR")
    told = _told(_report(**{code: _totals(code, **amounts) for code in codes}), capsys)
    assert all(len(line) <= WIDTH for line in told)
    assert told[0] == (
        "Currency      Invoiced          Paid  Credited  Refunded  Fees       Balances"
    )
    assert told[1] == (
        "AUD       1,234,567.89  1,234,567.89     50.00     20.00  4.80  -2,000,000.00"
    )
    assert told[6:8] == ["Currency  Exchange", "AUD          -0.37"]
