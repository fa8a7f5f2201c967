"""`bridge sandbox`: both stand-ins on fixed ports, for anything else to talk to."""

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.common import Json, open_app
from bridge.cli.console import STATE, say, say_json, talk

if TYPE_CHECKING:
    from bridge.plugin import SourcePlugin, TargetPlugin

_POLL_S = 0.2


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sandbox)


def _served(
    source: str, target: str, directory: Path | None
) -> "tuple[Path, tuple[SourcePlugin, TargetPlugin]]":
    """Return where the data is and whose stand-ins run, by the options, else by bridge.yaml."""
    if source and target and directory:
        from bridge.registry import load_plugins

        found = load_plugins()
        return directory, (found.source(source), found.target(target))
    app = open_app()
    return directory or app.config.sandbox_directory, (
        app.plugins.source(source) if source else app.config.source.offer,
        app.plugins.target(target) if target else app.config.target.offer,
    )


def sandbox(
    *,
    source_port: Annotated[
        int, typer.Option(metavar="PORT", help="Port of the source's stand-in.")
    ] = 8701,
    target_port: Annotated[
        int, typer.Option(metavar="PORT", help="Port of the target's stand-in.")
    ] = 8702,
    source: Annotated[
        str, typer.Option(metavar="NAME", help="The source's plugin, if not the file's.")
    ] = "",
    target: Annotated[
        str, typer.Option(metavar="NAME", help="The target's plugin, if not the file's.")
    ] = "",
    directory: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Where their data lives, if not where `sync` keeps it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve both stand-ins until Ctrl-C.

    How to reach them is printed.
    """
    from contextlib import ExitStack

    STATE.as_json = as_json
    place, offers = _served(source, target, directory)
    place.mkdir(parents=True, exist_ok=True)
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    with ExitStack() as stack:
        for role, offer, port in (
            ("source", offers[0], source_port),
            ("target", offers[1], target_port),
        ):
            running = stack.enter_context(offer.sandbox(place, port=port))
            if as_json:
                say_json(
                    {
                        "type": "sandbox",
                        "role": role,
                        "address": running.address,
                        "settings": dict(running.settings),
                    }
                )
            else:
                say(f"{role}: {offer.kind} at {running.address}")
                for key, value in running.settings.items():
                    say(f"  {key}: {value}")
        sys.stdout.flush()
        if not as_json:
            talk(f"Their data is in {place}. Ctrl-C ends them.")
        while not asked:  # an Event that a handler sets can hang: its lock may be held right then
            time.sleep(_POLL_S)
