"""`bridge explain`: the history of one invoice."""

from typing import TYPE_CHECKING, Any

import typer

from bridge.cli.common import InvoiceName, Json, entry_plain, open_log, plain_amount
from bridge.cli.console import STATE, say, say_json

if TYPE_CHECKING:
    from bridge.engine.explain.history import InvoiceHistory
    from bridge.model.target_records import Payload


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(invoice: InvoiceName, *, as_json: Json = False) -> None:
    """Tell one invoice's whole story.

    What the source says, what was decided by which rule or setting, what was sent and what it
    became, the journal of it, and what is to be done. Reads the sync log only.
    """
    from bridge.engine.explain.history import history_of
    from bridge.engine.find_entries import named_entry
    from bridge.reports.invoice_history import page

    STATE.as_json = as_json
    with open_log() as log:
        found = history_of(log, named_entry(log, invoice))
    if as_json:
        say_json(_plain(found))
        return
    for line in page(found):
        say(line)


def _plain(history: "InvoiceHistory") -> dict[str, Any]:
    return {
        **entry_plain(history.entry),
        "type": "story",
        "client_target": history.client.target.id if history.client else None,
        "source": [
            {
                "run": version.run,
                "used": version.used.isoformat(),
                "booked": version.content == history.entry.content_fingerprint,
                **version.data,
            }
            for version in history.versions
        ],
        "links": [
            {
                "ref": str(link.ref),
                "target": link.target.id,
                "internal_id": link.target.internal_id,
                "day": str(link.day) if link.day else None,
                "adopted": link.adopted,
                "sent": dict(link.payload.body) if link.payload else None,
                "journal": _journal(link.payload) if link.payload else [],
            }
            for link in history.links
        ],
        "rules": [
            {"ref": str(link.ref), "about": rule.about, "rule": rule.rule, "value": rule.value}
            for link, rule in history.rules
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
            for step in history.steps
        ],
        "events": [
            {"at": event.at.isoformat(), "code": event.code, "message": event.message}
            for event in history.events
        ],
    }


def _journal(payload: "Payload") -> list[dict[str, str]]:
    return [
        {
            "account": posting.account,
            "side": "debit" if posting.amount.amount >= 0 else "credit",
            "amount": plain_amount(abs(posting.amount)),
            "currency": posting.amount.currency,
        }
        for posting in payload.journal
    ]
