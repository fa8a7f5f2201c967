"""Talking to people and programs: results on stdout, talk on stderr."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Not through bridge.api, which brings the whole model: `bridge --help` needs none of it.
from bridge.errors import BridgeError, ConfigError, Problem
from bridge.reports.table import text_of_columns, wrapped

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class GlobalOptions:
    """What the global options say, for every command.

    Attributes:
        secrets: Values that must not be printed; known once a file was read.
    """

    config: Path = Path("bridge.yaml")
    is_quiet: bool = False
    is_debug: bool = False
    as_json: bool = False
    secrets: frozenset[str] = field(default_factory=frozenset, repr=False)


STATE = GlobalOptions()


def say(text: str = "") -> None:
    """Write a line of a result to stdout."""
    sys.stdout.write(_safe(text) + "\n")


def say_json(value: Any) -> None:
    """Write a line of a result for programs, as JSON."""
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    say(_CONTROL.sub(lambda one: f"\\u{ord(one[0]):04x}", text))


def say_csv(cells: Sequence[object]) -> None:
    """Write a line of a result for spreadsheets, as CSV."""
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    say(line.getvalue())


def talk(text: str) -> None:
    """Write a line for whoever watches to stderr; it is never part of a result."""
    sys.stderr.write(_safe(text) + "\n")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write columns of text, the last one folded so that a page of 80 columns holds them."""
    for line in text_of_columns(head, rows):
        say(line)


def tell_error(error: BridgeError) -> None:
    """Report what happened, to which record, and what to do; as JSON where that was asked for."""
    if STATE.as_json:
        import json

        sys.stderr.write(_safe(json.dumps(_plain(error), ensure_ascii=False)) + "\n")
        return
    if isinstance(error, ConfigError):
        for problem in error.problems:
            talk(wrapped(problem_text(problem)))
            talk(wrapped(f"To do: {problem.remedy}", 2))
        count = len(error.problems)
        talk(f"{count} problem{'s' if count > 1 else ''} [{error.code}]")
        return
    talk(wrapped(f"Error [{error.code}]: {error}"))
    talk(wrapped(f"To do: {error.remedy}", 2))


def problem_text(problem: Problem) -> str:
    """Return where a problem is, in which setting, and what is wrong with it."""
    key = "" if problem.key in problem.what else problem.key
    return ": ".join(part for part in (problem.where, key, problem.what) if part)


def _plain(error: BridgeError) -> dict[str, Any]:
    result: dict[str, Any] = {
        "type": "error",
        "code": error.code,
        "what": str(error),
        "remedy": error.remedy,
        "exit_code": error.exit_code,
    }
    if isinstance(error, ConfigError):
        result["problems"] = [
            {"what": one.what, "remedy": one.remedy, "where": one.where, "key": one.key}
            for one in error.problems
        ]
    return result


def _safe(text: str) -> str:
    """Replace every secret that was read, whatever is printed.

    Nor does a control character from either system's data, which could redraw a terminal.
    """
    if STATE.secrets:
        from bridge.config.secrets import without

        text = without(text, STATE.secrets)
    text = _CONTROL.sub("\ufffd", text)
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
