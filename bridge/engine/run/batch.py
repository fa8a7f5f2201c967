"""One batch of prepared invoices: recorded, or looked up and handed to the workers."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bridge.engine.context import (
    Adoption,
    CancelToken,
    Policy,
    Progress,
    SyncRequest,
    UnpaidDocuments,
)
from bridge.engine.decide.client_match import Adopt, Match, Ours
from bridge.engine.prepare.compose import Composed
from bridge.engine.prepare.prepare import TargetLookup, Unread, WorkItem
from bridge.engine.run.run_context import NOTE
from bridge.engine.run.scheduler import ConflictQueue
from bridge.engine.write.client_writer import KnownClients
from bridge.engine.write.entry_states import EntryRecorder
from bridge.engine.write.lookup import Lookup
from bridge.model.keys import Key, Role, token_at
from bridge.model.reasons import Hold, Skip
from bridge.model.refs import Kind
from bridge.store.sync_log import SyncLog

_DOCUMENTS = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE})


@dataclass(slots=True)
class BatchDispatcher:
    """Queues the items of a batch that are to be written, and records the state of the others."""

    log: SyncLog
    policy: Policy
    request: SyncRequest
    recorder: EntryRecorder
    known: KnownClients
    lookup: Lookup
    progress: Progress
    stop: CancelToken
    has_looked: bool = False

    def work(self, items: Sequence[WorkItem], queue: ConflictQueue[WorkItem]) -> bool:
        """Hand over what may be written; return False once nothing more is taken."""
        ready = [item for item in items if self._is_ready(item)]
        self.recorder.writer.flush()
        self.progress.advance(len(items) - len(ready))
        lookup = self._lookup(ready)
        return not self.stop.is_due and all(queue.put(looked_up(item, lookup)) for item in ready)

    def _is_ready(self, item: WorkItem) -> bool:
        """Report whether it may be written; the state of one that may not is recorded."""
        if item.used:
            self.recorder.writer.note(item.used)
        match item.answer:
            case Skip():
                self.recorder.skip(item.row, item.answer, item.money)
            case Hold():
                self.recorder.hold(item.row, item.answer, item.money)
            case Unread():
                self.recorder.failed(item.row, item.answer.why, item.answer.remedy)
            case Composed():
                return True
        return False

    # What is there already -------------------------------------------------------------------

    def _lookup(self, ready: Sequence[WorkItem]) -> TargetLookup:
        if not ready:
            return TargetLookup()
        fresh = [part for item in ready for part in item.fresh]
        documents = [part for part in fresh if part.ref.kind in _DOCUMENTS]
        moved = [part for part in fresh if part.ref.kind is Kind.MOVEMENT]
        self._look([part.payload.date for part in documents if part.payload.date])
        self.lookup.movements_around([part.payload.date for part in moved if part.payload.date])
        tokens = [token_at(part.payload.reference) for part in documents + moved]
        return TargetLookup(
            self._clients([item.composed for item in ready]),
            self.lookup.there(tokens) if tokens else {},
        )

    def _clients(self, ready: Sequence[Composed]) -> dict[str, Match]:
        unsure = {
            each.billed.ref: (each.billed, each.client.payload)
            for each in ready
            if each.client and self.known.needs_a_look(each.client)
        }
        return self.lookup.clients(list(unsure.values())) if unsure else {}

    def _look(self, days: Sequence[dt.date]) -> None:
        """See what stands around these days; the first time in a run, around the latest too."""
        if not days:
            return
        wanted = list(days) if self.has_looked else [*days, *self.lookup.lately()]
        self.has_looked = True
        always = self.request.adopt is Adoption.ALWAYS
        due = self.lookup.sweep_is_due() or (always and not self.lookup.swept)
        if due or (self.lookup.around(wanted) and not self.lookup.swept):
            self.lookup.sweep(self._oldest(days), self.progress, self.stop)

    def _oldest(self, days: Sequence[dt.date]) -> dt.date:
        """The oldest day on which a document of this bridge may stand."""
        oldest = min(self.policy.start_date, *days)
        if self.policy.unpaid_documents is UnpaidDocuments.PROFORMA:
            return oldest
        return self.log.oldest_issue() or oldest


def looked_up(item: WorkItem, lookup: TargetLookup) -> WorkItem:
    """Return the item with what stands in the target, fit to be scheduled."""
    kinds = {item.row.gross.currency} if item.composed.invoice else set[str]()
    if any(part.ref.kind is Kind.CREDIT_NOTE for part in item.fresh):
        kinds.add(NOTE)
    return replace(
        item,
        lookup=lookup,
        conflict_keys=frozenset(_conflict_keys(item, lookup)),
        first_of_kind=frozenset(kinds),
    )


def _conflict_keys(item: WorkItem, lookup: TargetLookup) -> Iterator[str]:
    """Its client, a record that two clients may have in common, and the money that pays it."""
    yield str(item.row.client)
    match = lookup.matches.get(item.row.client.id)
    if isinstance(match, Ours | Adopt):
        yield str(match.found.ref)
    for part in item.fresh:
        key = Key.of(part.ref)
        if key.role is Role.PAYMENT:
            yield f"transaction {key.owner}"
