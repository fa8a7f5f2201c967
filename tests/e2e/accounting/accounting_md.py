"""docs/accounting.md as data: its cases, each with what WHMCS shows and the journal that follows.

A case is a heading that is one word in backquotes, and below it, in this order:

- prose, in which one line may begin with ``Settings:`` and list ``key: value`` in backquotes;
- a list of what WHMCS shows (`story.Told`);
- a table ``| day | entry | account | VAT code | debit | credit |``, unless nothing is booked;
- lines that begin with ``Held:``, ``Skipped:`` or ``Remark:``, where there is anything of the kind.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PAGE = Path(__file__).resolve().parents[3] / "docs" / "accounting.md"
HEAD = "| day | entry | account | VAT code | debit | credit |"
RULE = "|---|---|---|---|---:|---:|"
_CASE = re.compile(r"^#{3,4} `(\w+)`$", re.MULTILINE)
OUTCOMES = ("Held", "Skipped", "Remark")
"""What begins a line that says what is not booked, or booked with a remark."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the page.

    Attributes:
        settings: By dotted key, as written in the page.
        told: What WHMCS shows.
        journal: Rows of the table, cells joined by `` | ``.
        outcome: What is not booked and why, and remarks.
    """

    name: str
    settings: Mapping[str, Any]
    told: tuple[str, ...]
    journal: tuple[str, ...]
    outcome: tuple[str, ...]


@cache
def cases() -> Mapping[str, Case]:
    """By name, in the page's order.

    Raises:
        AssertionError: two cases have one name.
    """
    text = PAGE.read_text()
    heads = list(_CASE.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found: dict[str, Case] = {}
    for head, end in zip(heads, ends, strict=True):
        assert head[1] not in found, f"{head[1]} stands twice in {PAGE.name}"
        body = re.split(r"^#{2,4} ", text[head.end() : end], flags=re.MULTILINE)[0]
        found[head[1]] = _case(head[1], body.splitlines())
    return found


def _case(name: str, lines: list[str]) -> Case:
    settings: dict[str, Any] = {}
    for line in lines:
        if line.startswith("Settings:"):
            for setting in re.findall(r"`([^`]+)`", line):
                settings.update(yaml.safe_load(setting))
    rows = [line for line in lines if line.startswith("| ") and line != HEAD]
    return Case(
        name=name,
        settings=settings,
        told=tuple(line[2:] for line in lines if line.startswith("- ")),
        journal=tuple(_cells(row) for row in rows),
        outcome=tuple(
            line for line in lines if line.startswith(tuple(f"{word}:" for word in OUTCOMES))
        ),
    )


def _cells(row: str) -> str:
    return " | ".join(cell.strip() for cell in row.removeprefix("|").removesuffix("|").split("|"))
