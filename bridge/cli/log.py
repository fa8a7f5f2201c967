"""`bridge log`: the event log."""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.common import Json, open_log
from bridge.cli.console import STATE, say, say_csv, say_json, table

if TYPE_CHECKING:
    from bridge.store.rows import EventRow

_LEVELS = ("debug", "info", "warning", "error")
_LATEST = 200


class Format(StrEnum):
    """How the log is shown."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("log")(show_log)


def show_log(
    *,
    run: Annotated[int | None, typer.Option(help="Only this run.")] = None,
    invoice: Annotated[str, typer.Option(help="Only this invoice, by id or number.")] = "",
    level: Annotated[
        str, typer.Option(help="At least this level: debug, info, warning or error.")
    ] = "info",
    since: Annotated[
        str, typer.Option(help="Since this day or UTC time: 2026-04-01 or 2026-04-01T06:00.")
    ] = "",
    form: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.TABLE,
    as_json: Json = False,
) -> None:
    """Show what happened, oldest first.

    Without --run, --invoice or --since these are the latest 200 events.
    """
    from bridge.api import UsageError
    from bridge.engine.named import named_entry

    STATE.as_json = as_json
    if level not in _LEVELS:
        raise UsageError(f"{level} is no level", remedy=f"use one of {', '.join(_LEVELS)}")
    whole = run is not None or invoice or since
    with open_log() as log:
        ref = named_entry(log, invoice).invoice if invoice else None
        events = log.events(
            run=run,
            invoice=ref,
            levels=_LEVELS[_LEVELS.index(level) :],
            since=_time(since) if since else None,
            limit=None if whole else _LATEST,
        )
        shown = Format.JSON if as_json else form
        if shown is Format.JSON:
            for event in events:
                say_json(_plain(event))
        elif shown is Format.CSV:
            _csv(events)
        else:
            _table(list(events))


def _time(text: str) -> dt.datetime:
    from bridge.api import UsageError

    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text} is no day and no time", remedy="write 2026-04-01 or 2026-04-01T06:00"
        ) from None
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


def _plain(event: "EventRow") -> dict[str, Any]:
    return {
        "type": "event",
        "id": event.id,
        "at": event.at.isoformat(),
        "run": event.run,
        "level": event.level,
        "code": event.code,
        "invoice": event.invoice.id if event.invoice else None,
        "message": event.message,
        "data": dict(event.data),
    }


def _csv(events: Iterable["EventRow"]) -> None:
    say_csv(("at", "run", "level", "code", "invoice", "message"))
    for event in events:
        invoice = event.invoice.id if event.invoice else ""
        say_csv((event.at.isoformat(), event.run, event.level, event.code, invoice, event.message))


def _table(events: list["EventRow"]) -> None:
    if not events:
        say("No events match.")
        return
    table(
        ("Time (UTC)", "Run", "Invoice", "Event"),
        [
            (
                f"{event.at:%Y-%m-%d %H:%M:%S}",
                str(event.run),
                event.invoice.id if event.invoice else "",
                f"{event.code}: {event.message}",
            )
            for event in events
        ],
    )
