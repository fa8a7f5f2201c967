"""Removing what a run made: tried again where nothing left, looked up where nobody knows."""

import pytest

from bridge.api import Kind, UnreachableError
from bridge.engine.undo.inspect import plan_undo
from bridge.engine.undo.remove import RemovalResult, undo
from bridge.engine.write.settle import settle_undos
from bridge.engine.write.writer import writer_of
from bridge.model.run import StepState
from bridge.store.tables.values import Action
from bridge.testing.faults import Died
from tests.engine.run_engine import POLICY
from tests.engine.undo.conftest import Company, is_held_by_undo


@pytest.fixture
def booked(company: Company) -> tuple[Company, int]:
    """A client with a paid invoice, and the run that booked them."""
    company.bill()
    return company, company.sync().run.id


def remove(company: Company, run: int) -> RemovalResult | int:
    """What came of it; or how many removals of an earlier undo are not known yet."""
    with company.by_hand() as (operator, target):
        unknown = settle_undos(writer_of(operator, target), POLICY.settle_delay_s)
        if unknown:
            return unknown
        today = next(each for each in operator.log.runs(99) if each.id == run).started
        plan = plan_undo(operator.log, target, POLICY.choices, run, today.astimezone().date())
        return undo(operator, target, plan, "wrong nominal")


def removed(company: Company, run: int) -> dict[str, int]:
    done = remove(company, run)
    assert isinstance(done, RemovalResult)
    assert done.exit_code == 0, done
    return done.removed


def test_it_removes_payment_document_and_client_and_forgets_their_links(
    booked: tuple[Company, int],
) -> None:
    company, run = booked
    assert removed(company, run) == {"payment": 1, "invoice": 1, "client": 1}
    assert {**company.books.clients, **company.books.documents, **company.books.payments} == {}
    with company.log() as log:
        assert not log.links_of_invoice(company.entry().invoice)
        removals = [step for step in log.steps() if step.action is Action.REMOVE]
    assert [step.ref.kind for step in removals] == [Kind.PAYMENT, Kind.INVOICE, Kind.CLIENT]
    assert {step.state for step in removals} == {StepState.DONE}
    assert is_held_by_undo(company.entry())


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_removal_that_was_provably_never_sent_is_tried_again(
    booked: tuple[Company, int], nth: int
) -> None:
    company, run = booked
    company.fault("remove", "unsent", nth)
    assert removed(company, run) == {"payment": 1, "invoice": 1, "client": 1}


def test_what_cannot_be_sent_at_all_ends_the_undo_and_is_known_not_to_be_sent(
    booked: tuple[Company, int],
) -> None:
    company, run = booked
    company.fault("remove", "unreachable", 2)
    with pytest.raises(UnreachableError):
        remove(company, run)
    assert not company.open_steps()
    assert len(company.books.documents) == 1
    assert removed(company, run) == {"invoice": 1, "client": 1}


def test_a_refused_removal_leaves_the_entry_as_it_was(booked: tuple[Company, int]) -> None:
    company, run = booked
    before = company.entry()
    company.fault("remove", "refuse")
    done = remove(company, run)
    assert isinstance(done, RemovalResult)
    assert done.exit_code == 3
    assert "The record could not be saved" in done.stays["501"]
    after = company.entry()
    assert (after.state, after.reason, after.what) == (before.state, before.reason, before.what)


def test_a_removal_whose_reply_was_lost_counts_as_done_once_the_record_is_gone(
    booked: tuple[Company, int],
) -> None:
    company, run = booked
    company.fault("remove", "lost_reply", 2)
    done = remove(company, run)
    assert isinstance(done, RemovalResult)
    assert (done.exit_code, done.removed) == (4, {"payment": 1, "client": 1})
    assert removed(company, run) == {}
    assert {**company.books.clients, **company.books.documents} == {}
    assert company.open_steps() == []


@pytest.mark.parametrize("by_sync", [False, True])
def test_a_removal_that_was_cut_short_is_waited_for_as_if_sent_at_the_last_moment(
    booked: tuple[Company, int], *, by_sync: bool
) -> None:
    """Its intent was good for ten seconds, and nobody wrote down when it was sent."""
    company, run = booked
    company.fault("remove", "die_before")
    with pytest.raises(Died):
        remove(company, run)
    company.later(POLICY.settle_delay_s + 9)
    if by_sync:
        company.sync()
        assert company.open_steps()
    else:
        assert remove(company, run) == 1
    company.later(2)
    if by_sync:
        company.sync()
        assert not company.open_steps()
    assert removed(company, run) == {"payment": 1, "invoice": 1, "client": 1}
