"""One batch of prepared invoices: told, looked up, and handed to the workers."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.engine.context import Stop, SyncRequest
from bridge.engine.policy import Adoption, Policy, UnpaidDocuments
from bridge.engine.prepare.compose import Composed, Part
from bridge.engine.prepare.prepare import Prepared, Ready, Unread
from bridge.engine.progress import Progress
from bridge.engine.run.scheduler import Lanes, Task
from bridge.engine.run.workers import NOTE
from bridge.engine.write.book import Surroundings
from bridge.engine.write.client_match import Adopt, Match, Ours
from bridge.engine.write.clients import KnownClients
from bridge.engine.write.entry_states import Teller
from bridge.engine.write.lookup import Lookup
from bridge.engine.write.writer import token_at
from bridge.model.reasons import Hold, Skip
from bridge.model.refs import Kind
from bridge.store.sync_log import SyncLog

_DOCUMENTS = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE})


@dataclass(slots=True)
class Batches:
    """Gives each job of a batch its fate, or its place in the workers' queue."""

    log: SyncLog
    policy: Policy
    request: SyncRequest
    teller: Teller
    known: KnownClients
    lookup: Lookup
    progress: Progress
    stop: Stop
    has_looked: bool = False

    def work(self, jobs: Sequence[Prepared], lanes: Lanes) -> bool:
        """Hand over what may be written; False once nothing more is taken."""
        ready = [(job, answer) for job in jobs if (answer := self._tell(job))]
        self.teller.writer.flush()
        self.progress.advance(len(jobs) - len(ready))
        around = self._surroundings(ready)
        return not self.stop.is_due and all(
            lanes.put(_task(job, answer, around)) for job, answer in ready
        )

    def _tell(self, job: Prepared) -> Ready | None:
        if job.used:
            self.teller.writer.note(job.used)
        match job.answer:
            case Skip():
                self.teller.skip(job.row, job.answer, job.money)
            case Hold():
                self.teller.hold(job.row, job.answer, job.money)
            case Unread():
                self.teller.failed(job.row, job.answer.why, job.answer.remedy)
            case Ready():
                return job.answer
        return None

    # What is there already -------------------------------------------------------------------

    def _surroundings(self, ready: Sequence[tuple[Prepared, Ready]]) -> Surroundings:
        if not ready:
            return Surroundings()
        fresh = [part for job, answer in ready for part in _fresh(job, answer.composed)]
        documents = [part for part in fresh if part.ref.kind in _DOCUMENTS]
        moved = [part for part in fresh if part.ref.kind is Kind.MOVEMENT]
        self._look([part.payload.date for part in documents if part.payload.date])
        self.lookup.movements_around([part.payload.date for part in moved if part.payload.date])
        tokens = [token_at(part.payload.reference) for part in documents + moved]
        return Surroundings(
            self._clients([answer for _, answer in ready]),
            self.lookup.there(tokens) if tokens else {},
        )

    def _clients(self, ready: Sequence[Ready]) -> dict[str, Match]:
        unsure = {
            answer.client.ref: (answer.client, answer.composed.client.payload)
            for answer in ready
            if answer.composed.client and self.known.needs_a_look(answer.composed.client)
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


def _fresh(job: Prepared, composed: Composed) -> Iterator[Part]:
    """What of an invoice does not stand in the books yet, as far as the log knows."""
    for part in (composed.invoice, *composed.parts):
        if part and part.ref not in job.links:
            yield part


def _task(job: Prepared, ready: Ready, around: Surroundings) -> Task:
    fresh = list(_fresh(job, ready.composed))
    kinds = {job.row.gross.currency} if ready.composed.invoice else set[str]()
    if any(part.ref.kind is Kind.CREDIT_NOTE for part in fresh):
        kinds.add(NOTE)
    return Task(job, ready, around, frozenset(_ties(job, fresh, around)), frozenset(kinds))


def _ties(job: Prepared, fresh: Sequence[Part], around: Surroundings) -> Iterator[str]:
    """Its client, a record that two clients may have in common, and the money that pays it."""
    yield str(job.row.client)
    match = around.matches.get(job.row.client.id)
    if isinstance(match, Ours | Adopt):
        yield str(match.found.ref)
    for part in fresh:
        if part.ref.kind is Kind.PAYMENT and part.ref.id.startswith("T"):
            yield part.ref.id.partition("/")[0]
