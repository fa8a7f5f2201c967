"""The commands, each imported once it is asked for, and the options that every one takes.

The help alone asks for all of them.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup, TyperOption

from bridge.cli.console import STATE

CONFIG_HELP = "The bridge.yaml to use."
QUIET_HELP = "For cron: say nothing unless someone is needed."
DEBUG_HELP = "Show where an error came from."

# In the order of the help. The second word is the module of `bridge.cli` that adds the command.
_HOMES = {
    "init": "init",
    "sync": "sync",
    "validate-config": "validate",
    "status": "status",
    "log": "log",
    "explain": "explain",
    "answer": "manual",
    "retry": "manual",
    "skip": "manual",
    "unskip": "manual",
    "unlink": "manual",
    "link": "manual",
    "undo": "undo",
    "reconcile": "reconcile",
    "sandbox": "sandbox",
    "plugins": "plugins",
    "config": "config",
}


class LazyCommands(TyperGroup):
    """The root of the command line, which imports a command once it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every command's name, in the order of the help."""
        del ctx
        return list(_HOMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command, or None where there is none of this name."""
        del ctx
        if cmd_name in _HOMES and cmd_name not in self.commands:
            self.commands.update(_commands_of(_HOMES[cmd_name]))
        return self.commands.get(cmd_name)


def _commands_of(home: str) -> dict[str, Any]:
    """Return the commands of one module, with the options that every command takes."""
    family = typer.Typer(rich_markup_mode=None, add_completion=False)
    import_module(f"bridge.cli.{home}").register(family)
    group: Any = _give_to_all(typer.main.get_group(family))
    return dict(group.commands)


# Options that stand before a command's name or after it ------------------------------------------


def _give_to_all(command: Any) -> Any:
    """Return the command, with the common options on each of its subcommands."""
    for inner in getattr(command, "commands", {}).values():
        is_group = hasattr(inner, "commands")
        if is_group:
            _give_to_all(inner)
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
