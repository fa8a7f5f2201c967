"""Reversing what a run booked by credit notes, each written down before and after it is made."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bridge.contract import Target
from bridge.engine.manual.actions import Hands
from bridge.engine.undo.plan_reversal import Deed, Reversal, ReversalPlan
from bridge.engine.undo.remove import UndoOutcome, as_it_was, held_until_retry
from bridge.engine.write.readback import Expected, differences, read_back
from bridge.engine.write.settle import found_after_all, look
from bridge.engine.write.writer import Made, Order, Refused, Unknown, Writer
from bridge.errors import PluginOutcomeError
from bridge.model.keys import Key, Role
from bridge.model.refs import TargetRef
from bridge.model.run import StepState
from bridge.model.source_records import as_plain
from bridge.model.target_records import Json, TargetDocument
from bridge.store.tables.values import (
    Action,
    AddEvent,
    Conclude,
    DropLink,
    EntryRow,
    Intend,
    PutLink,
    SetEntry,
    StepRow,
    Write,
)


@dataclass(slots=True)
class Reversed(UndoOutcome):
    """What came of reversing.

    Attributes:
        notes: By invoice id, the number of the credit note that reverses it.
    """

    notes: dict[str, str] = field(default_factory=dict)


def settle_reversals(hands: Hands, target: Target, settle_delay_s: int) -> int:
    """Find out what became of notes whose writing was cut short; how many stay unknown.

    Raises:
        AmbiguousMatchError: two notes carry one key.
    """
    writer = Writer(hands.log, hands.run, hands.lease, hands.clock)
    still = 0
    for step in hands.log.steps(states={StepState.INTENDED, StepState.UNKNOWN}):
        if Key.of(step.ref).role is not Role.REVERSED:
            continue
        ripe = step.intended + dt.timedelta(seconds=settle_delay_s)
        found = look(target, step) if step.action is Action.CREATE else None
        if found:
            writer.note(*found_after_all(writer, step, found))
        elif step.action is Action.APPLY or hands.clock() >= ripe:
            writer.note(Conclude(step.id, StepState.REFUSED, error=f"{step.error} (not there)"))
        else:
            still += 1
    writer.flush()
    return still


def reverse(hands: Hands, target: Target, plan: ReversalPlan, because: str) -> Reversed:
    """Write what `plan` found to be possible: note, set against its invoice, read back, kept.

    From the first intent on an invoice is held until `bridge retry`, so that neither a crash nor
    the next run books it again in silence. At the first note that the target shows otherwise than
    it was sent, nothing more is written.

    Raises:
        AccessError, UnreachableError: it ends here; run again, it goes on.
    """
    if hands.lease:
        target.before_write = hands.lease.check
    work = _Work(hands, target, plan, because)
    for entry in plan.entries:
        if entry.deed is None:
            work.result.stays[entry.row.invoice.id] = f"{entry.stays}. To do: {entry.remedy}"
        elif work.is_wrong:
            work.result.stays[entry.row.invoice.id] = "it was not begun: the one before is wrong"
        else:
            work.one(entry, entry.deed)
    return work.result


@dataclass(slots=True)
class _Work:
    hands: Hands
    target: Target
    plan: ReversalPlan
    because: str
    result: Reversed = field(default_factory=Reversed)
    is_wrong: bool = False

    def one(self, entry: Reversal, deed: Deed) -> None:
        """Go on from where it stands: the note, then setting it against its invoice."""
        writer = Writer(self.hands.log, self.hands.run, self.hands.lease, self.hands.clock)
        writer.note(self._held(entry.row))
        note = entry.there.target if entry.there else None
        if note is None:
            outcome = writer.perform(_order(entry, deed, Action.CREATE), self._create(deed))
            if not isinstance(outcome, Made):
                self._setback(entry, outcome, writer)
                return
            note = outcome.target
        if not self._is_applied(entry, deed):
            call = self._apply(note, deed)
            outcome = writer.perform(_order(entry, deed, Action.APPLY), call)
            if not isinstance(outcome, Made):
                self._setback(entry, outcome, writer, note)
                return
        writer.flush()
        self._finish(entry, deed, note, writer)

    def _create(self, deed: Deed) -> Callable[[], TargetRef]:
        return lambda: self.target.create_credit_note(
            deed.note, client=deed.client, original=deed.made.link.target
        )

    def _apply(self, note: TargetRef, deed: Deed) -> Callable[[], TargetRef]:
        def call() -> TargetRef:
            self.target.apply_credit_note(note, original=deed.made.link.target)
            return note

        return call

    def _is_applied(self, entry: Reversal, deed: Deed) -> bool:
        done = self.hands.log.steps(states={StepState.DONE}, invoice=entry.row.invoice)
        return any(step.ref == deed.ref and step.action is Action.APPLY for step in done)

    def _setback(
        self,
        entry: Reversal,
        outcome: Refused | Unknown,
        writer: Writer,
        note: TargetRef | None = None,
    ) -> None:
        """Where nothing is written yet, the entry is as it was."""
        error = outcome.error
        self.result.stays[entry.row.invoice.id] = f"{error.what}. To do: {error.remedy}"
        if isinstance(outcome, Unknown):
            self.result.unknown += 1
        elif note is None:
            writer.note(as_it_was(entry.row))
        writer.flush()
        if isinstance(error, PluginOutcomeError):
            raise error

    def _finish(self, entry: Reversal, deed: Deed, note: TargetRef, writer: Writer) -> None:
        """Read both back; only what the target shows as it was sent is kept as reversed."""
        booked = deed.made
        found = read_back(
            self.target,
            [
                Expected(note, deed.client, deed.note, None),
                Expected(booked.link.target, deed.client, booked.step.payload, None),
            ],
        )
        wrong = _wrong(deed, note, found)
        if wrong:
            self.is_wrong = True
            self.result.stays[entry.row.invoice.id] = (
                f"its credit note {note.id} is not as it was sent: {wrong}. To do: correct it"
                " in the target by hand, then run the same again"
            )
            return
        seen, original = found[note], found[booked.link.target].ref
        invoice = entry.row.invoice
        told = f"document {original.id} was reversed by credit note {note.id}: {self._why()}"
        self.result.notes[invoice.id] = note.id
        writer.note(
            DropLink(invoice),
            *self._kept(entry, deed, original),
            PutLink(writer.link_of(_order(entry, deed, Action.CREATE), seen.ref)),
            self._held(entry.row, note),
            AddEvent("info", "reversed", told, invoice, self._copy(deed, seen, original)),
        )
        writer.flush()

    def _kept(self, entry: Reversal, deed: Deed, original: TargetRef) -> list[Write]:
        """The document stays linked, under a key of its own, so that nobody adopts it again."""
        ref = Key(Role.UNDONE, entry.row.invoice.id, booking=entry.number).ref
        step = StepRow(
            id=self.hands.log.next_step_id(self.hands.run),
            run=self.hands.run.id,
            invoice=entry.row.invoice,
            ref=ref,
            action=Action.LINK,
            state=StepState.INTENDED,
            payload=deed.made.step.payload,
            parent=deed.client,
            target=original,
            error="",
            intended=self.hands.clock(),
            finished=None,
        )
        link = replace(deed.made.link, ref=ref, target=original, client=deed.client)
        return [Intend(step), Conclude(step.id, StepState.DONE, target=original), PutLink(link)]

    def _copy(self, deed: Deed, note: TargetDocument, original: TargetRef) -> Mapping[str, Json]:
        return {
            "document": original.id,
            "note": note.ref.id,
            "of_run": self.plan.run.id,
            "because": self.because,
            "who": self.hands.who,
            "sent": deed.note.body,
            "found": as_plain(note),
        }

    def _held(self, row: EntryRow, note: TargetRef | None = None) -> SetEntry:
        by = f" by credit note {note.id}" if note else ""
        return held_until_retry(row, self.plan.run, self._why(), by)

    def _why(self) -> str:
        return f"{self.because} ({self.hands.who})"


def _order(entry: Reversal, deed: Deed, action: Action) -> Order:
    parent = deed.client if action is Action.CREATE else deed.made.link.target
    return Order(
        entry.row.invoice, deed.ref, action, deed.note, parent, deed.note.date, deed.client
    )


def _wrong(deed: Deed, note: TargetRef, found: Mapping[TargetRef, TargetDocument]) -> str:
    """How the two differ from what was sent, and from cancelling each other out."""
    original = deed.made.link.target
    missing = [ref.id for ref in (note, original) if ref not in found]
    if missing:
        return f"document {missing[0]} is not in the target"
    told = differences(Expected(note, deed.client, deed.note, None), found[note])
    told += differences(
        Expected(original, deed.client, deed.made.step.payload, None), found[original]
    )
    if found[note].paid != -found[original].paid or not found[original].paid:
        told.append("it is not set against its invoice")
    return "; ".join(told)
