"""The `bridge` command: global options, the command families, and the last handler of errors."""

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import click
import typer

from bridge import __version__
from bridge.api import BridgeError
from bridge.cli import config, entries, hands, log, plugins, sandbox, status, sync, validate
from bridge.cli.console import STATE, talk, tell_error

app = typer.Typer(
    name="bridge",
    help="Copies billing into accounting: every day, exactly once, to the penny.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:  # noqa: FBT001  # typer calls it so
    if asked:
        typer.echo(f"bridge {__version__}")
        raise typer.Exit


@app.callback()
def options(
    config_file: Annotated[
        Path,
        typer.Option(
            "--config", "-c", envvar="BRIDGE_CONFIG", help="The file to read.", metavar="FILE"
        ),
    ] = Path("bridge.yaml"),
    quiet: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--quiet", "-q", help="For cron: say nothing unless someone is needed.")
    ] = False,
    debug: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--debug", help="Show where an error came from.")
    ] = False,
    version: Annotated[  # noqa: FBT002  # a flag
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Copies billing into accounting: every day, exactly once, to the penny."""
    del version
    STATE.config, STATE.is_quiet, STATE.is_debug = config_file, quiet, debug


for family in (sync, validate, status, log, entries, hands, sandbox):
    family.register(app)
app.add_typer(plugins.app, name="plugins", help="What is installed.")
app.add_typer(config.app, name="config", help="The settings in effect.")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    command = typer.main.get_command(app)
    try:
        answer = command.main(args=arguments, prog_name="bridge", standalone_mode=False)
    except BridgeError as error:
        return _told(error)
    except click.exceptions.NoArgsIsHelpError as error:
        talk(error.format_message())
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        talk(f"Error [usage]: {error.format_message()}")
        if context is not None:
            talk(f"  To do: see `{context.command_path} --help`")
        return 2
    except (KeyboardInterrupt, click.Abort):
        talk("Interrupted. What was written is in the log; `bridge sync` goes on from there.")
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone; writing more would only raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  # the last net: a sentence instead of a traceback
        return _crashed(error)
    return answer if isinstance(answer, int) else 0


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
        talk(traceback.format_exc())


def run() -> None:
    """The console entry point."""
    sys.exit(main())
