"""Forks `bridge` processes, which may kill themselves at a chosen moment. Run by commands.py.

Each line of standard input is a JSON object: its number, the directory, the arguments, the
environment, where the output goes, and when to die. The child is a process of its own that runs the
real command line; the imports are shared with it, so that hundreds of them start quickly. Answers a
JSON line with the order's number, the exit code (negative: the signal) and how many moments the
child passed.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401  # imported once, here
import kashflow_target
import whmcs_source
from kashflow_target.soap.client import description

import bridge
from bridge.cli.main import main
from bridge.config import load
from bridge.engine.write import writer
from bridge.registry import load_plugins
from bridge.store.sync_log import SyncLog
from tests import clock

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = ("bridge.testing", "bridge.store.migrations", "bridge.cli.__main__")
PATIENCE_S = 120


class Moments:
    """Counts the moments of a run at which a process could die, and dies at one."""

    def __init__(self, at: int, report: int) -> None:
        self.passed = 0
        self.at = at
        self.report = report
        self._one_by_one = threading.Lock()  # several workers pass moments at once

    def pass_one(self) -> None:
        with self._one_by_one:
            self.passed += 1
            os.pwrite(self.report, str(self.passed).encode().ljust(8), 0)
            if self.passed == self.at:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """A moment before and one after each call."""

        def marked(*arguments: Any, **named: Any) -> Any:
            self.pass_one()
            answer = method(*arguments, **named)
            self.pass_one()
            return answer

        return marked


def child(order: dict[str, Any], report: int) -> int:
    """The process under test; answers what it ends with."""
    os.chdir(order["place"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    clock.follow()
    for descriptor, name in enumerate((os.devnull, order["out"], order["err"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  # as long as it lives
    sys.argv = ["bridge", *order["arguments"]]
    if order.get("at"):
        moments = Moments(int(order["at"]), report)
        SyncLog.write = moments.around(SyncLog.write)  # type: ignore[method-assign]
        writer._patiently = moments.around(writer._patiently)
    if order.get("after_s"):
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, order["after_s"])
    else:
        signal.alarm(PATIENCE_S)
    return main()


def end(code: int) -> None:
    """End as Python does, but for taking apart all that was imported, which is half of a run."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for its threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve() -> None:
    """One child an order, until there are no more orders."""
    for line in sys.stdin:
        order = json.loads(line)
        report = os.memfd_create("moments")
        pid = os.fork()
        if not pid:
            end(child(order, report))
        _, status = os.waitpid(pid, 0)
        passed = os.pread(report, 8, 0).strip(b"\0 ") or b"0"
        os.close(report)
        code = os.waitstatus_to_exitcode(status)
        answer = {"number": order["number"], "code": code, "passed": int(passed)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _modules() -> Iterator[str]:
    for package in (bridge, whmcs_source, kashflow_target):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not each.name.startswith(LEFT_OUT):
                yield each.name


if __name__ == "__main__":
    for name in _modules():
        importlib.import_module(name)
    # Read once, for all of them, and never looked through for what could be thrown away.
    description()
    load(ROOT / "bridge.yaml", load_plugins())
    gc.collect()
    gc.freeze()
    serve()
