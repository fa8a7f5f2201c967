"""The one place from which anything is written at the target: intent, call, outcome."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import stamina

from bridge.engine.context import Clock
from bridge.errors import (
    AccessError,
    AmbiguousMatchError,
    OutcomeUnknownError,
    RecordRejectedError,
    TransientError,
    UnreachableError,
)
from bridge.model.refs import SourceRef, TargetRef
from bridge.model.run import Run, StepState
from bridge.model.target_records import Payload
from bridge.store.lease import Lease
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import Action, Conclude, Intend, LinkRow, PutLink, StepRow, Write

_ATTEMPTS = 4
_PATIENCE_S = 45.0

AHEAD = dt.timedelta(seconds=10)
"""For how long an intent is good: what is sent later is written down anew, with the time."""


@dataclass(frozen=True, slots=True)
class Order:
    """One remote write that is about to be made.

    Attributes:
        day: The document's day, kept with the link so that it can be read back.
        client: The target's client of a document.
    """

    invoice: SourceRef
    ref: SourceRef
    action: Action
    payload: Payload
    parent: TargetRef | None = None
    day: dt.date | None = None
    client: TargetRef | None = None


@dataclass(frozen=True, slots=True)
class Made:
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


Outcome = Made | Refused | Unknown


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

    def perform(
        self, order: Order, call: Callable[[], TargetRef], followers: Sequence[Order] = ()
    ) -> Outcome:
        """Write the intent down, make the call, and note what came of it.

        `followers` are written down with it: when they are performed they need no commit, unless
        that is long after. Where it is not made, they are not to be sent.

        Raises:
            AccessError, UnreachableError: nothing was written; the run ends.
            LockLostError: nothing was written.
        """
        step = self.ahead.pop(order.ref, None) or self._intend(order, followers)
        sent = step.intended

        def send() -> TargetRef:
            nonlocal sent
            now = self.clock()
            if abs(now - sent) > AHEAD:
                self.note(Conclude(step.id, StepState.INTENDED, sent=now))
                self.flush()
            sent = now
            return call()

        def ended(state: StepState, target: TargetRef | None = None, error: str = "") -> None:
            self.note(Conclude(step.id, state, target, error, order.parent, sent, self.clock()))
            if not target:
                self.give_up_followers()

        try:
            target = _patiently(send)
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
        self.note(PutLink(self.link_of(order, target), order.invoice))
        return Made(target)

    def _intend(self, order: Order, followers: Sequence[Order]) -> StepRow:
        step = self._step(order)
        self.ahead = {follower.ref: self._step(follower) for follower in followers}
        self.note(*map(Intend, (step, *self.ahead.values())))
        self.flush()
        return step

    def give_up_followers(self) -> None:
        """Note that what was written down ahead is not sent: something came before it."""
        why = "not sent: what comes before it was not written"
        for step in self.ahead.values():
            self.note(Conclude(step.id, StepState.REFUSED, error=why))
        self.ahead.clear()

    def tie(self, order: Order, target: TargetRef) -> None:
        """Link to a record that stands there already: nothing is sent."""
        step = self._step(order, target)
        self.note(
            Intend(step),
            Conclude(step.id, StepState.DONE, target=target),
            PutLink(self.link_of(order, target), order.invoice),
        )

    def link_of(self, order: Order, target: TargetRef) -> LinkRow:
        """The link that a finished order leaves."""
        return LinkRow(
            ref=order.ref,
            target=target,
            payload=order.payload,
            adopted=order.action in {Action.ADOPT, Action.LINK},
            day=order.day,
            client=order.client,
            run=self.run.id,
            created=self.clock(),
        )

    def _step(self, order: Order, target: TargetRef | None = None) -> StepRow:
        return StepRow(
            id=self.log.next_step_id(self.run),
            run=self.run.id,
            invoice=order.invoice,
            ref=order.ref,
            action=order.action,
            state=StepState.INTENDED,
            payload=order.payload,
            parent=order.parent,
            target=target,
            error="",
            intended=self.clock(),
            finished=None,
        )


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
