"""What the log says of an invoice, against what was read now."""

import datetime as dt
from dataclasses import replace

import pytest

from bridge.api import EntryState, InvoiceState, Reason
from bridge.engine.context import BookWhen, Policy, UnpaidDocuments
from bridge.engine.reconcile.log_view import is_ended, of_document, of_entry
from bridge.engine.reconcile.values import MatchClass
from tests.engine.reconcile.conftest import DAY, Paper


@pytest.mark.parametrize(
    ("state", "reason", "standing", "word"),
    [
        (EntryState.HELD, Reason.FOREIGN_VAT, MatchClass.HELD, "foreign_vat"),
        (EntryState.SKIPPED, Reason.NOT_PAID, MatchClass.SKIPPED, "not_paid"),
        (
            EntryState.SKIPPED,
            Reason.BEFORE_START_DATE,
            MatchClass.BEFORE_START,
            "before_start_date",
        ),
        (EntryState.PENDING, None, MatchClass.WAITING, "pending"),
        (EntryState.FAILED, None, MatchClass.WAITING, "failed"),
        (EntryState.UNKNOWN, None, MatchClass.WAITING, "unknown"),
        (EntryState.MISMATCH, None, MatchClass.WRITTEN_WRONG, "readback_mismatch"),
    ],
)
def test_each_state_that_is_not_booked_has_its_class(
    paper: Paper, state: EntryState, reason: Reason | None, standing: MatchClass, word: str
) -> None:
    paper.entry(501, state, reason)
    verdict = of_entry(paper.entries["501"])
    assert verdict
    assert (verdict.standing, verdict.reason) == (standing, word)


@pytest.mark.parametrize("state", [EntryState.DONE, EntryState.UNVERIFIED])
def test_what_is_booked_needs_no_reason(paper: Paper, state: EntryState) -> None:
    paper.entry(501, state)
    assert of_entry(paper.entries["501"]) is None


def test_a_skip_that_rests_on_another_state_is_no_answer_any_more(paper: Paper) -> None:
    """It was unpaid when a run skipped it, and is paid now."""
    paper.seen_until = None
    record = paper.bill(501)
    paper.entry(501, EntryState.SKIPPED, Reason.NOT_PAID, InvoiceState.OPEN)
    verdict = of_document(record, paper.entries["501"], paper.terms())
    assert verdict
    assert (verdict.standing, verdict.reason) == (MatchClass.ONLY_SOURCE, "not_seen")
    assert verdict.what == "a run skipped it as not_paid, and it is paid now"
    paper.entry(501, EntryState.SKIPPED, Reason.SKIPPED_BY_USER, InvoiceState.OPEN)
    verdict = of_document(record, paper.entries["501"], paper.terms())
    assert verdict
    assert verdict.standing is MatchClass.SKIPPED


def test_what_no_run_has_seen_may_wait_for_the_next(paper: Paper) -> None:
    record = paper.bill(501)
    classes = []
    for seen in (DAY, DAY + dt.timedelta(days=1), None):
        paper.seen_until = seen
        verdict = of_document(record, None, paper.terms())
        classes.append(verdict.standing if verdict else None)
    assert classes == [MatchClass.WAITING, MatchClass.ONLY_SOURCE, MatchClass.ONLY_SOURCE]


@pytest.mark.parametrize(
    ("state", "book_when", "skipped"),
    [
        (InvoiceState.CANCELLED, BookWhen.ISSUED, True),
        (InvoiceState.DRAFT, BookWhen.PAID, True),
        (InvoiceState.OPEN, BookWhen.PAID, True),
        (InvoiceState.OPEN, BookWhen.ISSUED, False),
    ],
)
def test_a_state_that_is_never_booked_needs_no_run(
    paper: Paper, state: InvoiceState, book_when: BookWhen, skipped: bool
) -> None:
    record = paper.bill(501, state=state, paid_on=None)
    policy = Policy(paper.start, UnpaidDocuments.PROFORMA, book_when=book_when)
    verdict = of_document(record, None, replace(paper.terms(), policy=policy))
    assert verdict
    assert (verdict.standing is MatchClass.SKIPPED) == skipped


def test_a_cancelled_invoice_is_ended_once_its_answer_is_carried_out(paper: Paper) -> None:
    for state, reason in (
        (EntryState.DONE, Reason.CANCELLED_AFTER_BOOKING),
        (EntryState.HELD, Reason.CANCELLED_AFTER_BOOKING),
        (EntryState.DONE, None),
    ):
        paper.entry(501, state, reason)
        ended = (state, reason) == (EntryState.DONE, Reason.CANCELLED_AFTER_BOOKING)
        assert is_ended(paper.entries["501"]) == ended
    assert not is_ended(None)
