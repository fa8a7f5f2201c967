"""What the sync log holds, as frozen values, and what can be written to it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from bridge.model.money import Money
from bridge.model.reasons import Reason
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState, StepState
from bridge.model.source_records import InvoiceState
from bridge.model.target_records import Json, Payload


class Action(StrEnum):
    """What a step does at the target."""

    CREATE = "create"
    UPDATE = "update"  # a client's changed data
    ADOPT = "adopt"  # mark an existing client as ours
    APPLY = "apply"  # set a credit note against its original
    LINK = "link"  # nothing is sent: a record that stands there already is tied to its source
    REMOVE = "remove"  # take back what a run created


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One invoice on the work list, and its fate.

    Attributes:
        status: The source's own word when last seen.
        header_fingerprint: Of the scan's row when last seen; None when never given.
        money_fingerprint: Of its transactions when last read in full.
        content_fingerprint: Of the whole invoice as it was booked; None while nothing is written.
        tries: Runs in which it failed since it was last well.
        next_try: UTC; not claimed before.
        changed: UTC of the last change of state.
        run: The run that last changed its state; 0 for none.
        target: The target's number of the invoice, or empty.
    """

    invoice: SourceRef
    client: SourceRef
    number: str
    status: str
    source_state: InvoiceState
    issued: dt.date | None
    paid_on: dt.date | None
    gross: Money
    header_fingerprint: str | None
    money_fingerprint: str | None
    content_fingerprint: str | None
    state: EntryState
    reason: Reason | None
    what: str
    remedy: str
    tries: int
    next_try: dt.datetime | None
    changed: dt.datetime
    run: int
    target: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One remote write: intent and outcome.

    Attributes:
        id: Ascending; made by `SyncLog.next_step_id`.
        invoice: The entry it belongs to.
        ref: The record it makes or changes; with `action` what is done at most once.
        payload: Frozen as it would be sent.
        parent: The client of an invoice, the document of a payment, the original of a note; None
            of a payment that was written down before its document had a number.
        target: What came of it.
        error: What went wrong, in words, or empty.
        intended: UTC, when it was written down; once its outcome is, when it was sent.
        finished: UTC.
    """

    id: int
    run: int
    invoice: SourceRef
    ref: SourceRef
    action: Action
    state: StepState
    payload: Payload
    parent: TargetRef | None
    target: TargetRef | None
    error: str
    intended: dt.datetime
    finished: dt.datetime | None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A record of the source and the record of the target that it became.

    Attributes:
        payload: The last that was sent or, for an adopted record, that was compared; None when
            nothing of it was ever composed.
        adopted: Whether it stood in the target before bridge linked it.
        day: The target document's day, by which it is read back; None for clients.
        client: The target's client of a document, else None.
    """

    ref: SourceRef
    target: TargetRef
    payload: Payload | None
    adopted: bool
    day: dt.date | None
    client: TargetRef | None
    run: int
    created: dt.datetime


@dataclass(frozen=True, slots=True)
class SightingRow:
    """A record of the target as a sweep or look-up saw it, for records that carry our label.

    Attributes:
        token: ``WHMCS-501``; for a client its key in the target.
        figures: Net, tax, paid in words, for messages.
    """

    kind: Kind
    token: str
    target: TargetRef
    client: TargetRef | None
    day: dt.date | None
    net: Money | None
    tax: Money | None
    reference: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the append-only event log. `at` is UTC."""

    id: int
    at: dt.datetime
    run: int
    level: str
    code: str
    message: str
    invoice: SourceRef | None
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """What the source said of an invoice when it was decided.

    Attributes:
        digest: Of `data`: one row a version.
        used: UTC of the last decision that rested on it.
        run: The run that decided.
        content: As `EntryRow.content_fingerprint`, by which the booked version is found.
        data: The invoice and its client in the core's words; amounts as ``"12.50 GBP"``.
    """

    digest: str
    used: dt.datetime
    run: int
    content: str
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class AcceptanceRow:
    """A difference that a person explained, so that reconcile counts it no more.

    Attributes:
        number: What the difference belongs to: ``501``, ``document 1240``.
        shown: What its records showed, a line each; what shows something else counts again.
        who: As far as the machine knows them: ``user@host``.
        at: UTC.
    """

    number: str
    shown: str
    who: str
    because: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What a person answered about an invoice where bridge cannot know.

    Attributes:
        answer: A word that `bridge answer` takes.
        about: Row ids of the transactions, or of the lines, that it is about.
        who: ``user@host``.
        day: Local calendar day on which it was given.
        run: The command by which it was given.
        at: UTC.
    """

    invoice: SourceRef
    answer: str
    about: tuple[str, ...]
    who: str
    because: str
    day: dt.date
    run: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as `status` shows it. `ended` is None while it works, or when it was killed."""

    id: int
    command: str
    started: dt.datetime
    ended: dt.datetime | None
    host: str
    pid: int
    version: str
    settings_digest: str
    exit_code: int | None
    summary: Mapping[str, Json]


# Writes: what one transaction may hold, in order -----------------------------------------------


@dataclass(frozen=True, slots=True)
class Intend:
    """Write down a step before it is done."""

    step: StepRow


@dataclass(frozen=True, slots=True)
class Conclude:
    """Write down what came of a step; of one that is still intended, that it is sent only now.

    Attributes:
        parent: As on `StepRow`; None leaves what is there.
        sent: When it was sent, in place of when it was written down; None leaves that.
        finished: When that was known; None is now.
    """

    step_id: int
    state: StepState
    target: TargetRef | None = None
    error: str = ""
    parent: TargetRef | None = None
    sent: dt.datetime | None = None
    finished: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class PutLink:
    """Tie source and target, or replace the payload and target of a link that is there.

    A link that is there keeps its `adopted`, `run` and `created`, and its payload when none is
    given. Equal numbers with different internal ids are different target records.

    Attributes:
        entry: The entry whose step made it; None has the log look that up.

    Raises:
        StoreError: the target record is linked to another source record already.
    """

    link: LinkRow
    entry: SourceRef | None = None


@dataclass(frozen=True, slots=True)
class DropLink:
    """Forget a link whose target record is provably gone. The event log keeps that it was."""

    ref: SourceRef


@dataclass(frozen=True, slots=True)
class SetEntry:
    """Give an entry its state.

    Attributes:
        money_fingerprint, content_fingerprint: None leaves what is there.
        tries, next_try, target: As on `EntryRow`; `tries` None leaves what is there.
    """

    invoice: SourceRef
    state: EntryState
    reason: Reason | None = None
    what: str = ""
    remedy: str = ""
    money_fingerprint: str | None = None
    content_fingerprint: str | None = None
    tries: int | None = None
    next_try: dt.datetime | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class AddEvent:
    """Append to the event log. `level` is ``debug``, ``info``, ``warning`` or ``error``."""

    level: str
    code: str
    message: str
    invoice: SourceRef | None = None
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeepSnapshot:
    """Keep what the source said, once a version. Attributes as on `SnapshotRow`."""

    invoice: SourceRef
    digest: str
    content: str
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class KeepAnswer:
    """Keep what a person answered, after what was answered before."""

    answer: AnswerRow


@dataclass(frozen=True, slots=True)
class Accept:
    """Keep that a person explained a difference, in place of what was kept of it before."""

    acceptance: AcceptanceRow


@dataclass(frozen=True, slots=True)
class Unaccept:
    """Forget it. The event log keeps that it was."""

    number: str


Write: TypeAlias = (
    Intend
    | Conclude
    | PutLink
    | DropLink
    | SetEntry
    | AddEvent
    | KeepSnapshot
    | KeepAnswer
    | Accept
    | Unaccept
)
