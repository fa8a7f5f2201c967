"""The sync log of one bridge in a SQL database: `SyncLog`, put together."""

import datetime as dt
import itertools
import os
import socket
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from bridge.model.reasons import Reason
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState, Run, StepState
from bridge.model.source_records import Gone, Header, Seen
from bridge.model.target_records import Json
from bridge.store.db.connection import Database
from bridge.store.db.paging import PIECE
from bridge.store.lock import check_token, hold_lock
from bridge.store.migrate import migrate, refuse_other, revision_of
from bridge.store.sync_log import Lease
from bridge.store.tables import (
    acceptances,
    entries as worklist,
    history,
    pruning,
    runs as executions,
    scan_intake as seeing,
    snapshots,
    source_view as known,
    writes as writing,
)
from bridge.store.tables.codec import dump_json, from_micros, now_micros, printable
from bridge.store.tables.values import (
    AcceptanceRow,
    EntryRow,
    EventRow,
    Intend,
    LinkRow,
    RunRow,
    SightingRow,
    SnapshotRow,
    StepRow,
    Write,
)

T = TypeVar("T")


class SqlLog:
    """`SyncLog` over one `Database`. Safe for threads; other processes may write as well."""

    def __init__(self, database: Database, name: str) -> None:
        self._opened = database
        self._name = name
        self._lease: Lease | None = None
        self._checked = False
        self._counters: dict[int, Iterator[int]] = {}
        self._counting = threading.Lock()

    @property
    def _database(self) -> Database:
        self.check()
        return self._opened

    def check(self) -> None:
        """Raise StoreError unless the log is there, in this version's form. Asks once."""
        if not self._checked:
            refuse_other(revision_of(self._opened), self._opened.where)
            self._checked = True

    # Life

    def close(self) -> None:
        """Let go of connections."""
        self._opened.close()

    def migrate(self) -> None:
        """Bring the schema to this version."""
        migrate(self._opened)
        self._checked = True

    @contextmanager
    def lock(self, *, lease_s: float, command: str) -> Iterator[Lease]:
        """Take the run lock of this bridge."""
        with hold_lock(self._database, self._name, lease_s=lease_s, command=command) as lease:
            self._lease = lease
            try:
                yield lease
            finally:
                self._lease = None

    def _write(self, job: Callable[[Connection], T], lease: Lease | None = None) -> T:
        """Do `job` in one transaction, under the lease given, else under the one that is held."""

        def checked(connection: Connection) -> T:
            self._check_lease(connection, lease or self._lease)
            return job(connection)

        return self._database.write(checked)

    def _check_lease(self, connection: Connection, lease: Lease | None) -> None:
        if lease is not None:
            check_token(connection, self._name, lease.token)

    # Runs

    def start_run(self, command: str, *, version: str, settings_digest: str) -> Run:
        """Open a run."""
        started = now_micros()
        values = {
            "command": printable(command),
            "started": started,
            "ended": None,
            "host": printable(socket.gethostname()),
            "pid": os.getpid(),
            "version": version,
            "settings_digest": settings_digest,
            "exit_code": None,
            "summary": "{}",
        }
        number = self._write(partial(executions.open_run, bridge=self._name, values=values))
        return Run(id=number, name=self._name, command=command, started=from_micros(started))

    def finish_run(self, run: Run, *, exit_code: int, summary: Mapping[str, Json]) -> None:
        """Close a run. Needs no lock: it is true of a run that lost its lock as well."""
        values = {"ended": now_micros(), "exit_code": exit_code, "summary": dump_json(summary)}
        self._database.write(partial(executions.close_run, run=run, values=values))

    def runs(self, limit: int) -> Sequence[RunRow]:
        """The latest runs, newest first."""
        return executions.runs(self._database, self._name, limit)

    # What was seen

    def see(self, run: Run, changes: Sequence[Header | Gone], cursor: str | None) -> int:
        """Take a piece of a scan in one transaction."""

        def job(connection: Connection) -> int:
            count = seeing.see(connection, self._name, run.id, now_micros(), changes)
            if cursor is not None:
                history.put_cursor(connection, self._name, "scan", cursor)
            return count

        return self._write(job)

    def cursor(self, name: str) -> str | None:
        """A stored cursor."""
        return history.cursor(self._database, self._name, name)

    def set_cursor(self, name: str, value: str) -> None:
        """Store one."""
        self._write(partial(history.put_cursor, bridge=self._name, name=name, value=value))

    def seen(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, Seen]:
        """What is known of these invoices."""
        return known.seen(self._database, self._name, refs)

    def refs(self, status: str) -> Iterator[SourceRef]:
        """Invoices of this status, ids ascending."""
        return known.refs(self._database, self._name, status)

    def counts(self) -> Mapping[str, int]:
        """How many of each status."""
        return known.counts(self._database, self._name)

    def newest(self) -> SourceRef | None:
        """The invoice with the highest numeric id."""
        return known.newest(self._database, self._name)

    def booked(self, since: dt.date) -> Iterator[tuple[SourceRef, SourceRef]]:
        """(client, invoice) of what was booked on or after a day."""
        return known.booked(self._database, self._name, since)

    # Work list

    def claim(
        self, limit: int, *, now: dt.datetime, after: EntryRow | None = None
    ) -> Sequence[EntryRow]:
        """Entries to work on, oldest first."""
        return worklist.claim(self._database, self._name, limit, now=now, after=after)

    def entry(self, invoice: SourceRef) -> EntryRow | None:
        """One entry."""
        return worklist.entry(self._database, self._name, invoice)

    def find_entries(self, text: str) -> Sequence[EntryRow]:
        """Entries whose id or number is exactly `text`."""
        return worklist.find_entries(self._database, self._name, text)

    def entries(
        self,
        *,
        states: Collection[EntryState] = (),
        reasons: Collection[Reason] = (),
        limit: int | None = None,
    ) -> Iterator[EntryRow]:
        """Entries, oldest first, as a stream."""
        return worklist.entries(
            self._database, self._name, states=states, reasons=reasons, limit=limit
        )

    def oldest_issue(self) -> dt.date | None:
        """The first day on which any invoice that was seen was issued."""
        return worklist.oldest_issue(self._database, self._name)

    def count_entries(self) -> Mapping[tuple[EntryState, Reason | None], int]:
        """How many there are of each."""
        return worklist.count_entries(self._database, self._name)

    def backlog(self, *, now: dt.datetime) -> int:
        """How many `claim` would give without a limit."""
        return worklist.backlog(self._database, self._name, now=now)

    # Steps and links

    def next_step_id(self, run: Run) -> int:
        """An id for a step of this run."""
        with self._counting:
            counter = self._counters.setdefault(run.id, itertools.count(1))
            return (run.id << history.STEPS_OF_A_RUN) + next(counter)

    def write(self, run: Run, writes: Sequence[Write], *, lease: Lease | None) -> None:
        """All of `writes` in one transaction."""
        if lease is not None and any(isinstance(write, Intend) for write in writes):
            lease.check()  # what was done is written down even late; nothing new is begun
        now = now_micros()
        job = partial(writing.carry_out, bridge=self._name, run=run.id, now=now, writes=writes)
        self._write(job, lease)

    def steps(
        self,
        *,
        states: Collection[StepState] = (),
        invoice: SourceRef | None = None,
        run: int | None = None,
    ) -> Sequence[StepRow]:
        """Steps by id ascending."""
        return history.steps(self._database, self._name, states=states, invoice=invoice, run=run)

    def snapshots(self, invoice: SourceRef) -> Sequence[SnapshotRow]:
        """What the source said when it was decided."""
        return snapshots.of_invoice(self._database, self._name, invoice)

    def acceptances(self) -> Sequence[AcceptanceRow]:
        """Differences that a person explained."""
        return acceptances.every(self._database, self._name)

    def links(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, LinkRow]:
        """The links of these records."""
        return history.links(self._database, self._name, refs)

    def links_of_invoice(self, invoice: SourceRef) -> Sequence[LinkRow]:
        """The links that steps of this entry made, by time."""
        return self.links_of_invoices([invoice])[invoice]

    def links_of_invoices(
        self, invoices: Collection[SourceRef]
    ) -> Mapping[SourceRef, Sequence[LinkRow]]:
        """The same for each of many."""
        return history.links_of_invoices(self._database, self._name, invoices)

    def links_of_client(self, client: SourceRef) -> Sequence[LinkRow]:
        """The links that steps of all of this client's entries made, by time."""
        return history.links_of_client(self._database, self._name, client)

    def linked_targets(
        self, kind: Kind, targets: Collection[TargetRef]
    ) -> Mapping[TargetRef, SourceRef]:
        """Which of these target records are linked, and to what."""
        return history.linked_targets(self._database, self._name, kind, targets)

    def has_links(self, kind: Kind) -> bool:
        """Whether anything of this kind was ever linked."""
        return history.has_links(self._database, self._name, kind)

    def linked_currencies(self) -> frozenset[str]:
        """Currencies in which an invoice was read back and found right."""
        return worklist.linked_currencies(self._database, self._name)

    # The target's records that carry our label

    def sighted(self, rows: Iterable[SightingRow]) -> int:
        """Keep what a sweep saw: piece by piece, so that no transaction waits for the sweep."""
        count = 0
        rest = iter(rows)
        while some := list(itertools.islice(rest, PIECE)):
            self._write(partial(history.put_sightings, bridge=self._name, rows=some))
            count += len(some)
        return count

    def sightings(self, kind: Kind, tokens: Collection[str]) -> Sequence[SightingRow]:
        """What was seen with these tokens."""
        return history.sightings(self._database, self._name, kind, tokens)

    # Events

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
        return history.events(
            self._database,
            self._name,
            run=run,
            invoice=invoice,
            levels=levels,
            since=since,
            limit=limit,
        )

    def count_old_events(self, before: dt.datetime) -> int:
        """How many events `archive_events` would remove."""
        return pruning.count_old(self._database, self._name, before)

    def archive_events(self, before: dt.datetime, folder: Path) -> pruning.Pruned:
        """Move old events to a file."""
        return pruning.archive(self._database, self._name, before, folder, self._write)
