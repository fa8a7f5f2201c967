"""Asking a person at a terminal; a program may answer through a pipe, a line each."""

import getpass
import sys
from collections.abc import Callable, Sequence

from bridge.cli.console import talk
from bridge.errors import UsageError
from bridge.reports.table import wrapped


def ask_choice(text: str, labels: Sequence[str], default: int | None) -> int:
    """Ask for one of several by its number, or Enter for the default, and return its index."""
    talk("")
    talk(wrapped(text))
    for number, label in enumerate(labels, start=1):
        talk(wrapped(f"{number:>3}  {label}", 2).replace("\n  ", "\n       "))

    def check(line: str) -> str:
        is_one = line.isascii() and line.isdigit() and 1 <= int(line) <= len(labels)
        return "" if is_one else f"write a number from 1 to {len(labels)}"

    proposed = "" if default is None else str(default + 1)
    return int(ask_text("Answer", proposed, check)) - 1


def ask_text(prompt: str, default: str, check: Callable[[str], str]) -> str:
    """Ask for a line; Enter takes the default. `check` says what is wrong with it, or nothing."""
    while True:
        line = _line(f"{prompt} [{default}]: " if default else f"{prompt}: ").strip() or default
        wrong = check(line) if line else "an answer is needed"
        if not wrong:
            return line
        talk(wrapped(f"{line!r} will not do: {wrong}." if line else f"{wrong}.", 2))


def ask_secret(prompt: str) -> str:
    """Ask for a line that is not shown."""
    if not sys.stdin.isatty():
        return ask_text(prompt, "", lambda _: "")
    while True:
        line = getpass.getpass(f"{prompt} (not shown): ", stream=sys.stderr).strip()
        if line:
            return line


def _line(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
        raise UsageError(
            "the answers ended before the questions did; nothing was written",
            remedy="run `bridge init` at a terminal, or give a line for each question",
        )
    return line
