"""One batch of prepared invoices: looked up, written, read back."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.api import FirstDocumentError, Hold, Skip, SourceRef
from bridge.engine.book import Booker, Surroundings, token_at
from bridge.engine.ends import Stop, SyncRequest
from bridge.engine.lookup import Lookup
from bridge.engine.policy import Adoption, Policy, UnpaidDocuments
from bridge.engine.prepare import Prepared, Ready, Unread
from bridge.engine.progress import Progress
from bridge.engine.refusals import RefusalsInARow
from bridge.engine.steps import Steps, Stuck, Waits
from bridge.engine.verify import Verifier
from bridge.store.log import SyncLog
from bridge.store.rows import EntryRow, LinkRow

_VERIFY = 200


@dataclass(slots=True)
class Batches:
    """Gives each job of a batch its fate.

    Attributes:
        proven: Currencies in which a document was read back and found right.
    """

    log: SyncLog
    policy: Policy
    request: SyncRequest
    steps: Steps
    booker: Booker
    verifier: Verifier
    lookup: Lookup
    refusals: RefusalsInARow
    progress: Progress
    stop: Stop
    proven: set[str] = field(default_factory=set)

    def enough(self) -> bool:
        """Whether the run's limit is reached, or a signal asked it to stop."""
        limit = self.request.limit
        return self.stop.requested or bool(limit and len(self.steps.acted) >= limit)

    def work(self, jobs: Sequence[Prepared]) -> set[SourceRef]:
        """Give each job its fate; answers those that stay on the work list."""
        ready = [(job, answer) for job in jobs if (answer := self._tell(job))]
        self.steps.writer.flush()
        around = self._surroundings(ready)
        left: set[SourceRef] = set()
        written: list[EntryRow] = []
        for job, answer in ready:
            if self.enough():
                break
            result = self._book(job, answer, around)
            if isinstance(result, LinkRow):
                written.append(job.row)
                self._first_of_its_currency(job, written)
            elif isinstance(result, Waits):
                left.add(job.row.invoice)
            self.progress.advance()
        if self.stop.requested:
            self.steps.writer.flush()
        else:
            self._read_back(written)
        return left

    def _tell(self, job: Prepared) -> Ready | None:
        match job.answer:
            case Skip():
                self.steps.teller.skip(job.row, job.answer, job.money)
            case Hold():
                self.steps.teller.hold(job.row, job.answer, job.money)
            case Unread():
                remedy = "it is read again on the next run; look at it in the source if it persists"
                self.steps.teller.failed(job.row, job.answer.why, remedy)
            case Ready():
                return job.answer
        return None

    def _book(self, job: Prepared, ready: Ready, around: Surroundings) -> LinkRow | Stuck | Waits:
        result = self.booker.book(job, ready, around)
        refused = self.steps.take_refusal()
        if isinstance(result, LinkRow):
            self.refusals.clear()
        elif refused:
            self.refusals.add(job.row, refused)
        return result

    def _read_back(self, written: list[EntryRow]) -> None:
        for start in range(0, len(written), _VERIFY):
            self.verifier.verify(written[start : start + _VERIFY])
        written.clear()

    def _first_of_its_currency(self, job: Prepared, written: list[EntryRow]) -> None:
        """Read the first document of a currency back before the second is sent.

        If the target computes otherwise than expected, one document shows it, not two hundred.
        """
        currency = job.row.gross.currency
        if currency in self.proven:
            return
        wrong = self.verifier.verify(written)
        written.clear()
        if wrong:
            raise FirstDocumentError(
                f"the first invoice in {currency} came out differently in the target",
                record=f"invoice {job.row.number}",
                remedy="compare it with `bridge log --invoice "
                f"{job.row.invoice.id}`; nothing more was sent in this run",
            )
        self.proven.add(currency)

    # What is there already -------------------------------------------------------------------

    def _surroundings(self, ready: Sequence[tuple[Prepared, Ready]]) -> Surroundings:
        fresh = [answer for job, answer in ready if not job.booked]
        if not ready:
            return Surroundings()
        days = (each.composed.invoice.payload.date for each in fresh)
        self._look([day for day in days if day is not None])
        tokens = [token_at(each.composed.invoice.payload.reference) for each in fresh]
        unsure = {
            answer.client.ref: (answer.client, answer.composed.client.payload)
            for _, answer in ready
            if self.booker.desk.needs_a_look(answer)
        }
        matches = self.lookup.clients(list(unsure.values())) if unsure else {}
        return Surroundings(matches, self.lookup.there(tokens) if tokens else {})

    def _look(self, days: Sequence[dt.date]) -> None:
        if not days:
            return
        always = self.request.adopt is Adoption.ALWAYS
        due = self.lookup.sweep_is_due() or (always and not self.lookup.swept)
        if due or (self.lookup.around(days) and not self.lookup.swept):
            self.lookup.sweep(self._oldest(days), self.progress, self.stop)

    def _oldest(self, days: Sequence[dt.date]) -> dt.date:
        """The oldest day on which a document of this bridge may stand."""
        oldest = min(self.policy.start_date, *days)
        if self.policy.unpaid_documents is UnpaidDocuments.PROFORMA:
            return oldest
        issued = (row.issued for row in self.log.entries() if row.issued)
        return min(issued, default=oldest)
