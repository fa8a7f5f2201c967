"""Tests stand at the moment that they choose; a day may end under any of the others."""

import ast
import datetime as dt
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import fork_server, start_bridge
from tests.e2e.conftest import NOON, ROOT


@pytest.mark.usefixtures("at_noon")
def test_a_bridge_follows_the_clock_of_its_test_however_it_comes_to_be(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    assert start_bridge(tmp_path, "sync", "--limit", "1").returncode == 3
    assert fork_server().tell(tmp_path, ("sync", "--limit", "1"), {}).returncode == 3
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as log:
        runs = log.execute("SELECT started FROM bridge_run ORDER BY id").fetchall()
    began = [(dt.datetime.fromtimestamp(started / 1e6) - NOON) for (started,) in runs]  # noqa: DTZ006
    assert [dt.timedelta(0) <= one < dt.timedelta(minutes=2) for one in began] == [True, True]


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported."""
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.FunctionDef | ast.Lambda):
            yield inner
            yield from _at_import(inner)


@pytest.mark.parametrize("folder", ["tests", "bridge", "plugins", "benchmarks"])
def test_no_module_asks_for_the_day_when_it_is_imported(folder: str) -> None:
    """It would be yesterday's for whoever asks after midnight."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.glob(f"{folder}/**/*.py")
        for node in _at_import(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in {"now", "today", "utcnow", "utc_now"}
    ]
    assert found == []
