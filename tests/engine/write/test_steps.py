"""Single steps: counted where they came about, and an outcome that the entry tells where not."""

import pytest

from bridge.api import EntryState, Kind, client_ref, invoice_ref
from bridge.engine.context import CancelledError
from bridge.engine.write.steps import Blocked
from bridge.engine.write.writer import Done, Refused, Unknown
from bridge.store.tables.values import Action
from bridge.testing.builders import an_invoice
from tests.engine.one_worker import OneWorker


def create_client(one: OneWorker) -> tuple[object, Blocked | None]:
    """The outcome of making the client, and what the invoice comes to where it is none."""
    (item,) = one.prepare(an_invoice())
    part, steps = item.composed.client, one.worker.steps
    assert part
    outcome = steps.perform(item, steps.step(item, part.ref, Action.CREATE, part.payload))
    setback = None if isinstance(outcome, Done) else steps.setback(item, outcome)
    one.worker.flush()
    return outcome, setback


def test_what_was_created_is_counted_and_what_was_changed_counts_as_such(one: OneWorker) -> None:
    outcome, _ = create_client(one)
    assert isinstance(outcome, Done)
    (item,) = one.prepare(an_invoice(502))
    part, steps = item.composed.client, one.worker.steps
    assert part
    change = steps.step(item, part.ref, Action.UPDATE, part.payload, target=outcome.target)
    steps.perform(item, change)
    assert one.context.counters.created == {"clients": 1}
    assert one.context.counters.updated == {"clients": 1}


def test_a_refusal_blocks_the_invoice_and_can_be_taken_once(one: OneWorker) -> None:
    one.fault("create_client", "refuse")
    outcome, setback = create_client(one)
    assert isinstance(outcome, Refused)
    assert setback == Blocked()
    assert one.entry(invoice_ref(501)).state is EntryState.FAILED
    assert one.worker.steps.take_refusal() is outcome.error
    assert one.worker.steps.take_refusal() is None
    assert one.context.counters.created == {}


def test_an_unknown_outcome_blocks_the_invoice_and_counts_as_no_refusal(one: OneWorker) -> None:
    one.fault("create_client", "lost_reply")
    outcome, setback = create_client(one)
    assert isinstance(outcome, Unknown)
    assert setback == Blocked()
    assert one.entry(invoice_ref(501)).state is EntryState.UNKNOWN
    assert one.worker.steps.take_refusal() is None


def test_no_step_is_begun_once_the_run_is_cancelled(one: OneWorker) -> None:
    (item,) = one.prepare(an_invoice())
    one.stop.requested = True
    with pytest.raises(CancelledError):
        one.worker.work(item)
    assert not one.worker.steps.acted
    assert one.books.calls["create_client"] == 0


def test_each_step_belongs_to_the_invoice_and_its_own_record(one: OneWorker) -> None:
    one.write(an_invoice())
    assert {step.invoice for step in one.steps()} == {invoice_ref(501)}
    assert [step.ref.kind for step in one.steps()] == [Kind.CLIENT, Kind.INVOICE, Kind.PAYMENT]
    assert one.steps()[0].ref == client_ref(31)
