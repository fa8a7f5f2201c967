"""Runs the measurements that are named, or all of them; each in a process of its own."""

import subprocess
import sys

ALL = (
    "start_up",
    "database_reading",
    "memory",
    "nothing_new",
    "nothing_new_api",
    "throughput",
    "processor",
    "php",
)


def main() -> int:
    """The number of measurements that failed to run; a limit that is not met is no failure."""
    wanted = sys.argv[1:] or ALL
    if unknown := set(wanted) - set(ALL):
        print(f"no measurement is called {', '.join(sorted(unknown))}; there are: {', '.join(ALL)}")
        return 2
    return sum(
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
        for name in wanted
    )


if __name__ == "__main__":
    sys.exit(main())
