"""`bridge validate-config`: the file, and with --live both ends."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.common import Json, counted, open_app
from bridge.cli.console import STATE, problem_text, say, say_json
from bridge.cli.decisions import decisions, tell_decisions
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.contract import Finding

_SEVEREST = (10, 12, 2)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("validate-config")(validate_config)


def validate_config(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Sign in at both ends and check every mapping.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check bridge.yaml, and with --live both ends.

    Lists the accounting decisions that the file leaves open, and what each of them holds. --live
    signs in at both ends and looks at permissions, currencies, gateways and names. Exit
    codes: 2 where something is wrong that would stop a run, 10 login, 12 an end is unreachable.
    """
    STATE.as_json = as_json
    bridge = open_app()
    look = _live(bridge) if live else _Look()
    look.findings[:0] = _unwise(bridge)
    for finding in look.findings:
        if as_json:
            say_json(_plain(finding))
        else:
            _tell(finding)
    open_decisions = decisions(bridge, live=live)
    tell_decisions(open_decisions, as_json=as_json)
    wrong = sum(finding.level.value == "error" for finding in look.findings)
    warnings = sum(finding.level.value == "warning" for finding in look.findings)
    code = look.exit_code or (2 if wrong else 0)
    if as_json:
        say_json(
            {
                "type": "summary",
                "version": 1,
                "errors": wrong,
                "warnings": warnings,
                "open_decisions": len(open_decisions),
                "exit_code": code,
            }
        )
    else:
        more = f", {warnings} to look at" if warnings else ""
        if open_decisions:
            more += f", {counted(len(open_decisions), 'decision')} open"
        state = f"{wrong} wrong{more}" if wrong else f"in order{more}"
        say(f"{STATE.config}: {state}.")
    raise typer.Exit(code)


@dataclass(slots=True)
class _Look:
    """What was found so far. What is wrong at one end does not keep the other from being seen."""

    findings: list["Finding"] = field(default_factory=list)
    exit_code: int = 0

    @contextmanager
    def at(self, subject: str) -> Iterator[None]:
        """Turn what ends a step into a finding."""
        from bridge.contract import Finding, Level
        from bridge.errors import BridgeError, ConfigError, Problem

        try:
            yield
        except BridgeError as error:
            if isinstance(error, ConfigError):
                problems = list(error.problems)
            else:
                problems = [Problem(str(error), error.remedy)]
            for one in problems:
                self.findings.append(Finding(Level.ERROR, subject, problem_text(one), one.remedy))
            codes = {self.exit_code, error.exit_code} & set(_SEVEREST)
            self.exit_code = next((code for code in _SEVEREST if code in codes), error.exit_code)


def _live(bridge: "App") -> _Look:
    """Both ends, read only; sandboxes are looked at in a copy."""
    from bridge.contract import Finding, Level

    look = _Look()
    survey = None
    with ExitStack() as stack:
        ends = stack.enter_context(bridge.ends(stack.enter_context(bridge.sandbox_copy())))
        with look.at("source"):
            health = ends.source.check()
            look.findings.append(Finding(Level.OK, "source", f"{health.system} lets us in"))
            look.findings.extend(health.findings)
            survey = ends.source.survey()
        with look.at("target"):
            health = ends.target.check()
            look.findings.append(Finding(Level.OK, "target", f"{health.system} lets us in"))
            look.findings.extend(health.findings)
            with bridge.placed():
                ends.target.prepare()
            if survey is not None:
                look.findings.extend(ends.target.assess(survey))
        if survey is not None:
            look.findings.extend(_documents(bridge, survey.unpaid_documents))
    return look


def _unwise(bridge: "App") -> list["Finding"]:
    """What the file alone lets one warn of."""
    from bridge.contract import Finding, Level

    return [
        Finding(Level.WARNING, one.where or one.key, one.what, one.remedy)
        for one in bridge.config.warnings
    ]


def _documents(bridge: "App", told: str) -> list["Finding"]:
    from bridge.contract import Finding, Level

    chosen = bridge.config.settings.sync.unpaid_documents
    if not told:
        return []
    if told == chosen:
        return [Finding(Level.OK, "unpaid documents", f"{chosen}, as the source says")]
    return [
        Finding(
            Level.WARNING,
            "unpaid documents",
            f"bridge.yaml says {chosen}, the source says {told}",
            "ask the bookkeeper which it is: it decides the day on which VAT is due",
        )
    ]


def _tell(finding: "Finding") -> None:
    word = {"ok": "ok     ", "warning": "look at", "error": "WRONG  "}[finding.level.value]
    text = wrapped(f"{finding.subject}: {finding.what}", 9).strip()
    say(f"{word}  {text}")
    if finding.remedy:
        say(wrapped(f"To do: {finding.remedy}", 11))


def _plain(finding: "Finding") -> dict[str, object]:
    return {
        "type": "finding",
        "level": finding.level.value,
        "subject": finding.subject,
        "what": finding.what,
        "remedy": finding.remedy,
    }
