"""Taking back what a run created: each removal written down before and after it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.contract import Target
from bridge.engine.context import Operator
from bridge.engine.undo.inspect import CreatedRecord, Removal, RemovalPlan
from bridge.engine.write.writer import Refused, Step, Unknown, Writer, writer_of
from bridge.errors import PluginOutcomeError
from bridge.model.reasons import Reason
from bridge.model.run import EntryState
from bridge.model.source_records import as_plain
from bridge.model.target_records import Json
from bridge.store.tables.values import Action, AddEvent, EntryRow, RunRow, SetEntry


@dataclass(slots=True)
class UndoResult:
    """What came of an undo.

    Attributes:
        stays: By invoice id, why it, or something of it, stands as it did.
        unknown: Writes of which it is not known whether they were done.
    """

    stays: dict[str, str] = field(default_factory=dict)
    unknown: int = 0

    @property
    def exit_code(self) -> int:
        """Unknown outcomes first, then what stays."""
        if self.unknown:
            return 4
        return 3 if self.stays else 0


@dataclass(slots=True)
class RemovalResult(UndoResult):
    """What came of removing.

    Attributes:
        removed: Records that are gone, by kind.
    """

    removed: dict[str, int] = field(default_factory=dict)


def undo(operator: Operator, target: Target, plan: RemovalPlan, because: str) -> RemovalResult:
    """Remove what `plan` found to be untouched: payments, documents, then clients left empty.

    An invoice whose removal is under way is held until `bridge retry`, so that neither a crash
    nor the next run books it again in silence.

    Raises:
        AccessError, UnreachableError: it ends here; run again, it goes on.
    """
    work = _Work(operator, writer_of(operator, target), plan, because)
    for entry in plan.entries:
        if entry.stays:
            work.result.stays[entry.row.invoice.id] = entry.stays
        else:
            work.entry(entry)
    for client in plan.clients:
        work.client(client)
    return work.result


@dataclass(slots=True)
class _Work:
    operator: Operator
    writer: Writer
    plan: RemovalPlan
    because: str
    result: RemovalResult = field(default_factory=RemovalResult)

    def entry(self, entry: Removal) -> None:
        """One invoice: at the first that cannot be removed the rest of it stays."""
        self.writer.note(held_until_retry(entry.row, self.plan.run, self._why()))
        for number, one in enumerate(entry.records):
            why = self._remove(one)
            if why:
                self.result.stays[entry.row.invoice.id] = why
                if number == 0 and not self.result.unknown:
                    self.writer.note(as_it_was(entry.row))
                    self.writer.flush()
                return

    def client(self, one: CreatedRecord) -> None:
        """Remove a client unless something stands on it, whoever made that."""
        if any(True for _ in self.writer.target.documents([], [one.link.target])):
            return
        why = self._remove(one)
        if why:
            self.result.stays[f"client {one.link.ref.id}"] = why

    def _remove(self, one: CreatedRecord) -> str:
        """Remove one record; return why it is still there, or nothing."""
        made, target = one.step, one.found.ref if one.found else one.link.target
        step = Step(made.invoice, made.ref, Action.REMOVE, made.payload, made.parent, target=target)
        outcome = self.writer.perform(step)
        if isinstance(outcome, Unknown):
            self.result.unknown += 1
            if isinstance(outcome.error, PluginOutcomeError):
                raise outcome.error
            return f"whether {made.ref} was removed is not known: run the same again"
        if isinstance(outcome, Refused):
            self.writer.flush()
            return f"{outcome.error.what}. To do: {outcome.error.remedy}"
        told = f"{made.ref} ({target.id}) was taken back: {self._why()}"
        self.writer.note(AddEvent("info", "undone", told, made.invoice, self._copy(one)))
        self.writer.flush()
        kind = made.ref.kind.value
        self.result.removed[kind] = self.result.removed.get(kind, 0) + 1
        return ""

    def _copy(self, one: CreatedRecord) -> Mapping[str, Json]:
        """All of what was removed: as it was sent, and as it stood there."""
        return {
            "ref": str(one.link.ref),
            "target": one.link.target.id,
            "internal_id": one.link.target.internal_id,
            "of_run": self.plan.run.id,
            "because": self.because,
            "who": self.operator.who,
            "sent": one.step.payload.body,
            "found": as_plain(one.found),
        }

    def _why(self) -> str:
        return f"{self.because} ({self.operator.who})"


def held_until_retry(row: EntryRow, run: RunRow, why: str, by: str = "") -> SetEntry:
    """An invoice that an undo of `run` took back; `by` says how, where it is known."""
    return SetEntry(
        row.invoice,
        EntryState.HELD,
        reason=Reason.SKIPPED_BY_USER,
        what=f"run {run.id} was undone{by}: {why}",
        remedy=f"`bridge retry {row.invoice.id}` books it again",
        tries=0,
        target="",
    )


def as_it_was(row: EntryRow) -> SetEntry:
    """Its state before an undo that came to nothing."""
    return SetEntry(
        row.invoice,
        row.state,
        reason=row.reason,
        what=row.what,
        remedy=row.remedy,
        next_try=row.next_try,
        target=row.target,
    )
