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
from bridge.testing.conformance.scenario import Scenario
from bridge.testing.conformance.simulation import HOUR, LATE_S, Interruption, Simulation
from bridge.testing.conformance.target_writer import TargetWriter
from bridge.testing.faults import Died


class TargetCrashes(Suite):
    """A run that is disturbed at any write ends, after further runs, as if it had not been.

    Attributes:
        every: Each so manyth moment is tried. More than 1 only where others are tried elsewhere.
    """

    every: ClassVar[int] = 1

    def test_a_second_run_writes_nothing(self, writer: TargetWriter, tmp_path: Path) -> None:
        """All is done by one run, and known to be."""
        simulation = Simulation(Scenario(writer), tmp_path / "log.db")
        simulation.scenario.begin()
        report = simulation.run()
        assert report is not None
        assert report.exit_code == 0, report
        simulation.check()
        written = simulation.at_target.count
        simulation.run()
        assert simulation.at_target.count == written > 0

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_killed_around_any_write(self, writer: TargetWriter, tmp_path: Path, when: str) -> None:
        """The process dies just before the call, or after it and before it is written down."""
        strike = _die_before if when == "before" else _die_after
        for at in range(1, _writes(writer, tmp_path) + 1, self.every):
            simulation = Simulation(
                Scenario(writer), tmp_path / f"{at}.db", Interruption(at, strike)
            )
            simulation.whole_scenario()
            simulation.check()
            assert simulation.at_target.struck

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_killed_around_any_commit(
        self, writer: TargetWriter, tmp_path: Path, when: str
    ) -> None:
        """The process dies just before something is written to the log, or just after.

        Every other commit for each: after one and before the next is nearly the same moment.
        """
        strike = _die_before if when == "before" else _die_after
        for at in range(
            1 if when == "before" else 2, _commits(writer, tmp_path) + 1, 2 * self.every
        ):
            simulation = Simulation(
                Scenario(writer), tmp_path / f"{at}.db", at_log=Interruption(at, strike)
            )
            simulation.whole_scenario()
            simulation.check()
            assert simulation.at_log.struck

    @about("faults")
    @pytest.mark.parametrize("mode", ["cut_before", "lost_reply"])
    def test_the_reply_to_any_write_is_lost(
        self, writer: TargetWriter, tmp_path: Path, mode: str
    ) -> None:
        """Done or not done, and nobody heard."""
        misbehave = given(writer.stand.misbehave, "misbehave")

        def strike(name: str, call: Callable[[], Any]) -> Any:
            misbehave(name, mode)
            return call()

        for at in range(1, _writes(writer, tmp_path) + 1, self.every):
            simulation = Simulation(
                Scenario(writer), tmp_path / f"{at}.db", Interruption(at, strike)
            )
            simulation.whole_scenario()
            simulation.check()
            assert simulation.at_target.struck

    @about("faults")
    def test_any_write_is_done_after_we_gave_up(self, writer: TargetWriter, tmp_path: Path) -> None:
        """A look that finds nothing is no proof as long as the far side may be at work."""
        misbehave = given(writer.stand.misbehave, "misbehave")

        def strike(name: str, call: Callable[[], Any]) -> Any:
            misbehave(name, "late_commit", seconds=LATE_S)
            return call()

        for at in range(1, _writes(writer, tmp_path) + 1, self.every):
            simulation = Simulation(
                Scenario(writer), tmp_path / f"{at}.db", Interruption(at, strike)
            )
            for chapter in (simulation.scenario.begin, simulation.scenario.go_on):
                struck_before = simulation.at_target.struck
                chapter()
                simulation.run()
                if simulation.at_target.struck != struck_before:
                    simulation.now -= HOUR  # the settle delay has not passed
                    simulation.run()
                    time.sleep(LATE_S * 1.5)
                simulation.run_until_quiet()
            simulation.check()
            assert simulation.at_target.struck

    def test_a_lost_log_makes_no_duplicates(self, writer: TargetWriter, tmp_path: Path) -> None:
        """A new log finds everything where it stands, and writes nothing."""
        simulation = Simulation(Scenario(writer), tmp_path / "log.db")
        simulation.whole_scenario()
        written = simulation.at_target.count
        for file in tmp_path.glob("log.db*"):
            file.unlink()
        simulation.run_until_quiet()
        simulation.check()
        assert simulation.at_target.count == written

    def test_an_old_log_makes_no_duplicates(self, writer: TargetWriter, tmp_path: Path) -> None:
        """A log restored from the day before finds what was booked since."""
        simulation = Simulation(Scenario(writer), tmp_path / "log.db")
        simulation.scenario.begin()
        simulation.run_until_quiet()
        kept = {file: file.read_bytes() for file in tmp_path.glob("log.db*")}
        simulation.scenario.go_on()
        simulation.run_until_quiet()
        for file in tmp_path.glob("log.db*"):
            file.unlink()
        for file, content in kept.items():
            file.write_bytes(content)
        simulation.run_until_quiet()
        simulation.check()


def _die_before(name: str, call: Callable[[], Any]) -> Any:  # noqa: ARG001  # never made
    raise Died(f"before {name}")


def _die_after(name: str, call: Callable[[], Any]) -> Any:
    call()
    raise Died(f"after {name}")


def _undisturbed(writer: TargetWriter, directory: Path) -> Simulation:
    simulation = Simulation(Scenario(writer), directory / "undisturbed.db")
    simulation.whole_scenario()
    simulation.check()
    return simulation


def _writes(writer: TargetWriter, directory: Path) -> int:
    """How many writes the whole scenario takes when nothing goes wrong."""
    return _undisturbed(writer, directory).at_target.count


def _commits(writer: TargetWriter, directory: Path) -> int:
    """How many commits it takes."""
    return _undisturbed(writer, directory).at_log.count
