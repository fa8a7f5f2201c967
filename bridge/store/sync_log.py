"""The sync log's face: all that the engine and the commands ask of it."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bridge.contract import Known
from bridge.model.reasons import Reason
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState, Run, StepState
from bridge.model.source_records import Gone, Header
from bridge.model.target_records import Json
from bridge.store.tables.values import (
    AcceptanceRow,
    EntryRow,
    EventRow,
    LinkRow,
    RunRow,
    SightingRow,
    SnapshotRow,
    StepRow,
    Write,
)

if TYPE_CHECKING:
    from bridge.store.tables.pruning import Pruned


class Lease(Protocol):
    """The run lock, held. Entered by `SyncLog.lock`; a heartbeat thread renews it."""

    token: str

    def check(self) -> None:
        """Immediate and without I/O: is the lease still ours on a clock that counts suspension?

        Raises:
            LockLostError: it ran out; nothing may be written any more.
        """
        ...


class SyncLog(Known, Protocol):
    """The store of one bridge (`name`); several share a database by name.

    All times are UTC. Every method that writes does so in one transaction and is durable when it
    returns. Methods are safe to call from several threads.

    Raises:
        StoreError: the database cannot be opened, read or written.
    """

    # Life -------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of connections."""
        ...

    def migrate(self) -> None:
        """Bring the schema to this version, under a database lock of its own.

        A SQLite file of an older version is copied to ``FILE.before-VERSION`` first.
        """
        ...

    def lock(self, *, lease_s: float, command: str) -> AbstractContextManager[Lease]:
        """Take the run lock of this bridge, or say who has it.

        Raises:
            LockHeldError: by whom (host, pid, command) and since when.
        """
        ...

    # Runs -------------------------------------------------------------------------------------

    def start_run(self, command: str, *, version: str, settings_digest: str) -> Run:
        """Open a run; its id is one more than the last of this database."""
        ...

    def finish_run(self, run: Run, *, exit_code: int, summary: Mapping[str, Json]) -> None:
        """Close a run."""
        ...

    def runs(self, limit: int) -> Sequence[RunRow]:
        """The latest runs, newest first."""
        ...

    # What was seen ----------------------------------------------------------------------------

    def see(self, run: Run, changes: Sequence[Header | Gone], cursor: str | None) -> int:
        """Take a piece of a scan in one transaction, and its cursor when not None.

        A new invoice becomes ``pending``. A known one whose fingerprint changed, or came as
        None, becomes ``pending`` again with tries 0 and no `next_try`, keeping its links and
        fingerprints of what was booked - except that ``unknown``, ``unverified`` and
        ``readback_mismatch`` stay as they are (their row data is updated), since what was sent is
        settled first, and that ``skipped(skipped_by_user)`` stays skipped. One that was skipped as
        ``before_start_date`` keeps that reason when its fingerprint comes as None: it is to be read
        although its header says the same. An unchanged one is not
        touched. A `Gone` one that was never written becomes ``skipped(deleted)``; a written one
        ``held(changed_after_write)``. Either is out of `refs` and `counts` then, and any header
        brings it back.

        Returns:
            How many entries are new or changed.
        """
        ...

    def cursor(self, name: str) -> str | None:
        """A stored cursor: ``scan`` for the source's, ``sweep`` for the target's."""
        ...

    def set_cursor(self, name: str, value: str) -> None:
        """Store one."""
        ...

    # Work list --------------------------------------------------------------------------------

    def claim(
        self, limit: int, *, now: dt.datetime, after: EntryRow | None = None
    ) -> Sequence[EntryRow]:
        """Entries to work on: pending ones, and failed ones whose `next_try` has come.

        Oldest first by the day paid, else issued, then by id; only those that come behind `after`.
        """
        ...

    def entry(self, invoice: SourceRef) -> EntryRow | None:
        """One entry."""
        ...

    def find_entries(self, text: str) -> Sequence[EntryRow]:
        """Entries whose id or number is exactly `text`: how a person names an invoice."""
        ...

    def entries(
        self,
        *,
        states: Collection[EntryState] = (),
        reasons: Collection[Reason] = (),
        limit: int | None = None,
    ) -> Iterator[EntryRow]:
        """Entries, oldest first, as a stream; without filters all of them."""
        ...

    def oldest_issue(self) -> dt.date | None:
        """The first day on which any invoice that was seen was issued."""
        ...

    def count_entries(self) -> Mapping[tuple[EntryState, Reason | None], int]:
        """How many there are of each."""
        ...

    def backlog(self, *, now: dt.datetime) -> int:
        """How many `claim` would give without a limit."""
        ...

    # Steps and links --------------------------------------------------------------------------

    def next_step_id(self, run: Run) -> int:
        """An id for a step of this run: ascending, never given twice, without I/O."""
        ...

    def write(self, run: Run, writes: Sequence[Write], *, lease: Lease | None) -> None:
        """All of `writes` in one transaction, and durable when this returns.

        With a lease its token is checked in the same transaction, and what holds an `Intend`
        needs a lease that has not run out: an outcome is written down even late.

        Raises:
            LockLostError: another run has the lock; nothing was written.
        """
        ...

    def steps(
        self,
        *,
        states: Collection[StepState] = (),
        invoice: SourceRef | None = None,
        run: int | None = None,
    ) -> Sequence[StepRow]:
        """Steps by id ascending."""
        ...

    def snapshots(self, invoice: SourceRef) -> Sequence[SnapshotRow]:
        """What the source said when it was decided, each version; the one used last at the end."""
        ...

    def acceptances(self) -> Sequence[AcceptanceRow]:
        """Differences that a person explained, oldest first."""
        ...

    def links(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, LinkRow]:
        """The links of these records; unlinked ones are absent."""
        ...

    def links_of_invoice(self, invoice: SourceRef) -> Sequence[LinkRow]:
        """The links that steps of this entry made, by time."""
        ...

    def links_of_invoices(
        self, invoices: Collection[SourceRef]
    ) -> Mapping[SourceRef, Sequence[LinkRow]]:
        """The same for each of many: two questions to the database, however many they are."""
        ...

    def links_of_client(self, client: SourceRef) -> Sequence[LinkRow]:
        """The links that steps of all of this client's entries made, by time."""
        ...

    def linked_targets(
        self, kind: Kind, targets: Collection[TargetRef]
    ) -> Mapping[TargetRef, SourceRef]:
        """Which of these target records are linked, and to what."""
        ...

    def has_links(self, kind: Kind) -> bool:
        """Whether anything of this kind was ever linked."""
        ...

    def linked_currencies(self) -> frozenset[str]:
        """Currencies in which an invoice was read back and found right."""
        ...

    # The target's records that carry our label -------------------------------------------------

    def sighted(self, rows: Iterable[SightingRow]) -> int:
        """Keep what a sweep saw, replacing older sightings of the same target record.

        `rows` is taken, and committed, in pieces: it may come slowly and be long.
        """
        ...

    def sightings(self, kind: Kind, tokens: Collection[str]) -> Sequence[SightingRow]:
        """What was seen with these tokens."""
        ...

    # Events -----------------------------------------------------------------------------------

    def events(
        self,
        *,
        run: int | None = None,
        invoice: SourceRef | None = None,
        levels: Collection[str] = (),
        since: dt.datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[EventRow]:
        """Events by id ascending; with `limit` the latest that many."""
        ...

    def count_old_events(self, before: dt.datetime) -> int:
        """How many events `archive_events` would remove."""
        ...

    def archive_events(self, before: dt.datetime, folder: Path) -> "Pruned":
        """Move events older than `before` to a new file in `folder`, under the lock that is held.

        What persons did stays. Not one transaction: see `bridge.store.tables.pruning`.
        """
        ...
