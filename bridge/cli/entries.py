"""`bridge explain`: one invoice's story."""

from typing import TYPE_CHECKING, Any

import typer

from bridge.cli.common import Json, entry_plain, open_log
from bridge.cli.console import STATE, say, say_json, wrapped

if TYPE_CHECKING:
    from bridge.engine.story import Story


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(invoice: str, *, as_json: Json = False) -> None:
    """Tell one invoice's story.

    What was seen, decided by which rule, sent and answered.
    """
    from bridge.engine.named import named_entry
    from bridge.engine.story import tell_story

    STATE.as_json = as_json
    with open_log() as log:
        story = tell_story(log, named_entry(log, invoice))
    if as_json:
        say_json(_plain(story))
    else:
        _tell(story)


def _tell(story: "Story") -> None:
    from bridge.engine.story import in_words, outcome_in_words

    entry = story.entry
    say(f"Invoice {entry.number} (id {entry.invoice.id}) of client {entry.client.id}")
    say(
        f"  The source says: {entry.status}, {entry.gross}, issued {entry.issued or 'never'},"
        f" paid {entry.paid_on or 'never'}"
    )
    say()
    say(wrapped(in_words(entry)))
    if entry.reason:
        say(wrapped(f"Reason: {entry.reason.value}", 2))
    if entry.what:
        say(wrapped(f"Why: {entry.what}", 2))
    if entry.remedy:
        say(wrapped(f"To do: {entry.remedy}", 2))
    if story.links:
        say()
        say("In the target:")
        for link in story.links:
            how = "found there" if link.adopted else "written"
            amount = ""
            if link.payload and link.payload.net is not None:
                tax = f" and {link.payload.tax} tax" if link.payload.tax else ""
                amount = f", {link.payload.net}{tax}"
            day = f" of {link.day}" if link.day else ""
            say(wrapped(f"{link.ref} is {link.target.id}{day} ({how}){amount}", 2))
    if story.rules:
        say()
        say("Decided by:")
        for ref, rule in story.rules:
            say(wrapped(f"{ref}, {rule.about}: {rule.rule} -> {rule.value}", 2))
    if story.steps:
        say()
        say("Steps (UTC):")
        for step in story.steps:
            say(
                wrapped(
                    f"{step.intended:%Y-%m-%d %H:%M:%S}  run {step.run}: {step.action.value}"
                    f" {step.ref}: {outcome_in_words(step)}",
                    2,
                )
            )
    if story.events:
        say()
        say("Events (UTC):")
        for event in story.events:
            say(wrapped(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.message}", 2))


def _plain(story: "Story") -> dict[str, Any]:
    return {
        **entry_plain(story.entry),
        "type": "story",
        "links": [
            {
                "ref": str(link.ref),
                "target": link.target.id,
                "internal_id": link.target.internal_id,
                "day": str(link.day) if link.day else None,
                "adopted": link.adopted,
                "sent": dict(link.payload.body) if link.payload else None,
            }
            for link in story.links
        ],
        "rules": [
            {"ref": ref, "about": rule.about, "rule": rule.rule, "value": rule.value}
            for ref, rule in story.rules
        ],
        "steps": [
            {
                "run": step.run,
                "action": step.action.value,
                "ref": str(step.ref),
                "state": step.state.value,
                "intended": step.intended.isoformat(),
                "finished": step.finished.isoformat() if step.finished else None,
                "target": step.target.id if step.target else None,
                "error": step.error,
            }
            for step in story.steps
        ],
        "events": [
            {"at": event.at.isoformat(), "code": event.code, "message": event.message}
            for event in story.events
        ],
    }
