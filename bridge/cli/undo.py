"""`bridge undo`: take back what a run created."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.common import Because, Json, counted, open_app
from bridge.cli.console import STATE, say, say_json, wrapped
from bridge.cli.manual import by_hand, ready_ends

if TYPE_CHECKING:
    from bridge.engine.undo.inspect import Plan
    from bridge.engine.undo.remove import Undone


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(undo)


def undo(
    *,
    run: Annotated[
        int, typer.Option(metavar="RUN", help="The run to take back; `bridge log` shows them.")
    ],
    because: Because,
    credit_notes: Annotated[
        bool, typer.Option("--credit-notes", help="Reverse by credit notes dated today.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be done.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Take back what a run created in the target.

    On the day of the run its records are removed, in an open period and where nobody touched them
    since. With --credit-notes, on any day, each invoice without money on it is reversed by a
    credit note of today. It shows the list and asks. What was taken back is held until
    `bridge retry`, which books it again.
    """
    STATE.as_json = as_json
    if dry_run:
        _rehearse(run, credit_notes=credit_notes)
        return
    _only_when_asked(yes=yes)
    if credit_notes:
        _reverse(run, because, yes=yes)
    from bridge.engine.undo.inspect import plan_undo
    from bridge.engine.undo.remove import settle_removals, undo as carry_out

    with by_hand("undo") as (hands, bridge), ready_ends(bridge) as ends:
        unknown = settle_removals(hands, ends.target, bridge.policy().settle_delay_s)
        if unknown:
            raise _too_early(counted(unknown, "record"), "went")
        plan = plan_undo(
            hands.log, ends.target, bridge.policy().choices, run, hands.clock().astimezone().date()
        )
        _show(plan)
        if _would_remove(plan) and not yes:
            typer.confirm("Remove these from the target?", err=True, abort=True)
        done = carry_out(hands, ends.target, plan, because)
        _tell(done)
        raise typer.Exit(done.exit_code)


def _rehearse(run: int, *, credit_notes: bool) -> None:
    from bridge.cli.reversal import show_reversals
    from bridge.engine.context import utc_now
    from bridge.engine.undo.inspect import plan_undo
    from bridge.engine.undo.plan_reversal import plan_reversals

    bridge = open_app()
    choices = bridge.policy().choices
    today = utc_now().astimezone().date()
    with bridge.log(create=False) as log, ready_ends(bridge) as ends:
        if credit_notes:
            show_reversals(plan_reversals(log, ends.target, choices, ends.source.label, run, today))
        else:
            _show(plan_undo(log, ends.target, choices, run, today))


def _reverse(run: int, because: str, *, yes: bool) -> None:
    """By credit notes: the same course as a removal."""
    from bridge.cli.reversal import show_reversals, tell_reversed
    from bridge.engine.undo.plan_reversal import plan_reversals
    from bridge.engine.undo.reverse import reverse, settle_reversals

    with by_hand("undo") as (hands, bridge), ready_ends(bridge) as ends:
        unknown = settle_reversals(hands, ends.target, bridge.policy().settle_delay_s)
        if unknown:
            raise _too_early(counted(unknown, "credit note"), "was written")
        today = hands.clock().astimezone().date()
        plan = plan_reversals(
            hands.log, ends.target, bridge.policy().choices, ends.source.label, run, today
        )
        show_reversals(plan)
        if any(entry.deed for entry in plan.entries) and not yes:
            typer.confirm("Write these credit notes?", err=True, abort=True)
        done = reverse(hands, ends.target, plan, because)
        tell_reversed(done, plan)
        raise typer.Exit(done.exit_code)


def _only_when_asked(*, yes: bool) -> None:
    from bridge.errors import UsageError

    if not yes and (STATE.as_json or not sys.stdin.isatty()):
        raise UsageError(
            "nobody can be asked here", remedy="look at it with --dry-run, then add --yes"
        )


def _too_early(what: str, deed: str) -> Exception:
    from bridge.errors import UsageError

    return UsageError(
        f"whether {what} of an earlier undo {deed} is not known yet",
        remedy="run the same again in some minutes: it looks before it does anything",
    )


def _would_remove(plan: "Plan") -> bool:
    return bool(plan.clients) or any(not entry.stays for entry in plan.entries)


def _show(plan: "Plan") -> None:
    if STATE.as_json:
        for line in _lines(plan):
            say_json(line)
        return
    if not plan.entries and not plan.clients:
        say(f"Nothing of run {plan.run.id} is left to take back.")
        return
    for entry in plan.entries:
        say(f"Invoice {entry.row.number} (id {entry.row.invoice.id}), {entry.row.gross}")
        if entry.stays:
            say(wrapped(f"stays: {entry.stays}", 2))
            say(
                wrapped(
                    f"To do: see what `bridge undo --run {plan.run.id} --credit-notes --because"
                    " ... --dry-run` makes of it",
                    2,
                )
            )
            continue
        for one in entry.records:
            sent = one.step.payload
            gross = sent.net + sent.tax if sent.net and sent.tax else sent.net
            amount = f", {gross}" if gross else ""
            say(wrapped(f"remove {one.link.ref}: {one.link.target.id}{amount}", 2))
    for client in plan.clients:
        say(f"Client {client.link.ref.id}: {client.link.target.id}, if nothing stands on it")


def _lines(plan: "Plan") -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [
        {
            "type": "takeback",
            "invoice": entry.row.invoice.id,
            "stays": entry.stays,
            "records": [
                {"ref": str(one.link.ref), "target": one.link.target.id} for one in entry.records
            ],
        }
        for entry in plan.entries
    ]
    clients = [
        {"type": "takeback_client", "client": one.link.ref.id, "target": one.link.target.id}
        for one in plan.clients
    ]
    return lines + clients


def _tell(done: "Undone") -> None:
    if STATE.as_json:
        say_json(
            {
                "type": "undone",
                "removed": done.removed,
                "stays": done.stays,
                "unknown": done.unknown,
                "exit_code": done.exit_code,
            }
        )
        return
    gone = ", ".join(counted(n, kind.replace("_", " ")) for kind, n in done.removed.items())
    say(f"Removed: {gone or 'nothing'}.")
    for name, why in done.stays.items():
        say(wrapped(f"{name}: {why}", 2))
    if done.removed:
        say("What was taken back is held: `bridge retry --reason skipped_by_user` books it again.")
