"""Faults on request: which call goes wrong, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whmcs_source.sandbox.state import Database, insert

MODES = (
    "cut_before",
    "lost_reply",
    "half_reply",
    "garbage",
    "html",
    "http_500",
    "http_503",
    "http_429",
    "http_500_after",
    "slow",
    "late_commit",
    "refuse",
)


class FaultError(ValueError):
    """A fault that cannot be planned."""


@dataclass(frozen=True, slots=True)
class FiredFault:
    """One thing that goes wrong with one call.

    Attributes:
        mode: One of `MODES`.
        seconds: How long `slow` waits, or how much later `late_commit` works.
    """

    mode: str
    seconds: float


def plan(database: Database, faults: Sequence[Mapping[str, Any]]) -> None:
    """Replace what is planned.

    Raises:
        FaultError: naming what is wrong with one; nothing changes then.
    """
    rows = [_checked(fault) for fault in faults]
    database.execute("DELETE FROM sandbox_faults")
    for row in rows:
        insert(database, "sandbox_faults", row)


def planned(database: Database) -> list[dict[str, Any]]:
    """The faults that have not fired to their end."""
    rows = database.execute(
        "SELECT name, nth, mode, seconds, times FROM sandbox_faults ORDER BY id"
    )
    return [dict(row) for row in rows]


def next_fault(database: Database, name: str) -> FiredFault | None:
    """Count one call of `name`, and answer what goes wrong with it.

    Every plan that matches is counted down; the first that is due fires.
    """
    rows = database.execute("SELECT * FROM sandbox_faults ORDER BY id").fetchall()
    fired: FiredFault | None = None
    for row in rows:
        if row["name"] not in ("*", name.lower()):
            continue
        if row["nth"] > 1:
            database.execute("UPDATE sandbox_faults SET nth = nth - 1 WHERE id = ?", (row["id"],))
        elif fired is None:
            fired = FiredFault(row["mode"], row["seconds"])
            database.execute(
                "UPDATE sandbox_faults SET times = times - 1 WHERE id = ?", (row["id"],)
            )
    if fired is not None:
        database.execute("DELETE FROM sandbox_faults WHERE times < 1")
    return fired


def _checked(fault: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(fault) - {"name", "nth", "mode", "seconds", "times"}
    if unknown:
        raise FaultError(f"a fault has no {', '.join(sorted(unknown))}")
    mode = fault.get("mode")
    if mode not in MODES:
        raise FaultError(f"mode was {mode!r}; it may be {', '.join(MODES)}")
    nth, times = int(fault.get("nth", 1)), int(fault.get("times", 1))
    if nth < 1 or times < 1:
        raise FaultError("nth and times count from 1")
    name = str(fault.get("name", "*")).lower()
    seconds = float(fault.get("seconds", 0.5))
    return {"name": name, "nth": nth, "mode": mode, "seconds": seconds, "times": times}
