"""Both ends in memory, synced by the engine and read afresh."""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.api import (
    BalanceEntry,
    BalanceOrigin,
    Days,
    Invoice,
    InvoiceState,
    LineKind,
    client_ref,
)
from bridge.engine.context import Ends, Stop, SyncRequest
from bridge.engine.policy import Policy, UnpaidDocuments
from bridge.engine.progress import Silent
from bridge.engine.reconcile.read import read
from bridge.engine.reconcile.result import Reconciliation, reconciled
from bridge.engine.reconcile.values import Standing
from bridge.engine.run.sync import sync
from bridge.reports.html import as_page
from bridge.reports.jsonl import as_lines
from bridge.reports.text import WIDTH, as_text
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.testing.builders import DAY, a_client, a_line, a_transaction, an_invoice, eur, gbp
from bridge.testing.conformance.target_crashes import Nobody
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.compose import MemoryMapping
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget

START = dt.date(2026, 4, 1)
POLICY = Policy(START, UnpaidDocuments.PROFORMA)
NOW = dt.datetime(2026, 6, 1, 6, 0, tzinfo=dt.UTC)
END = NOW.date()
MAPPING = MemoryMapping(bank_feed=frozenset({"paypal"}))


class Company:
    """Two ends and a log."""

    def __init__(self, log: SyncLog) -> None:
        self.log = log
        self.billing = MemoryBilling()
        self.books = MemoryBooks()
        self.told: list[int] = []
        self.takes_balances = False

    def ends(self) -> Ends:
        return Ends(
            MemorySource(self.billing),
            MemoryTarget(self.books, mapping=MAPPING, takes_balances=self.takes_balances),
        )

    def bill(self, ref: int, net: str = "100.00", **values: object) -> Invoice:
        client = a_client(ref % 3 + 1)
        invoice = an_invoice(
            ref,
            client=ref % 3 + 1,
            lines=[a_line(gbp(net))],
            **values,  # type: ignore[arg-type]
        )
        self.billing.put(client, invoice)
        return invoice

    def sync(self) -> None:
        run = self.log.start_run("sync", version="test", settings_digest="abc")
        report = sync(
            self.ends(),
            self.log,
            run=run,
            lease=None,
            policy=POLICY,
            request=SyncRequest(0),
            observers=Nobody(),
            progress=Silent(),
            stop=Stop(),
            clock=lambda: NOW,
        )
        assert report.error is None

    def reconcile(self, first: dt.date = START, last: dt.date = END) -> Reconciliation:
        reading = read(
            self.ends(),
            self.log,
            policy=POLICY,
            days=Days(first, last),
            progress=Silent(),
            tell_cost=self.told.append,
            clock=lambda: NOW,
        )
        return reconciled(reading, version="test", settings="abc")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with closing(open_log("sqlite:///log.db", "books", base=tmp_path)) as log:
        log.migrate()
        yield Company(log)


def test_synced_books_agree(company: Company) -> None:
    for number in range(501, 509):
        company.bill(number)
    company.sync()
    report = company.reconcile()
    assert report.exit_code == 0
    assert {item.standing for item in report.items} == {Standing.MATCHED}
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
    [fed] = [item for item in report.items if item.standing is Standing.SKIPPED]
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
    assert late_ones == {Standing.WAITING}
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


def test_every_line_of_the_text_fits_the_page(company: Company) -> None:
    for number in range(501, 520):
        company.bill(number, "123456.78")
    company.sync()
    company.books.documents.pop(next(iter(company.books.documents)))
    lines = list(as_text(company.reconcile()))
    assert max(map(len, lines)) <= WIDTH
    assert "1 difference is unexplained." in lines


def test_the_last_json_line_is_the_summary(company: Company) -> None:
    company.bill(501)
    company.sync()
    lines = [json.loads(json.dumps(line)) for line in as_lines(company.reconcile())]
    assert all(line["type"] for line in lines)
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["exit_code"] == 0
    assert lines[-1]["classes"] == {"matched": 2}
    [invoice] = [line for line in lines if line["type"] == "record" and line["kind"] == "invoice"]
    assert (invoice["billed"], invoice["class"], invoice["family"]) == (
        "120.00 GBP",
        "matched",
        "501",
    )


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


def test_page_and_text_have_the_same_parts(company: Company) -> None:
    company.bill(501)
    company.sync()
    report = company.reconcile()
    titles = [line for line in as_text(report) if line[:1].isdigit() and ". " in line[:4]]
    assert len(titles) == 10
    page = as_page(report, name="books")
    assert all(f">{title}</h2>" in page for title in titles)
