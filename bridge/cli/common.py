"""What several command families need."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.console import STATE, talk
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.model.money import Money
    from bridge.store.sync_log import SyncLog
    from bridge.store.tables.values import EntryRow


def _as_json(value: bool) -> bool:  # noqa: FBT001  # typer calls it so
    """`bridge --json status` is `bridge status --json`."""
    STATE.as_json = STATE.as_json or value
    return STATE.as_json


Json = Annotated[
    bool, typer.Option("--json", help="JSON lines, each with a type.", callback=_as_json)
]

Because = Annotated[str, typer.Option(metavar="TEXT", help="Why, for whoever asks later.")]
InvoiceName = Annotated[str, typer.Argument(metavar="INVOICE", help="Its number or its id.")]


def open_app() -> "App":
    """The bridge that the chosen file describes; its warnings are told."""
    import json

    from bridge.app import App

    app = App.open(STATE.config)
    # A secret with a quote in it looks otherwise in JSON.
    STATE.secrets = app.config.secrets | {json.dumps(one)[1:-1] for one in app.config.secrets}
    if not STATE.is_quiet:
        for warning in app.config.warnings:
            talk(wrapped(f"Warning: {warning.where}: {warning.what}"))
            talk(wrapped(f"To do: {warning.remedy}", 2))
    return app


@contextmanager
def open_log() -> "Iterator[SyncLog]":
    """The sync log, for reading."""
    app = open_app()
    with app.log(create=False) as log:
        yield log


def entry_plain(row: "EntryRow") -> dict[str, Any]:
    """An entry as JSON."""
    return {
        "type": "entry",
        "invoice": row.invoice.id,
        "number": row.number,
        "client": row.client.id,
        "state": row.state.value,
        "reason": row.reason.value if row.reason else None,
        "what": row.what,
        "remedy": row.remedy,
        "gross": plain_amount(row.gross),
        "currency": row.gross.currency,
        "paid_on": str(row.paid_on) if row.paid_on else None,
        "target": row.target,
    }


def plain_amount(amount: "Money") -> str:
    """An amount without its currency."""
    return str(amount).partition(" ")[0]


def counted(number: int, one: str, many: str = "") -> str:
    """``1 invoice``, ``2 invoices``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
