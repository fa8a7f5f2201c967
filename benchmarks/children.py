"""Child processes, with what each of them cost by itself."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BRIDGE = (sys.executable, "-m", "bridge.cli")


@dataclass(frozen=True, slots=True)
class Ran:
    """A child that has ended.

    Attributes:
        seconds: On the clock.
        processor_s: Of the child alone, in user and system mode.
        peak_mib: The most memory that it ever held.
    """

    exit_code: int
    output: str
    seconds: float
    processor_s: float
    peak_mib: float


def run(
    command: Sequence[str], *, place: Path, environment: Mapping[str, str] | None = None
) -> Ran:
    """Run to the end; errors go to this process's stderr."""
    started = time.perf_counter()
    with (place / "output.txt").open("w+", encoding="utf-8") as output:
        child = subprocess.Popen(
            command, cwd=place, stdout=output, env={**os.environ, **(environment or {})}
        )
        try:
            _, status, used = os.wait4(child.pid, 0)
        except BaseException:  # Ctrl-C leaves nothing behind
            child.kill()
            raise
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return Ran(
            child.returncode,
            output.read(),
            seconds,
            used.ru_utime + used.ru_stime,
            used.ru_maxrss / 1024,
        )


@dataclass(frozen=True, slots=True)
class Served:
    """Both stand-ins, in a process of their own.

    Attributes:
        source, target: Their settings for bridge.yaml.
    """

    source: Mapping[str, str]
    target: Mapping[str, str]

    def switch(self, **values: object) -> None:
        """Set KashFlow's switches."""
        self._control(self._address("target"), "switches", values)

    def calls(self, role: str) -> list[str]:
        """What was called at the ``source`` or the ``target`` so far."""
        found = self._control(self._address(role), "calls", None)["calls"]
        return [str(one.get("name", one.get("action", ""))) for one in found]

    def _address(self, role: str) -> str:
        if role == "source":
            return self.source["url"]
        return self.target["endpoint"].partition("/api/")[0]

    def _control(self, address: str, what: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"{address}/_sandbox/{what}",
            data=None if body is None else json.dumps(body).encode(),
            method="GET" if body is None else "PUT",
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)


@contextmanager
def served(place: Path) -> Iterator[Served]:
    """Serve the stand-ins with their data in `place`."""
    ports = ("--source-port", "0", "--target-port", "0")
    kinds = ("--source", "whmcs", "--target", "kashflow", "--directory", str(place))
    child = subprocess.Popen(
        [*BRIDGE, "sandbox", "--json", *ports, *kinds], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        told = [json.loads(child.stdout.readline()) for _ in range(2)]
        yield Served(told[0]["settings"], told[1]["settings"])
    finally:
        child.terminate()
        child.wait(60)
        child.stdout.close()
