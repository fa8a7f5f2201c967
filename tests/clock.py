"""A clock that stands where a test wants it, in the test's process and in all that it starts.

The file that `FILE` names in the environment holds the seconds from the real time to that of the
test. A forked `bridge` reads it after the fork; one that is started from the first line of Python
on reads it where tests/python_start is on PYTHONPATH.
"""

import datetime as dt
import os
import time
from pathlib import Path

import time_machine

FILE = "BRIDGE_TEST_CLOCK"
STARTED_WITH = str(Path(__file__).with_name("python_start"))
_MOVED: list[time_machine.travel] = []


def follow() -> None:
    """Set this process's clock as the file says now; from there it goes on as the real one does.

    What counts from an unknown beginning, as `time.monotonic`, stays as it is.
    """
    while _MOVED:
        _MOVED.pop().stop()
    name = os.environ.get(FILE)
    written = Path(name).read_text() if name else ""
    if written:
        _MOVED.append(time_machine.travel(time.time() + float(written)))
        _MOVED[-1].start()


def set_to(moment: dt.datetime, file: Path) -> None:
    """Have those who follow the file go on from this moment; this process does at once."""
    file.write_text("")
    follow()
    file.write_text(str(moment.timestamp() - time.time()))
    follow()


def python_path() -> str:
    """PYTHONPATH, by which each Python that is started follows the file."""
    return os.pathsep.join(filter(None, (STARTED_WITH, os.environ.get("PYTHONPATH"))))
