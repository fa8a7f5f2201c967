"""Three runs of bridge over its sandboxes: 200 invoices, the rest, and nothing to do.

Everything happens in `.demo`, which is made anew, so a user's own sync log is never touched.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
HELD_ON_PURPOSE = 3  # the exit code that says so
TITLES = (
    "First run: a batch of 200. Some invoices are held on purpose, each with its reason",
    "Second run: the rest",
    "Third run: nothing to do, nothing written",
)


def main() -> int:
    """Run the demo; answers its exit code."""
    bridge = Path(sys.argv[1]).absolute()
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()
    shutil.copy(ROOT / "bridge.yaml", DEMO)
    for number, title in enumerate(TITLES):
        print(f"\n=== {title}\n$ bridge sync", flush=True)
        code = subprocess.run([bridge, "sync"], cwd=DEMO, check=False).returncode
        last = number == len(TITLES) - 1
        if code != 0 and (last or code != HELD_ON_PURPOSE):
            print(f"bridge sync ended with exit code {code}", file=sys.stderr)
            return code or 1
    name = bridge.relative_to(ROOT) if bridge.is_relative_to(ROOT) else bridge
    print(
        f"""
=== Where to look next
  cd {DEMO.name}
  ../{name} status                      what is held, and why
  ../{name} explain INV-2026-1190       one invoice's story
  ../{name} log                         what happened
  ../{name} validate-config --live      is everything mapped
README.md says how to point it at real systems."""
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
