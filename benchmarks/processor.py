"""The processor's time for each invoice, and a profile of where it goes.

As in `throughput`, what a short and a long run both pay drops out.
"""

import json
import sys
from collections import Counter

from benchmarks.children import run
from benchmarks.companies import Payments, company
from benchmarks.harness import Figure, show, sized
from benchmarks.rig import Rig, rig

CLIENTS = 100
SHORT, LONG = sized((50, 450), (200, 4_200))
TOP = 12


def processor_ms(bridge: Rig, workers: int) -> float:
    """Milliseconds an invoice."""
    short, _ = bridge.sync("--limit", str(SHORT), workers=workers)
    long, _ = bridge.sync("--limit", str(LONG), workers=workers)
    return 1000 * (long.processor_s - short.processor_s) / (LONG - SHORT)


def profile(bridge: Rig, limit: int) -> dict[str, Counter[str]]:
    """Seconds by part and by function."""
    file = bridge.place / "profile.json"
    command = [sys.executable, "-m", "benchmarks.profiled", str(file)]
    ran = run([*command, "sync", "--json", "--limit", str(limit)], place=bridge.place)
    if ran.exit_code not in {0, 3}:
        raise AssertionError(f"bridge sync ended with {ran.exit_code}: {ran.output[-2000:]}")
    found = json.loads(file.read_text(encoding="utf-8"))
    return {name: Counter(found[name]) for name in ("parts", "functions")}


def main() -> None:
    """Measure, then profile."""
    size = int((CLIENTS + 4 * (SHORT + LONG)) * 1.1) + 200
    with (
        company(size, clients=CLIENTS, payments=Payments.ONE_EACH) as made,
        rig(made) as bridge,
    ):
        bridge.sync("--limit", str(CLIENTS + 10))
        figures = [
            Figure(f"an invoice, {workers} workers", processor_ms(bridge, workers), "ms", at_most=5)
            for workers in (1, 8)
        ]
        short, long = profile(bridge, SHORT), profile(bridge, LONG)
    parts = long["parts"] - short["parts"]
    whole = sum(parts.values()) or 1
    figures += [
        Figure(f"of it: {name}", seconds / whole, "x") for name, seconds in parts.most_common()
    ]
    functions = (long["functions"] - short["functions"]).most_common(TOP)
    notes = [f"{seconds / whole:6.1%} {name}" for name, seconds in functions]
    show("Processor time, one payment, three lines, known clients", figures, notes=notes)


if __name__ == "__main__":
    main()
