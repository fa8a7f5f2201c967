"""A whole run of `bridge sync` with nothing new, in database mode, over a long history."""

import datetime as dt
from collections import Counter

from benchmarks.children import Ran
from benchmarks.companies import company
from benchmarks.harness import Figure, show, sized
from benchmarks.log import finish_everything
from benchmarks.rig import Rig, rig

SMALL, LARGE = sized((5_000, 50_000), (10_000, 1_000_000))
LONG_AGO = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
READS = ("Get", "is")


def best(bridge: Rig, digest: str) -> Ran:
    """The quickest of three."""
    runs = [bridge.sync(source={"database_digest": digest})[0] for _ in range(3)]
    return min(runs, key=lambda one: one.seconds)


def history(size: int) -> tuple[dict[str, float], Counter[str]]:
    """Seconds and MiB of both kinds of run, and the target calls of one."""
    with company(size) as made, rig(made) as bridge:
        first, _ = bridge.sync("--limit", "50")
        finish_everything(bridge.store, LONG_AGO)
        bridge.sync()
        before = Counter(bridge.ends.calls("target"))
        quick = best(bridge, "deep_scan")
        calls = Counter(bridge.ends.calls("target")) - before
        full = best(bridge, "every_run")
    found = {"quick": quick.seconds, "full": full.seconds, "MiB": full.peak_mib}
    found |= {"first MiB": first.peak_mib, "first": first.seconds}
    return found, Counter({name: count // 3 for name, count in calls.items()})


def main() -> None:
    """Compare two sizes: what both take is the start and the two ends' set-up."""
    small, few = history(SMALL)
    large, many = history(LARGE)
    writes = sum(count for name, count in many.items() if not name.startswith(READS))
    figures = [
        Figure(f"quick check, whole command, {SMALL:,}", small["quick"], "s"),
        Figure(f"quick check, whole command, {LARGE:,}", large["quick"], "s"),
        Figure(
            "quick check, growth with the history", large["quick"] - small["quick"], "s", at_most=1
        ),
        Figure(f"full digest, whole command, {LARGE:,}", large["full"], "s", at_most=6),
        Figure("full digest over quick check", large["full"] / large["quick"], "x"),
        Figure(f"target calls, {SMALL:,}", sum(few.values()), "calls"),
        Figure(f"target calls, {LARGE:,}", sum(many.values()), "calls", at_most=sum(few.values())),
        Figure("of them writes", writes, "calls", at_most=0),
        Figure("peak memory", large["MiB"], "MiB", at_most=96),
        Figure(f"the first run, which scans {LARGE:,}", large["first"], "s"),
        Figure("its peak memory", large["first MiB"], "MiB", at_most=96),
        Figure(
            f"more than with {SMALL:,}", large["first MiB"] - small["first MiB"], "MiB", at_most=5
        ),
    ]
    show("Nothing new, database mode", figures, notes=[f"calls: {dict(many)}"])


if __name__ == "__main__":
    main()
