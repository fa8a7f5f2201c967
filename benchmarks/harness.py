"""What every measurement shares: sizes, figures with their limits, a table, a file."""

import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

RESULTS = Path(__file__).with_name("results")
T = TypeVar("T")


def sized(quick: T, full: T) -> T:
    """One of two, by BENCH_SIZE: quick (the default) or full."""
    return full if os.environ.get("BENCH_SIZE", "quick") == "full" else quick


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a measurement.

    Attributes:
        name: What was measured, at what size.
        unit: Of `value`; ``x`` for a ratio within this run.
        at_most, at_least: The limit that the figure should keep, if there is one.
    """

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def verdict(self) -> str:
        """``met``, ``NOT MET``, or nothing where there is no limit."""
        if self.at_most is None and self.at_least is None:
            return ""
        low = self.at_least is not None and self.value < self.at_least
        high = self.at_most is not None and self.value > self.at_most
        return "NOT MET" if low or high else "met"

    def limit(self) -> str:
        """The limit in words."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return f"at least {self.at_least:g}" if self.at_least is not None else ""


def show(title: str, figures: Sequence[Figure], *, notes: Sequence[str] = ()) -> None:
    """Print the table for people and write the file for programs."""
    print(f"\n{title}")
    for one in figures:
        value = f"{one.value:,.2f} {one.unit}"
        print(f"  {one.name:56} {value:>20}  {one.limit():14} {one.verdict()}".rstrip())
    for note in notes:
        print(f"  {note}")
    sys.stdout.flush()
    RESULTS.mkdir(exist_ok=True)
    record = {
        "title": title,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "size": sized("quick", "full"),
        "machine": machine(),
        "figures": [{**asdict(one), "verdict": one.verdict()} for one in figures],
        "notes": list(notes),
    }
    name = Path(sys.argv[0]).stem
    (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, object]:
    """What this ran on. The load tells how far to trust it."""
    return {
        "processors": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load": [round(one, 1) for one in os.getloadavg()],
    }
