"""Lets midnight come while a test runs: the last day of a month ends under it. For `make midnight`.

Two ways: ``--midnight-after-begin SECONDS`` counts from where the test's preparation begins, and
``--midnight-after-set-up SECONDS`` from where it is done, so that midnight comes while its own code
runs. What several tests of a module share is prepared before the midnight of the first; each of
the others runs over that of the next day, since no clock goes back.
"""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clock import FILE, follow, python_path, set_to

FIRST = dt.datetime(2026, 12, 1)  # noqa: DTZ001  # midnight where the tests run
BEFORE = dt.timedelta(minutes=10)


class Midnight:
    """The clock of the test process, and of all that it starts."""

    def __init__(self, lead_s: float, *, prepared: bool) -> None:
        self._lead = dt.timedelta(seconds=lead_s)
        self._prepared = prepared
        self._days = 0
        self._module = Path()
        descriptor, name = tempfile.mkstemp(prefix="bridge-test-clock-")
        os.close(descriptor)
        self._file = Path(name)
        os.environ[FILE] = name
        os.environ["PYTHONPATH"] = python_path()
        set_to(FIRST - BEFORE, self._file)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Function) -> Iterator[None]:
        """Stand shortly before midnight, and once more when all is prepared."""
        self._days = self._days + 1 if _shares(item) and item.path == self._module else 0
        self._module = item.path
        midnight = FIRST + dt.timedelta(days=self._days)
        set_to(midnight - (BEFORE if self._prepared else self._lead), self._file)
        yield
        if self._prepared:
            set_to(midnight - self._lead, self._file)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        self._file.write_text("")
        follow()
        self._file.unlink()


def _shares(item: pytest.Item) -> bool:
    """Whether something is prepared for it and for other tests of its module."""
    definitions = item._request._arg2fixturedefs.values()  # type: ignore[attr-defined]
    return any(one.scope != "function" and one.baseid for several in definitions for one in several)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two ways."""
    for way in ("begin", "set-up"):
        parser.addoption(f"--midnight-after-{way}", type=float, metavar="SECONDS")


def pytest_configure(config: pytest.Config) -> None:
    """Move the clock of each process that runs tests; with xdist those are its workers."""
    begin, set_up = (config.getoption(f"midnight_after_{way}") for way in ("begin", "set_up"))
    hands_out = config.getoption("dist", "no") != "no" and "PYTEST_XDIST_WORKER" not in os.environ
    lead_s = begin if set_up is None else set_up
    if lead_s is not None and not hands_out:
        midnight = Midnight(lead_s, prepared=set_up is not None)
        config.pluginmanager.register(midnight, "midnight")
