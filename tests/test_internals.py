"""What docs/internals says of the tree, the states and the tables is so."""

import re
from pathlib import Path

import pytest

from bridge.model.run import EntryState, StepState
from bridge.store.tables import schema
from bridge.store.tables.values import Action

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs" / "internals").glob("*.md"))
NAMED = re.compile(r"`((?:bridge|plugins|tests|tools|docs|benchmarks)/[\w./-]+)`")
LINKED = re.compile(r"\]\((?!http)([^)#]+)\)")
INSIDE = {"bridge/store/migrations/versions"}
"""Packages that the one above them speaks for; sandboxes speak for all below them."""


def _cells(page: str, heading: str) -> list[str]:
    """The words in the first column of the table below a heading."""
    text = (ROOT / "docs" / "internals" / page).read_text()
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in re.findall(r"`([\w.]+)`", row)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_path_that_is_named_exists(page: Path) -> None:
    text = page.read_text()
    missing = [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    missing += [name for name in LINKED.findall(text) if not (page.parent / name).exists()]
    assert missing == []


def test_every_package_is_on_the_map() -> None:
    named = set(NAMED.findall((ROOT / "docs/internals/README.md").read_text()))
    packages = {
        str(init.parent.relative_to(ROOT))
        for base in ("bridge", "plugins")
        for init in ROOT.glob(f"{base}/**/__init__.py")
        if "sandbox" not in init.parent.parent.parts
    }
    assert packages - named - INSIDE - {"bridge"} == set()


def test_every_state_has_its_row() -> None:
    assert sorted(_cells("states.md", "Of an entry")) == sorted(EntryState)
    steps = _cells("states.md", "Of a step")
    assert steps[: len(StepState)] == list(StepState)
    assert set(Action) <= set(steps)


def test_every_table_of_the_log_has_its_row() -> None:
    text = (ROOT / "docs/internals/log.md").read_text()
    assert set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE)) == set(schema.metadata.tables)


def test_there_are_enough_answers_to_where_to_change_what() -> None:
    text = (ROOT / "docs/internals/changes.md").read_text()
    assert len(re.findall(r"^\| (?!to change|---)", text, re.MULTILINE)) >= 15
