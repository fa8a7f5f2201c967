"""What every test is held to: loopback only, and an environment left as it was found."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import stamina

_LOOPBACK = ("127.", "::1", "localhost")


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
