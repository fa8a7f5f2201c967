"""The report's sections, as text on a page of 80 columns."""

import datetime as dt

from bridge.api import (
    BalanceEntry,
    BalanceOrigin,
    client_ref,
)
from bridge.reports.html import as_page
from bridge.reports.reconcile_sections import as_text
from bridge.reports.table import WIDTH
from bridge.testing.builders import DAY, a_client, gbp
from tests.engine.reconcile.company import START, Company


def test_every_line_of_the_text_fits_the_page(company: Company) -> None:
    for number in range(501, 520):
        company.bill(number, "123456.78")
    company.sync()
    company.books.documents.pop(next(iter(company.books.documents)))
    lines = list(as_text(company.reconcile()))
    assert max(map(len, lines)) <= WIDTH
    assert "1 difference is unexplained." in lines


def test_what_stood_on_balances_before_the_start_is_a_line_of_its_own(company: Company) -> None:
    """Of a later period it is only told: bridge has booked since the start."""
    before = BalanceEntry(
        "1", client_ref(1), START - dt.timedelta(days=9), gbp("50.00"), BalanceOrigin.UNKNOWN, ""
    )
    company.takes_balances = True
    company.billing.put(a_client(1), before)
    company.bill(501)
    company.sync()
    whole, later = (" ".join(as_text(company.reconcile(first))) for first in (START, DAY))
    assert f"Of before {START}: 50.00 GBP. bridge books nothing of before" in whole
    assert f"Of before {DAY}: 50.00 GBP. None is held." in later


def test_page_and_text_have_the_same_parts(company: Company) -> None:
    company.bill(501)
    company.sync()
    report = company.reconcile()
    titles = [line for line in as_text(report) if line[:1].isdigit() and ". " in line[:4]]
    assert len(titles) == 10
    page = as_page(report, name="books")
    assert all(f">{title}</h2>" in page for title in titles)
