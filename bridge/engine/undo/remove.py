"""Taking back what a run created: each removal written down before and after it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.contract import Target
from bridge.engine.manual.actions import Hands
from bridge.engine.undo.inspect import Made, Plan, Takeback
from bridge.engine.write.settle import removal_outcome
from bridge.errors import (
    AccessError,
    AmbiguousMatchError,
    OutcomeUnknownError,
    PluginOutcomeError,
    RecordRejectedError,
    TransientError,
    UnreachableError,
)
from bridge.model.reasons import Reason
from bridge.model.run import EntryState, StepState
from bridge.model.source_records import as_plain
from bridge.model.target_records import Json
from bridge.store.tables.values import (
    Action,
    AddEvent,
    Conclude,
    DropLink,
    EntryRow,
    Intend,
    RunRow,
    SetEntry,
    StepRow,
    Write,
)


@dataclass(slots=True)
class UndoOutcome:
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
class Undone(UndoOutcome):
    """What came of removing.

    Attributes:
        removed: Records that are gone, by kind.
    """

    removed: dict[str, int] = field(default_factory=dict)


def settle_removals(hands: Hands, target: Target, settle_delay_s: int) -> int:
    """Find out what became of removals that were cut short; answers how many stay unknown."""
    still = 0
    for step in hands.log.steps(states={StepState.INTENDED, StepState.UNKNOWN}):
        if step.action is not Action.REMOVE:
            continue
        writes = removal_outcome(target, step, settle_delay_s, hands.clock())
        hands.log.write(hands.run, writes, lease=hands.lease)
        still += not writes
    return still


def undo(hands: Hands, target: Target, plan: Plan, because: str) -> Undone:
    """Remove what `plan` found to be untouched: payments, documents, then clients left empty.

    An invoice whose removal is under way is held until `bridge retry`, so that neither a crash
    nor the next run books it again in silence.

    Raises:
        AccessError, UnreachableError: it ends here; run again, it goes on.
    """
    if hands.lease:
        target.before_write = hands.lease.check
    work = _Work(hands, target, plan, because)
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
    hands: Hands
    target: Target
    plan: Plan
    because: str
    result: Undone = field(default_factory=Undone)

    def entry(self, entry: Takeback) -> None:
        """One invoice: at the first that cannot be removed the rest of it stays."""
        before: list[Write] = [held_until_retry(entry.row, self.plan.run, self._why())]
        for number, one in enumerate(entry.records):
            why = self._remove(one, before)
            if why:
                self.result.stays[entry.row.invoice.id] = why
                if number == 0 and not self.result.unknown:
                    self._write(as_it_was(entry.row))
                return
            before = []

    def client(self, one: Made) -> None:
        """Remove a client unless something stands on it, whoever made that."""
        if any(True for _ in self.target.documents([], [one.link.target])):
            return
        why = self._remove(one, [])
        if why:
            self.result.stays[f"client {one.link.ref.id}"] = why

    def _remove(self, one: Made, before: list[Write]) -> str:
        """Remove one record; answers why it is still there, or nothing."""
        step = self._step(one)
        self._write(Intend(step), *before)
        target = one.found.ref if one.found else one.link.target
        try:
            self.target.remove(target, document=step.parent)
        except RecordRejectedError as error:
            self._write(Conclude(step.id, StepState.REFUSED, error=str(error)))
            return f"{error.what}. To do: {error.remedy}"
        except (OutcomeUnknownError, AmbiguousMatchError) as error:
            self._write(Conclude(step.id, StepState.UNKNOWN, error=str(error)))
            self.result.unknown += 1
            if isinstance(error, PluginOutcomeError):
                raise
            return f"whether {one.link.ref} was removed is not known: run the same again"
        except (AccessError, UnreachableError, TransientError) as error:
            self._write(Conclude(step.id, StepState.REFUSED, error=f"not sent: {error}"))
            if isinstance(error, TransientError):
                raise UnreachableError(error.what, remedy=error.remedy) from error
            raise
        told = f"{one.link.ref} ({target.id}) was taken back: {self._why()}"
        self._write(
            Conclude(step.id, StepState.DONE, target=one.link.target),
            DropLink(one.link.ref),
            AddEvent("info", "undone", told, one.step.invoice, self._copy(one)),
        )
        kind = one.link.ref.kind.value
        self.result.removed[kind] = self.result.removed.get(kind, 0) + 1
        return ""

    def _copy(self, one: Made) -> Mapping[str, Json]:
        """All of what was removed: as it was sent, and as it stood there."""
        return {
            "ref": str(one.link.ref),
            "target": one.link.target.id,
            "internal_id": one.link.target.internal_id,
            "of_run": self.plan.run.id,
            "because": self.because,
            "who": self.hands.who,
            "sent": one.step.payload.body,
            "found": as_plain(one.found),
        }

    def _step(self, one: Made) -> StepRow:
        return StepRow(
            id=self.hands.log.next_step_id(self.hands.run),
            run=self.hands.run.id,
            invoice=one.step.invoice,
            ref=one.step.ref,
            action=Action.REMOVE,
            state=StepState.INTENDED,
            payload=one.step.payload,
            parent=one.step.parent,
            target=one.link.target,
            error="",
            intended=self.hands.clock(),
            finished=None,
        )

    def _why(self) -> str:
        return f"{self.because} ({self.hands.who})"

    def _write(self, *writes: Write) -> None:
        self.hands.log.write(self.hands.run, writes, lease=self.hands.lease)


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
