"""Peak memory of `bridge sync` where few and where many invoices are pending."""

from benchmarks.companies import company
from benchmarks.harness import Figure, show, sized
from benchmarks.rig import rig

SMALL, LARGE = sized((5_000, 50_000), (10_000, 1_000_000))
BATCH = 200


def peaks(size: int) -> tuple[float, float]:
    """MiB of a first run, which scans everything, and of the next, with the rest pending."""
    with company(size) as made, rig(made) as bridge:
        first, _ = bridge.sync("--limit", str(BATCH))
        second, summary = bridge.sync("--limit", str(BATCH))
        if summary["backlog"] < size // 2:
            raise AssertionError(f"of {size} invoices {summary['backlog']} are pending")
        return first.peak_mib, second.peak_mib


def main() -> None:
    """Compare two sizes."""
    small, large = peaks(SMALL), peaks(LARGE)
    figures = []
    for number, name in enumerate(("first run", "next run")):
        figures += [
            Figure(f"{name}, {SMALL:,} invoices", small[number], "MiB"),
            Figure(f"{name}, {LARGE:,} invoices", large[number], "MiB", at_most=96),
            Figure(f"{name}, growth", large[number] - small[number], "MiB", at_most=5),
        ]
    show(f"Peak memory of bridge sync --limit {BATCH}, database mode", figures)


if __name__ == "__main__":
    main()
