"""Single steps of one invoice: made up, performed, and their setbacks recorded."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.engine.context import CancelToken
from bridge.engine.prepare.prepare import WorkItem
from bridge.engine.write.entry_states import EntryRecorder
from bridge.engine.write.run_report import RunCounters
from bridge.engine.write.writer import Done, Outcome, Refused, Step, Unknown, Writer
from bridge.errors import PluginOutcomeError, RecordRejectedError
from bridge.model.refs import SourceRef, TargetRef
from bridge.model.target_records import Payload
from bridge.store.tables.values import Action


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing further can be written for this invoice now; its state says why."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Its client is in trouble in this run: it stays on the work list."""

    why: str


@dataclass(slots=True)
class Steps:
    """Makes single remote writes of one worker and keeps count of them.

    Attributes:
        acted: Whether a remote write was attempted since this was last set to False.
        refused: The latest refusal, for whoever counts them.
    """

    writer: Writer
    recorder: EntryRecorder
    counters: RunCounters
    stop: CancelToken
    acted: bool = False
    refused: RecordRejectedError | None = None

    def step(
        self,
        item: WorkItem,
        ref: SourceRef,
        action: Action,
        payload: Payload,
        *,
        parent: TargetRef | None = None,
        client: TargetRef | None = None,
        day: dt.date | None = None,
        original: TargetRef | None = None,
        target: TargetRef | None = None,
    ) -> Step:
        """Return a step on behalf of this invoice.

        Raises:
            CancelledError: nothing more is to be begun.
        """
        self.stop.check()
        return Step(item.row.invoice, ref, action, payload, parent, day, client, original, target)

    def perform(self, item: WorkItem, step: Step, followers: Sequence[Step] = ()) -> Outcome:
        """Make a remote write and count it. `followers` as in `Writer.perform`."""
        self.acted = True
        outcome = self.writer.perform(step, followers)
        if isinstance(outcome, Done):
            if step.action is Action.CREATE:
                self.counters.wrote(item.row.invoice, step.ref, step.payload)
            else:
                self.counters.changed(step.ref.kind)
        return outcome

    def take_refusal(self) -> RecordRejectedError | None:
        """The refusal since this was last asked, if there was one."""
        refused, self.refused = self.refused, None
        return refused

    def setback(self, item: WorkItem, outcome: Refused | Unknown) -> Blocked:
        """Give the invoice the state that a refused or unknown step leaves it in.

        Raises:
            PluginOutcomeError: the target's plugin is at fault; the run ends.
        """
        if isinstance(outcome, Unknown):
            self.recorder.unknown(item.row, outcome)
            if isinstance(outcome.error, PluginOutcomeError):
                raise outcome.error
        else:
            self.refused = outcome.error
            self.recorder.refused(item.row, outcome.error)
        return Blocked()
