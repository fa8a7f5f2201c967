"""What a run is given: its connections, policy and observers, progress, and a way to be stopped."""

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    # Only annotations need them, and a command that asks for little is quick without.
    from bridge.contract import Source, Target
    from bridge.model.reasons import Hold
    from bridge.model.run import Entry, Report, Run
    from bridge.model.source_records import Invoice
    from bridge.store.lease import Lease
    from bridge.store.sync_log import SyncLog

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Connections:
    """An opened source and an opened target."""

    source: "Source"
    target: "Target"


class Observers(Protocol):
    """The plugins' hooks behind a typed face."""

    def review(self, invoice: "Invoice") -> "Hold | None":
        """Return the hold of a house rule, or None."""
        ...

    def run_started(self, run: "Run") -> None:
        """Tell every observer that a run begins."""
        ...

    def entry_finished(self, run: "Run", entry: "Entry") -> None:
        """Tell every observer of an invoice that came to the end of its way."""
        ...

    def run_finished(self, run: "Run", report: "Report") -> None:
        """Tell every observer that a run is over."""
        ...


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who acts by hand on the sync log, under the run lock.

    Attributes:
        who: The person, as far as the machine knows them: ``user@host``.
    """

    log: "SyncLog"
    run: "Run"
    lease: "Lease | None"
    who: str
    clock: Clock = utc_now


# When it ends ------------------------------------------------------------------------------------


class CancelledError(Exception):
    """No further step is to be begun. It ends the work on one invoice and is told to nobody."""


@dataclass(slots=True)
class CancelToken:
    """Why a run ends before its work does: a signal, its time, or the first error of any thread.

    Each run has one of its own.

    Attributes:
        requested: Set by a signal: the run finishes its steps, records them and ends.
        deadline: When the run's time is up, as `time.monotonic` has it: the run finishes its
            invoices; None for never.
        error: The first error of any thread, which comes to the same as a signal.
    """

    requested: bool = False
    deadline: float | None = None
    error: BaseException | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fail(self, error: BaseException) -> None:
        """Have every worker end after the step that it is at; what fails later is not kept."""
        with self._guard:
            self.error = self.error or error

    @property
    def ends_steps(self) -> bool:
        """Whether no further step is to be begun."""
        return self.requested or self.error is not None

    @property
    def is_due(self) -> bool:
        """Whether no further invoice is to be begun."""
        is_late = self.deadline is not None and monotonic() >= self.deadline
        return self.ends_steps or is_late

    def check(self) -> None:
        """Raise CancelledError where no further step is to be begun."""
        if self.ends_steps:
            raise CancelledError


# What it is asked to do --------------------------------------------------------------------------


class BookWhen(StrEnum):
    """When an invoice becomes bookable."""

    PAID = "paid"
    ISSUED = "issued"


class UnpaidDocuments(StrEnum):
    """What the source's unpaid invoice is in law."""

    PROFORMA = "proforma"  # no tax point yet: the document's day is the day of payment
    VAT_INVOICE = "vat_invoice"  # issuing it was the tax point: the day of issue


class Adoption(StrEnum):
    """When the whole target is swept for records that stand there already."""

    AUTO = "auto"  # once per log, and when a record of ours is met that the log does not know
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Choices:
    """Accounting choices: the `books:` part.

    Attributes:
        books_closed_to: Nothing is dated on or before this day.
        when_closed: ``hold``, or ``first_open_day`` to date it on the first day that is open.
        price_reductions: ``hold`` or ``credit_note``.
        refund_to_balance: ``hold`` or ``credit_note``.
        cancelled_after_booking: ``hold``.
    """

    books_closed_to: dt.date | None = None
    when_closed: str = "hold"
    price_reductions: str = "hold"
    refund_to_balance: str = "hold"
    cancelled_after_booking: str = "hold"


@dataclass(frozen=True, slots=True)
class Policy:
    """How a run behaves.

    Attributes:
        start_date: What became bookable before this local calendar day stays out.
        settle_delay_s: Seconds that the target may still be at work after we gave up.
        deep_scan_days, refund_days: As `bridge.api.ScanPolicy`.
        retries: An invoice that failed on this many runs is held.
        workers: Invoices worked on at a time.
    """

    start_date: dt.date
    unpaid_documents: UnpaidDocuments
    book_when: BookWhen = BookWhen.PAID
    settle_delay_s: int = 120
    deep_scan_days: int = 7
    refund_days: int = 90
    retries: int = 5
    workers: int = 1
    choices: Choices = Choices()


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


# How far it is ----------------------------------------------------------------------------------


class Progress(Protocol):
    """Told about stages and steps, from any thread."""

    def stage(self, name: str, total: int | None) -> None:
        """A new stage begins, with so many steps as far as is known."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Some steps of the stage are done."""
        ...

    def aside(self, name: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """Work beside the stage, which goes on; call what it gives after each of its steps."""
        ...


class NoProgress:
    """A progress of which nothing is shown; it can be entered as one that is drawn can."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Show nothing."""

    def stage(self, name: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, steps: int = 1) -> None:
        """Nothing."""

    def aside(self, name: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """Nothing."""
        del name, total
        return nullcontext(_nothing)


def _nothing() -> None:
    """What a step beside a stage comes to where nobody looks."""
