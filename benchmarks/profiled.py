"""Runs one command of bridge and says which part of it the processor worked for.

    python -m benchmarks.profiled FILE sync --limit 100

A thread looks every few milliseconds how much processor time each other thread used since, and
books it to the innermost part of bridge on that thread's stack. A tracing profiler would slow short
functions most and so change the shares.
"""

import gc
import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from bridge.cli.main import main

PAUSE_S = 0.002
# Innermost first: the first of a stack's files that contains one of these says which part it is.
PARTS = (
    ("importing", ("<frozen importlib",)),
    ("SOAP: the wire", ("target/soap/http.py", "/requests/", "/urllib3/", "http/client.py")),
    ("SOAP: envelopes", ("kashflow_target/soap/", "/zeep/")),
    ("translate into the target", ("kashflow_target/",)),
    ("read: queries", ("whmcs_source/database/connection.py", "pymysql")),
    ("read: translate", ("whmcs_source/",)),
    ("store", ("bridge/store/",)),
    ("decide and guard", ("bridge/engine/", "bridge/model/", "bridge/registry/")),
    ("command line", ("bridge/cli/", "bridge/app.py", "bridge/config/")),
)  # fmt: skip


def part_of(frame: FrameType | None) -> tuple[str, str]:
    """The part, and the innermost function of it."""
    for file, function in _frames(frame):
        for part, marks in PARTS:
            if any(mark in file for mark in marks):
                return part, f"{Path(file).stem}.{function}"
    return "other", ""


def _frames(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_code.co_name
        frame = frame.f_back


class Sampler(threading.Thread):
    """Counts seconds of processor time by part, and by function within it."""

    def __init__(self) -> None:
        super().__init__(name="sampler", daemon=True)
        self.parts: dict[str, float] = defaultdict(float)
        self.functions: dict[str, float] = defaultdict(float)
        self.ended = threading.Event()
        self._used: dict[int, float] = {}

    def run(self) -> None:
        """Look until told to end."""
        while not self.ended.wait(PAUSE_S):
            self._look()

    def _look(self) -> None:
        # A collection inside that call waits for a lock that the call itself holds (CPython 3.11).
        gc.disable()
        stacks = sys._current_frames()  # noqa: SLF001  # documented, and there is no other way
        gc.enable()
        for thread in threading.enumerate():
            if thread is self or thread.ident not in stacks:
                continue
            try:
                used = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            except OSError:  # it has just ended
                continue
            spent = used - self._used.get(thread.ident, 0.0)
            self._used[thread.ident] = used
            if spent > 0:
                part, function = part_of(stacks[thread.ident])
                self.parts[part] += spent
                self.functions[f"{part}: {function}"] += spent


def run() -> int:
    """The command's exit code."""
    sys.setswitchinterval(PAUSE_S / 4)
    sampler = Sampler()
    sampler.start()
    code = main(sys.argv[2:])
    sampler.ended.set()
    sampler.join()
    found = {"parts": sampler.parts, "functions": sampler.functions, "all": time.process_time()}
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(run())
