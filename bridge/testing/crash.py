"""Exactly once, whatever dies when: the engine, a real sync log and a target, disturbed.

The source is in memory, the log is a SQLite file, the target and its far side are the author's.
A killed process is simulated by `Died`, which unwinds everything up to the test: what was not
committed to the log is lost, as it would be. That `finally` blocks run is the one difference, so
no lock is taken here; bridge's own tests kill real processes.
"""

# ruff: noqa: S101  # a suite asserts

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bridge.api import Entry, EntryState, Hold, Invoice, Report, Run, Target
from bridge.engine.ends import Ends, Stop, SyncRequest
from bridge.engine.policy import Policy, UnpaidDocuments
from bridge.engine.progress import Silent
from bridge.engine.sync import sync
from bridge.store.log import SyncLog
from bridge.testing.desk import LABEL, Desk
from bridge.testing.faults import Died
from bridge.testing.matters import Suite, about, given
from bridge.testing.memory_billing import MemorySource
from bridge.testing.story import FIRST_DAY, Story

WRITES = (
    "create_client",
    "update_client",
    "adopt_client",
    "create_invoice",
    "create_payment",
    "create_credit_note",
    "apply_credit_note",
    "create_movement",
)
COMMITS = ("write", "see", "set_cursor", "sighted")
LATE_S = 0.3
_RUNS = 8
_START = dt.datetime(2026, 5, 4, 6, 0, tzinfo=dt.UTC)
_HOUR = dt.timedelta(hours=1)


class Nobody:
    """No house rules and no observers."""

    def review(self, invoice: Invoice) -> Hold | None:  # noqa: ARG002
        """Nothing to say against it."""
        return None

    def run_started(self, run: Run) -> None:
        """Nothing."""

    def entry_finished(self, run: Run, entry: Entry) -> None:
        """Nothing."""

    def run_finished(self, run: Run, report: Report) -> None:
        """Nothing."""


@dataclass(slots=True)
class Plan:
    """Something happens at the nth call of some methods, over all runs of a test.

    Attributes:
        at: Which call, counted from 1; 0 lets all of them pass.
        strike: Is given the method's name and the call, and does both as it likes.
        count: Calls so far.
        struck: The method that was struck, or empty.
    """

    at: int = 0
    strike: Callable[[str, Callable[[], Any]], Any] | None = None
    count: int = 0
    struck: str = field(default="", init=False)

    def pass_by(self, name: str, call: Callable[[], Any]) -> Any:
        """Let a call pass, or strike it."""
        self.count += 1
        if self.count != self.at or self.strike is None:
            return call()
        self.struck = name
        return self.strike(name, call)


class Disturbed:
    """Stands before an object and lets a plan see the calls of some of its methods."""

    def __init__(self, inner: object, methods: tuple[str, ...], plan: Plan) -> None:
        self._inner, self._methods, self._plan = inner, methods, plan

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        if name not in self._methods:
            return attribute

        def call(*arguments: Any, **named: Any) -> Any:
            return self._plan.pass_by(name, lambda: attribute(*arguments, **named))

        return call


@dataclass(slots=True)
class Rehearsal:
    """One story, one log, one far side, and as many runs as it takes.

    Attributes:
        log_file: Where the sync log is kept between runs.
        at_target, at_log: What befalls writes at the target and commits to the log.
        now: What the engine takes for the time; each run is an hour later than the last.
    """

    story: Story
    log_file: Path
    at_target: Plan = field(default_factory=Plan)
    at_log: Plan = field(default_factory=Plan)
    now: dt.datetime = _START

    def run(self) -> Report | None:
        """One run of the engine; None where it died."""
        self.now += _HOUR
        try:
            return self._run()
        except Died:
            return None

    def _run(self) -> Report:
        from bridge.store.opening import open_log

        log = open_log(f"sqlite:///{self.log_file}", "kit", base=self.log_file.parent)
        try:
            log.migrate()
            with self.story.desk.stand.open() as target:
                return self._sync(
                    cast("SyncLog", Disturbed(log, COMMITS, self.at_log)),
                    cast("Target", Disturbed(target, WRITES, self.at_target)),
                )
        finally:
            log.close()

    def _sync(self, log: SyncLog, target: Target) -> Report:
        return sync(
            Ends(MemorySource(self.story.billing, LABEL), target),
            log,
            run=log.start_run("sync", version="kit", settings_digest="kit"),
            lease=None,
            policy=Policy(start_date=FIRST_DAY, unpaid_documents=UnpaidDocuments.PROFORMA),
            request=SyncRequest(limit=0),
            observers=Nobody(),
            progress=Silent(),
            stop=Stop(),
            clock=lambda: self.now,
        )

    def run_until_quiet(self) -> None:
        """Run until a run finishes everything and writes nothing.

        Raises:
            AssertionError: it never does.
        """
        report = None
        for _ in range(_RUNS):
            before = self.at_target.count
            report = self.run()
            if report and not report.exit_code and self.at_target.count == before:
                return
        msg = f"after {_RUNS} runs there is still something to do: {report}"
        raise AssertionError(msg)

    def whole_story(self) -> None:
        """Both chapters, each until quiet."""
        self.story.begin()
        self.run_until_quiet()
        self.story.go_on()
        self.run_until_quiet()

    def check(self) -> None:
        """Each record stands there exactly once, and the log says that all is done."""
        from bridge.store.opening import open_log

        with self.story.desk.stand.open() as target:
            target.check()
            target.prepare()
            wrong = self.story.wrong_in(target)
        log = open_log(f"sqlite:///{self.log_file}", "kit", base=self.log_file.parent)
        try:
            states = {row.invoice: row.state for row in log.entries()}
        finally:
            log.close()
        wrong += [f"{ref} is {state}" for ref, state in states.items() if state != EntryState.DONE]
        wrong += [f"{each.ref} was forgotten" for each in self.story.told if each.ref not in states]
        where = self.at_target.struck or self.at_log.struck
        assert not wrong, f"struck at {where} ({self.at_target.at or self.at_log.at}): {wrong}"


class TargetCrashes(Suite):
    """A run that is disturbed at any write ends, after further runs, as if it had not been."""

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
        for at in range(1, _writes(desk, tmp_path) + 1):
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
        for at in range(1 if when == "before" else 2, _commits(desk, tmp_path) + 1, 2):
            rehearsal = Rehearsal(Story(desk), tmp_path / f"{at}.db", at_log=Plan(at, strike))
            rehearsal.whole_story()
            rehearsal.check()
            assert rehearsal.at_log.struck

    @about("faults")
    @pytest.mark.parametrize("mode", ["cut_before", "lost_reply", "half_reply", "http_500_after"])
    def test_the_reply_to_any_write_is_lost(self, desk: Desk, tmp_path: Path, mode: str) -> None:
        """Done or not done, and nobody heard."""
        misbehave = given(desk.stand.misbehave, "misbehave")

        def strike(name: str, call: Callable[[], Any]) -> Any:
            misbehave(name, mode)
            return call()

        for at in range(1, _writes(desk, tmp_path) + 1):
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

        for at in range(1, _writes(desk, tmp_path) + 1):
            rehearsal = Rehearsal(Story(desk), tmp_path / f"{at}.db", Plan(at, strike))
            for chapter in (rehearsal.story.begin, rehearsal.story.go_on):
                struck_before = rehearsal.at_target.struck
                chapter()
                rehearsal.run()
                if rehearsal.at_target.struck != struck_before:
                    rehearsal.now -= _HOUR  # the settle delay has not passed
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
