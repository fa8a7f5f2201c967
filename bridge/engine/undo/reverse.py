"""Reversing what a run booked by credit notes, each written down before and after it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bridge.contract import Target
from bridge.engine.context import Operator
from bridge.engine.undo.plan_reversal import Reversal, ReversalNote, ReversalPlan
from bridge.engine.undo.remove import UndoResult, as_it_was, held_until_retry
from bridge.engine.write.readback import Expected, differences, read_back
from bridge.engine.write.writer import Done, Refused, Step, Unknown, Writer, is_applied, writer_of
from bridge.errors import PluginOutcomeError
from bridge.model.keys import Key, Role
from bridge.model.refs import TargetRef
from bridge.model.source_records import as_plain
from bridge.model.target_records import Json, TargetDocument
from bridge.store.tables.values import Action, AddEvent, DropLink, EntryRow, SetEntry


@dataclass(slots=True)
class ReversalResult(UndoResult):
    """What came of reversing.

    Attributes:
        notes: By invoice id, the number of the credit note that reverses it.
    """

    notes: dict[str, str] = field(default_factory=dict)


def reverse(operator: Operator, target: Target, plan: ReversalPlan, because: str) -> ReversalResult:
    """Write what `plan` found to be possible: note, set against its invoice, read back, kept.

    From the first intent on an invoice is held until `bridge retry`, so that neither a crash nor
    the next run books it again in silence. At the first note that the target shows otherwise than
    it was sent, nothing more is written.

    Raises:
        AccessError, UnreachableError: it ends here; run again, it goes on.
    """
    work = _Work(operator, writer_of(operator, target), plan, because)
    for entry in plan.entries:
        if entry.planned is None:
            work.result.stays[entry.row.invoice.id] = f"{entry.stays}. To do: {entry.remedy}"
        elif work.is_wrong:
            work.result.stays[entry.row.invoice.id] = "it was not begun: the one before is wrong"
        else:
            work.one(entry, entry.planned)
    return work.result


@dataclass(slots=True)
class _Work:
    operator: Operator
    writer: Writer
    plan: ReversalPlan
    because: str
    result: ReversalResult = field(default_factory=ReversalResult)
    is_wrong: bool = False

    def one(self, entry: Reversal, planned: ReversalNote) -> None:
        """Go on from where it stands: the note, then setting it against its invoice."""
        self.writer.note(self._held(entry.row))
        note = entry.there.target if entry.there else None
        if note is None:
            outcome = self.writer.perform(_creation(entry, planned))
            if not isinstance(outcome, Done):
                self._setback(entry, outcome)
                return
            note = outcome.target
        if not is_applied(self.operator.log, entry.row.invoice, [planned.ref]):
            outcome = self.writer.perform(_application(entry, planned, note))
            if not isinstance(outcome, Done):
                self._setback(entry, outcome, note)
                return
        self.writer.flush()
        self._finish(entry, planned, note)

    def _setback(
        self, entry: Reversal, outcome: Refused | Unknown, note: TargetRef | None = None
    ) -> None:
        """Where nothing is written yet, the entry is as it was."""
        error = outcome.error
        self.result.stays[entry.row.invoice.id] = f"{error.what}. To do: {error.remedy}"
        if isinstance(outcome, Unknown):
            self.result.unknown += 1
        elif note is None:
            self.writer.note(as_it_was(entry.row))
        self.writer.flush()
        if isinstance(error, PluginOutcomeError):
            raise error

    def _finish(self, entry: Reversal, planned: ReversalNote, note: TargetRef) -> None:
        """Read both back; only what the target shows as it was sent is kept as reversed."""
        booked = planned.booked
        found = read_back(
            self.writer.target,
            [
                Expected(note, planned.client, planned.payload, None),
                Expected(booked.link.target, planned.client, booked.step.payload, None),
            ],
        )
        wrong = _wrong(planned, note, found)
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
        self.writer.note(DropLink(invoice))
        self._keep(entry, planned, original)
        self.writer.note(
            self.writer.relink(_creation(entry, planned), seen.ref),
            self._held(entry.row, note),
            AddEvent("info", "reversed", told, invoice, self._copy(planned, seen, original)),
        )
        self.writer.flush()

    def _keep(self, entry: Reversal, planned: ReversalNote, original: TargetRef) -> None:
        """The document stays linked, under a key of its own, so that nobody adopts it again."""
        booked = planned.booked
        ref = Key(Role.UNDONE, entry.row.invoice.id, booking=entry.number).ref
        step = Step(entry.row.invoice, ref, Action.LINK, booked.step.payload, planned.client)
        link = replace(booked.link, ref=ref, target=original, client=planned.client)
        self.writer.tie(step, original, link)

    def _copy(
        self, planned: ReversalNote, note: TargetDocument, original: TargetRef
    ) -> Mapping[str, Json]:
        return {
            "document": original.id,
            "note": note.ref.id,
            "of_run": self.plan.run.id,
            "because": self.because,
            "who": self.operator.who,
            "sent": planned.payload.body,
            "found": as_plain(note),
        }

    def _held(self, row: EntryRow, note: TargetRef | None = None) -> SetEntry:
        by = f" by credit note {note.id}" if note else ""
        return held_until_retry(row, self.plan.run, self._why(), by)

    def _why(self) -> str:
        return f"{self.because} ({self.operator.who})"


def _creation(entry: Reversal, planned: ReversalNote) -> Step:
    return Step(
        entry.row.invoice,
        planned.ref,
        Action.CREATE,
        planned.payload,
        parent=planned.client,
        client=planned.client,
        original=planned.booked.link.target,
    )


def _application(entry: Reversal, planned: ReversalNote, note: TargetRef) -> Step:
    return Step(
        entry.row.invoice,
        planned.ref,
        Action.APPLY,
        planned.payload,
        parent=planned.booked.link.target,
        client=planned.client,
        target=note,
    )


def _wrong(
    planned: ReversalNote, note: TargetRef, found: Mapping[TargetRef, TargetDocument]
) -> str:
    """How the two differ from what was sent, and from cancelling each other out."""
    original = planned.booked.link.target
    missing = [ref.id for ref in (note, original) if ref not in found]
    if missing:
        return f"document {missing[0]} is not in the target"
    told = differences(Expected(note, planned.client, planned.payload, None), found[note])
    told += differences(
        Expected(original, planned.client, planned.booked.step.payload, None), found[original]
    )
    if found[note].paid != -found[original].paid or not found[original].paid:
        told.append("it is not set against its invoice")
    return "; ".join(told)
