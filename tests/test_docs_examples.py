"""What the docs tell people to type or to write is typed and written here."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from bridge.config import load
from bridge.registry import load_plugins

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"])
BLOCK = re.compile(r"<!-- (\w+): ([\w ]+) -->\n```\w+\n(.*?)```", re.DOTALL)
HELD_ON_PURPOSE = 3


def _blocks(mark: str) -> Iterator[tuple[str, str, str]]:
    """Page, what kind of block it is, and the block, of those with this mark."""
    for page in PAGES:
        for found, kind, text in BLOCK.findall(page.read_text()):
            if found == mark:
                yield page.name, kind, text


YAML = list(_blocks("checked"))
TESTED = {kind: text for _, kind, text in _blocks("tested")}


def _bridge(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(filter(None, [str(place), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli", *arguments],
        cwd=place,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


def test_there_is_something_to_try() -> None:
    assert {"whole file", "source", "target", "vat_rules"} == {kind for _, kind, _ in YAML}
    assert TESTED.keys() == {"tour", "plugin"}


@pytest.mark.parametrize(("page", "kind", "text"), YAML, ids=[f"{p} {k}" for p, k, _ in YAML])
def test_a_file_that_the_docs_show_is_accepted(
    page: str, kind: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part is put into the full example in place of its own."""
    secret = tmp_path / "secret"
    secret.write_text("a-secret\n")
    whole = yaml.safe_load(next(text for _, kind, text in YAML if kind == "whole file"))
    shown = yaml.safe_load(text)
    for name, section in shown.items():
        if kind == "vat_rules":
            whole[name].update(section)
        else:
            whole[name] = section
    written = re.sub(r"\$\{file:/etc/[^}]*\}", f"${{file:{secret}}}", yaml.safe_dump(whole))
    file = tmp_path / "bridge.yaml"
    file.write_text(written)
    file.chmod(0o600)
    for variable in re.findall(r"\$\{([A-Z_]+)\}", written):
        monkeypatch.setenv(variable, "something")
    config = load(file, load_plugins())
    assert not config.warnings, page
    config.source.validated({})
    config.target.validated({})


def _commands(block: str) -> list[list[str]]:
    lines = [line.partition("#")[0].strip() for line in block.splitlines()]
    return [shlex.split(line) for line in lines if line]


def test_the_tour_of_the_readme_works_as_it_is_written(tmp_path: Path) -> None:
    """Every command ends well, or with the code that says that something is held."""
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    commands = _commands(TESTED["tour"])
    assert len(commands) > 5
    for name, *arguments in commands:
        assert name == "bridge"
        found = _bridge(tmp_path, *arguments)
        assert found.returncode in (0, HELD_ON_PURPOSE), (arguments, found.stdout, found.stderr)
        assert found.stdout.strip(), arguments


def test_the_plugin_of_the_docs_works_as_it_is_written(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    (tmp_path / "house.py").write_text(TESTED["plugin"])
    info = tmp_path / "house-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[bridge]\nhouse = house\n")
    found = _bridge(tmp_path, "sync", "--limit", "20", "--json")
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    summary = lines[-1]
    assert summary["reasons"]["house_rule"] > 0, found.stderr
    large = [line for line in lines if line["type"] == "entry" and line["reason"] == "house_rule"]
    assert all(Decimal(line["gross"]) > 100 for line in large)
    booked = (tmp_path / "booked.txt").read_text().splitlines()
    assert len(booked) == summary["outcome"]["done"] == 20
