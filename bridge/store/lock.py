"""The run lock: one row per bridge, renewed by a thread while it is held.

On one machine the lock goes to another process only when its holder has ended, never while it
lives. From another machine it is taken over when its lease has run out by the database's clock.
"""

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from bridge.errors import BridgeError, LockLostError
from bridge.store.db.connection import Database
from bridge.store.db.statements import PreparedStatement
from bridge.store.lock_owner import held, lives, myself
from bridge.store.migrate import check_revision, schema_held
from bridge.store.tables import schema
from bridge.store.tables.mapping import printable

_log = logging.getLogger(__name__)
_table = schema.lock
_TOKEN = PreparedStatement(
    select(_table.c.token)
    .where(_table.c.bridge == bindparam("at_bridge"))
    .with_for_update(read=True)
)
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_RETRY_S = 1.0


def clock() -> float:
    """Seconds on a clock that goes on while the machine sleeps, where the system has one."""
    return time.clock_gettime(_CLOCK)


class HeldLease:
    """The lock of one bridge, held by this process."""

    def __init__(self, database: Database, bridge: str, *, lease_s: float, command: str) -> None:
        self.token = secrets.token_hex(16)
        self._database = database
        self._bridge = bridge
        self._lease_s = lease_s
        self._command = command
        self._renewed = clock()
        self._lost = False
        self._released = False
        self._ended = threading.Event()

    def check(self) -> None:
        """Raise LockLostError once the lease has run out, or another run has the lock."""
        late = clock() - self._renewed - self._lease_s
        if self._lost:
            raise taken_over(self._bridge)
        if self._released:  # a thread outlives the run whose second signal ended it at once
            raise LockLostError(
                f"the run lock of bridge {self._bridge!r} was given back; nothing more was written",
                remedy="Run `bridge sync` again: it first looks up what this run had sent.",
            )
        if late >= 0:
            raise LockLostError(
                f"the run lock of bridge {self._bridge!r} could not be renewed, and its lease ran"
                f" out {late:.0f} seconds ago: another run may have begun",
                remedy="Run `bridge sync` again: it first looks up what this run had sent.",
            )

    def take(self) -> None:
        """Write the row, or say who has it."""
        with schema_held(self._database):
            self._renewed = clock()
            self._database.write(self._acquire)

    def beat(self) -> None:
        """Renew until released. Runs in a thread of its own."""
        pause = self._lease_s / 3
        while not self._ended.wait(pause):
            begun = clock()
            try:
                held = self._database.write(self._renew)
            except BridgeError as error:
                _log.warning("the run lock could not be renewed: %s", error)
                pause = min(_RETRY_S, self._lease_s / 10)
                continue
            pause = self._lease_s / 3
            if not held:
                self._lost = True
                return
            self._renewed = begun

    def release(self) -> None:
        """Give the lock back. A failure is not raised: the lock ends with this process anyway."""
        self._released = True
        self._ended.set()
        try:
            self._database.write(self._remove)
        except BridgeError as error:
            _log.warning("the run lock could not be released: %s", error)

    def _acquire(self, connection: Connection) -> None:
        check_revision(connection, self._database)
        now = self._database.now(connection)
        query = select(_table).where(_table.c.bridge == self._bridge).with_for_update()
        row = connection.execute(query).first()
        if row is not None and lives(row, now):
            raise held(row, now)
        values = self._row(now)
        if row is None:
            connection.execute(insert(_table).values(bridge=self._bridge, **values))
        else:
            connection.execute(
                update(_table).where(_table.c.bridge == self._bridge).values(**values)
            )

    def _row(self, now: int) -> dict[str, Any]:
        me = myself()
        return {
            "token": self.token,
            "hostname": printable(me.hostname),
            "machine": me.machine,
            "pid": me.pid,
            "process_start": me.process_start,
            "command": printable(self._command),
            "taken": now,
            "lease_end": now + int(self._lease_s * 1_000_000),
        }

    def _renew(self, connection: Connection) -> bool:
        end = self._database.now(connection) + int(self._lease_s * 1_000_000)
        mine = (_table.c.bridge == self._bridge) & (_table.c.token == self.token)
        return connection.execute(update(_table).where(mine).values(lease_end=end)).rowcount == 1

    def _remove(self, connection: Connection) -> None:
        mine = (_table.c.bridge == self._bridge) & (_table.c.token == self.token)
        connection.execute(delete(_table).where(mine))


@contextmanager
def hold_lock(
    database: Database, bridge: str, *, lease_s: float, command: str
) -> Iterator[HeldLease]:
    """Take the lock of a bridge for the length of a `with` block.

    Raises:
        LockHeldError: by whom and since when.
    """
    lease = HeldLease(database, bridge, lease_s=lease_s, command=command)
    lease.take()
    thread = threading.Thread(target=lease.beat, name="bridge run lock", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        lease.release()
        thread.join()


def check_token(connection: Connection, bridge: str, token: str) -> None:
    """Raise LockLostError unless the lock is still this token's, and keep it so to the commit."""
    if _TOKEN.column(connection, {"at_bridge": bridge}) != [token]:
        raise taken_over(bridge)


def taken_over(bridge: str) -> LockLostError:
    """Another run has the lock."""
    return LockLostError(
        f"another run took over the run lock of bridge {bridge!r}; nothing more was written",
        remedy="Let the other run finish; the next one looks up what this run had sent.",
    )
