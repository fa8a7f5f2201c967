"""A run, the fate of each invoice in it, and its report."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bridge.errors import BridgeError
from bridge.model.money import Money
from bridge.model.reasons import Reason
from bridge.model.refs import SourceRef


class EntryState(StrEnum):
    """Where one invoice stands. Every invoice that was looked at is in exactly one."""

    PENDING = "pending"  # seen, not finished
    UNVERIFIED = "unverified"  # all written, not read back yet
    DONE = "done"
    SKIPPED = "skipped"
    HELD = "held"
    FAILED = "failed"  # refused; tried again after `next_try`
    UNKNOWN = "unknown"  # a write's outcome is not known
    MISMATCH = "readback_mismatch"  # written, and the target shows something else


class StepState(StrEnum):
    """Where one remote write stands."""

    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution.

    Attributes:
        id: Ascending number within the sync log; 0 in a dry run.
        name: The bridge's name from bridge.yaml.
        command: ``sync`` or ``dry run``.
        started: UTC.
    """

    id: int
    name: str
    command: str
    started: dt.datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One invoice's fate, as observers and reports see it.

    Attributes:
        reason: For skipped and held, else None.
        what, remedy: Sentences for a person.
        created: How many records of each kind this run wrote for it (``{"invoice": 1}``).
        target: The target's number of the invoice, or empty.
    """

    invoice: SourceRef
    client: SourceRef
    number: str
    state: EntryState
    reason: Reason | None
    what: str
    remedy: str
    gross: Money | None
    date: dt.date | None
    target: str = ""
    created: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the records that a run created come to in one currency. Each counts in one figure.

    Attributes:
        invoiced: Invoices with their tax.
        paid: Money set against invoices: through a gateway, or from the client's balance.
        credited: Credit notes with their tax, as a positive amount; None where there are none.
        refunded: Money that went out on credit notes, back to the client or onto the client's
            balance, as a positive amount; None where there is none.
        fees: What gateways kept, less what they gave back; None where there are none.
        balance: What was put on clients' balances by payments without an invoice or beyond it, and
            by hand, less what was returned from them; None where there is none.
        exchange: Exchange differences, which are in the target's home currency, a gain being
            positive; None where there are none.
    """

    invoiced: Money
    paid: Money
    credited: Money | None = None
    refunded: Money | None = None
    fees: Money | None = None
    balance: Money | None = None
    exchange: Money | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a run came to.

    Attributes:
        outcome: Entries by state that this run gave them.
        created, updated: Records written, by kind in the plural (``invoices``). What an earlier
            call had written without an answer counts where it is found.
        totals: By currency, what the created records come to.
        reasons: Held and skipped in this run, by reason.
        backlog: Invoices on the work list that this run did not come to.
        newly_held: Entries that this run held, failed or found wrong: what needs a person. Of
            very many held ones the first; `outcome` and `reasons` count all of them.
        error: What ended the run before its time, or None.
    """

    run: Run
    outcome: Mapping[str, int]
    created: Mapping[str, int]
    updated: Mapping[str, int]
    totals: Mapping[str, Totals]
    reasons: Mapping[str, int]
    backlog: int
    newly_held: tuple[Entry, ...]
    seconds: int
    exit_code: int
    error: BridgeError | None = None
