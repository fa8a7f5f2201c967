"""Both ends in memory, synced by the engine and read afresh."""

import datetime as dt
from dataclasses import replace

from bridge.api import (
    InvoiceState,
    LineKind,
)
from bridge.engine.reconcile.values import MatchClass
from bridge.testing.builders import DAY, a_client, a_line, a_transaction, an_invoice, eur, gbp
from tests.engine.reconcile.company import START, Company


def test_synced_books_agree(company: Company) -> None:
    for number in range(501, 509):
        company.bill(number)
    company.sync()
    report = company.reconcile()
    assert report.exit_code == 0
    assert {item.standing for item in report.items} == {MatchClass.MATCHED}
    [line] = report.documents
    assert line.billed == line.booked == gbp("960.00")
    assert company.told == [1]


def test_it_writes_nothing(company: Company) -> None:
    company.bill(501)
    company.sync()
    before = len(list(company.log.events())), len(company.log.runs(99))
    documents = list(company.books.target_documents())
    company.reconcile()
    assert list(company.books.target_documents()) == documents
    assert (len(list(company.log.events())), len(company.log.runs(99))) == before


def test_a_bank_feed_is_known_without_asking_the_log(company: Company) -> None:
    """The target is asked what it would do with such money."""
    invoice = an_invoice(501, client=2)
    row = a_transaction(900, client=2, invoice=501, money_in=gbp("120.00"), gateway="paypal")
    company.billing.put(a_client(2), replace(invoice, transactions=(row,)))
    company.sync()
    report = company.reconcile()
    assert report.exit_code == 0
    [fed] = [item for item in report.items if item.standing is MatchClass.SKIPPED]
    assert fed.verdict.reason == "bank_feed"
    [waiting] = report.open_documents
    assert (waiting.by_feed, waiting.open) == (True, gbp("120.00"))


def test_before_the_first_run_everything_is_unexplained(company: Company) -> None:
    company.bill(501)
    company.bill(502, state=InvoiceState.OPEN, transactions=[])
    report = company.reconcile()
    assert report.exit_code == 5
    assert [each.family for each in report.differences] == ["501"]


def test_what_came_after_the_last_run_waits(company: Company) -> None:
    company.bill(501)
    company.sync()
    late = company.log.runs(1)[0].started.astimezone().date()
    company.bill(502, issued=late, paid_on=late)
    report = company.reconcile(START, late)
    late_ones = {item.standing for item in report.items if item.family == "502"}
    assert late_ones == {MatchClass.WAITING}
    assert report.exit_code == 0


def test_a_run_that_failed_has_not_looked(company: Company) -> None:
    run = company.log.start_run("sync", version="test", settings_digest="abc")
    company.log.finish_run(run, exit_code=12, summary={})
    late = run.started.astimezone().date()
    company.bill(502, issued=late, paid_on=late)
    assert company.reconcile(START, late).exit_code == 5


def test_a_document_booked_on_a_day_outside_the_period_is_found(company: Company) -> None:
    """Its other half is looked for where the log, or the source, knows it."""
    early = DAY - dt.timedelta(days=9)
    company.bill(501, issued=early, paid_on=DAY)
    company.bill(502)
    company.sync()
    assert company.reconcile(DAY, DAY).exit_code == 0
    books_of_501 = company.reconcile(early, early)
    assert books_of_501.items == ()
    company.bill(501, issued=early, paid_on=DAY + dt.timedelta(days=3))
    moved = company.reconcile(DAY, DAY)
    assert [each.family for each in moved.differences] == ["501"]
    assert "its day is" in moved.differences[0].what


def test_foreign_money_is_matched_in_its_own_currency(company: Company) -> None:
    company.billing.put(
        a_client(9, currency="EUR"), an_invoice(601, client=9, lines=[a_line(eur("50.00"))])
    )
    assert "EUR" in company.books.currencies
    company.sync()
    report = company.reconcile()
    assert report.exit_code == 0
    assert {item.amount.currency for item in report.items} == {"EUR"}


def test_a_container_and_a_prepayment_are_no_sales(company: Company) -> None:
    line = a_line(gbp("50.00"), kind=LineKind.PREPAYMENT, type="AddFunds", taxed=False)
    company.billing.put(a_client(9), an_invoice(701, client=9, lines=[line]))
    company.sync()
    report = company.reconcile()
    assert report.documents == ()
    assert report.exit_code == 0
