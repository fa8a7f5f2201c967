"""`bridge sandbox`: both stand-ins on fixed ports, for anything else to talk to."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.common import Json
from bridge.cli.console import STATE, say, say_json, talk


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sandbox)


def sandbox(
    *,
    source_port: Annotated[int, typer.Option(help="Port of the source's stand-in.")] = 8701,
    target_port: Annotated[int, typer.Option(help="Port of the target's stand-in.")] = 8702,
    source: Annotated[str, typer.Option(help="The source's plugin.")] = "whmcs",
    target: Annotated[str, typer.Option(help="The target's plugin.")] = "kashflow",
    directory: Annotated[
        Path | None, typer.Option(help="Where their data lives; `.bridge` beside the file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve both stand-ins until Ctrl-C.

    How to reach them is printed.
    """
    from contextlib import ExitStack

    from bridge.registry import load_plugins

    STATE.as_json = as_json
    place = directory or STATE.config.resolve().parent / ".bridge"
    place.mkdir(parents=True, exist_ok=True)
    found = load_plugins()
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with ExitStack() as stack:
        for role, offer, port in (
            ("source", found.source(source), source_port),
            ("target", found.target(target), target_port),
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
        if not as_json:
            talk(f"Their data is in {place}. Ctrl-C ends them.")
        done.wait()
