"""Invoices a second into KashFlow's stand-in with latency, by workers: how near to what n allows.

A known client's invoice takes two calls, so n workers can do n / (2 x latency) a second. Each rate
is the difference of a short and a long run: what both pay (the start, set-up data, the first scan)
drops out, while reading, the guard, the log, look-ups and read-back stay in.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

from benchmarks.companies import Payments, company
from benchmarks.harness import Figure, show, sized
from benchmarks.rig import ROOT, Rig, rig
from benchmarks.soap_load import sustained

LATENCY_S = 0.1
CLIENTS = 200
# Workers, and the share of the limit that the issue asks for.
WORKERS = ((1, 0.95), (4, 0.93), (8, 0.92), (16, 0.90))
ON_A_SLOW_DISK = (8, 0.85)
SLOW_FSYNC_MS = 10
# Seconds at full speed.
SHORT, LONG = sized((2, 10), (10, 70))


def rate(
    bridge: Rig, workers: int, environment: Mapping[str, str] | None = None
) -> tuple[float, float]:
    """Invoices a second, and the processor's milliseconds for each."""
    allowed = workers / (2 * LATENCY_S)
    short, long = int(allowed * SHORT), int(allowed * LONG)
    ran = []
    for limit in (short, long):
        one, summary = bridge.sync("--limit", str(limit), workers=workers, environment=environment)
        if summary["outcome"]["done"] != limit or summary["created"]["clients"]:
            raise AssertionError(f"not {limit} invoices of known clients: {json.dumps(summary)}")
        ran.append(one)
    return (
        (long - short) / (ran[1].seconds - ran[0].seconds),
        1000 * (ran[1].processor_s - ran[0].processor_s) / (long - short),
    )


def slow_disk(place: Path) -> Mapping[str, str] | None:
    """The environment in which every fsync takes longer; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = place / "slow_disk.so"
    source = ROOT / "benchmarks" / "slow_disk.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "SLOW_DISK_US": str(SLOW_FSYNC_MS * 1000)}


def by_workers(bridge: Rig) -> list[Figure]:
    """Every number of workers that this version of bridge accepts."""
    figures = []
    for workers, share in WORKERS:
        allowed = workers / (2 * LATENCY_S)
        found, processor = rate(bridge, workers)
        name = f"{workers} workers: {found:.1f} of {allowed:g} invoices/s"
        figures.append(Figure(name, found / allowed, "x", at_least=share))
        figures.append(Figure(f"{workers} workers: processor an invoice", processor, "ms"))
    return figures


def on_a_slow_disk(bridge: Rig) -> list[Figure]:
    """The same where the disk answers late."""
    environment = slow_disk(bridge.place)
    if environment is None:
        return []
    workers, share = ON_A_SLOW_DISK
    found, _ = rate(bridge, workers, environment)
    part = found * 2 * LATENCY_S / workers
    name = f"{workers} workers, {SLOW_FSYNC_MS} ms more each fsync: {found:.1f}/s"
    return [Figure(name, part, "x", at_least=share)]


def main() -> None:
    """Learn the clients without latency, see what the stand-in bears, then measure."""
    started = perf_counter()
    per_second = sum(workers for workers, _ in (*WORKERS, ON_A_SLOW_DISK)) / (2 * LATENCY_S)
    size = int((CLIENTS + per_second * (SHORT + LONG)) * 1.1) + 200
    with (
        company(size, clients=CLIENTS, payments=Payments.ONE_EACH) as made,
        rig(made) as bridge,
    ):
        bridge.sync("--limit", str(CLIENTS + 20))
        bridge.ends.switch(latency_ms=int(LATENCY_S * 1000))
        figures = [*by_workers(bridge), *on_a_slow_disk(bridge)]
        bridge.ends.switch(latency_ms=0)
        ceiling = sustained(bridge.ends.target)
    figures.append(Figure("what the stand-in can sustain, of any client", ceiling, "invoices/s"))
    notes = [] if len(figures) > 2 * len(WORKERS) + 1 else ["no C compiler: no slow disk"]
    notes.append(f"{perf_counter() - started:.0f} s in all")
    show(f"Throughput at {LATENCY_S * 1000:.0f} ms a call", figures, notes=notes)


if __name__ == "__main__":
    main()
