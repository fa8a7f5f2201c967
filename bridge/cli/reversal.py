"""How `bridge undo --credit-notes` shows what it would write, and what came of it."""

from typing import TYPE_CHECKING

from bridge.cli.common import counted
from bridge.cli.console import STATE, say, say_json
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.engine.undo.plan_reversal import Reversal, ReversalPlan
    from bridge.engine.undo.reverse import Reversed


def show_reversals(plan: "ReversalPlan") -> None:
    """Each document of the run: the credit note that reverses it, or why it stays."""
    if STATE.as_json:
        for entry in plan.entries:
            _show_json(entry)
        return
    if not plan.entries:
        say(f"Nothing of run {plan.run.id} is left to reverse.")
        return
    for entry in plan.entries:
        say(f"Invoice {entry.row.number} (id {entry.row.invoice.id}), {entry.row.gross}")
        _show(entry)


def _show(entry: "Reversal") -> None:
    if entry.deed is None:
        say(wrapped(f"stays: {entry.stays}", 2))
        say(wrapped(f"To do: {entry.remedy}", 2))
        return
    document, note = entry.deed.made.link.target.id, entry.deed.note
    if entry.there:
        say(wrapped(f"go on with credit note {entry.there.target.id} of document {document}", 2))
        return
    told = f"reverse document {document} by a credit note of {note.date}"
    say(wrapped(f"{told}: net {note.net}, tax {note.tax}", 2))


def _show_json(entry: "Reversal") -> None:
    note = entry.deed.note if entry.deed else None
    say_json(
        {
            "type": "reversal",
            "invoice": entry.row.invoice.id,
            "document": entry.deed.made.link.target.id if entry.deed else None,
            "date": str(note.date) if note else None,
            "net": str(note.net) if note else None,
            "tax": str(note.tax) if note else None,
            "stays": entry.stays,
            "remedy": entry.remedy,
        }
    )


def tell_reversed(done: "Reversed", plan: "ReversalPlan") -> None:
    """What was written, what stays and why, and what to type next."""
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
    shown = {entry.row.invoice.id for entry in plan.entries if entry.deed is None}
    if shown:
        say(wrapped(f"As they were, for the reasons above: {', '.join(sorted(shown))}."))
    for invoice, why in done.stays.items():
        if invoice not in shown:
            say(wrapped(f"invoice {invoice}: {why}", 2))
    if done.notes:
        say("What was reversed is held: `bridge retry ID` books one again.")
