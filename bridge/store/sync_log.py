"""The sync log of one bridge in a SQL database: all that the engine and the commands ask of it.

It is put together of one class a table, each in `bridge.store.tables`.
"""

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from bridge.model.run import Run
from bridge.store.db.connection import Database
from bridge.store.lease import Lease
from bridge.store.lock import hold_lock
from bridge.store.migrate import migrate
from bridge.store.tables.acceptances import AcceptanceTable
from bridge.store.tables.answers import AnswerTable
from bridge.store.tables.entries import EntryTable
from bridge.store.tables.events import EventTable
from bridge.store.tables.links_steps import STEPS_OF_A_RUN, LinkTable, SightingTable, StepTable
from bridge.store.tables.mapping import now_micros
from bridge.store.tables.runs import RunTable
from bridge.store.tables.scan_intake import ScanIntake
from bridge.store.tables.snapshots import SnapshotTable
from bridge.store.tables.source_view import SourceView
from bridge.store.tables.values import Intend, Write
from bridge.store.tables.writes import carry_out


class SyncLog(
    RunTable,
    ScanIntake,
    SourceView,
    EntryTable,
    StepTable,
    LinkTable,
    SightingTable,
    SnapshotTable,
    AcceptanceTable,
    AnswerTable,
    EventTable,
):
    """The store of one bridge (`name`); several share a database by name.

    All times are UTC. Every method that writes does so in one transaction and is durable when it
    returns. Methods are safe to call from several threads, and other processes may write as well.

    Raises:
        StoreError: the database cannot be opened, read or written.
    """

    def __init__(self, database: Database, name: str) -> None:
        super().__init__(database, name)
        self._counters: dict[int, Iterator[int]] = {}
        self._counting = threading.Lock()

    def close(self) -> None:
        """Close every connection."""
        self._opened.close()

    def migrate(self) -> None:
        """Bring the schema to this version, under a database lock of its own.

        A SQLite file of an older version is copied to ``FILE.before-VERSION`` first.
        """
        migrate(self._opened)
        self._checked = True

    @contextmanager
    def lock(self, *, lease_s: float, command: str) -> Iterator[Lease]:
        """Take the run lock of this bridge, or say who has it.

        Raises:
            LockHeldError: by whom (host, pid, command) and since when.
        """
        with hold_lock(self._database, self._name, lease_s=lease_s, command=command) as lease:
            self._lease = lease
            try:
                yield lease
            finally:
                self._lease = None

    def next_step_id(self, run: Run) -> int:
        """An id for a step of this run: ascending, never given twice, without I/O."""
        with self._counting:
            counter = self._counters.setdefault(run.id, itertools.count(1))
            return (run.id << STEPS_OF_A_RUN) + next(counter)

    def write(self, run: Run, writes: Sequence[Write], *, lease: Lease | None) -> None:
        """All of `writes` in one transaction, and durable when this returns.

        With a lease its token is checked in the same transaction, and what holds an `Intend`
        needs a lease that has not run out: an outcome is written down even late.

        Raises:
            LockLostError: another run has the lock; nothing was written.
        """
        if lease is not None and any(isinstance(write, Intend) for write in writes):
            lease.check()
        now = now_micros()
        job = partial(carry_out, bridge=self._name, run=run.id, now=now, writes=writes)
        self._write(job, lease)
