"""The `bridge` command as a process of its own, without the wait until Python has loaded it all.

The first time that a test process runs a command it is started as people start it; from then on it
is forked from a process that has imported what commands import. Either way it has a process id, an
environment, files and an end of its own.
"""

import atexit
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FORK_SERVER = Path(__file__).with_name("fork_server.py")
PATIENCE_S = 120
READ_AT_START = ("PYTHON", "LC_", "LANG")  # before Python comes to the first line of a program
_STARTED: set[str] = set()


def run_bridge(
    place: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`bridge` with these arguments in this directory, and nothing on its standard input.

    Args:
        environment: Variables beside those of the tests.
    """
    changes = dict(environment or {})
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command not in _STARTED or any(name.startswith(READ_AT_START) for name in changes):
        _STARTED.add(command)
        return start_bridge(place, *arguments, environment=changes)
    return fork_server().tell(place, arguments, changes)


def start_bridge(
    place: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """As `run_bridge`, always from the first line of Python on."""
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli", *arguments],
        cwd=place,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


@cache
def fork_server() -> "ForkServer":
    """The one of this test process."""
    return ForkServer()


class ForkServer:
    """Has `bridge` processes forked, one after another."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._one_by_one = threading.Lock()
        self._files = tempfile.TemporaryDirectory(prefix="bridge-fork-server-")
        self._server = subprocess.Popen(
            [sys.executable, "-P", str(FORK_SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._close)

    def run(self, place: Path, *arguments: str, **when: float) -> dict[str, int]:
        """A `bridge --quiet` that dies on time; its exit code and the moments that it passed.

        Args:
            when: ``at`` a moment, by its number, or ``after_s``.
        """
        order = {"arguments": ["--quiet", *arguments], "out": os.devnull, "err": os.devnull}
        return self._carried_out({"place": str(place), **order, **when}, {})

    def tell(
        self, place: Path, arguments: tuple[str, ...], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """A `bridge`, to its end, with what it said."""
        files = {name: Path(self._files.name) / name for name in ("out", "err")}
        order = {name: str(file) for name, file in files.items()}
        found = self._carried_out(
            {"place": str(place), "arguments": arguments, **order}, environment
        )
        said = {f"std{name}": file.read_text() for name, file in files.items()}
        return subprocess.CompletedProcess(arguments, found["code"], **said)

    def _carried_out(self, order: dict[str, Any], environment: Mapping[str, str]) -> dict[str, int]:
        assert self._server.stdin
        assert self._server.stdout
        with self._one_by_one:
            number = next(self._numbers)
            order = {"number": number, "environment": {**os.environ, **environment}, **order}
            self._server.stdin.write(json.dumps(order) + "\n")
            self._server.stdin.flush()
            while True:  # the answer to one that a test did not wait for may come first
                answer: dict[str, int] = json.loads(self._server.stdout.readline())
                if answer.pop("number") == number:
                    return answer

    def _close(self) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()
        self._files.cleanup()
