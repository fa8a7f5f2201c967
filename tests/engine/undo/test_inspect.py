"""What may be removed: all of an invoice that nobody touched since, or none of it."""

import datetime as dt
from dataclasses import replace

import pytest

from bridge.api import Kind, UsageError
from bridge.engine.undo.inspect import RemovalPlan, plan_undo
from bridge.testing.builders import DAY, gbp
from bridge.testing.faults import Died
from tests.engine.run_engine import POLICY
from tests.engine.undo.conftest import Company


@pytest.fixture
def booked(company: Company) -> tuple[Company, int]:
    company.bill()
    return company, company.sync().run.id


def plan(company: Company, run: int, *, days_later: int = 0) -> RemovalPlan:
    with company.by_hand() as (operator, target):
        started = next(each for each in operator.log.runs(99) if each.id == run).started
        today = started.astimezone().date() + dt.timedelta(days=days_later)
        return plan_undo(operator.log, target, POLICY.choices, run, today)


def why_it_stays(company: Company, run: int) -> str:
    (entry,) = plan(company, run).entries
    return entry.stays


def test_payments_go_before_the_documents_they_stand_on_and_clients_last(
    booked: tuple[Company, int],
) -> None:
    company, run = booked
    found = plan(company, run)
    (entry,) = found.entries
    assert entry.stays == ""
    assert [one.link.ref.kind for one in entry.records] == [Kind.PAYMENT, Kind.INVOICE]
    assert [one.link.ref.kind for one in found.clients] == [Kind.CLIENT]


def test_a_run_that_made_nothing_leaves_nothing_to_remove(booked: tuple[Company, int]) -> None:
    company, _ = booked
    found = plan(company, company.sync().run.id)
    assert (found.entries, found.clients) == ((), ())


def test_a_payment_that_somebody_added_keeps_it_whole(booked: tuple[Company, int]) -> None:
    company, run = booked
    company.books.add_payment("1", note="cash", date=DAY, amount=gbp("1.00"), account="Till")
    assert "bears a payment that this run did not make" in why_it_stays(company, run)


def test_a_changed_payment_keeps_it_whole(booked: tuple[Company, int]) -> None:
    company, run = booked
    ((key, payment),) = company.books.payments.items()
    company.books.payments[key] = replace(payment, date=DAY + dt.timedelta(days=1))
    assert "was changed in the target" in why_it_stays(company, run)


def test_a_document_that_is_gone_cannot_be_removed(booked: tuple[Company, int]) -> None:
    company, run = booked
    company.books.payments.clear()
    company.books.documents.clear()
    assert "is not in the target any more" in why_it_stays(company, run)


def test_a_run_of_another_day_is_refused(booked: tuple[Company, int]) -> None:
    company, run = booked
    with pytest.raises(UsageError, match="not deleted"):
        plan(company, run, days_later=1)


def test_a_run_that_nobody_knows_is_refused(booked: tuple[Company, int]) -> None:
    company, _ = booked
    with company.by_hand() as (operator, target), pytest.raises(UsageError, match="no run 99"):
        plan_undo(operator.log, target, POLICY.choices, 99, DAY)


def test_a_run_of_which_not_all_is_known_is_refused(company: Company) -> None:
    company.bill()
    company.fault("create_invoice", "die_after")
    with pytest.raises(Died):
        company.sync()
    with pytest.raises(UsageError, match="not all that run 1 wrote is known"):
        plan(company, 1)
