"""The docs tell the truth about the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bridge import hookspecs
from bridge.api import BridgeError, Reason
from bridge.cli.exit_codes import EXIT_CODES
from bridge.cli.main import app

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])


def _rows(page: str) -> list[list[str]]:
    lines = (DOCS / page).read_text().splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ")
    ]


def test_every_reason_has_one_entry() -> None:
    found = re.findall(r"^## (\w+)$", (DOCS / "reasons.md").read_text(), re.MULTILINE)
    assert sorted(found) == sorted(reason.value for reason in Reason)


def test_every_error_is_explained_with_its_exit_code() -> None:
    rows = {row[0].strip("`"): int(row[2]) for row in _rows("errors.md") if row[0] != "code"}
    pending = [BridgeError]
    codes = {"crash": 1}
    while pending:
        for error in pending.pop().__subclasses__():
            pending.append(error)
            if error.__module__ == "bridge.errors":
                codes[error.code] = error.exit_code
    assert rows == codes


def test_the_exit_codes_are_those_of_the_code() -> None:
    rows = {int(row[0]): row[1] for row in _rows("exit-codes.md") if row[0].isdigit()}
    assert rows == EXIT_CODES


def test_the_settings_tables_are_those_of_the_models() -> None:
    tool = ROOT / "tools" / "settings_docs.py"
    found = subprocess.run([sys.executable, tool], capture_output=True, text=True, check=True)
    assert found.stdout.strip() in (DOCS / "configuration.md").read_text()


def test_every_hook_is_spelt_with_its_arguments() -> None:
    import inspect

    text = (DOCS / "plugins.md").read_text()
    for name, hook in inspect.getmembers(hookspecs, inspect.isfunction):
        if name.startswith("bridge_"):
            arguments = ", ".join(inspect.signature(hook).parameters)
            assert f"`{name}({arguments})`" in text


def _commands() -> set[str]:
    group = typer.main.get_command(app)
    found = set()
    for name, command in getattr(group, "commands", {}).items():
        found.add(name)
        found.update(f"{name} {sub}" for sub in getattr(command, "commands", {}))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    known = _commands()
    text = page.read_text()
    for words in re.findall(r"(?:`|bin/)bridge ([^`\n]+)", text):
        options = {"FILE", "COMMAND", "acme.yaml"}
        names = [word for word in words.split() if word[0] != "-" and word not in options]
        if not names:
            continue
        assert names[0] in known, f"{page.name} names `bridge {words}`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert "://" in target or (page.parent / target).exists(), target
