"""`bridge sync`: one run."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.common import Json, open_app
from bridge.cli.console import STATE, say_json, talk

if TYPE_CHECKING:
    from types import FrameType

    from bridge.engine.context import CancelToken
    from bridge.model.run import Entry


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sync)


def sync(
    *,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Read everything, write nothing, tell what it would do."),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Invoices acted on at most; 0 is no limit."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Until nothing is left: the same as --limit 0.")
    ] = False,
    invoice: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INVOICE",
            help="Only this invoice, by id or number, whatever held it. Repeatable.",
        ),
    ] = None,
    max_minutes: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Begin no further invoice after so many; 0 is no limit."
        ),
    ] = None,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="First look through the whole target for what is there."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy what was billed into the books.

    Exit codes: 0 in step, 3 some invoices need a person, 4 some outcomes are unknown, 10 login,
    11 another run is at work, 12 an end is unreachable, 130 interrupted.
    """
    from bridge.app import Watch
    from bridge.cli.progress import progress
    from bridge.cli.report import tell_dry_run, tell_run
    from bridge.engine.context import Adoption, CancelToken, SyncRequest
    from bridge.memory_tuning import look_through_memory_seldom, share_one_heap

    share_one_heap()
    look_through_memory_seldom()
    STATE.as_json = as_json
    bridge = open_app()
    settings = bridge.config.settings.sync
    wanted = 0 if everything or invoice else settings.batch_limit if limit is None else limit
    how = Adoption.ALWAYS if adopt else Adoption.AUTO
    minutes = settings.max_minutes if max_minutes is None else max_minutes
    request = SyncRequest(wanted, tuple(invoice or ()), how, minutes)
    fates: list[Entry] = []
    stop = CancelToken()

    def listen(entry: "Entry") -> None:
        if as_json:
            say_json(_fate(entry))
        elif dry_run:
            fates.append(entry)

    drawn = sys.stderr.isatty() and not STATE.is_quiet and not as_json
    with progress(drawn=drawn) as bar, _stopping(stop):
        run = bridge.dry_run if dry_run else bridge.sync
        report = run(request, Watch(bar, stop, listen))
    if dry_run and not as_json:
        tell_dry_run(report, fates)
    else:
        tell_run(report)
    raise typer.Exit(report.exit_code)


def _fate(entry: "Entry") -> dict[str, object]:
    return {
        "type": "entry",
        "invoice": entry.invoice.id,
        "number": entry.number,
        "state": entry.state.value,
        "reason": entry.reason.value if entry.reason else None,
        "what": entry.what,
        "remedy": entry.remedy,
        "gross": str(entry.gross).partition(" ")[0],
        "currency": entry.gross.currency if entry.gross else None,
        "target": entry.target,
        "created": dict(entry.created),
    }


@contextmanager
def _stopping(stop: "CancelToken") -> Iterator[None]:
    """Let the first signal ask the run to finish its step, and the second end it at once."""

    def ask(number: int, frame: "FrameType | None") -> None:
        del number, frame
        if stop.requested:
            talk("Stopped at once. What was under way is looked for by the next `bridge sync`.")
            raise KeyboardInterrupt
        stop.requested = True
        talk("Stopping after the step under way. Once more to stop at once.")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
