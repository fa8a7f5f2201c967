"""What every test is held to: loopback only, and an environment left as it was found.

Their files are kept in memory where there is room, and the longest of them begin first.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina

_LOOPBACK = ("127.", "::1", "localhost")
_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
_LONGEST = (
    "tests/test_style.py",
    "tests/e2e/test_killed.py",
    "tests/testing/memory/test_target.py",
    "tests/contract/test_kashflow_target_contract.py",
    "tests/test_docs_examples.py",
    "tests/test_two_commands.py",
    "tests/engine/test_promises.py",
    "tests/cli",
    "tests/e2e",
)


def pytest_configure(config: pytest.Config) -> None:
    """Wait for no disk: a killed process, unlike a power cut, leaves the same files in memory.

    A directory that is named in TMPDIR or by ``--basetemp`` is used instead.
    """
    if "TMPDIR" not in os.environ and not config.option.basetemp and _has_room(_MEMORY):
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # pytest has asked for it before


def _has_room(place: Path) -> bool:
    """Whether programs may be run there too, as in any other directory."""
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return False
    return not os.statvfs(place).f_flag & os.ST_NOEXEC and shutil.disk_usage(place).free > _ROOM


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker begins one of them when the others are done."""

    def rank(item: pytest.Item) -> int:
        name = item.nodeid
        return next((n for n, one in enumerate(_LONGEST) if name.startswith(one)), len(_LONGEST))

    items.sort(key=rank)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            pytest.fail(f"a test reached for {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _no_waiting(request: pytest.FixtureRequest) -> Iterator[None]:
    """Between two tries no time passes, but for a test that is marked ``waits``."""
    if request.node.get_closest_marker("waits"):
        yield
        return
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture(autouse=True)
def _environment_kept() -> Iterator[None]:
    """A test that leaves os.environ changed fails."""
    before = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    yield
    after = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    assert after == before
