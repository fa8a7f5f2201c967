"""What a run created and may still be taken back: found out afresh, nothing written."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from bridge.contract import Target
from bridge.engine.context import Choices
from bridge.engine.write.readback import Expected, differences, read_back
from bridge.engine.write.writer import OPEN, is_applied
from bridge.errors import UsageError
from bridge.model.keys import Key, document_of
from bridge.model.money import total
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState, StepState
from bridge.model.target_records import TargetDocument, TargetPayment
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import Action, EntryRow, LinkRow, RunRow, StepRow

_RUNS = 1000
_DOCUMENTS = (Kind.INVOICE, Kind.CREDIT_NOTE)
_ORDER = (Kind.MOVEMENT, Kind.PAYMENT, Kind.CREDIT_NOTE, Kind.INVOICE, Kind.CLIENT)
_UNSURE = frozenset({EntryState.UNKNOWN, EntryState.UNVERIFIED})


@dataclass(frozen=True, slots=True)
class CreatedRecord:
    """A record that the run created and that the log still links.

    Attributes:
        found: As it stands in the target now, where that can be read.
    """

    step: StepRow
    link: LinkRow
    found: TargetDocument | TargetPayment | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """What of one invoice can be taken back.

    Attributes:
        records: In the order of removal: payments before the documents they stand on.
        stays: Why none of it may be removed; empty where it may.
    """

    row: EntryRow
    records: tuple[CreatedRecord, ...]
    stays: str = ""


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """What an undo would do.

    Attributes:
        clients: Made by the run; removed last, where nothing else stands on them.
    """

    run: RunRow
    entries: tuple[Removal, ...] = ()
    clients: tuple[CreatedRecord, ...] = ()


def plan_undo(
    log: SyncLog, target: Target, choices: Choices, run_id: int, today: dt.date
) -> RemovalPlan:
    """Look at every record that a run made, as it stands now.

    Args:
        log: The sync log, in which nothing of that run is unknown.
        target: Prepared.
        choices: What of the books is closed.
        run_id: The run.
        today: Local calendar day.

    Raises:
        UsageError: there is no such run, it was on another day, or its end is not known.
    """
    run = known_run(log, run_id)
    _of_today(run, today)
    made = list(created_by(log, run_id))
    reader = Reader(log, target, choices)
    entries: list[Removal] = []
    ours = [one for one in made if one.step.ref.kind is not Kind.CLIENT]
    ours.sort(key=lambda one: (one.step.invoice.id, _ORDER.index(one.step.ref.kind), -one.step.id))
    for invoice, records in groupby(ours, key=lambda one: one.step.invoice):
        row = log.entry(invoice)
        if row:
            entries.append(reader.entry(row, list(records)))
    clients = tuple(one for one in made if one.step.ref.kind is Kind.CLIENT)
    return RemovalPlan(run, tuple(entries), clients)


def _of_today(run: RunRow, today: dt.date) -> None:
    day = run.started.astimezone().date()
    if day != today:
        raise UsageError(
            f"run {run.id} was on {day}: what was made on an earlier day may have been reported"
            " or declared, so it is not deleted",
            remedy=f"`bridge undo --run {run.id} --credit-notes --because ... --dry-run` shows the"
            " credit notes, dated today, that would reverse it instead",
        )


def known_run(log: SyncLog, run_id: int) -> RunRow:
    """A run of which every outcome is known.

    Raises:
        UsageError: there is none, or not all that it wrote is known.
    """
    found = next((run for run in log.runs(_RUNS) if run.id == run_id), None)
    if not found:
        raise UsageError(f"there is no run {run_id}", remedy="`bridge log` shows the runs")
    if any(step.action is not Action.REMOVE for step in log.steps(states=OPEN, run=run_id)):
        raise UsageError(
            f"not all that run {run_id} wrote is known",
            remedy="run `bridge sync`: it finds out; then undo it",
        )
    return found


def created_by(log: SyncLog, run_id: int) -> Iterator[CreatedRecord]:
    """What a run created and the log still links to the same record."""
    steps = [
        step
        for step in log.steps(states={StepState.DONE}, run=run_id)
        if step.action is Action.CREATE and step.target
    ]
    links = log.links([step.ref for step in steps])
    for step in steps:
        link = links.get(step.ref)
        if link and step.target and link.target.id == step.target.id and not link.adopted:
            yield CreatedRecord(step, link)


@dataclass(slots=True)
class Reader:
    """Reads what stands in the target of what a run made."""

    log: SyncLog
    target: Target
    choices: Choices
    paid: dict[TargetRef, list[TargetPayment]] = field(default_factory=dict)

    def entry(self, row: EntryRow, records: Sequence[CreatedRecord]) -> Removal:
        """One invoice's records, each read afresh, and why they stay if they do."""
        read, stays = self.touched(row, records)
        stays = stays or self._closed(read) or self._applied(row, read) or self._moved(read)
        return Removal(row, tuple(read), stays)

    def touched(
        self, row: EntryRow, records: Sequence[CreatedRecord]
    ) -> tuple[list[CreatedRecord], str]:
        """The records read afresh, and how they differ from what was sent, or nothing."""
        if row.state in _UNSURE:
            return list(records), f"it is {row.state.value}: run `bridge sync` first"
        every = self.log.links_of_invoice(row.invoice)
        made = [one for one in records if one.link.ref.kind in _DOCUMENTS]
        documents = self._documents(made)
        gone = {one.link.target.id for one in made} - {ref.id for ref in documents}
        read: list[CreatedRecord] = []
        for one in records:
            found = documents.get(one.link.target) or self._payment(one, gone)
            read.append(CreatedRecord(one.step, one.link, found))
        told = (self._touched(one, read, every) for one in read)
        return read, next(filter(None, told), "")

    def _documents(self, made: Sequence[CreatedRecord]) -> dict[TargetRef, TargetDocument]:
        expected = [
            Expected(
                one.link.target,
                one.link.client or TargetRef(Kind.CLIENT, ""),
                one.step.payload,
                None,
            )
            for one in made
        ]
        return read_back(self.target, expected) if expected else {}

    def _payment(self, one: CreatedRecord, gone: Collection[str]) -> TargetPayment | None:
        document = one.step.parent
        if one.link.ref.kind is not Kind.PAYMENT or document is None or document.id in gone:
            return None
        standing = self._payments(document)
        return next((each for each in standing if each.ref.id == one.link.target.id), None)

    def _payments(self, document: TargetRef) -> list[TargetPayment]:
        if document not in self.paid:
            self.paid[document] = list(self.target.payments(document))
        return self.paid[document]

    def _touched(
        self, one: CreatedRecord, records: Sequence[CreatedRecord], every: Sequence[LinkRow]
    ) -> str:
        """How a record differs from what was sent, or what stands on it besides."""
        ref, found = one.link.ref, one.found
        if ref.kind is Kind.MOVEMENT:
            return ""  # removing it, the target says whether it can
        if found is None:
            return f"{ref} ({one.link.target.id}) is not in the target any more"
        if isinstance(found, TargetPayment):
            sent = (one.step.payload.reference, one.step.payload.date, one.step.payload.net)
            shown = (found.note, found.date, found.amount)
            return "" if shown == sent else f"payment {found.ref.id} was changed in the target"
        told = differences(_as_sent(one, found), found)
        if told:
            return f"document {found.ref.id} was changed in the target: {'; '.join(told)}"
        return self._more(one, found, records, every)

    def _more(
        self,
        one: CreatedRecord,
        found: TargetDocument,
        records: Sequence[CreatedRecord],
        every: Sequence[LinkRow],
    ) -> str:
        ours = {each.link.target.id for each in records if each.link.ref.kind is Kind.PAYMENT}
        others = [each for each in self._payments(found.ref) if each.ref.id not in ours]
        if others:
            return f"document {found.ref.id} bears a payment that this run did not make"
        standing = total((each.amount for each in self._payments(found.ref)), found.paid.currency)
        if found.paid != standing:
            return f"document {found.ref.id} was settled by something that this run did not make"
        mine = {each.link.ref for each in records}
        later = [
            link.ref
            for link in every
            if link.ref not in mine and _stands_on(link.ref, one.link.ref, every)
        ]
        return f"{later[0]} of another run belongs to it" if later else ""

    def _closed(self, records: Sequence[CreatedRecord]) -> str:
        closed = self.choices.books_closed_to
        days = [one.link.day for one in records if one.link.day]
        if closed is None or not days or min(days) > closed:
            return ""
        return f"it is dated {min(days)}, in a closed period (books_closed_to: {closed})"

    def _moved(self, records: Sequence[CreatedRecord]) -> str:
        """What cannot be taken back keeps the rest too: half an invoice would be worse."""
        if self.target.removes_movements:
            return ""
        moved = [one.link for one in records if one.link.ref.kind is Kind.MOVEMENT]
        if not moved:
            return ""
        return f"{moved[0].ref} was made for it, and the target has no way to take that back"

    def _applied(self, row: EntryRow, records: Sequence[CreatedRecord]) -> str:
        mine = {one.link.ref for one in records}
        applied = is_applied(self.log, row.invoice, mine)
        return "its credit note is set against the invoice" if applied else ""


def _as_sent(one: CreatedRecord, found: TargetDocument) -> Expected:
    """The client of a document that a restored log found again is not known: any will do."""
    client = one.link.client or found.client
    return Expected(one.link.target, client, one.step.payload, None)


def _stands_on(ref: SourceRef, document: SourceRef, every: Sequence[LinkRow]) -> bool:
    if Key.of(ref).is_undone:
        return False
    if document.kind is Kind.INVOICE and ref.kind is Kind.CREDIT_NOTE:
        return any(link.ref == document for link in every)
    return ref.kind is Kind.PAYMENT and document_of(ref) == document
