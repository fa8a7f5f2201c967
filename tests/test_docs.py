"""The docs tell the truth about the code."""

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from kashflow_target.vat.uk import UK_TABLE

from bridge import hookspecs
from bridge.api import BridgeError, Reason
from bridge.cli.exit_codes import EXIT_CODES
from bridge.cli.main import app
from bridge.cli.report import FIGURES
from bridge.model.run import Totals

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
FOR_ALL = {"--help", "--config", "-c", "--quiet", "-q", "--debug", "--version"}
NO_COMMANDS = {"COMMAND", "help"}


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


def test_every_reason_says_what_to_do() -> None:
    text = (DOCS / "reasons.md").read_text()
    for entry in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        word, _, rest = entry.partition("\n")
        meaning, found, order = rest.partition("**To do.**")
        assert found, word
        assert meaning.strip(), word
        assert order.strip(), word


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


def test_the_figures_of_a_run_are_those_of_the_code() -> None:
    rows = [row for row in _rows("operations.md") if row[0].strip("`") in FIGURES]
    assert {row[0].strip("`"): row[1] for row in rows} == FIGURES
    assert list(FIGURES) == [field.name for field in fields(Totals)]


def test_the_settings_tables_are_those_of_the_models() -> None:
    tool = ROOT / "tools" / "settings_docs.py"
    found = subprocess.run([sys.executable, tool], capture_output=True, text=True, check=True)
    same = found.stdout.strip() in (DOCS / "configuration.md").read_text()
    assert same, "run `python tools/settings_docs.py --write`"


def test_the_vat_table_is_the_one_that_is_shipped() -> None:
    """Row by row, in order, with what is held and why."""
    rows = {row[0]: row[4] for row in _rows("vat.md") if row[0] != "row"}
    assert list(rows) == [row.name for row in UK_TABLE]
    for row in UK_TABLE:
        said = rows[row.name]
        if row.hold:
            assert said == f"held `{row.hold.reason.value}`"
        else:
            assert said.startswith("0 %" if row.rate == 0 else "the same rate")


def test_the_classes_of_a_reconciliation_are_those_of_the_code() -> None:
    from bridge.engine.reconcile.values import UNEXPLAINED, MatchClass

    rows = {row[0].strip("`"): row[2] for row in _rows("reconciliation.md") if row[0] != "class"}
    assert rows == {one.value: "yes" if one in UNEXPLAINED else "no" for one in MatchClass}


def test_the_api_role_lists_what_is_called() -> None:
    code = (ROOT / "plugins" / "whmcs_source" / "api" / "calls.py").read_text()
    called = set(re.findall(r'"(Get[A-Z]\w+|WhmcsDetails)"', code))
    told = {row[0].strip("`") for row in _rows("whmcs.md")}
    assert called
    assert called == {name for name in told if re.fullmatch(r"Get[A-Z]\w+|WhmcsDetails", name)}


def test_every_hook_is_spelt_with_its_arguments() -> None:
    text = (DOCS / "plugins.md").read_text()
    for name, hook in inspect.getmembers(hookspecs, inspect.isfunction):
        if name.startswith("bridge_"):
            arguments = ", ".join(inspect.signature(hook).parameters)
            assert f"`{name}({arguments})`" in text


def _named_commands(text: str) -> Iterator[list[str]]:
    """What stands in backquotes, and the lines of blocks that call bridge."""
    fenced = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
    for line in "\n".join(fenced.findall(text)).splitlines():
        if found := re.search(r"(?:^|bin/|&& )bridge (.+)", line):
            yield re.split(r" [#|>]", found[1])[0].split()
    for words in re.findall(r"`bridge ([^`|>]+)", fenced.sub("", text)):
        yield words.split()


def _wrong(words: list[str]) -> str:
    """What of a command does not exist, or nothing."""
    command: Any = typer.main.get_group(app)
    options = set(FOR_ALL)
    with_values: set[str] = set()
    for before, word in pairwise(["", *words]):
        lists = getattr(command, "list_commands", None)
        commands = lists and {name: command.get_command(None, name) for name in lists(None)}
        if word.startswith("-"):
            if word.partition("=")[0] not in options:
                return f"option {word}"
        elif commands is not None and word not in NO_COMMANDS and before not in with_values:
            if re.search(r"[./]", word) or word == "FILE":
                continue  # the value of --config
            if word not in commands:
                return f"command {word}"
            command = commands[word]
            options |= {option for one in command.params for option in one.opts}
            with_values |= {
                option
                for one in command.params
                for option in one.opts
                if not getattr(one, "is_flag", True)
            }
    return ""


def test_a_wrong_command_would_be_found() -> None:
    assert _wrong(["snyc"])
    assert _wrong(["sync", "--wet-run"])
    assert _wrong(["plugins", "lits"])
    assert not _wrong(["--config", "acme.yaml", "sync", "--dry-run"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    for words in _named_commands(page.read_text()):
        assert not _wrong(words), f"{page.name} names `bridge {' '.join(words)}`: {_wrong(words)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert "://" in target or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_test_that_is_named_exists(page: Path) -> None:
    """Paths in backquotes, and the tests that the guarantees rest on."""
    text = page.read_text()
    for path in re.findall(r"`((?:tests|plugins|bridge|tools)/[\w/.]*)`", text):
        assert (ROOT / path).exists(), path
    tests = "".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    tests += "".join(path.read_text() for path in ROOT.glob("bridge/testing/*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in tests, name
