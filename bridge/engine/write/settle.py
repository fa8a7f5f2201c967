"""Finding out what became of steps whose outcome is unknown, before anything else is written."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bridge.contract import Target
from bridge.engine.context import Clock
from bridge.engine.write.entry_states import Teller
from bridge.engine.write.writer import AHEAD, Order, Writer
from bridge.errors import AmbiguousMatchError
from bridge.model.keys import Reference, document_of, token_at
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState, StepState
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import (
    Action,
    AddEvent,
    Conclude,
    DropLink,
    PutLink,
    SetEntry,
    StepRow,
    Write,
)

_OPEN = frozenset({StepState.INTENDED, StepState.UNKNOWN})
_REPEATABLE = frozenset({Action.UPDATE, Action.ADOPT, Action.APPLY})


@dataclass(slots=True)
class Settler:
    """Looks in the target for what open steps may have written.

    Found: linked, and the invoice goes on. Not found before `settle_delay_s` has passed since the
    intent: the server may still be at work, so it stays unknown. Not found after that: it was
    not written, and the invoice starts over once nothing else of it is unknown.

    Attributes:
        waiting: By invoice, steps that are still unknown.
    """

    target: Target
    log: SyncLog
    writer: Writer
    teller: Teller
    settle_delay_s: int
    clock: Clock
    waiting: Counter[SourceRef] = field(default_factory=Counter)

    def settle(self) -> int:
        """Settle all open steps; answers how many are still unknown."""
        self.writer.flush()
        open_steps = self.log.steps(states=_OPEN)
        self.waiting = Counter()
        for step in open_steps:
            self.waiting[step.invoice] += self._settle(step)
        self.writer.flush()
        return self.waiting.total()

    def _settle(self, step: StepRow) -> int:
        if step.action in _REPEATABLE:
            # Doing these twice comes to the same, so there is nothing to find out.
            self._start_over(step, "to be done again")
            return 0
        if step.action is Action.REMOVE:
            return self._settle_removal(step)
        if step.ref.kind is Kind.PAYMENT and step.parent is None:
            return self._settle_follower(step)
        return self._settle_creation(step)

    def _settle_follower(self, step: StepRow) -> int:
        """A payment that was written down with its document, which was settled just before."""
        document = document_of(step.ref)
        link = self.log.links([document]).get(document)
        if link:
            return self._settle_creation(replace(step, parent=link.target))
        open_steps = self.log.steps(states=_OPEN, invoice=step.invoice)
        if any(each.ref == document for each in open_steps):
            return 1
        self._start_over(step, f"{document} was not written either")
        return 0

    def _settle_creation(self, step: StepRow) -> int:
        try:
            found = look(self.target, step)
        except AmbiguousMatchError as error:
            self._uncertain(step, error.what, error.remedy)
            return 1
        if found:
            self._found(step, found)
            return 0
        ripe = self._sent_at_the_latest(step) + dt.timedelta(seconds=self.settle_delay_s)
        if self.clock() >= ripe:
            self._start_over(step, "looked for after the settle delay and not found")
            return 0
        self._uncertain(
            step,
            f"the outcome of writing {step.ref} is not known ({step.error or 'no answer came'})",
            f"run `bridge sync` again after {ripe:%H:%M:%S} UTC: it looks for it before it writes",
        )
        return 1

    def _sent_at_the_latest(self, step: StepRow) -> dt.datetime:
        """Of one whose process died it is known only for how long its intent was good.

        Without a settle delay it does not matter: what has ended sends no more.
        """
        is_cut_short = step.state is StepState.INTENDED and self.settle_delay_s
        return step.intended + AHEAD if is_cut_short else step.intended

    def _settle_removal(self, step: StepRow) -> int:
        """Of an undo that was cut short; what it left is for `bridge undo` to go on with."""
        writes = removal_outcome(self.target, step, self.settle_delay_s, self.clock())
        self.writer.note(*writes)
        self.writer.flush()
        return 0 if writes else 1

    def _found(self, step: StepRow, target: TargetRef) -> None:
        self.teller.counters.wrote(step.invoice, step.ref, step.payload)
        self.writer.note(
            *found_after_all(self.writer, step, target),
            *self._reopened(step),
            AddEvent(
                "info",
                "settled",
                f"{step.ref} was written after all, as {target.id}",
                step.invoice,
            ),
        )
        self.writer.flush()
        self._open_again(step.invoice)

    def _start_over(self, step: StepRow, why: str) -> None:
        self.writer.note(
            Conclude(step.id, StepState.REFUSED, error=f"{step.error} ({why})".strip()),
            *self._reopened(step),
            AddEvent("info", "settled", f"{step.ref} was not written: {why}", step.invoice),
        )
        self.writer.flush()
        self._open_again(step.invoice)

    def _open_again(self, invoice: SourceRef) -> None:
        if not self.waiting[invoice]:
            self.teller.counters.open_again(invoice)

    def _reopened(self, step: StepRow) -> list[SetEntry]:
        """The invoice goes on, unless more of it is unknown, or a person has put it aside."""
        row = None if self.waiting[step.invoice] else self.log.entry(step.invoice)
        if row and row.state in {EntryState.UNKNOWN, EntryState.PENDING}:
            return [SetEntry(step.invoice, EntryState.PENDING)]
        return []

    def _uncertain(self, step: StepRow, what: str, remedy: str) -> None:
        row = self.log.entry(step.invoice)
        if row is None:
            return
        sent = self._sent_at_the_latest(step)
        outcome = Conclude(
            step.id, StepState.UNKNOWN, error=step.error, parent=step.parent, sent=sent
        )
        self.writer.note(outcome)
        self.teller.uncertain(row, what, remedy)


def found_after_all(writer: Writer, step: StepRow, target: TargetRef) -> list[Write]:
    """What to write down of a step whose record is in the target."""
    client = step.parent if step.ref.kind in {Kind.INVOICE, Kind.CREDIT_NOTE} else None
    order = Order(
        step.invoice, step.ref, step.action, step.payload, step.parent, step.payload.date, client
    )
    return [
        Conclude(step.id, StepState.DONE, target=target, error=step.error, parent=step.parent),
        PutLink(writer.link_of(order, target)),
    ]


def look(target: Target, step: StepRow) -> TargetRef | None:
    """What the record of a step is in the target now, if it is there.

    Raises:
        AmbiguousMatchError: two are.
    """
    payload = step.payload
    reference = Reference(token_at(payload.reference))
    match step.ref.kind:
        case Kind.CLIENT:
            return target.find_client(payload)
        case Kind.MOVEMENT:
            return target.find_movement(payload)
        case Kind.PAYMENT:
            if step.parent is None:
                return None
            payment = target.find_payment(reference, document=step.parent)
            return payment.ref if payment else None
        case Kind.INVOICE | Kind.CREDIT_NOTE:
            if step.parent is None or payload.date is None:
                return None
            document = target.find_invoice(reference, client=step.parent, day=payload.date)
            return document.ref if document else None


def removal_outcome(
    target: Target, step: StepRow, settle_delay_s: int, now: dt.datetime
) -> list[Write]:
    """What to write down about a removal whose outcome is unknown; nothing while it is too early.

    Gone is gone. Still there is proof only once the server cannot be at work on it any more.
    """
    if look(target, step) is None:
        told = f"{step.ref} was removed from the target after all"
        return [
            Conclude(step.id, StepState.DONE, target=step.target, error=step.error),
            DropLink(step.ref),
            AddEvent("info", "settled", told, step.invoice),
        ]
    if now < step.intended + dt.timedelta(seconds=settle_delay_s):
        return []
    told = f"{step.ref} was not removed from the target"
    return [
        Conclude(step.id, StepState.REFUSED, error=f"{step.error} (it is still there)".strip()),
        AddEvent("info", "settled", told, step.invoice),
    ]


def clients_of(steps: Sequence[StepRow]) -> dict[SourceRef, str]:
    """Clients whose own record is still unknown: their invoices wait."""
    return {
        step.ref: f"whether its client {step.ref.id} was written is not known yet"
        for step in steps
        if step.ref.kind is Kind.CLIENT and step.action is not Action.REMOVE
    }
