"""Records whose other half lies outside the period."""

import datetime as dt
from dataclasses import replace

import pytest

from bridge.api import Days, Kind, LineKind, RecordClass, TransactionKind, invoice_ref
from bridge.engine.reconcile.log_view import LogView
from bridge.engine.reconcile.outside_period import (
    Rows,
    invoice_record,
    money_record,
    refs_of,
    with_outside_period,
)
from bridge.testing.builders import DAY, a_line, a_transaction, an_invoice, gbp
from tests.engine.reconcile.company import Company
from tests.engine.reconcile.conftest import Paper

LATER = DAY + dt.timedelta(days=40)


def found_on(company: Company, day: dt.date) -> Rows:
    """The rows of one day, and the other halves of them."""
    ends, days = company.ends(), Days(day, day)
    found = company.read(day, day)
    rows = Rows(list(ends.source.records(days)), list(ends.target.records(days)))
    return with_outside_period(rows, ends.source, ends.target, found.log_view, found.terms)


def test_money_of_the_period_brings_the_invoice_of_another(company: Company) -> None:
    """Paid weeks after it was issued: its document stands on the day of issue in neither period."""
    company.bill(501, issued=DAY, paid_on=LATER)
    company.sync()
    rows = found_on(company, LATER)
    assert {row.record_class for row in rows.source} == {RecordClass.INVOICE, RecordClass.PAYMENT}
    assert {row.record_class for row in rows.target} == {RecordClass.INVOICE, RecordClass.PAYMENT}


def test_what_the_source_deleted_is_not_found_and_no_error(company: Company) -> None:
    company.bill(501)
    company.sync()
    company.billing.remove(invoice_ref(501))
    rows = found_on(company, DAY)
    assert not [row for row in rows.source if row.record_class is RecordClass.INVOICE]
    assert [row.token for row in rows.target if row.record_class is RecordClass.INVOICE]


def test_nothing_is_read_twice(paper: Paper, company: Company) -> None:
    """Both halves are there: no end is asked for more."""
    paper.sold(501)
    ends = company.ends()
    rows = Rows(paper.source, paper.target)
    found = with_outside_period(rows, ends.source, ends.target, LogView(), paper.terms())
    assert (found.source, found.target) == (paper.source, paper.target)


@pytest.mark.parametrize(
    ("kinds", "record_class"),
    [
        ([LineKind.SALE], RecordClass.INVOICE),
        ([LineKind.PREPAYMENT], RecordClass.PREPAYMENT),
        ([LineKind.SETTLEMENT], RecordClass.SETTLEMENT),
        ([LineKind.SALE, LineKind.PREPAYMENT], RecordClass.INVOICE),
    ],
)
def test_an_invoices_lines_say_what_it_is(kinds: list[LineKind], record_class: RecordClass) -> None:
    lines = [a_line(line=place, kind=kind) for place, kind in enumerate(kinds)]
    assert invoice_record(an_invoice(lines=lines), "WHMCS").record_class is record_class


def test_a_settlement_names_what_it_pays() -> None:
    line = a_line(kind=LineKind.SETTLEMENT, related="501")
    record = invoice_record(an_invoice(700, lines=[line]), "WHMCS")
    assert (record.token, record.settles) == ("WHMCS-700", ("WHMCS-501",))


def test_an_invoice_without_a_day_of_issue_is_no_row() -> None:
    with pytest.raises(ValueError, match="no day of issue"):
        invoice_record(replace(an_invoice(), issued=None), "WHMCS")


def test_a_refund_is_money_out_with_a_key_of_its_own() -> None:
    back = a_transaction(905, money_out=gbp("30.00"), kind=TransactionKind.REFUND)
    record = money_record(back, "WHMCS")
    assert (record.record_class, record.token) == (RecordClass.REFUND, "WHMCS-R905")
    assert (record.net, record.document) == (gbp("-30.00"), "WHMCS-501")
    loose = money_record(replace(a_transaction(900), invoice=None, client=None), "WHMCS")
    assert (loose.token, loose.document, loose.client) == ("WHMCS-T900", "", "")


def test_rows_without_a_key_of_ours_stand_for_nothing_in_the_log(paper: Paper) -> None:
    rows = [paper.document("WHMCS-501"), paper.document("PO 4471"), paper.row("", "1.00")]
    assert [(ref.kind, ref.id) for ref in refs_of(rows, "WHMCS")] == [(Kind.INVOICE, "501")]
