"""One run after another of the real engine against a target under test, with mishaps as planned."""

# ruff: noqa: S101  # a suite asserts

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from bridge.api import Entry, EntryState, Hold, Invoice, Report, Run, Target
from bridge.engine.context import (
    CancelToken,
    Connections,
    NoProgress,
    Policy,
    SyncRequest,
    UnpaidDocuments,
)
from bridge.engine.run.sync import sync
from bridge.store.sync_log import SyncLog
from bridge.testing.conformance.scenario import FIRST_DAY, Scenario
from bridge.testing.conformance.target_writer import LABEL
from bridge.testing.faults import Died
from bridge.testing.memory.source import MemorySource

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
HOUR = dt.timedelta(hours=1)


class NullObservers:
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
class Interruption:
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

    def intercept(self, name: str, call: Callable[[], Any]) -> Any:
        """Let a call pass, or strike it."""
        self.count += 1
        if self.count != self.at or self.strike is None:
            return call()
        self.struck = name
        return self.strike(name, call)


class InterruptedProxy:
    """Stands before an object and lets a plan see the calls of some of its methods."""

    def __init__(self, inner: object, methods: tuple[str, ...], plan: Interruption) -> None:
        self._inner, self._methods, self._plan = inner, methods, plan

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._inner, name)
        if name not in self._methods:
            return attribute

        def call(*arguments: Any, **named: Any) -> Any:
            return self._plan.intercept(name, lambda: attribute(*arguments, **named))

        return call


@dataclass(slots=True)
class Simulation:
    """One scenario, one log, one far side, and as many runs as it takes.

    Attributes:
        log_file: Where the sync log is kept between runs.
        at_target, at_log: What befalls writes at the target and commits to the log.
        now: What the engine takes for the time; each run is an hour later than the last.
    """

    scenario: Scenario
    log_file: Path
    at_target: Interruption = field(default_factory=Interruption)
    at_log: Interruption = field(default_factory=Interruption)
    now: dt.datetime = _START

    def run(self) -> Report | None:
        """One run of the engine; None where it died."""
        self.now += HOUR
        try:
            return self._run()
        except Died:
            return None

    def _run(self) -> Report:
        from bridge.store import open_log

        log = open_log(f"sqlite:///{self.log_file}", "kit", base=self.log_file.parent)
        try:
            log.migrate()
            with self.scenario.writer.stand.open() as target:
                return self._sync(
                    cast("SyncLog", InterruptedProxy(log, COMMITS, self.at_log)),
                    cast("Target", InterruptedProxy(target, WRITES, self.at_target)),
                )
        finally:
            log.close()

    def _sync(self, log: SyncLog, target: Target) -> Report:
        return sync(
            Connections(MemorySource(self.scenario.billing, LABEL), target),
            log,
            run=log.start_run("sync", version="kit", settings_digest="kit"),
            lease=None,
            policy=Policy(start_date=FIRST_DAY, unpaid_documents=UnpaidDocuments.PROFORMA),
            request=SyncRequest(limit=0),
            observers=NullObservers(),
            progress=NoProgress(),
            stop=CancelToken(),
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

    def whole_scenario(self) -> None:
        """Both chapters, each until quiet."""
        self.scenario.begin()
        self.run_until_quiet()
        self.scenario.go_on()
        self.run_until_quiet()

    def check(self) -> None:
        """Each record stands there exactly once, and the log says that all is done."""
        from bridge.store import open_log

        with self.scenario.writer.stand.open() as target:
            target.check()
            target.prepare()
            wrong = self.scenario.wrong_in(target)
        log = open_log(f"sqlite:///{self.log_file}", "kit", base=self.log_file.parent)
        try:
            states = {row.invoice: row.state for row in log.entries()}
        finally:
            log.close()
        wrong += [f"{ref} is {state}" for ref, state in states.items() if state != EntryState.DONE]
        wrong += [
            f"{each.ref} was forgotten" for each in self.scenario.told if each.ref not in states
        ]
        where = self.at_target.struck or self.at_log.struck
        assert not wrong, f"struck at {where} ({self.at_target.at or self.at_log.at}): {wrong}"
