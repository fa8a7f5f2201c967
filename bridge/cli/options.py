"""The options that every command takes, before its name or after it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.core import TyperOption

from bridge.cli.console import STATE

CONFIG_HELP = "The bridge.yaml to use."
QUIET_HELP = "For cron: say nothing unless someone is needed."
DEBUG_HELP = "Show where an error came from."


def give_to_all(command: Any) -> Any:
    """The command with the common options on each of its subcommands."""
    for inner in getattr(command, "commands", {}).values():
        is_group = hasattr(inner, "commands")
        if is_group:
            give_to_all(inner)
        if not is_group or inner.invoke_without_command:
            inner.params.extend(_common())
    return command


def _common() -> list[TyperOption]:
    return [
        TyperOption(
            param_decls=["config_file", "--config", "-c"],
            metavar="FILE",
            help=CONFIG_HELP,
            expose_value=False,
            callback=_config,
        ),
        _flag(["quiet", "--quiet", "-q"], QUIET_HELP, _quiet),
        _flag(["debug", "--debug"], DEBUG_HELP, _debug),
    ]


def _flag(names: list[str], words: str, callback: Callable[..., None]) -> TyperOption:
    return TyperOption(
        param_decls=names,
        is_flag=True,
        default=False,
        help=words,
        expose_value=False,
        show_default=False,
        callback=callback,
    )


def _config(_context: object, _option: object, value: str | None) -> None:
    if value is not None:
        STATE.config = Path(value)


def _quiet(_context: object, _option: object, value: bool) -> None:  # noqa: FBT001  # click calls it so
    STATE.is_quiet = STATE.is_quiet or value


def _debug(_context: object, _option: object, value: bool) -> None:  # noqa: FBT001  # click calls it so
    STATE.is_debug = STATE.is_debug or value
    from bridge.cli.log_setup import listen  # the last of the options: a command is about to work

    listen()
