"""Group commit: threads that write at the same time share a transaction, and its wait for the disk.

A SQLite file takes one writer at a time, and a disk may take 10 ms to make a commit durable, for
one writer's part as for ten. So one of the threads that wait carries out the parts of all and
commits once. Where a part fails, which is rare, none is kept and all are carried out again, each in
a savepoint of its own: a savepoint costs as much as the statements in it.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, exc

T = TypeVar("T")
Job = Callable[[Connection], Any]


class _Turn:
    """What one thread waits for. A `threading.Event` costs more than the statements of a part."""

    def __init__(self) -> None:
        self.is_set = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def wait(self) -> None:
        """Until it is set. Once only."""
        self._lock.acquire()

    def set(self) -> None:
        """Let the thread that waits go on."""
        self.is_set = True
        self._lock.release()


@dataclass(slots=True, eq=False)
class _Part:
    """What one thread wants written.

    Attributes:
        turn: Set when it is done, or when its thread is to carry out the next group.
    """

    job: Job
    turn: _Turn = field(default_factory=_Turn)
    is_done: bool = False
    value: Any = None
    error: BaseException | None = None

    def carry_out(self, connection: Connection) -> None:
        """In a savepoint, so that what fails here takes nothing else with it."""
        try:
            with connection.begin_nested():
                self.value = self.job(connection)
        except Exception as error:
            # SQLite ends the whole transaction itself where, for one, the disk is full.
            if not _is_in_transaction(connection):
                raise
            self.error = error


class GroupCommit:
    """Writes of several threads, one transaction at a time.

    Args:
        begin: Opens a transaction that is committed when its block is left without an error.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._guard = threading.Lock()
        self._waiting: list[_Part] = []
        self._is_led = False

    def write(self, job: Callable[[Connection], T]) -> T:
        """Do `job`; it is durable when this returns. Raises what it, or the commit, raised.

        It may be done twice, the first time for nothing: it must touch the database alone.
        """
        part = _Part(job)
        with self._guard:
            self._waiting.append(part)
            leads, self._is_led = not self._is_led, True
        if not leads:
            self._wait(part)
        if not part.is_done:
            self._lead()
        if part.error is not None:
            raise part.error
        value: T = part.value
        return value

    def _wait(self, part: _Part) -> None:
        try:
            part.turn.wait()
        except BaseException:  # a second Ctrl-C: the others must not wait for this thread
            with self._guard:
                if part in self._waiting:
                    self._waiting.remove(part)
                    if part.turn.is_set:
                        self._pass_on()
            raise

    def _lead(self) -> None:
        """Carry out all that waits, and name who carries out what has come in the meantime."""
        with self._guard:
            parts, self._waiting = self._waiting, []
        try:
            self._carry_out(parts)
        except BaseException as error:  # noqa: BLE001 - raised by each of those who wait
            for part in parts:
                part.error = part.error or error
        with self._guard:
            self._pass_on()
        for part in parts:
            part.is_done = True
            part.turn.set()

    def _carry_out(self, parts: list[_Part]) -> None:
        failed = False
        try:
            with self._begin() as connection:
                for part in parts:
                    try:
                        part.value = part.job(connection)
                    except Exception:
                        failed = len(parts) > 1
                        raise
        except Exception:
            if not failed:  # it stands alone, or the commit itself failed
                raise
        if failed:
            with self._begin() as connection:
                for part in parts:
                    part.carry_out(connection)

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting[0].turn.set()
        else:
            self._is_led = False


def _is_in_transaction(connection: Connection) -> bool:
    try:
        return bool(getattr(connection.connection.dbapi_connection, "in_transaction", True))
    except exc.SQLAlchemyError:
        return False
