"""`bridge log`: the event log."""

import datetime as dt
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.common import Json, counted, open_log
from bridge.cli.console import STATE, say, say_csv, say_json, table
from bridge.cli.manual import by_hand
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.model.refs import SourceRef
    from bridge.store.sync_log import SyncLog
    from bridge.store.tables.values import EventRow

_LEVELS = ("debug", "info", "warning", "error")
_LATEST = 200


class Format(StrEnum):
    """How the log is shown."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


app = typer.Typer(invoke_without_command=True)


def register(into: typer.Typer) -> None:
    """Add the family."""
    into.add_typer(app, name="log")


@app.callback()
def show_log(
    ctx: typer.Context,
    *,
    run: Annotated[int | None, typer.Option(metavar="RUN", help="Only this run.")] = None,
    invoice: Annotated[
        str, typer.Option(metavar="INVOICE", help="Only this invoice, by id or number.")
    ] = "",
    level: Annotated[
        str,
        typer.Option(metavar="LEVEL", help="At least this: debug, info, warning or error."),
    ] = "info",
    since: Annotated[
        str,
        typer.Option(
            metavar="DAY", help="Since this day or UTC time: 2026-04-01 or 2026-04-01T06:00."
        ),
    ] = "",
    form: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.TABLE,
    as_json: Json = False,
) -> None:
    """Show what happened, oldest first.

    Without --run, --invoice or --since these are the latest 200 events.
    """
    if ctx.invoked_subcommand is not None:
        return
    from bridge.engine.find_entries import named_entry
    from bridge.errors import UsageError
    from bridge.store.tables.events import as_json as as_json_of

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
                say_json(as_json_of(event))
        elif shown is Format.CSV:
            _csv(events)
        else:
            _table(list(events), log)


def _time(text: str) -> dt.datetime:
    from bridge.errors import UsageError

    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text} is no day and no time", remedy="write 2026-04-01 or 2026-04-01T06:00"
        ) from None
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


def _csv(events: Iterable["EventRow"]) -> None:
    say_csv(("at", "run", "level", "code", "invoice", "message"))
    for event in events:
        invoice = event.invoice.id if event.invoice else ""
        say_csv((event.at.isoformat(), event.run, event.level, event.code, invoice, event.message))


def _table(events: list["EventRow"], log: "SyncLog") -> None:
    if not events:
        say("No events match.")
        return

    @cache
    def number(invoice: "SourceRef") -> str:
        row = log.entry(invoice)
        return row.number if row else invoice.id

    table(
        ("Time (UTC)", "Run", "Invoice", "Event"),
        [
            (
                f"{event.at:%Y-%m-%d %H:%M:%S}",
                str(event.run),
                number(event.invoice) if event.invoice else "",
                f"{event.code}: {event.message}",
            )
            for event in events
        ],
    )


@app.command("prune")
def prune(
    *,
    older_than: Annotated[
        str, typer.Option(metavar="DAYS", help="Days that stay in the log, such as 90d.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be removed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Move old events to a compressed file beside the log.

    What persons did, invoices, links, steps and what they were made from always stay.
    """
    from bridge.engine.manual.prune import prune_events

    STATE.as_json = as_json
    before = _days_ago(older_than)
    if dry_run:
        with open_log() as log:
            _told(log.count_old_events(before), None, before)
        return
    with by_hand("log prune") as (operator, bridge):
        years = bridge.config.settings.retention_years
        found = prune_events(operator, before, bridge.store_folder(), years)
    _told(found.count, found.file, before, found.keep_until)


def _days_ago(text: str) -> dt.datetime:
    from bridge.errors import UsageError

    found = re.fullmatch(r"([1-9]\d{0,4})\s*(?:d|days?)?", text.strip())
    if found is None:
        raise UsageError(
            f"{text!r} is no number of days", remedy="write --older-than 90d, at least 1d"
        )
    midnight = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - dt.timedelta(days=int(found[1]))


def _told(
    count: int, file: Path | None, before: dt.datetime, keep_until: dt.date | None = None
) -> None:
    if STATE.as_json:
        say_json(
            {
                "type": "pruned",
                "events": count,
                "before": before.date().isoformat(),
                "file": str(file) if file else None,
                "keep_until": keep_until.isoformat() if keep_until else None,
            }
        )
    elif not count:
        say(f"No events before {before:%Y-%m-%d} that may go.")
    elif file is None:
        say(f"{counted(count, 'event')} before {before:%Y-%m-%d} would be moved to a file.")
    else:
        say(wrapped(f"{counted(count, 'event')} before {before:%Y-%m-%d} moved to {file}"))
        say(f"Keep that file until {keep_until}: bridge never removes it.")
