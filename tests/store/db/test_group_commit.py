"""Threads that write at the same time share a commit, and nothing else."""

import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, event, exc, text
from typing_extensions import override

from bridge.api import EntryState, invoice_ref
from bridge.errors import LockLostError, StoreError
from bridge.model.run import StepState
from bridge.store import open_log
from bridge.store.db.group_commit import GroupCommit, _Part, _Turn
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import Intend, SetEntry
from tests.store.builders import Place, a_step, begin, book, header

THREADS = 8


class Ledger:
    """A small database behind a `GroupCommit`, whose commits can be kept waiting.

    Attributes:
        begun: Transactions so far.
        gate: While it is not set, a transaction that has begun goes no further.
    """

    def __init__(self, place: Path) -> None:
        self.file = place / "ledger.db"
        self.engine = create_engine(f"sqlite:///{self.file}")

        @event.listens_for(self.engine, "connect")
        def connected(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None

        @event.listens_for(self.engine, "begin")
        def begun(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        self.begun = 0
        self.gate = threading.Event()
        self.gate.set()
        self.group = GroupCommit(self._begin)
        self.group.write(
            lambda connection: connection.execute(text("CREATE TABLE line (n UNIQUE)"))
        )

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        self.begun += 1
        with self.engine.begin() as connection:
            self.gate.wait(10)
            yield connection

    def add(self, number: int) -> int:
        """Write a line through the group."""

        def job(connection: Connection) -> int:
            connection.execute(text("INSERT INTO line VALUES (:n)"), {"n": number})
            return number

        return self.group.write(job)

    def lines(self) -> set[int]:
        with sqlite3.connect(self.file) as other:
            rows = other.execute("SELECT n FROM line").fetchall()
        other.close()
        return {row[0] for row in rows}

    def together(self, *jobs: Callable[[], object]) -> list[BaseException | object]:
        """All of these in one group, behind a first write that is kept waiting; their answers."""
        self.gate.clear()
        with ThreadPoolExecutor(THREADS + 1) as pool:
            first = pool.submit(self.add, 0)
            while not self.begun > 1:
                threading.Event().wait(0.001)
            futures = [pool.submit(job) for job in jobs]
            while len(self.group._waiting) < len(jobs):
                threading.Event().wait(0.001)
            self.gate.set()
            first.result(10)
            return [future.exception(10) or future.result() for future in futures]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path)
    yield made
    made.engine.dispose()


def test_all_who_wait_share_the_next_transaction(ledger: Ledger) -> None:
    answers = ledger.together(*(lambda n=n: ledger.add(n) for n in range(1, THREADS + 1)))
    assert answers == list(range(1, THREADS + 1))
    assert ledger.begun == 3  # the table, the first line, all others
    assert ledger.lines() == set(range(THREADS + 1))


def test_what_fails_is_undone_alone(ledger: Ledger) -> None:
    def half() -> object:
        def job(connection: Connection) -> None:
            connection.execute(text("INSERT INTO line VALUES (77)"))
            raise LockLostError("lost", remedy="none")

        return ledger.group.write(job)

    one, lost, twice, other = ledger.together(
        lambda: ledger.add(1), half, lambda: ledger.add(0), lambda: ledger.add(2)
    )
    assert (one, other) == (1, 2)
    assert isinstance(lost, LockLostError)
    assert isinstance(twice, exc.IntegrityError)
    assert ledger.lines() == {0, 1, 2}


def test_a_transaction_that_the_database_ends_itself_fails_for_all(ledger: Ledger) -> None:
    """As where the disk is full: nobody may take for written what was rolled back."""

    def full() -> object:
        def job(connection: Connection) -> None:
            connection.exec_driver_sql("ROLLBACK")
            raise OSError("no space left")

        return ledger.group.write(job)

    answers = ledger.together(lambda: ledger.add(1), full, lambda: ledger.add(2))
    assert all(isinstance(answer, Exception) for answer in answers)
    assert ledger.lines() == {0}
    assert ledger.add(3) == 3


class Interrupted(_Turn):
    """A wait that a second Ctrl-C ends."""

    @override
    def wait(self) -> None:
        super().wait()
        raise KeyboardInterrupt


def test_a_waiting_thread_that_is_interrupted_lets_the_others_go_on(ledger: Ledger) -> None:
    """The one that was to carry out the next group has gone."""
    ledger.gate.clear()
    part = _Part(lambda _connection: None, Interrupted())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ledger.add, 0)
        while ledger.begun < 2:
            threading.Event().wait(0.001)
        ledger.group._waiting.append(part)
        gone = pool.submit(ledger.group._wait, part)
        ledger.gate.set()
        first.result(10)
        assert isinstance(gone.exception(10), KeyboardInterrupt)
    assert ledger.add(5) == 5


def test_workers_of_one_log_share_commits_and_each_keeps_its_own_fate(log: SyncLog) -> None:
    """Eight threads, each with the intent and outcome of its own invoices, on each database."""
    run = begin(log)
    log.see(run, [header(number) for number in range(1, 41)], None)

    def work(first: int) -> None:
        for number in range(first, 41, THREADS):
            if number % 10 == 0:
                with pytest.raises(StoreError):
                    log.write(run, [SetEntry(invoice_ref(999), EntryState.DONE)], lease=None)
            book(log, run, number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(1, THREADS + 1)))
    assert len(list(log.entries(states=[EntryState.DONE]))) == 40
    assert {row.state for row in log.steps()} == {StepState.DONE}


def test_a_lost_lock_stops_every_intent_of_a_group(place: Place) -> None:
    log = place.open()
    with log.lock(lease_s=60, command="sync") as lease:
        run = begin(log)
        log.see(run, [header(number) for number in range(1, 5)], None)
        lease.token = "somebody else"

        def intend(number: int) -> bool:
            try:
                log.write(run, [Intend(a_step(log, run, invoice_ref(number)))], lease=lease)
            except LockLostError:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert not any(pool.map(intend, range(1, 5)))
        assert log.steps() == []
    log.close()


def test_a_sqlite_log_is_for_its_owner_alone(tmp_path: Path) -> None:
    log = open_log("sqlite:///log.db", "books", base=tmp_path)
    log.migrate()
    begin(log)
    for file in tmp_path.glob("log.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    log.close()
