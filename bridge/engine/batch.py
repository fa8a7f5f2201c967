"""One batch of prepared invoices: looked up, written, read back."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.api import FirstDocumentError, Hold, Kind, Skip, SourceRef
from bridge.engine.book import Booker, Surroundings, Written, token_at
from bridge.engine.ends import Stop, SyncRequest
from bridge.engine.lookup import Lookup
from bridge.engine.match import Match
from bridge.engine.policy import Adoption, Policy, UnpaidDocuments
from bridge.engine.prepare import Prepared, Ready, Unread
from bridge.engine.progress import Progress
from bridge.engine.refusals import RefusalsInARow
from bridge.engine.steps import Steps, Stuck, Waits
from bridge.engine.verify import Verifier
from bridge.store.log import SyncLog
from bridge.store.rows import AddEvent, EntryRow

_VERIFY = 200
_NOTE = "credit note"
_DOCUMENTS = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE})


@dataclass(slots=True)
class Batches:
    """Gives each job of a batch its fate.

    Attributes:
        proven: Currencies, and credit notes, of which one was read back and found right.
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
    remarks: dict[SourceRef, Hold] = field(default_factory=dict)
    has_looked: bool = False

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
            if isinstance(result, Written):
                written.append(job.row)
                self._remark(job, answer)
                self._first_of_its_kind(job, result, written)
            elif isinstance(result, Waits):
                left.add(job.row.invoice)
            self.progress.advance()
        if self.stop.requested:
            self.steps.writer.flush()
        else:
            self._read_back(written)
        return left

    def _tell(self, job: Prepared) -> Ready | None:
        if job.used:
            self.steps.writer.note(job.used)
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

    def _book(self, job: Prepared, ready: Ready, around: Surroundings) -> Written | Stuck | Waits:
        result = self.booker.book(job, ready, around)
        refused = self.steps.take_refusal()
        if isinstance(result, Written):
            self.refusals.clear()
        elif refused:
            self.refusals.add(job.row, refused)
        return result

    def _remark(self, job: Prepared, ready: Ready) -> None:
        for rule in ready.composed.nothing:
            text = f"nothing to write for {rule.about}: {rule.value} ({rule.rule})"
            self.steps.writer.note(AddEvent("info", "nothing", text, job.row.invoice))
        if ready.composed.remark:
            self.remarks[job.row.invoice] = ready.composed.remark

    def _read_back(self, written: list[EntryRow]) -> int:
        wrong = 0
        for start in range(0, len(written), _VERIFY):
            wrong += self.verifier.verify(written[start : start + _VERIFY], self.remarks)
        written.clear()
        self.remarks.clear()
        return wrong

    def _first_of_its_kind(self, job: Prepared, result: Written, written: list[EntryRow]) -> None:
        """Read the first document of a currency, and the first note, back before the second.

        If the target computes otherwise than expected, one document shows it, not two hundred.
        """
        kinds = {job.row.gross.currency} if result.target else set()
        if result.has_note:
            kinds.add(_NOTE)
        if kinds <= self.proven:
            return
        if self._read_back(written):
            name = "credit note" if _NOTE in kinds else f"invoice in {job.row.gross.currency}"
            raise FirstDocumentError(
                f"the first {name} came out differently in the target",
                record=f"invoice {job.row.number}",
                remedy=f"compare it with `bridge explain {job.row.invoice.id}`; nothing more was"
                " sent in this run",
            )
        self.proven |= kinds

    # What is there already -------------------------------------------------------------------

    def _surroundings(self, ready: Sequence[tuple[Prepared, Ready]]) -> Surroundings:
        if not ready:
            return Surroundings()
        fresh = [
            part
            for job, answer in ready
            for part in (answer.composed.invoice, *answer.composed.parts)
            if part and part.ref not in job.links
        ]
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
            if answer.composed.client and self.booker.desk.needs_a_look(answer.composed.client)
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
        issued = (row.issued for row in self.log.entries() if row.issued)
        return min(issued, default=oldest)
