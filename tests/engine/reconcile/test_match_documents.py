"""Invoices of both books: what is matched, what is explained, what is a difference."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bridge.api import EntryState, InvoiceState, Kind, Reason, RecordClass
from bridge.engine.context import Choices
from bridge.engine.reconcile.values import MatchClass

Paper = Any
DAY = dt.date(2026, 3, 10)


def test_equal_books_agree(paper: Paper) -> None:
    paper.sold(501)
    paper.sold(502)
    assert {standing for _, standing, _ in paper.classes()} == {"matched"}
    assert paper.unexplained() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"net": "99.99"}, "net is 99.99 GBP instead of 100.00 GBP"),
        ({"tax": "19.99"}, "tax is 19.99 GBP instead of 20.00 GBP"),
        ({"net": "100.00 EUR"}, "it is in EUR instead of GBP"),
        ({"date": dt.date(2026, 3, 11)}, "its day is 2026-03-11 instead of 2026-03-10"),
        ({"client": "C32"}, "it stands on customer C32 instead of C31"),
    ],
)
def test_each_field_that_differs_is_named(paper: Paper, change: dict[str, Any], words: str) -> None:
    paper.link(Kind.CLIENT, "31", "C31")
    paper.bill(501)
    paper.entry(501)
    paper.document("WHMCS-501", **change)
    [item] = paper.items()
    assert item.standing is MatchClass.DIFFERS
    assert words in item.verdict.what


def test_a_deleted_invoice_is_one_difference_with_its_payment(paper: Paper) -> None:
    document = paper.sold(501)
    paper.target.clear()
    assert paper.unexplained() == [("invoice 501 (F-501)", "only_in_source")]
    document_item = paper.items()[0]
    assert f"document {document.number}" in document_item.verdict.what


def test_an_invoice_by_hand_counts_only_on_a_customer_of_ours(paper: Paper) -> None:
    paper.link(Kind.CLIENT, "31", "C31")
    paper.document("", client="C31")
    paper.document("", client="C99")
    paper.document("PO-4471", client="C99")
    classes = sorted(standing for _, standing, _ in paper.classes())
    assert classes == ["only_in_target", "other", "other"]
    assert len(paper.unexplained()) == 1


def test_a_key_that_the_source_does_not_have_is_a_difference(paper: Paper) -> None:
    document = paper.document("WHMCS-777", client="C99")
    paper.row("WHMCS-T9/777", "120.00", document)
    assert paper.unexplained() == [(f"invoice {document.number} in the target", "only_in_target")]


def test_a_second_document_with_the_same_key_is_a_duplicate(paper: Paper) -> None:
    paper.sold(501)
    double = paper.document("WHMCS-501")
    assert paper.unexplained() == [(f"invoice {double.number} in the target", "only_in_target")]
    [item] = [item for item in paper.items() if item.standing is MatchClass.ONLY_TARGET]
    assert item.verdict.reason == "possible_duplicate"


def test_the_document_that_the_log_knows_is_the_first_of_two(paper: Paper) -> None:
    paper.bill(501)
    paper.entry(501)
    wrong = paper.document("WHMCS-501", net="1.00")
    right = paper.document("WHMCS-501")
    paper.link(Kind.INVOICE, "501", right.number)
    assert paper.unexplained() == [(f"invoice {wrong.number} in the target", "only_in_target")]


def test_lines_that_were_added_later_are_documents_of_the_same_invoice(paper: Paper) -> None:
    paper.bill(501, "110.00", "22.00")
    paper.entry(501)
    paper.document("WHMCS-501")
    paper.document("WHMCS-501+1", "10.00", "2.00")
    assert paper.classes() == [("invoice", "matched", "")]


def test_what_was_linked_by_hand_needs_no_key(paper: Paper) -> None:
    paper.bill(501)
    paper.entry(501)
    paper.link(Kind.CLIENT, "31", "C31")
    document = paper.document("", date=dt.date(2026, 3, 12))
    paper.link(Kind.INVOICE, "501", document.number, day=dt.date(2026, 3, 12), adopted=True)
    paper.row("", "120.00", document)
    assert paper.unexplained() == []


@pytest.mark.parametrize(
    ("state", "reason", "standing"),
    [
        (EntryState.HELD, Reason.FOREIGN_VAT, "held"),
        (EntryState.SKIPPED, Reason.ZERO_TOTAL, "skipped"),
        (EntryState.SKIPPED, Reason.BEFORE_START_DATE, "before_start"),
        (EntryState.PENDING, None, "waiting"),
        (EntryState.FAILED, None, "waiting"),
        (EntryState.UNKNOWN, None, "waiting"),
        (EntryState.MISMATCH, None, "written_but_wrong"),
        (EntryState.DONE, None, "only_in_source"),
        (EntryState.UNVERIFIED, None, "only_in_source"),
    ],
)
def test_what_is_not_there_is_what_the_log_says_of_it(
    paper: Paper, state: EntryState, reason: Reason | None, standing: str
) -> None:
    """The money of an invoice is in the same class as the invoice."""
    if reason is Reason.BEFORE_START_DATE:
        paper.start = paper.days.last
    paper.bill(501)
    paper.pay(901, "120.00", 501)
    paper.entry(501, state, reason)
    assert [each for _, each, _ in paper.classes()] == [standing, standing]


def test_a_hold_explains_what_differs(paper: Paper) -> None:
    paper.bill(501)
    paper.entry(501, EntryState.HELD, Reason.CHANGED_AFTER_WRITE)
    paper.document("WHMCS-501", net="90.00")
    [item] = paper.items()
    assert item.standing is MatchClass.HELD
    assert "net is 90.00 GBP" in item.verdict.what


def test_what_a_run_found_wrong_and_was_mended_is_matched(paper: Paper) -> None:
    paper.bill(501)
    paper.entry(501, EntryState.MISMATCH)
    paper.document("WHMCS-501")
    assert paper.classes() == [("invoice", "matched", "")]


def test_a_cancelled_invoice_in_the_books_is_a_difference(paper: Paper) -> None:
    paper.bill(501, state=InvoiceState.CANCELLED, note="Cancelled")
    paper.entry(501)
    paper.document("WHMCS-501")
    [item] = paper.items()
    assert "the source says it is cancelled" in item.verdict.what


def test_what_no_run_saw_waits_only_while_it_is_new(paper: Paper) -> None:
    """A scan that overlooks an old invoice would otherwise never be noticed."""
    paper.bill(501)
    paper.bill(502, date=dt.date(2026, 3, 31), paid_on=dt.date(2026, 3, 31))
    assert [each for _, each, _ in paper.classes()] == ["only_in_source", "waiting"]


def test_what_was_skipped_as_unpaid_and_is_paid_now_is_not_explained(paper: Paper) -> None:
    paper.bill(501)
    paper.entry(501, EntryState.SKIPPED, Reason.NOT_PAID, InvoiceState.OPEN)
    [item] = paper.items()
    assert item.standing is MatchClass.ONLY_SOURCE
    assert "skipped it as not_paid, and it is paid now" in item.verdict.what


def test_what_its_state_alone_keeps_out_needs_no_run(paper: Paper) -> None:
    paper.bill(501, state=InvoiceState.OPEN, paid_on=None, note="Unpaid")
    paper.bill(502, state=InvoiceState.CANCELLED, paid_on=None, note="Cancelled")
    assert paper.classes() == [
        ("invoice", "skipped", "cancelled"),
        ("invoice", "skipped", "not_paid"),
    ]


def test_the_first_open_day_is_no_difference(paper: Paper) -> None:
    paper.choices = Choices(books_closed_to=dt.date(2026, 3, 15), when_closed="first_open_day")
    paper.bill(501)
    paper.entry(501)
    paper.document("WHMCS-501", date=dt.date(2026, 3, 16))
    assert paper.classes() == [("invoice", "matched", "")]


def test_an_invoice_counts_on_the_day_of_payment(paper: Paper) -> None:
    """A proforma comes to be an invoice when it is paid, maybe months after it was issued."""
    paper.bill(501, date=dt.date(2025, 12, 1))
    paper.entry(501)
    paper.document("WHMCS-501")
    [item] = paper.items()
    assert (item.standing, item.day) == (MatchClass.MATCHED, DAY)


def test_what_lies_outside_the_period_is_left_out(paper: Paper) -> None:
    """The source gives what was issued in it and paid later; those books are of another period."""
    paper.bill(501, paid_on=dt.date(2026, 4, 2))
    paper.entry(501)
    assert paper.items() == ()


def test_an_invoice_that_only_pays_others_is_no_sale(paper: Paper) -> None:
    paper.bill(600, record_class=RecordClass.SETTLEMENT, settles=("WHMCS-501",))
    paper.entry(600, EntryState.SKIPPED, Reason.MASS_PAY_CONTAINER)
    paper.bill(601, record_class=RecordClass.PREPAYMENT)
    paper.entry(601)
    assert paper.classes() == [
        ("prepayment", "skipped", "prepayment"),
        ("settlement", "skipped", "mass_pay_container"),
    ]
    paper.document("WHMCS-600")
    assert ("settlement", "differs", "") in paper.classes()


def test_the_log_is_only_asked_to_explain(paper: Paper) -> None:
    """Equal figures match whatever the log says, or without one."""
    paper.sold(501)
    with_log = paper.classes()
    paper.entries.clear()
    paper.links.clear()
    assert paper.classes() == with_log
    paper.target[0] = replace(paper.target[0], net=paper.target[0].net + paper.target[0].tax)
    assert len(paper.unexplained()) == 1
