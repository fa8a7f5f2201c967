"""`bridge undo`: take back what a run created."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.common import Because, Json, counted, open_app
from bridge.cli.console import STATE, say, say_json
from bridge.cli.manual import by_hand, ready_ends
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.contract import Target
    from bridge.engine.context import Operator
    from bridge.engine.undo.inspect import RemovalPlan
    from bridge.engine.undo.plan_reversal import Reversal, ReversalPlan
    from bridge.engine.undo.remove import RemovalResult
    from bridge.engine.undo.reverse import ReversalResult


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
    from bridge.engine.undo.remove import undo as carry_out

    with by_hand("undo") as (operator, bridge), ready_ends(bridge) as ends:
        _settle(operator, ends.target, bridge.policy().settle_delay_s)
        plan = plan_undo(
            operator.log,
            ends.target,
            bridge.policy().choices,
            run,
            operator.clock().astimezone().date(),
        )
        _show(plan)
        if _would_remove(plan) and not yes:
            typer.confirm("Remove these from the target?", err=True, abort=True)
        done = carry_out(operator, ends.target, plan, because)
        _tell(done)
        raise typer.Exit(done.exit_code)


def _rehearse(run: int, *, credit_notes: bool) -> None:
    from bridge.engine.context import utc_now
    from bridge.engine.undo.inspect import plan_undo
    from bridge.engine.undo.plan_reversal import plan_reversals

    bridge = open_app()
    choices = bridge.policy().choices
    today = utc_now().astimezone().date()
    with bridge.log(create=False) as log, ready_ends(bridge) as ends:
        if credit_notes:
            _show_reversals(
                plan_reversals(log, ends.target, choices, ends.source.label, run, today)
            )
        else:
            _show(plan_undo(log, ends.target, choices, run, today))


def _reverse(run: int, because: str, *, yes: bool) -> None:
    """Reverse a run by credit notes: settle, plan, show, ask and write."""
    from bridge.engine.undo.plan_reversal import plan_reversals
    from bridge.engine.undo.reverse import reverse

    with by_hand("undo") as (operator, bridge), ready_ends(bridge) as ends:
        _settle(operator, ends.target, bridge.policy().settle_delay_s)
        today = operator.clock().astimezone().date()
        plan = plan_reversals(
            operator.log, ends.target, bridge.policy().choices, ends.source.label, run, today
        )
        _show_reversals(plan)
        if any(entry.planned for entry in plan.entries) and not yes:
            typer.confirm("Write these credit notes?", err=True, abort=True)
        done = reverse(operator, ends.target, plan, because)
        _tell_reversed(done, plan)
        raise typer.Exit(done.exit_code)


def _only_when_asked(*, yes: bool) -> None:
    from bridge.errors import UsageError

    if not yes and (STATE.as_json or not sys.stdin.isatty()):
        raise UsageError(
            "nobody can be asked here", remedy="look at it with --dry-run, then add --yes"
        )


def _settle(operator: "Operator", target: "Target", settle_delay_s: int) -> None:
    """Find out what became of an earlier undo that was cut short."""
    from bridge.engine.write.settle import settle_undos
    from bridge.engine.write.writer import writer_of
    from bridge.errors import UsageError

    unknown = settle_undos(writer_of(operator, target), settle_delay_s)
    if unknown:
        raise UsageError(
            f"the outcome of {counted(unknown, 'step')} of an earlier undo is not known yet",
            remedy="run the same again in some minutes: it looks before it does anything",
        )


def _would_remove(plan: "RemovalPlan") -> bool:
    return bool(plan.clients) or any(not entry.stays for entry in plan.entries)


def _show(plan: "RemovalPlan") -> None:
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


def _lines(plan: "RemovalPlan") -> list[dict[str, Any]]:
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


def _tell(done: "RemovalResult") -> None:
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


# By credit notes ---------------------------------------------------------------------------------


def _show_reversals(plan: "ReversalPlan") -> None:
    """Show for each document of the run the credit note that reverses it, or why it stays."""
    if STATE.as_json:
        for entry in plan.entries:
            _show_reversal_json(entry)
        return
    if not plan.entries:
        say(f"Nothing of run {plan.run.id} is left to reverse.")
        return
    for entry in plan.entries:
        say(f"Invoice {entry.row.number} (id {entry.row.invoice.id}), {entry.row.gross}")
        _show_reversal(entry)


def _show_reversal(entry: "Reversal") -> None:
    if entry.planned is None:
        say(wrapped(f"stays: {entry.stays}", 2))
        say(wrapped(f"To do: {entry.remedy}", 2))
        return
    document, note = entry.planned.booked.link.target.id, entry.planned.payload
    if entry.there:
        say(wrapped(f"go on with credit note {entry.there.target.id} of document {document}", 2))
        return
    told = f"reverse document {document} by a credit note of {note.date}"
    say(wrapped(f"{told}: net {note.net}, tax {note.tax}", 2))


def _show_reversal_json(entry: "Reversal") -> None:
    note = entry.planned.payload if entry.planned else None
    say_json(
        {
            "type": "reversal",
            "invoice": entry.row.invoice.id,
            "document": entry.planned.booked.link.target.id if entry.planned else None,
            "date": str(note.date) if note else None,
            "net": str(note.net) if note else None,
            "tax": str(note.tax) if note else None,
            "stays": entry.stays,
            "remedy": entry.remedy,
        }
    )


def _tell_reversed(done: "ReversalResult", plan: "ReversalPlan") -> None:
    """Report what was written, what stays and why, and what to type next."""
    if STATE.as_json:
        say_json(
            {
                "type": "reversed",
                "notes": done.notes,
                "stays": done.stays,
                "unknown": done.unknown,
                "exit_code": done.exit_code,
            }
        )
        return
    say(f"Reversed: {counted(len(done.notes), 'invoice')}.")
    for invoice, note in done.notes.items():
        say(f"  invoice {invoice}: credit note {note}")
    shown = {entry.row.invoice.id for entry in plan.entries if entry.planned is None}
    if shown:
        say(wrapped(f"As they were, for the reasons above: {', '.join(sorted(shown))}."))
    for invoice, why in done.stays.items():
        if invoice not in shown:
            say(wrapped(f"invoice {invoice}: {why}", 2))
    if done.notes:
        say("What was reversed is held: `bridge retry ID` books one again.")
