"""The reconciliation in one value: what is held, and the exit code."""

import datetime as dt
from dataclasses import replace

from bridge.api import EntryState, Reason
from bridge.engine.reconcile.accept import shown
from bridge.engine.reconcile.result import held_lines, reconciled
from bridge.engine.reconcile.values import MatchClass
from bridge.store.tables.values import AcceptanceRow
from bridge.testing.builders import gbp
from tests.engine.reconcile.company import NOW, Company
from tests.engine.reconcile.conftest import Paper


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


def test_what_waits_is_grouped_by_reason_and_currency_oldest_first(paper: Paper) -> None:
    paper.bill(501, date=dt.date(2026, 3, 20), paid_on=None)
    paper.bill(502, "50.00 EUR", "0.00", date=dt.date(2026, 3, 5))
    paper.bill(503)
    paper.sold(504)
    for ref in (501, 502):
        paper.entry(ref, EntryState.HELD, Reason.FOREIGN_VAT)
    paper.entry(503, EntryState.PENDING)
    paper.pay(901, "120.00", 501)
    lines = held_lines(paper.items(), dt.date(2026, 4, 1))
    assert [(line.standing, line.reason, line.currency, line.count) for line in lines] == [
        (MatchClass.HELD, "foreign_vat", "EUR", 1),
        (MatchClass.WAITING, "pending", "GBP", 1),
        (MatchClass.HELD, "foreign_vat", "GBP", 1),
    ]


def test_an_accepted_difference_is_no_reason_for_exit_code_5(company: Company) -> None:
    company.bill(501)
    found = company.read()
    report = reconciled(found, version="test", settings="abc")
    [difference] = report.differences
    assert (report.exit_code, report.count(MatchClass.ONLY_SOURCE)) == (5, 2)
    row = AcceptanceRow("501", shown(difference), "jo@books", "agreed", NOW)
    report = reconciled(replace(found, accepted={"501": row}), version="test", settings="abc")
    assert (report.exit_code, report.count(MatchClass.ACCEPTED)) == (0, 2)
    assert [each.family for each in report.accepted] == ["501"]
