"""A far side in memory misbehaves as it is told, and counts what it was asked."""

import time

import pytest

from bridge.api import (
    AccessError,
    BridgeError,
    OutcomeUnknownError,
    RecordRejectedError,
    TransientError,
    UnreachableError,
)
from bridge.testing.faults import Died, FarSide, Fault


class Shelf(FarSide):
    def __init__(self) -> None:
        super().__init__()
        self.things: list[str] = []

    def write(self, thing: str) -> None:
        self.writing("write", lambda: self.things.append(thing))

    def read(self) -> list[str]:
        return self.reading("read", lambda: list(self.things))


@pytest.mark.parametrize(
    ("mode", "error", "kept"),
    [
        ("cut_before", OutcomeUnknownError, []),
        ("lost_reply", OutcomeUnknownError, ["a"]),
        ("refuse", RecordRejectedError, []),
        ("unsent", TransientError, []),
        ("access", AccessError, []),
        ("unreachable", UnreachableError, []),
        ("die_before", Died, []),
        ("die_after", Died, ["a"]),
    ],
)
def test_each_mode_at_a_write(mode: str, error: type[BaseException], kept: list[str]) -> None:
    shelf = Shelf()
    shelf.faults.append(Fault("write", mode))
    with pytest.raises(error):
        shelf.write("a")
    assert shelf.read() == kept
    assert shelf.calls == {"write": 1, "read": 1}


@pytest.mark.parametrize("mode", ["cut_before", "lost_reply", "late_commit", "unsent"])
def test_a_lost_read_is_transient(mode: str) -> None:
    shelf = Shelf()
    shelf.faults.append(Fault("read", mode))
    with pytest.raises(TransientError):
        shelf.read()
    assert shelf.read() == []


def test_a_fault_fires_on_its_call_and_as_often_as_it_says() -> None:
    shelf = Shelf()
    shelf.faults.append(Fault("*", "unsent", nth=2, times=2))
    fates = []
    for thing in "abcd":
        try:
            shelf.write(thing)
            fates.append("done")
        except BridgeError:
            fates.append("failed")
    assert fates == ["done", "failed", "failed", "done"]


def test_a_late_commit_is_missed_by_so_many_looks() -> None:
    shelf = Shelf()
    shelf.faults.append(Fault("write", "late_commit", looks=2))
    with pytest.raises(OutcomeUnknownError):
        shelf.write("a")
    assert [shelf.read(), shelf.read(), shelf.read()] == [[], [], ["a"]]


def test_a_late_commit_with_seconds_comes_by_itself_and_once() -> None:
    shelf = Shelf()
    shelf.faults.append(Fault("write", "late_commit", seconds=0.02))
    with pytest.raises(OutcomeUnknownError):
        shelf.write("a")
    assert shelf.read() == []
    time.sleep(0.03)
    assert [shelf.read(), shelf.read()] == [["a"], ["a"]]


def test_a_misspelt_mode_is_refused_when_it_is_armed() -> None:
    with pytest.raises(ValueError, match="lost_replies"):
        Fault("write", "lost_replies")
