"""Exactly once, whatever dies when: the engine, a real sync log and a target, disturbed.

The source is in memory, the log is a SQLite file, the target and its far side are the author's.
A killed process is simulated by `Died`, which unwinds everything up to the test: what was not
committed to the log is lost, as it would be. That `finally` blocks run is the one difference, so
no lock is taken here; bridge's own tests kill real processes.
"""

# ruff: noqa: S101  # a suite asserts

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bridge.testing.conformance.exemptions import Suite, about, given
from bridge.testing.conformance.scenario import Story
from bridge.testing.conformance.simulation import HOUR, LATE_S, Nobody, Plan, Rehearsal
from bridge.testing.conformance.target_writer import Desk
from bridge.testing.faults import Died

__all__ = ["Nobody", "TargetCrashes"]


class TargetCrashes(Suite):
    """A run that is disturbed at any write ends, after further runs, as if it had not been.

    Attributes:
        every: Each so manyth moment is tried. More than 1 only where others are tried elsewhere.
    """

    every: ClassVar[int] = 1

    def test_a_second_run_writes_nothing(self, desk: Desk, tmp_path: Path) -> None:
        """All is done by one run, and known to be."""
        rehearsal = Rehearsal(Story(desk), tmp_path / "log.db")
        rehearsal.story.begin()
        report = rehearsal.run()
        assert report is not None
        assert report.exit_code == 0, report
        rehearsal.check()
        written = rehearsal.at_target.count
        rehearsal.run()
        assert rehearsal.at_target.count == written > 0

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_killed_around_any_write(self, desk: Desk, tmp_path: Path, when: str) -> None:
        """The process dies just before the call, or after it and before it is written down."""
        strike = _die_before if when == "before" else _die_after
        for at in range(1, _writes(desk, tmp_path) + 1, self.every):
            rehearsal = Rehearsal(Story(desk), tmp_path / f"{at}.db", Plan(at, strike))
            rehearsal.whole_story()
            rehearsal.check()
            assert rehearsal.at_target.struck

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_killed_around_any_commit(self, desk: Desk, tmp_path: Path, when: str) -> None:
        """The process dies just before something is written to the log, or just after.

        Every other commit for each: after one and before the next is nearly the same moment.
        """
        strike = _die_before if when == "before" else _die_after
        for at in range(1 if when == "before" else 2, _commits(desk, tmp_path) + 1, 2 * self.every):
            rehearsal = Rehearsal(Story(desk), tmp_path / f"{at}.db", at_log=Plan(at, strike))
            rehearsal.whole_story()
            rehearsal.check()
            assert rehearsal.at_log.struck

    @about("faults")
    @pytest.mark.parametrize("mode", ["cut_before", "lost_reply"])
    def test_the_reply_to_any_write_is_lost(self, desk: Desk, tmp_path: Path, mode: str) -> None:
        """Done or not done, and nobody heard."""
        misbehave = given(desk.stand.misbehave, "misbehave")

        def strike(name: str, call: Callable[[], Any]) -> Any:
            misbehave(name, mode)
            return call()

        for at in range(1, _writes(desk, tmp_path) + 1, self.every):
            rehearsal = Rehearsal(Story(desk), tmp_path / f"{at}.db", Plan(at, strike))
            rehearsal.whole_story()
            rehearsal.check()
            assert rehearsal.at_target.struck

    @about("faults")
    def test_any_write_is_done_after_we_gave_up(self, desk: Desk, tmp_path: Path) -> None:
        """A look that finds nothing is no proof as long as the far side may be at work."""
        misbehave = given(desk.stand.misbehave, "misbehave")

        def strike(name: str, call: Callable[[], Any]) -> Any:
            misbehave(name, "late_commit", seconds=LATE_S)
            return call()

        for at in range(1, _writes(desk, tmp_path) + 1, self.every):
            rehearsal = Rehearsal(Story(desk), tmp_path / f"{at}.db", Plan(at, strike))
            for chapter in (rehearsal.story.begin, rehearsal.story.go_on):
                struck_before = rehearsal.at_target.struck
                chapter()
                rehearsal.run()
                if rehearsal.at_target.struck != struck_before:
                    rehearsal.now -= HOUR  # the settle delay has not passed
                    rehearsal.run()
                    time.sleep(LATE_S * 1.5)
                rehearsal.run_until_quiet()
            rehearsal.check()
            assert rehearsal.at_target.struck

    def test_a_lost_log_makes_no_duplicates(self, desk: Desk, tmp_path: Path) -> None:
        """A new log finds everything where it stands, and writes nothing."""
        rehearsal = Rehearsal(Story(desk), tmp_path / "log.db")
        rehearsal.whole_story()
        written = rehearsal.at_target.count
        for file in tmp_path.glob("log.db*"):
            file.unlink()
        rehearsal.run_until_quiet()
        rehearsal.check()
        assert rehearsal.at_target.count == written

    def test_an_old_log_makes_no_duplicates(self, desk: Desk, tmp_path: Path) -> None:
        """A log restored from the day before finds what was booked since."""
        rehearsal = Rehearsal(Story(desk), tmp_path / "log.db")
        rehearsal.story.begin()
        rehearsal.run_until_quiet()
        kept = {file: file.read_bytes() for file in tmp_path.glob("log.db*")}
        rehearsal.story.go_on()
        rehearsal.run_until_quiet()
        for file in tmp_path.glob("log.db*"):
            file.unlink()
        for file, content in kept.items():
            file.write_bytes(content)
        rehearsal.run_until_quiet()
        rehearsal.check()


def _die_before(name: str, call: Callable[[], Any]) -> Any:  # noqa: ARG001  # never made
    raise Died(f"before {name}")


def _die_after(name: str, call: Callable[[], Any]) -> Any:
    call()
    raise Died(f"after {name}")


def _undisturbed(desk: Desk, directory: Path) -> Rehearsal:
    rehearsal = Rehearsal(Story(desk), directory / "undisturbed.db")
    rehearsal.whole_story()
    rehearsal.check()
    return rehearsal


def _writes(desk: Desk, directory: Path) -> int:
    """How many writes the whole story takes when nothing goes wrong."""
    return _undisturbed(desk, directory).at_target.count


def _commits(desk: Desk, directory: Path) -> int:
    """How many commits it takes."""
    return _undisturbed(desk, directory).at_log.count
