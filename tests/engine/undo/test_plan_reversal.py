"""Which documents a credit note may reverse: those on which no money stands."""

import datetime as dt

import pytest

from bridge.api import UsageError
from bridge.engine.undo.plan_reversal import Reversal, plan_reversals
from bridge.engine.undo.reverse import reverse
from bridge.testing.builders import DAY, gbp
from tests.engine.run_engine import POLICY
from tests.engine.undo.conftest import Company

TODAY = dt.date(2026, 6, 1)


def plan(company: Company, run: int) -> Reversal:
    with company.by_hand() as (operator, target):
        (entry,) = plan_reversals(operator.log, target, POLICY.choices, "MEM", run, TODAY).entries
        return entry


def test_the_note_bears_todays_date_and_cancels_the_document(company: Company) -> None:
    company.bill(gateway="banktransfer")
    entry = plan(company, company.sync().run.id)
    assert entry.planned
    note, booked = entry.planned.payload, entry.planned.booked.step.payload
    assert note.date == TODAY
    assert booked.net
    assert booked.tax
    assert (note.net, note.tax) == (-booked.net, -booked.tax)
    assert note.reference.startswith("MEM-501/reversed")
    assert entry.number == 1


def test_a_document_that_was_paid_stays_and_says_how_much(company: Company) -> None:
    company.bill()
    entry = plan(company, company.sync().run.id)
    assert entry.planned is None
    assert "120.00 GBP was paid on it" in entry.stays
    assert "refund or cancel it in the source" in entry.remedy


def test_a_document_that_a_feed_has_paid_since_stays(company: Company) -> None:
    company.bill(gateway="banktransfer")
    run = company.sync().run.id
    company.books.add_payment("1", note="feed", date=DAY, amount=gbp("120.00"), account="Bank")
    entry = plan(company, run)
    assert entry.planned is None
    assert entry.stays


def test_an_undo_that_was_cut_short_goes_on_with_its_own_note(company: Company) -> None:
    company.bill(gateway="banktransfer")
    run = company.sync().run.id
    company.fault("apply_credit_note", "refuse")
    with company.by_hand() as (operator, target):
        begun = plan_reversals(operator.log, target, POLICY.choices, "MEM", run, TODAY)
        assert reverse(operator, target, begun, "wrong").exit_code == 3
    entry = plan(company, run)
    assert entry.planned
    assert entry.there
    assert entry.planned.payload.date == TODAY


def test_a_run_that_nobody_knows_is_refused(company: Company) -> None:
    company.bill()
    company.sync()
    with company.by_hand() as (operator, target), pytest.raises(UsageError, match="no run 99"):
        plan_reversals(operator.log, target, POLICY.choices, "MEM", 99, TODAY)
