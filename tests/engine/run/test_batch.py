"""A batch: what may be written is looked up and queued, the rest has its state at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.api import EntryState, InvoiceState, Reason, invoice_ref
from bridge.engine.context import NoProgress, SyncRequest
from bridge.engine.decide.client_match import Ours
from bridge.engine.prepare.prepare import TargetLookup, WorkItem
from bridge.engine.run.batch import BatchDispatcher, looked_up
from bridge.engine.run.scheduler import ConflictQueue
from bridge.engine.write.lookup import Lookup
from bridge.testing.builders import a_client, a_transaction, an_invoice
from tests.engine.one_worker import OneWorker
from tests.engine.run_engine import POLICY


@pytest.fixture
def one(tmp_path: Path) -> Iterator[OneWorker]:
    with OneWorker(tmp_path) as worker:
        yield worker


def dispatcher(one: OneWorker) -> BatchDispatcher:
    return BatchDispatcher(
        log=one.log,
        policy=POLICY,
        request=SyncRequest(0),
        recorder=one.worker.recorder,
        known=one.context.known,
        lookup=Lookup(one.target, one.log, one.ends.source.label, one.now.date()),
        progress=NoProgress(),
        stop=one.stop,
    )


def dispatch(one: OneWorker, *items: WorkItem) -> list[WorkItem]:
    """What came into the queue."""
    queue: ConflictQueue[WorkItem] = ConflictQueue(room=50, limit=0, proven=["GBP"])
    dispatcher(one).work(items, queue)
    queue.end()
    return list(iter(lambda: queue.take(()), None))


def test_what_may_be_written_is_queued_with_what_it_must_not_share(one: OneWorker) -> None:
    (queued,) = dispatch(one, *one.prepare(an_invoice(transactions=[a_transaction(900)])))
    assert queued.conflict_keys == {"client 31", "transaction 900"}
    assert queued.first_of_kind == {"GBP"}


def test_what_is_held_or_skipped_is_recorded_and_not_queued(one: OneWorker) -> None:
    unmapped = a_transaction(901, invoice=502, gateway="worldpay_old")
    items = one.prepare(
        an_invoice(501, state=InvoiceState.CANCELLED),
        an_invoice(502, gateway="worldpay_old", transactions=[unmapped]),
    )
    assert dispatch(one, *items) == []
    assert one.entry(invoice_ref(501)).state is EntryState.SKIPPED
    held = one.entry(invoice_ref(502))
    assert (held.state, held.reason) == (EntryState.HELD, Reason.GATEWAY_UNMAPPED)


def test_a_document_of_ours_that_the_log_does_not_know_is_found(one: OneWorker) -> None:
    one.write(an_invoice(501))
    (item,) = one.prepare(an_invoice(502))
    assert item.composed.invoice
    there = one.books.documents["1"]
    one.books.add_document(
        there.client,
        reference=item.composed.invoice.payload.reference,
        date=there.date,
        currency="GBP",
        lines=there.lines,
    )
    (queued,) = dispatch(one, item)
    assert [row.target.id for row in queued.lookup.there["MEM-502"]] == ["2"]


def test_a_customer_that_two_clients_may_be_is_a_conflict_key_of_both(one: OneWorker) -> None:
    one.billing.put(a_client(32))
    first, second = one.prepare(an_invoice(501), an_invoice(502, client=32, transactions=[]))
    one.books.add_client({"name": "Acme", "email": "acme@example.com"})
    (found,) = one.target.clients()
    lookup = TargetLookup({"31": Ours(found), "32": Ours(found)})
    shared = looked_up(first, lookup).conflict_keys & looked_up(second, lookup).conflict_keys
    assert shared == {str(found.ref)}


def test_nothing_is_queued_once_the_run_is_to_end(one: OneWorker) -> None:
    items = one.prepare(an_invoice())
    one.stop.requested = True
    assert dispatch(one, *items) == []
    assert one.entry(invoice_ref(501)).state is EntryState.PENDING
