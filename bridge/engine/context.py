"""What a run is given: its two ends, its observers, and a way to be stopped."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from bridge.contract import Source, Target
from bridge.engine.policy import Adoption
from bridge.model.reasons import Hold
from bridge.model.run import Entry, Report, Run
from bridge.model.source_records import Invoice


@dataclass(frozen=True, slots=True)
class Ends:
    """An opened source and an opened target."""

    source: Source
    target: Target


class Observers(Protocol):
    """The plugins' hooks behind a typed face."""

    def review(self, invoice: Invoice) -> Hold | None:
        """A house rule's hold, or None."""
        ...

    def run_started(self, run: Run) -> None:
        """Told to every observer."""
        ...

    def entry_finished(self, run: Run, entry: Entry) -> None:
        """Told to every observer."""
        ...

    def run_finished(self, run: Run, report: Report) -> None:
        """Told to every observer."""
        ...


@dataclass(slots=True)
class Stop:
    """Why a run ends before its work does.

    Attributes:
        requested: Set by a signal: the run finishes its steps, records them and ends.
        deadline: When the run's time is up, as `time.monotonic` has it: the run finishes its
            invoices; None for never.
    """

    requested: bool = False
    deadline: float | None = None

    @property
    def is_due(self) -> bool:
        """Whether nothing more is to be begun."""
        return self.requested or (self.deadline is not None and monotonic() >= self.deadline)


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What one run is asked to do.

    Attributes:
        limit: Invoices acted on at most; 0 is no limit.
        minutes: After so many no further invoice is begun; 0 is no limit.
        invoices: Ids or numbers named on the command line: only these, whatever their state.
    """

    limit: int
    invoices: tuple[str, ...] = ()
    adopt: Adoption = Adoption.AUTO
    minutes: int = 0


Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)
