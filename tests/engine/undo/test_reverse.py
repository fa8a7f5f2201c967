"""Reversing by credit notes: each note once, set against its document, whatever dies when."""

import pytest

from bridge.engine.undo.plan_reversal import plan_reversals
from bridge.engine.undo.reverse import ReversalResult, reverse
from bridge.engine.write.settle import settle_undos
from bridge.engine.write.writer import writer_of
from bridge.testing.faults import Died
from tests.engine.run_engine import POLICY
from tests.engine.undo.conftest import Company, is_held_by_undo


@pytest.fixture
def booked(company: Company) -> tuple[Company, int]:
    """An invoice on which no money stands, and the run that booked it."""
    company.bill(gateway="banktransfer")
    return company, company.sync().run.id


def take_back(company: Company, run: int) -> ReversalResult | int:
    """What came of it; or how many notes of an earlier undo are not known yet."""
    with company.by_hand() as (operator, target):
        unknown = settle_undos(writer_of(operator, target), POLICY.settle_delay_s)
        if unknown:
            return unknown
        day = company.now.astimezone().date()
        plan = plan_reversals(operator.log, target, POLICY.choices, "MEM", run, day)
        return reverse(operator, target, plan, "wrong nominal")


def is_reversed_once(company: Company) -> bool:
    """The document and one note, which settle each other."""
    shown = {each.reference.split()[0]: each for each in company.books.target_documents()}
    assert set(shown) == {"MEM-501", "MEM-501/reversed"}
    document, note = shown["MEM-501"], shown["MEM-501/reversed"]
    assert note.net == -document.net
    return bool(note.paid) and note.paid == -document.paid


def test_a_note_reverses_the_document_and_the_entry_is_held(booked: tuple[Company, int]) -> None:
    company, run = booked
    done = take_back(company, run)
    assert isinstance(done, ReversalResult)
    assert (done.exit_code, list(done.notes)) == (0, ["501"])
    assert is_reversed_once(company)
    assert is_held_by_undo(company.entry())
    company.later(3600)
    company.sync()
    assert is_reversed_once(company)


@pytest.mark.parametrize("name", ["create_credit_note", "apply_credit_note"])
def test_a_note_that_was_provably_never_sent_is_tried_again(
    booked: tuple[Company, int], name: str
) -> None:
    company, run = booked
    company.fault(name, "unsent")
    done = take_back(company, run)
    assert isinstance(done, ReversalResult)
    assert done.exit_code == 0
    assert is_reversed_once(company)


@pytest.mark.parametrize("name", ["create_credit_note", "apply_credit_note"])
@pytest.mark.parametrize("mode", ["lost_reply", "cut_before", "die_before", "die_after"])
def test_an_undo_that_was_cut_short_goes_on_where_it_stopped(
    booked: tuple[Company, int], name: str, mode: str
) -> None:
    company, run = booked
    company.fault(name, mode)
    if mode.startswith("die"):
        with pytest.raises(Died):
            take_back(company, run)
    else:
        done = take_back(company, run)
        assert isinstance(done, ReversalResult)
        assert done.exit_code == 4
    company.later(POLICY.settle_delay_s + 11)
    done = take_back(company, run)
    assert isinstance(done, ReversalResult)
    assert done.exit_code == 0, done
    assert is_reversed_once(company)
    assert not company.open_steps()


def test_a_note_whose_process_died_is_waited_for_as_if_sent_at_the_last_moment(
    booked: tuple[Company, int],
) -> None:
    """Its intent was good for ten seconds, and nobody wrote down when it was sent."""
    company, run = booked
    company.fault("create_credit_note", "die_before")
    with pytest.raises(Died):
        take_back(company, run)
    company.later(POLICY.settle_delay_s + 9)
    assert take_back(company, run) == 1
    company.later(2)
    done = take_back(company, run)
    assert isinstance(done, ReversalResult)
    assert is_reversed_once(company)


def test_a_run_in_between_leaves_an_invoice_held_that_is_being_undone(
    booked: tuple[Company, int],
) -> None:
    """Whether the note was written is found out by the run; to go on is for the undo."""
    company, run = booked
    company.fault("create_credit_note", "die_before")
    with pytest.raises(Died):
        take_back(company, run)
    for seconds in (60, POLICY.settle_delay_s):
        company.later(seconds)
        company.sync()
        assert is_held_by_undo(company.entry())
    assert company.open_steps() == []
    done = take_back(company, run)
    assert isinstance(done, ReversalResult)
    assert is_reversed_once(company)
