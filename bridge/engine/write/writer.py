"""The one place from which anything is written at the target: intent, call, outcome."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import stamina

from bridge.contract import Target
from bridge.engine.context import Clock, Operator
from bridge.errors import (
    AccessError,
    AmbiguousMatchError,
    OutcomeUnknownError,
    RecordRejectedError,
    TransientError,
    UnreachableError,
)
from bridge.model.keys import Reference, token_at
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import Run, StepState
from bridge.model.target_records import Payload
from bridge.store.lease import Lease
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import (
    Action,
    Conclude,
    DropLink,
    Intend,
    LinkRow,
    PutLink,
    StepRow,
    Write,
)

_ATTEMPTS = 4
_PATIENCE_S = 45.0

AHEAD = dt.timedelta(seconds=10)
"""For how long an intent is good: what is sent later is written down anew, with the time."""

OPEN = frozenset({StepState.INTENDED, StepState.UNKNOWN})
"""States of steps whose outcome is to be found out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One remote write that is about to be made.

    Attributes:
        parent: As on `StepRow`.
        day: The document's day, kept with the link so that it can be read back; None for the
            payload's.
        client: The target's client of a document.
        original: The document that a new credit note credits.
        target: The record that is changed or removed; None of one that is made.
    """

    invoice: SourceRef
    ref: SourceRef
    action: Action
    payload: Payload
    parent: TargetRef | None = None
    day: dt.date | None = None
    client: TargetRef | None = None
    original: TargetRef | None = None
    target: TargetRef | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It was written, and this is what came of it."""

    target: TargetRef


@dataclass(frozen=True, slots=True)
class Refused:
    """The target refused it: nothing was written."""

    error: RecordRejectedError


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been written: nothing more is written for this invoice until that is settled."""

    error: OutcomeUnknownError | AmbiguousMatchError


Outcome = Done | Refused | Unknown


def send(target: Target, step: Step) -> TargetRef:
    """Make the call that a step stands for, and return the record that it made or changed.

    Its twin is `look`, which finds out whether that call was carried out.
    """
    if step.action is Action.CREATE:
        return _create(target, step)
    record = _known(step.target)
    match step.action:
        case Action.UPDATE:
            target.update_client(record, step.payload)
        case Action.ADOPT:
            target.adopt_client(record, step.payload)
        case Action.APPLY:
            target.apply_credit_note(record, original=_known(step.parent))
        case Action.REMOVE:
            target.remove(record, document=step.parent)
        case Action.LINK:
            pass  # it stands there already
    return record


def _create(target: Target, step: Step) -> TargetRef:
    match step.ref.kind:
        case Kind.CLIENT:
            return target.create_client(step.payload)
        case Kind.MOVEMENT:
            return target.create_movement(step.payload)
        case Kind.PAYMENT:
            return target.create_payment(step.payload, document=_known(step.parent))
        case Kind.CREDIT_NOTE:
            return target.create_credit_note(
                step.payload, client=_known(step.client), original=_known(step.original)
            )
        case Kind.INVOICE:
            return target.create_invoice(step.payload, client=_known(step.client))


def _known(ref: TargetRef | None) -> TargetRef:
    if ref is None:
        msg = "a step without the record that it is about"
        raise LookupError(msg)
    return ref


def look(target: Target, step: StepRow) -> TargetRef | None:
    """Return what the record of a step is in the target now, if it is there.

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


def is_applied(log: SyncLog, invoice: SourceRef, notes: Collection[SourceRef]) -> bool:
    """Report whether one of these credit notes was set against its original, as the log has it."""
    done = log.steps(states={StepState.DONE}, invoice=invoice)
    return any(step.action is Action.APPLY and step.ref in notes for step in done)


@dataclass(slots=True)
class Writer:
    """Writes steps down before and after they are done.

    Each worker has one of its own. The intents of all that is to be written for an invoice share a
    commit with the outcomes of what the worker did before: `later` holds what was learnt and is not
    on disk yet. Losing it costs a look-up, never a second record, since the intent is on disk.

    Attributes:
        kept: What is to be done once all of `later` is on disk.
        ahead: Steps that were written down with an earlier one, and not begun yet.
    """

    target: Target
    log: SyncLog
    run: Run
    lease: Lease | None
    clock: Clock
    later: list[Write] = field(default_factory=list)
    kept: list[Callable[[], None]] = field(default_factory=list)
    ahead: dict[SourceRef, StepRow] = field(default_factory=dict)

    def note(self, *writes: Write) -> None:
        """Write these with the next commit."""
        self.later.extend(writes)

    def flush(self) -> None:
        """Commit what is noted."""
        if self.later:
            self.log.write(self.run, self.later, lease=self.lease)
            self.later = []
        while self.kept:
            self.kept.pop(0)()

    def when_kept(self, call: Callable[[], None]) -> None:
        """Do this once all that is noted by now is on disk."""
        self.kept.append(call)
        if not self.later:
            self.flush()

    def perform(self, step: Step, followers: Sequence[Step] = ()) -> Outcome:
        """Write the intent down, make the call, and note what came of it.

        `followers` are written down with it: when they are performed they need no commit, unless
        that is long after. Where it is not made, they are not to be sent.

        Raises:
            AccessError, UnreachableError: nothing was written; the run ends.
            LockLostError: nothing was written.
        """
        row = self.ahead.pop(step.ref, None) or self._intend(step, followers)
        sent = row.intended

        def call() -> TargetRef:
            nonlocal sent
            now = self.clock()
            if abs(now - sent) > AHEAD:
                self.note(Conclude(row.id, StepState.INTENDED, row.target, sent=now))
                self.flush()
            sent = now
            return send(self.target, step)

        def ended(state: StepState, target: TargetRef | None = None, error: str = "") -> None:
            known = target or row.target
            self.note(Conclude(row.id, state, known, error, step.parent, sent, self.clock()))
            if state is not StepState.DONE:
                self.give_up_followers()

        try:
            target = _patiently(call)
        except RecordRejectedError as error:
            ended(StepState.REFUSED, error=str(error))
            return Refused(error)
        except (OutcomeUnknownError, AmbiguousMatchError) as error:
            ended(StepState.UNKNOWN, error=str(error))
            self.flush()
            return Unknown(error)
        except (AccessError, UnreachableError, TransientError) as error:
            ended(StepState.REFUSED, error=f"not sent: {error}")
            self.flush()
            if isinstance(error, TransientError):
                raise UnreachableError(error.what, remedy=error.remedy) from error
            raise
        ended(StepState.DONE, target)
        self.note(self.relink(step, target))
        return Done(target)

    def _intend(self, step: Step, followers: Sequence[Step]) -> StepRow:
        row = self._row(step)
        self.ahead = {follower.ref: self._row(follower) for follower in followers}
        self.note(*map(Intend, (row, *self.ahead.values())))
        self.flush()
        return row

    def give_up_followers(self) -> None:
        """Note that what was written down ahead is not sent: something came before it."""
        why = "not sent: what comes before it was not written"
        for step in self.ahead.values():
            self.note(Conclude(step.id, StepState.REFUSED, error=why))
        self.ahead.clear()

    def tie(self, step: Step, target: TargetRef, link: LinkRow | None = None) -> None:
        """Note a link to a record that stands there already: nothing is sent.

        `link` takes the place of the one that the step would leave.
        """
        row = self._row(step, target)
        put = PutLink(link, step.invoice) if link else self.relink(step, target)
        self.note(Intend(row), Conclude(row.id, StepState.DONE, target=target), put)

    def relink(self, step: Step, target: TargetRef) -> PutLink | DropLink:
        """Return what a finished step does to the link of its record."""
        if step.action is Action.REMOVE:
            return DropLink(step.ref)
        return PutLink(self.link_of(step, target), step.invoice)

    def link_of(self, step: Step, target: TargetRef) -> LinkRow:
        """Return the link that a finished step leaves."""
        return LinkRow(
            ref=step.ref,
            target=target,
            payload=step.payload,
            adopted=step.action in {Action.ADOPT, Action.LINK},
            day=step.day or step.payload.date,
            client=step.client,
            run=self.run.id,
            created=self.clock(),
        )

    def _row(self, step: Step, target: TargetRef | None = None) -> StepRow:
        return StepRow(
            id=self.log.next_step_id(self.run),
            run=self.run.id,
            invoice=step.invoice,
            ref=step.ref,
            action=step.action,
            state=StepState.INTENDED,
            payload=step.payload,
            parent=step.parent,
            target=target or (step.target if step.action is Action.REMOVE else None),
            error="",
            intended=self.clock(),
            finished=None,
        )


def writer_of(operator: Operator, target: Target) -> Writer:
    """Return a writer for a manual act, which looks at its lease before anything leaves."""
    if operator.lease:
        target.before_write = operator.lease.check
    return Writer(target, operator.log, operator.run, operator.lease, operator.clock)


def _wait_as_asked(error: Exception) -> bool | float:
    if not isinstance(error, TransientError):
        return False
    return error.retry_after_s or True


def _patiently(call: Callable[[], TargetRef]) -> TargetRef:
    """Try again, with backoff and jitter, what was provably not sent; for under a minute."""
    attempts = stamina.retry_context(
        on=_wait_as_asked, attempts=_ATTEMPTS, timeout=_PATIENCE_S, wait_initial=0.2, wait_max=10.0
    )
    for attempt in attempts:
        with attempt:
            return call()
    raise AssertionError  # pragma: no cover  # retry_context either returns or raises
