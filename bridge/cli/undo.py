"""`bridge undo`: take back what a run created."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.common import Json, counted, open_app
from bridge.cli.console import STATE, say, say_json, wrapped
from bridge.cli.hands import by_hand, ready_ends

if TYPE_CHECKING:
    from bridge.engine.undo import Plan
    from bridge.engine.undoing import Undone


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(undo)


def undo(
    *,
    run: Annotated[int, typer.Option(help="The run to take back.")],
    because: Annotated[str, typer.Option(help="Why, for whoever asks later. Required.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Take back what a run created in the target.

    Only on the day of the run, in an open period, and only what was not touched since. It shows
    the list and asks. What was taken back is held until `bridge retry`.
    """
    STATE.as_json = as_json
    if dry_run:
        _rehearse(run)
        return
    _only_when_asked(yes=yes)
    from bridge.engine.undo import plan_undo
    from bridge.engine.undoing import settle_removals
    from bridge.engine.undoing import undo as carry_out

    with by_hand("undo") as (hands, bridge), ready_ends(bridge) as ends:
        unknown = settle_removals(hands, ends.target, bridge.policy().settle_delay_s)
        if unknown:
            raise _too_early(unknown)
        plan = plan_undo(hands.log, ends.target, run, hands.clock().astimezone().date())
        _show(plan)
        if _would_remove(plan) and not yes:
            typer.confirm("Remove these from the target?", err=True, abort=True)
        done = carry_out(hands, ends.target, plan, because)
    _tell(done)
    raise typer.Exit(done.exit_code)


def _rehearse(run: int) -> None:
    from bridge.engine.ends import utc_now
    from bridge.engine.undo import plan_undo

    bridge = open_app()
    with bridge.log(create=False) as log, ready_ends(bridge) as ends:
        plan = plan_undo(log, ends.target, run, utc_now().astimezone().date())
    _show(plan)


def _only_when_asked(*, yes: bool) -> None:
    from bridge.api import UsageError

    if not yes and (STATE.as_json or not sys.stdin.isatty()):
        raise UsageError(
            "nobody can be asked here", remedy="look at it with --dry-run, then add --yes"
        )


def _too_early(unknown: int) -> Exception:
    from bridge.api import UsageError

    return UsageError(
        f"whether {counted(unknown, 'record')} of an earlier undo went is not known yet",
        remedy="run the same again in some minutes: it looks before it removes",
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
            say(wrapped("To do: write a credit note for it, dated today", 2))
            continue
        for one in entry.records:
            net = f", {one.step.payload.net}" if one.step.payload.net else ""
            say(wrapped(f"remove {one.link.ref}: {one.link.target.id}{net}", 2))
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
