"""Misbehaviour on demand: what strikes which call. Kept in the books, so any process may set it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class FaultMode(StrEnum):
    """How a call goes wrong."""

    CUT_BEFORE = "cut_before"
    LOST_REPLY = "lost_reply"
    HALF_REPLY = "half_reply"
    GARBAGE = "garbage"
    HTML = "html"
    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    HTTP_429 = "http_429"
    HTTP_500_AFTER = "http_500_after"
    SLOW = "slow"
    LATE_COMMIT = "late_commit"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One planned misbehaviour.

    Attributes:
        name: The operation that it strikes, or ``*`` for any.
        mode: What happens.
        nth: It strikes on this matching call from now on, counted from 1.
        seconds: How long `slow` waits, or how much later `late_commit` does the work.
        times: Calls in a row that it strikes.
    """

    name: str
    mode: FaultMode
    nth: int = 1
    seconds: float = 0.5
    times: int = 1


def planned(entries: object) -> list[PlannedFault]:
    """Faults from JSON.

    Raises:
        ValueError, TypeError: an entry is not a fault.
    """
    if not isinstance(entries, list):
        msg = "faults are a list of objects"
        raise TypeError(msg)
    faults = []
    for entry in entries:
        fault = PlannedFault(**(entry | {"mode": FaultMode(entry["mode"])}))
        if fault.nth < 1 or fault.times < 1:
            msg = "nth and times are counted from 1"
            raise ValueError(msg)
        faults.append(fault)
    return faults


def replace_faults(connection: sqlite3.Connection, faults: Sequence[PlannedFault]) -> None:
    """Forget what was planned and plan these."""
    connection.execute("DELETE FROM fault")
    connection.executemany(
        "INSERT INTO fault (name, mode, nth, seconds, times) VALUES (?, ?, ?, ?, ?)",
        [(f.name, f.mode.value, f.nth, f.seconds, f.times) for f in faults],
    )


def waiting_faults(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """What has not struck to the end yet, `nth` counted from now."""
    rows = connection.execute("SELECT name, mode, nth, seconds, times FROM fault ORDER BY id")
    return [
        asdict(PlannedFault(name, FaultMode(mode), nth, seconds, times))
        for name, mode, nth, seconds, times in rows
    ]


def struck(connection: sqlite3.Connection, operation: str) -> PlannedFault | None:
    """Count one call of `operation` down, and say what strikes it. The oldest plan wins."""
    rows = connection.execute(
        "SELECT id, name, mode, nth, seconds, times FROM fault WHERE name IN (?, '*') ORDER BY id",
        (operation,),
    ).fetchall()
    first = None
    for key, name, mode, nth, seconds, times in rows:
        if nth > 1:
            connection.execute("UPDATE fault SET nth = nth - 1 WHERE id = ?", (key,))
        elif first is None:
            first = PlannedFault(name, FaultMode(mode), nth, seconds, times)
            if times > 1:
                connection.execute("UPDATE fault SET times = times - 1 WHERE id = ?", (key,))
            else:
                connection.execute("DELETE FROM fault WHERE id = ?", (key,))
    return first
