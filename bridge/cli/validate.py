"""`bridge validate-config`: the file, and with --live both ends."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.common import Json, open_app
from bridge.cli.console import STATE, say, say_json, wrapped

if TYPE_CHECKING:
    from bridge.api import Finding
    from bridge.app import App


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
    """Check bridge.yaml; with --live also logins, permissions, currencies, gateways and names.

    Exits with 2 where something is wrong that would stop a run.
    """
    STATE.as_json = as_json
    bridge = open_app()
    findings = _live(bridge) if live else []
    if as_json:
        for finding in findings:
            say_json(_plain(finding))
    else:
        for finding in findings:
            _tell(finding)
    wrong = sum(finding.level.value == "error" for finding in findings)
    warnings = sum(finding.level.value == "warning" for finding in findings)
    if as_json:
        say_json(
            {
                "type": "summary",
                "version": 1,
                "errors": wrong,
                "warnings": warnings,
                "exit_code": 2 if wrong else 0,
            }
        )
    else:
        more = f", {warnings} to look at" if warnings else ""
        state = f"{wrong} wrong{more}" if wrong else f"in order{more}"
        say(f"{STATE.config}: {state}.")
    raise typer.Exit(2 if wrong else 0)


def _live(bridge: "App") -> list["Finding"]:
    """Both ends, read only; sandboxes are looked at in a copy."""
    from bridge.api import Finding, Level

    with ExitStack() as stack:
        sandboxes = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ends = stack.enter_context(bridge.ends(sandboxes))
        health = ends.source.check()
        findings = [Finding(Level.OK, "source", f"{health.system} lets us in"), *health.findings]
        survey = ends.source.survey()
        health = ends.target.check()
        findings += [Finding(Level.OK, "target", f"{health.system} lets us in"), *health.findings]
        ends.target.prepare()
        findings += list(ends.target.assess(survey))
        findings += _documents(bridge, survey.unpaid_documents)
        return findings


def _documents(bridge: "App", told: str) -> list["Finding"]:
    from bridge.api import Finding, Level

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
