"""The `bridge` command: global options, the command families, and the last handler of errors."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge import __version__
from bridge.cli.console import STATE, talk, tell_error
from bridge.cli.lazy_commands import CONFIG_HELP, DEBUG_HELP, QUIET_HELP, LazyCommands
from bridge.errors import BridgeError
from bridge.reports.table import wrapped

app = typer.Typer(
    name="bridge",
    cls=LazyCommands,
    help="Copies billing into accounting: every day, exactly once, to the penny.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


# Typer keeps click inside itself, where its place may change; this name of it is public.
_WrongUsage: type[Exception] = typer.BadParameter.__mro__[2]


def _version(asked: bool) -> None:  # noqa: FBT001  # typer calls it so
    if asked:
        typer.echo(f"bridge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    config_file: Annotated[
        Path,
        typer.Option("--config", "-c", envvar="BRIDGE_CONFIG", help=CONFIG_HELP, metavar="FILE"),
    ] = Path("bridge.yaml"),
    quiet: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--quiet", "-q", help=QUIET_HELP)
    ] = False,
    debug: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--debug", help=DEBUG_HELP)
    ] = False,
    as_json: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--json", help="JSON lines, each with a type.")
    ] = False,
    version: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Copies billing into accounting: every day, exactly once, to the penny.

    The options below stand before the command's name or after it.
    """
    del version
    STATE.config, STATE.is_quiet, STATE.is_debug = config_file, quiet, debug
    STATE.as_json = as_json


def main(arguments: list[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    try:
        code = _invoked(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except BridgeError as error:
        return _told(error)
    except _WrongUsage as error:
        return _misused(error)
    except (KeyboardInterrupt, typer.Abort):
        talk("Interrupted. What was written is in the log; `bridge sync` goes on from there.")
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone; writing more would only raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  # the last net: a sentence instead of a traceback
        return _crashed(error)
    return code


def _invoked(arguments: list[str]) -> int:
    """Not by Typer's own `main`, which ends a broken pipe and Ctrl-C in its own ways."""
    command = typer.main.get_group(app)
    try:
        with command.make_context("bridge", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    return 0


def _misused(error: Exception) -> int:
    """An unknown option, a missing argument, or no command at all: then the help is shown."""
    context = getattr(error, "ctx", None)
    words = str(getattr(error, "format_message", error.__str__)())
    if type(error).__name__ == "NoArgsIsHelpError":
        talk(words)
        return 2
    talk(wrapped(f"Error [usage]: {words}"))
    if context is not None:
        talk(f"  To do: see `{context.command_path} --help`")
    return 2


def _told(error: BridgeError) -> int:
    tell_error(error)
    _trace()
    return error.exit_code


def _crashed(error: Exception) -> int:
    talk(f"Error [crash]: bridge met something that it does not understand: {error!r}")
    talk("  To do: run the same with `bridge --debug ...` and report what it shows; what was")
    talk("  written is in the log, and running again makes no duplicates.")
    _trace()
    return 1


def _trace() -> None:
    if STATE.is_debug:
        import traceback

        talk(traceback.format_exc())


def run() -> None:
    """The console entry point."""
    sys.exit(main())
