"""Who holds a run lock, whether that process still lives, and how that is reported."""

import os
import socket
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from bridge.errors import LockHeldError
from bridge.store.db.connection import Database
from bridge.store.tables import schema
from bridge.store.tables.mapping import from_micros

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds, or asks for, the lock.

    Attributes:
        hostname: For people.
        machine: The same for two processes only if each sees the other in the process table:
            host name, this boot's id, and the container's process namespace.
        pid: Within `machine`.
        process_start: In the system's own form; tells a process from a later one of its pid.
    """

    hostname: str
    machine: str
    pid: int
    process_start: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.hostname}"


def myself() -> Holder:
    """This process."""
    pid = os.getpid()
    return Holder(socket.gethostname(), _machine(), pid, _start_of(pid) or "")


def is_here(holder: Holder) -> bool:
    """Whether that process is, or was, one of this machine since it started."""
    return holder.machine == _machine()


def is_gone(holder: Holder) -> bool:
    """Whether a process of this machine has certainly ended. In doubt it lives."""
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is another user's
        pass
    start = _start_of(holder.pid)
    return start is not None and start != holder.process_start


def lives(row: Row[Any], now: int) -> bool:
    """Whether the holder in this row must be left alone."""
    holder = Holder(row.hostname, row.machine, row.pid, row.process_start)
    if is_here(holder):
        return not is_gone(holder)
    return bool(row.lease_end > now)


def refuse_while_held(connection: Connection, database: Database) -> None:
    """Raise LockHeldError while any bridge of this database is at work."""
    now = database.now(connection)
    for row in connection.execute(select(schema.lock).order_by(schema.lock.c.bridge)):
        if lives(row, now):
            raise held(row, now)


def held(row: Row[Any], now: int) -> LockHeldError:
    """The error that names the holder in this row, and since when it holds the lock."""
    holder = Holder(row.hostname, row.machine, row.pid, row.process_start)
    since = f"{from_micros(row.taken):%Y-%m-%d %H:%M:%S} UTC ({_ago(now - row.taken)} ago)"
    if is_here(holder):
        remedy = f"Wait until it has finished, or end process {row.pid}."
    else:
        end = f"{from_micros(row.lease_end):%H:%M:%S} UTC"
        remedy = (
            f"Wait until it has finished. If {row.hostname} is down, run `bridge sync` again"
            f" after {end}, when its lease has run out."
        )
    return LockHeldError(
        f"another run holds the lock of bridge {row.bridge!r}: `{row.command}`,"
        f" {holder}, since {since}",
        remedy=remedy,
    )


@cache
def _machine() -> str:
    """A reboot makes another machine of this one: clones share everything else."""
    return "/".join((socket.gethostname(), _boot(), _process_namespace()))


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _process_namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _start_of(pid: int) -> str | None:
    """When a process started; ``dead`` when it only waits to be reaped; None when hidden."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None if _PROC.joinpath("self").exists() else _start_by_ps(pid)
    # Fields 3 (state) and 22 (start time) of proc(5); the name before them may hold anything.
    fields = stat.rpartition(")")[2].split()
    return "dead" if fields[0] in "ZX" else fields[19]


def _start_by_ps(pid: int) -> str | None:
    """For systems without /proc, such as macOS and the BSDs."""
    try:
        answer = subprocess.run(  # noqa: S603
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def _ago(micros: int) -> str:
    seconds = max(0, micros // 1_000_000)
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'s' if count > 1 else ''}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
