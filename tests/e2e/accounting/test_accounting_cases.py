"""Each case of docs/accounting.md is played through both sandboxes, and the books compared with it.

Set ``BRIDGE_WRITE_CASES=1`` to see each case as the page would have to say it, for the author.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.accounting import accounting_md as page, cases
from tests.e2e.accounting.fixture import Stage, small_company
from tests.e2e.accounting.personas import STORIES
from tests.e2e.conftest import Rig

_ = cases  # importing them registers them
SHOW = bool(os.environ.get("BRIDGE_WRITE_CASES"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One company for all cases that do not need their own. In the end all of it is looked through
    once more, and nothing is booked again."""
    with ExitStack() as stack:
        rig = small_company(tmp_path_factory.mktemp("shared") / "company", stack)
        yield rig
        last = Stage(rig, {})
        before = last.ledger.marks()
        last.sync(late=True)
        assert last.ledger.marks() == before


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    name = request.node.callspec.params["name"]
    settings = page.cases()[name].settings if name in page.cases() else {}
    with ExitStack() as stack:
        if STORIES[name].alone:
            rig = small_company(tmp_path_factory.mktemp(name) / "company", stack)
        else:
            rig = request.getfixturevalue("shared")
        made = Stage(rig, settings)
        yield made
        made.close()


def test_every_case_has_a_story_and_every_story_a_case() -> None:
    assert sorted(page.cases()) == sorted(STORIES)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_the_books_are_those_of_the_page(name: str, stage: Stage) -> None:
    STORIES[name].play(stage)
    stage.sync()
    if SHOW:
        print(_shown(name, stage))  # noqa: T201
    case = page.cases()[name]
    assert stage.told() == case.told
    assert stage.outcome() == case.outcome
    assert stage.journal() == case.journal


def _shown(name: str, stage: Stage) -> str:
    parts = [f"#### `{name}`", "\n".join(f"- {line}" for line in stage.told())]
    if journal := stage.journal():
        rows = (f"| {row} |".replace("  ", " ") for row in journal)
        parts.append("\n".join([page.HEAD, page.RULE, *rows]))
    parts += stage.outcome()
    return "\n\n".join(parts) + "\n"
