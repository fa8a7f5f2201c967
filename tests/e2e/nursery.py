"""Forks `bridge` processes that kill themselves at a chosen moment. Run by test_killed.py.

Each line of standard input is a JSON object: the directory, the arguments, and when to die. The
child is a process of its own that runs the real command line; the imports are shared with it, so
that a hundred of them start quickly. Answers a JSON line with its exit code (negative: the signal)
and how many moments it passed.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import alembic.command  # noqa: F401  # imported once, here
from kashflow_target.soap import description

import bridge.app
import bridge.engine.dry_run
import bridge.engine.sync
import bridge.store.migrate  # noqa: F401
from bridge.cli.main import main
from bridge.engine import writer
from bridge.store.sql import SqlLog


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


def child(order: dict[str, Any], report: int) -> None:
    """The process under test."""
    os.chdir(order["place"])
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    if order.get("at"):
        moments = Moments(int(order["at"]), report)
        SqlLog.write = moments.around(SqlLog.write)  # type: ignore[method-assign]
        writer._patiently = moments.around(writer._patiently)
    if order.get("after_s"):
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, order["after_s"])
    os._exit(main(order["arguments"]))


def serve() -> None:
    """One child an order, until there are no more orders."""
    description()  # read once, for all of them
    for line in sys.stdin:
        order = json.loads(line)
        report = os.memfd_create("moments")
        pid = os.fork()
        if not pid:
            child(order, report)
        _, status = os.waitpid(pid, 0)
        passed = os.pread(report, 8, 0).strip(b"\0 ") or b"0"
        os.close(report)
        answer = {"code": os.waitstatus_to_exitcode(status), "passed": int(passed)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
