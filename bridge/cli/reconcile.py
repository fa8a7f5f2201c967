"""`bridge reconcile`: do both books agree?"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.common import Json, counted, open_app
from bridge.cli.console import STATE, say, say_json, talk
from bridge.cli.manual import by_hand
from bridge.cli.progress import progress
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.engine.reconcile.read_books import BooksSnapshot
    from bridge.engine.reconcile.result import Reconciliation


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(reconcile)


def reconcile(
    *,
    first: Annotated[
        str,
        typer.Option("--from", metavar="DAY", help="First day, 2026-04-01; else the start date."),
    ] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day; else today.")] = "",
    html: Annotated[
        Path | None, typer.Option(help="Also write one self-contained page.", metavar="FILE")
    ] = None,
    accept: Annotated[
        str,
        typer.Option(
            help="Accept the difference of this invoice, document or payment.", metavar="NUMBER"
        ),
    ] = "",
    unaccept: Annotated[
        str, typer.Option(help="Count an accepted difference again.", metavar="NUMBER")
    ] = "",
    because: Annotated[
        str, typer.Option(metavar="TEXT", help="Why it is accepted. Required with --accept.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Prove that both books agree, record by record.

    Both are read afresh, and every record is put in exactly one class. Nothing is written at
    either end. Exit codes: 0 every record is matched or explained, 5 something is not. What you
    accept is kept in the sync log, and counts again once it changes.
    """
    import sys

    from bridge.errors import UsageError
    from bridge.model.target_records import Days

    _refuse_half_said(accept, unaccept, because)
    STATE.as_json = as_json or STATE.as_json
    app = open_app()
    start, today = app.policy().start_date, dt.datetime.now().astimezone().date()
    days = Days(_day(first, "--from") or start, _day(last, "--to") or max(today, start))
    if days.first > days.last:
        raise UsageError(
            f"the period ends on {days.last}, before it begins on {days.first}",
            remedy="give --from a day that is not after --to",
        )
    if html is not None:
        _refuse_unwritable(html)
    drawn = sys.stderr.isatty() and not STATE.is_quiet
    with progress(drawn=drawn) as bar:
        reading = app.read_books(days, bar, _tell_cost)
    if accept:
        reading = _accept(app, reading, accept, because)
    elif unaccept:
        reading = _unaccept(app, reading, unaccept)
    report = app.reconciled(reading)
    if html is not None:
        _write(html, report, app.config.settings.name)
    _show(report)
    raise typer.Exit(report.exit_code)


def _refuse_half_said(accept: str, unaccept: str, because: str) -> None:
    from bridge.errors import UsageError

    if accept and unaccept:
        raise UsageError(
            "--accept and --unaccept do not go together", remedy="run one, then the other"
        )
    if accept and not because.strip():
        raise UsageError(
            f"nothing says why {accept} is accepted",
            remedy=f'`bridge reconcile --accept {accept} --because "..."`, for whoever asks later',
        )
    if because and not accept:
        raise UsageError(
            "--because goes with --accept", remedy="name what is accepted, or leave it out"
        )


def _accept(app: "App", reading: "BooksSnapshot", name: str, because: str) -> "BooksSnapshot":
    from bridge.engine.reconcile.accept import named
    from bridge.engine.reconcile.accept_write import accept

    report = app.reconciled(reading)
    found = named((*report.differences, *report.accepted), name)
    with by_hand("accept", app) as (operator, _):
        done = accept(operator, reading, found, because)
    _say_so(f"Accepted: {found.subject}.")
    return done


def _unaccept(app: "App", reading: "BooksSnapshot", name: str) -> "BooksSnapshot":
    from bridge.engine.reconcile.accept_write import unaccept

    with by_hand("unaccept", app) as (operator, _):
        done = unaccept(operator, reading, name)
    _say_so(f"No longer accepted: {name}.")
    return done


def _say_so(text: str) -> None:
    if not STATE.is_quiet:
        talk(text)


def _day(text: str, option: str) -> dt.date | None:
    from bridge.errors import UsageError

    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text} is no day", remedy=f"write it as {option} 2026-04-01"
        ) from None


def _tell_cost(calls: int) -> None:
    if not STATE.is_quiet:
        talk(f"Reading both sides afresh: about {counted(calls, 'call')} to the source.")


def _show(report: "Reconciliation") -> None:
    from bridge.reports.jsonl import as_lines
    from bridge.reports.reconcile_sections import as_text, verdict

    if STATE.as_json:
        for line in as_lines(report):
            say_json(line)
    elif not STATE.is_quiet:
        for text in as_text(report):
            say(text)
    elif report.differences:
        say(verdict(report))
        for each in report.differences:
            say(wrapped(f"{each.subject}: {each.what}"))
            say(wrapped(f"To do: {each.remedy}", 2))


def _refuse_unwritable(path: Path) -> None:
    """Refuse a file that cannot be written before an hour of reading, not after it."""
    from bridge.errors import UsageError

    if path.is_dir() or not path.resolve().parent.is_dir():
        what = "is a directory" if path.is_dir() else "is in a directory that does not exist"
        raise UsageError(f"{path} {what}", remedy="name a file in a directory that exists")


def _write(path: Path, report: "Reconciliation", name: str) -> None:
    """Write the page; it replaces an older one in one stroke."""
    from bridge.errors import UsageError
    from bridge.reports.html import as_page

    half = path.with_name(f".{path.name}.part")
    try:
        half.write_text(as_page(report, name=name), encoding="utf-8")
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise UsageError(
            f"{path} could not be written: {error.strerror}",
            remedy="give --html a file that this user may write",
        ) from error
    if not STATE.is_quiet:
        talk(f"The page is in {path}.")
