"""The commands, each imported once it is asked for: the help alone asks for all of them."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from bridge.cli.options import give_to_all

# In the order of the help. The second word is the module of `bridge.cli` that adds the command.
_HOMES = {
    "init": "init",
    "sync": "sync",
    "validate-config": "validate",
    "status": "status",
    "log": "log",
    "explain": "explain",
    "answer": "answer",
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


class Families(TyperGroup):
    """The root of the command line."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command's name."""
        del ctx
        return list(_HOMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, or None where there is none of this name."""
        del ctx
        if cmd_name in _HOMES and cmd_name not in self.commands:
            self.commands.update(_commands_of(_HOMES[cmd_name]))
        return self.commands.get(cmd_name)


def _commands_of(home: str) -> dict[str, Any]:
    """What one module adds, with the options that every command takes."""
    family = typer.Typer(rich_markup_mode=None, add_completion=False)
    import_module(f"bridge.cli.{home}").register(family)
    group: Any = give_to_all(typer.main.get_group(family))
    return dict(group.commands)
