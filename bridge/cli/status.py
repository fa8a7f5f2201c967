"""`bridge status`: where things stand, and the next thing to do."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.common import Json, counted, entry_plain, open_log
from bridge.cli.console import STATE, say, say_json, table
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.model.reasons import Reason
    from bridge.model.run import EntryState
    from bridge.store.sync_log import SyncLog
    from bridge.store.tables.values import RunRow

    Counts = dict[tuple[EntryState, Reason | None], int]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    *,
    reason: Annotated[
        str,
        typer.Option(
            metavar="WORD", help="List the invoices that wait for this reason or are in this state."
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Show where things stand and what to do next.

    That is: the last run, the backlog, what is held and why.

    Exit codes for monitoring: 0 all is well, 3 something is held or failed, 4 unknown outcomes.
    """
    STATE.as_json = as_json
    with open_log() as log:
        counts = dict(log.count_entries())
        code = _exit_code(counts)
        if reason:
            _list(log, reason)
        elif as_json:
            say_json(_plain(log, counts, code))
        else:
            _tell(log, counts)
    raise typer.Exit(code)


def _exit_code(counts: "Counts") -> int:
    from bridge.model.run import EntryState

    states = {state for (state, _), number in counts.items() if number}
    if EntryState.UNKNOWN in states:
        return 4
    return 3 if states & {EntryState.HELD, EntryState.FAILED, EntryState.MISMATCH} else 0


def _tell(log: "SyncLog", counts: "Counts") -> None:
    from bridge.model.run import EntryState

    last = log.runs(1)
    say(_last(last[0]) if last else "No run yet: `bridge sync` makes the first.")
    backlog = log.backlog(now=dt.datetime.now(dt.UTC))
    say(f"Backlog: {counted(backlog, 'invoice')} for the next run.")
    by_state: dict[EntryState, int] = {}
    for (state, _), number in counts.items():
        by_state[state] = by_state.get(state, 0) + number
    for state, number in sorted(by_state.items()):
        if state is not EntryState.PENDING:
            say(f"{number:>7,}  {state.value}")
    waiting = {
        key: number
        for key, number in counts.items()
        if key[0] in {EntryState.HELD, EntryState.FAILED, EntryState.MISMATCH, EntryState.UNKNOWN}
    }
    if waiting:
        _waiting(log, waiting)
    say()
    say(wrapped(f"Next: {_next(counts, backlog)}"))


def _last(run: "RunRow") -> str:
    when = f"{run.started:%Y-%m-%d %H:%M} UTC"
    if run.ended is None:
        return f"Last run: {run.id} ({run.command}), {when}, has not ended or was killed."
    return f"Last run: {run.id} ({run.command}), {when}, exit code {run.exit_code}."


def _waiting(log: "SyncLog", waiting: "Counts") -> None:
    say()
    say("Waiting for a person:")
    rows = []
    for (state, reason), number in sorted(waiting.items(), key=lambda item: -item[1]):
        reasons = [reason] if reason else []
        first = next(log.entries(states=[state], reasons=reasons, limit=1), None)
        word = reason.value if reason else state.value
        what = f"{first.number}: {first.what}" if first else ""
        rows.append((word, f"{number:>5,}", what))
    table(("Reason", "Count", "The first of them"), rows)


def _next(counts: "Counts", backlog: int) -> str:
    from bridge.model.run import EntryState

    states = {state for (state, _), number in counts.items() if number}
    if EntryState.UNKNOWN in states:
        return "`bridge sync`: it finds out what became of the writes whose outcome is unknown."
    if EntryState.MISMATCH in states:
        return "`bridge status --reason readback_mismatch`: the target shows other figures."
    held = {reason: n for (state, reason), n in counts.items() if state is EntryState.HELD and n}
    if held:
        most = max(held, key=lambda reason: held[reason])
        word = most.value if most else "held"
        return f"`bridge status --reason {word}` lists them with what to do."
    if backlog:
        return "`bridge sync` takes up the backlog."
    return "nothing. Both sides are in step as far as the last run saw."


def _list(log: "SyncLog", text: str) -> None:
    from bridge.errors import UsageError
    from bridge.model.reasons import Reason
    from bridge.model.run import EntryState

    known = [*(reason.value for reason in Reason), *(state.value for state in EntryState)]
    if text not in known:
        raise UsageError(f"{text} is no reason and no state", remedy="`bridge status` shows them")
    reasons = [Reason(text)] if text in set(Reason) else []
    states = [EntryState(text)] if text in set(EntryState) else []
    for row in log.entries(states=states, reasons=reasons):
        if STATE.as_json:
            say_json(entry_plain(row))
            continue
        day = row.paid_on or row.issued
        say(f"{row.number}  {day or ''}  {row.gross}  client {row.client.id}")
        if row.what:
            say(wrapped(row.what, 2))
        if row.remedy:
            say(wrapped(f"To do: {row.remedy}", 2))


def _plain(log: "SyncLog", counts: "Counts", code: int) -> dict[str, Any]:
    last = log.runs(1)
    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for (state, reason), number in counts.items():
        states[state.value] = states.get(state.value, 0) + number
        if reason and state.value == "held":
            reasons[reason.value] = number
    backlog = log.backlog(now=dt.datetime.now(dt.UTC))
    return {
        "type": "status",
        "version": 1,
        "last_run": {
            "run": last[0].id,
            "started": last[0].started.isoformat(),
            "ended": last[0].ended.isoformat() if last[0].ended else None,
            "exit_code": last[0].exit_code,
        }
        if last
        else None,
        "backlog": backlog,
        "states": states,
        "held": reasons,
        "next": _next(counts, backlog),
        "exit_code": code,
    }
