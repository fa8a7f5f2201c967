"""Open steps are settled by what the target shows, and not before a server must be done."""

from dataclasses import replace

import pytest

from bridge.api import EntryState, Kind, TargetRef, client_ref, invoice_ref
from bridge.engine.write.settle import Settlement, Settler, clients_of, settlement
from bridge.model.run import StepState
from bridge.store.tables.values import Action, StepRow
from bridge.testing.builders import an_invoice
from bridge.testing.faults import Died
from tests.engine.one_worker import MORNING, OneWorker
from tests.engine.run_engine import POLICY

INVOICE = invoice_ref(501)
DELAY = POLICY.settle_delay_s


def settler(one: OneWorker, delay_s: int = DELAY) -> Settler:
    return Settler(one.log, one.worker.writer, one.worker.recorder, delay_s)


def open_step(one: OneWorker, name: str, mode: str) -> StepRow:
    """The first step that is left open where a process dies, or a reply is lost."""
    one.fault(name, mode)
    (item,) = one.prepare(an_invoice())
    if mode.startswith("die"):
        with pytest.raises(Died):
            one.worker.work(item)
        one.worker.writer.later.clear()  # what was not on disk died with it
    else:
        one.worker.work(item)
        one.worker.flush()
    return next(step for step in one.steps() if step.state in {"intended", "unknown"})


@pytest.mark.parametrize("mode", ["die_after", "lost_reply"])
@pytest.mark.parametrize("name", ["create_client", "create_invoice", "create_payment"])
def test_what_is_there_was_done_at_once(one: OneWorker, name: str, mode: str) -> None:
    step = open_step(one, name, mode)
    if step.ref.kind is Kind.PAYMENT:
        parent = TargetRef(Kind.INVOICE, "1")
        step = replace(step, parent=parent)
    found = settlement(one.target, step, DELAY, MORNING)
    assert found.state is StepState.DONE
    assert found.target


@pytest.mark.parametrize(("mode", "waits"), [("cut_before", 0), ("die_before", 10)])
def test_what_is_not_there_was_not_done_once_the_server_must_be_done(
    one: OneWorker, mode: str, waits: int
) -> None:
    """Of a process that died it is only known that its intent was good for ten seconds."""
    step = open_step(one, "create_invoice", mode)
    one.later(DELAY + waits - 1)
    assert settlement(one.target, step, DELAY, one.now) == Settlement(StepState.UNKNOWN)
    one.later(1)
    assert settlement(one.target, step, DELAY, one.now).state is StepState.REFUSED


def test_a_removal_is_done_once_its_record_is_gone(one: OneWorker) -> None:
    one.write(an_invoice())
    (made,) = (step for step in one.steps() if step.ref.kind is Kind.PAYMENT)
    step = replace(made, action=Action.REMOVE, state=StepState.UNKNOWN)
    assert settlement(one.target, step, DELAY, MORNING).state is StepState.UNKNOWN
    one.later(DELAY)
    still = settlement(one.target, step, DELAY, one.now)
    assert (still.state, still.why) == (StepState.REFUSED, "it is still there")
    one.books.payments.clear()
    assert settlement(one.target, step, DELAY, MORNING).state is StepState.DONE


@pytest.mark.parametrize("action", [Action.UPDATE, Action.ADOPT, Action.APPLY])
def test_what_comes_to_the_same_twice_is_done_again_without_a_look(
    one: OneWorker, action: Action
) -> None:
    step = replace(open_step(one, "create_client", "die_before"), action=action)
    before = one.books.calls.copy()
    assert settlement(one.target, step, DELAY, MORNING).state is StepState.REFUSED
    assert one.books.calls == before


def test_an_invoice_whose_document_is_found_goes_on_with_its_payment(one: OneWorker) -> None:
    open_step(one, "create_invoice", "lost_reply")
    assert one.entry(INVOICE).state is EntryState.UNKNOWN
    assert settler(one).settle() == 0
    assert one.entry(INVOICE).state is EntryState.PENDING
    (link,) = (each for each in one.log.links_of_invoice(INVOICE) if each.ref == INVOICE)
    (client,) = one.books.clients
    assert (link.target.id, link.client) == ("1", TargetRef(Kind.CLIENT, client, client))
    payment = next(step for step in one.steps() if step.ref.kind is Kind.PAYMENT)
    assert payment.state is StepState.REFUSED


def test_while_it_is_unknown_the_entry_says_when_to_run_again(one: OneWorker) -> None:
    open_step(one, "create_invoice", "cut_before")
    assert settler(one).settle() == 1
    row = one.entry(INVOICE)
    assert row.state is EntryState.UNKNOWN
    assert "after 06:02:00 UTC" in row.remedy


def test_invoices_of_a_client_whose_own_record_is_unknown_wait(one: OneWorker) -> None:
    step = open_step(one, "create_client", "cut_before")
    assert clients_of([step]).keys() == {client_ref(31)}
    assert clients_of([replace(step, action=Action.REMOVE)]) == {}
