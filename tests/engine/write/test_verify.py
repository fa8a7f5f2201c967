"""An entry is done only when the target shows what was sent."""

from dataclasses import replace

from bridge.api import EntryState, Hold, Reason, invoice_ref
from bridge.testing.builders import a_transaction, an_invoice, gbp
from tests.engine.one_worker import OneWorker

INVOICE = invoice_ref(501)


def verify(one: OneWorker, remark: Hold | None = None) -> int:
    row = one.entry(INVOICE)
    assert row.state is EntryState.UNVERIFIED
    return one.worker.verify([row], {INVOICE: remark} if remark else {})


def test_what_is_shown_as_sent_is_done_under_the_targets_number(one: OneWorker) -> None:
    one.write(an_invoice())
    assert verify(one) == 0
    row = one.entry(INVOICE)
    assert (row.state, row.target) == (EntryState.DONE, "1")


def test_a_document_that_came_out_differently_is_a_mismatch(one: OneWorker) -> None:
    one.write(an_invoice())
    document = one.books.documents["1"]
    first, *rest = document.lines
    dearer = replace(first, net=first.net + gbp("1.00"))
    one.books.documents["1"] = replace(document, lines=(dearer, *rest))
    assert verify(one) == 1
    row = one.entry(INVOICE)
    assert row.state is EntryState.MISMATCH
    assert "101.00" in row.what


def test_a_document_that_is_gone_is_held(one: OneWorker) -> None:
    one.write(an_invoice())
    one.books.payments.clear()
    one.books.documents.clear()
    assert verify(one) == 1
    row = one.entry(INVOICE)
    assert (row.state, row.reason) == (EntryState.HELD, Reason.REMOTE_MISSING)


def test_a_missing_payment_shows_in_what_the_document_was_paid(one: OneWorker) -> None:
    one.write(an_invoice())
    one.books.payments.clear()
    assert verify(one) == 1
    assert one.entry(INVOICE).state is EntryState.MISMATCH


def test_a_remark_stays_with_an_entry_that_is_done(one: OneWorker) -> None:
    one.write(an_invoice())
    assert verify(one, Hold(Reason.PAYMENT_SHORT, "20.00 is missing", "ask for it")) == 0
    row = one.entry(INVOICE)
    assert (row.state, row.reason) == (EntryState.DONE, Reason.PAYMENT_SHORT)


def test_a_remark_of_a_run_that_died_before_it_was_read_back_is_not_lost(one: OneWorker) -> None:
    one.write(an_invoice(transactions=[a_transaction(money_in=gbp("100.00"))]))
    assert verify(one) == 0
    row = one.entry(INVOICE)
    assert (row.state, row.reason) == (EntryState.DONE, Reason.PAYMENT_SHORT)
