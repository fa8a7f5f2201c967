"""Finding out what became of steps whose outcome is unknown, before anything else is written."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bridge.contract import Target
from bridge.engine.write.entry_states import EntryRecorder
from bridge.engine.write.writer import AHEAD, OPEN, Step, Writer, look
from bridge.errors import AmbiguousMatchError
from bridge.model.keys import Key, Role, document_of
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState, StepState
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import Action, AddEvent, Conclude, SetEntry, StepRow, Write

_REPEATABLE = frozenset({Action.UPDATE, Action.ADOPT, Action.APPLY})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a look in the target says about an open step.

    Attributes:
        state: Done; refused, where it was not done; unknown, while that cannot be told.
        target: The record of one that is done.
        why: How it is known that a step was not done.
    """

    state: StepState
    target: TargetRef | None = None
    why: str = ""


def settlement(target: Target, step: StepRow, settle_delay_s: int, now: dt.datetime) -> Settlement:
    """Look for what an open step may have done. What was removed is gone, what was made is there.

    The opposite is proof only once `settle_delay_s` has passed since it was sent: until then the
    server may still be at work.

    Raises:
        AmbiguousMatchError: two records carry its key.
    """
    if step.action in _REPEATABLE:
        # Doing these twice comes to the same, so there is nothing to find out.
        return Settlement(StepState.REFUSED, why="to be done again")
    found, is_removal = look(target, step), step.action is Action.REMOVE
    if is_removal is (found is None):
        return Settlement(StepState.DONE, found or step.target)
    if now < _ripe(step, settle_delay_s):
        return Settlement(StepState.UNKNOWN)
    why = "it is still there" if found else "looked for after the settle delay and not found"
    return Settlement(StepState.REFUSED, why=why)


def _ripe(step: StepRow, settle_delay_s: int) -> dt.datetime:
    return _sent_at_the_latest(step, settle_delay_s) + dt.timedelta(seconds=settle_delay_s)


def _sent_at_the_latest(step: StepRow, settle_delay_s: int) -> dt.datetime:
    """Of one whose process died it is known only for how long its intent was good.

    Without a settle delay it does not matter: what has ended sends no more.
    """
    is_cut_short = step.state is StepState.INTENDED and settle_delay_s
    return step.intended + AHEAD if is_cut_short else step.intended


def settled(writer: Writer, step: StepRow, found: Settlement) -> list[Write]:
    """Return what to write down of a step that was done or was not; nothing while unknown."""
    is_removal = step.action is Action.REMOVE
    deed = "removed from the target" if is_removal else "written"
    match found.state:
        case StepState.DONE:
            number = "" if is_removal or not found.target else f", as {found.target.id}"
            told = f"{step.ref} was {deed} after all{number}"
            return [
                Conclude(step.id, StepState.DONE, found.target, step.error, step.parent),
                writer.relink(_step(step), found.target or TargetRef(step.ref.kind, "")),
                AddEvent("info", "settled", told, step.invoice),
            ]
        case StepState.REFUSED:
            told = f"{step.ref} was not {deed}: {found.why}"
            error = f"{step.error} ({found.why})".strip()
            return [
                Conclude(step.id, StepState.REFUSED, step.target, error),
                AddEvent("info", "settled", told, step.invoice),
            ]
    return []


def _step(row: StepRow) -> Step:
    client = row.parent if row.ref.kind in {Kind.INVOICE, Kind.CREDIT_NOTE} else None
    return Step(row.invoice, row.ref, row.action, row.payload, row.parent, client=client)


def settle_undos(writer: Writer, settle_delay_s: int) -> int:
    """Settle what earlier undos left open; return how many of these steps stay unknown.

    Raises:
        AmbiguousMatchError: two records carry one key.
    """
    still = 0
    for step in filter(_is_of_undo, writer.log.steps(states=OPEN)):
        found = settlement(writer.target, step, settle_delay_s, writer.clock())
        writer.note(*settled(writer, step, found))
        still += found.state is StepState.UNKNOWN
    writer.flush()
    return still


def _is_of_undo(step: StepRow) -> bool:
    return step.action is Action.REMOVE or (Key.of(step.ref).role is Role.REVERSED)


@dataclass(slots=True)
class Settler:
    """Settles the open steps of all invoices for a run.

    Found: linked, and the invoice goes on. Not found before `settle_delay_s` has passed since the
    intent: the server may still be at work, so it stays unknown. Not found after that: it was
    not written, and the invoice starts over once nothing else of it is unknown. An invoice that
    is being undone stays held, whatever is found: that is for `bridge undo` to go on with.

    Attributes:
        waiting: By invoice, steps that are still unknown.
    """

    log: SyncLog
    writer: Writer
    recorder: EntryRecorder
    settle_delay_s: int
    waiting: Counter[SourceRef] = field(default_factory=Counter)

    def settle(self) -> int:
        """Settle all open steps; return how many are still unknown."""
        self.writer.flush()
        open_steps = self.log.steps(states=OPEN)
        self.waiting = Counter()
        for step in open_steps:
            self.waiting[step.invoice] += self._settle(step)
        self.writer.flush()
        return self.waiting.total()

    def _settle(self, step: StepRow) -> int:
        is_follower = step.ref.kind is Kind.PAYMENT and step.parent is None
        if is_follower and step.action is Action.CREATE:
            return self._settle_follower(step)
        return self._settle_by_look(step)

    def _settle_follower(self, step: StepRow) -> int:
        """A payment that was written down with its document, which was settled just before."""
        document = document_of(step.ref)
        link = self.log.links([document]).get(document)
        if link:
            return self._settle_by_look(replace(step, parent=link.target))
        open_steps = self.log.steps(states=OPEN, invoice=step.invoice)
        if any(each.ref == document for each in open_steps):
            return 1
        why = f"{document} was not written either"
        return self._conclude(step, Settlement(StepState.REFUSED, why=why))

    def _settle_by_look(self, step: StepRow) -> int:
        try:
            found = settlement(self.writer.target, step, self.settle_delay_s, self.writer.clock())
        except AmbiguousMatchError as error:
            self._uncertain(step, error.what, error.remedy)
            return 1
        if found.state is StepState.UNKNOWN:
            ripe = _ripe(step, self.settle_delay_s)
            known = step.error or "no answer came"
            self._uncertain(
                step,
                f"the outcome of writing {step.ref} is not known ({known})",
                f"run `bridge sync` again after {ripe:%H:%M:%S} UTC: it looks for it before it"
                " writes",
            )
            return 1
        return self._conclude(step, found)

    def _conclude(self, step: StepRow, found: Settlement) -> int:
        if found.state is StepState.DONE and step.action is Action.CREATE:
            self.recorder.counters.wrote(step.invoice, step.ref, step.payload)
        self.writer.note(*settled(self.writer, step, found), *self._reopened(step))
        self.writer.flush()
        if not self.waiting[step.invoice]:
            self.recorder.counters.open_again(step.invoice)
        return 0

    def _reopened(self, step: StepRow) -> list[SetEntry]:
        """The invoice goes on, unless more of it is unknown, or a person has put it aside."""
        row = None if self.waiting[step.invoice] else self.log.entry(step.invoice)
        if row and row.state in {EntryState.UNKNOWN, EntryState.PENDING}:
            return [SetEntry(step.invoice, EntryState.PENDING)]
        return []

    def _uncertain(self, step: StepRow, what: str, remedy: str) -> None:
        row = self.log.entry(step.invoice)
        if row is None or _is_of_undo(step):
            return
        sent = _sent_at_the_latest(step, self.settle_delay_s)
        outcome = Conclude(
            step.id, StepState.UNKNOWN, error=step.error, parent=step.parent, sent=sent
        )
        self.writer.note(outcome)
        self.recorder.uncertain(row, what, remedy)


def clients_of(steps: Sequence[StepRow]) -> dict[SourceRef, str]:
    """Clients whose own record is still unknown: their invoices wait."""
    return {
        step.ref: f"whether its client {step.ref.id} was written is not known yet"
        for step in steps
        if step.ref.kind is Kind.CLIENT and step.action is not Action.REMOVE
    }
