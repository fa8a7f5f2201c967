"""A plugin of one's own hears of a run: when it starts, of each invoice, and how it ended."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTENER = """
import json, os
from bridge.api import hookimpl

def _say(*words):
    with open(os.environ["HEARD"], "a") as stream:
        stream.write(json.dumps(words) + "\\n")

@hookimpl
def bridge_run_started(run):
    _say("started", run.name, run.command)

@hookimpl
def bridge_entry_finished(run, entry):
    _say("entry", entry.invoice.id, entry.state, entry.reason or "")

@hookimpl
def bridge_run_finished(run, report):
    _say("finished", report.outcome["done"], report.exit_code)
"""
FAILING = """
from bridge.api import hookimpl

@hookimpl
def bridge_run_started(run):
    raise RuntimeError("an observer broke at the start")

@hookimpl
def bridge_entry_finished(run, entry):
    raise RuntimeError("an observer broke at an entry")
"""


def _install(place: Path, name: str, body: str) -> None:
    """What pip would leave behind of a small distribution."""
    (place / f"{name}.py").write_text(body)
    info = place / f"{name}-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[bridge]\n{name} = {name}\n")


def _sync(place: Path, elsewhere: Path, limit: int) -> tuple[int, list[list[object]]]:
    heard = place / "heard.jsonl"
    paths = os.pathsep.join(filter(None, [str(elsewhere), os.environ.get("PYTHONPATH")]))
    heard.unlink(missing_ok=True)
    found = subprocess.run(
        [sys.executable, "-m", "bridge.cli", "sync", "--limit", str(limit), "--json"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": paths, "HEARD": str(heard)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout, found.stderr
    lines = heard.read_text().splitlines() if heard.exists() else []
    return found.returncode, [json.loads(line) for line in lines]


def test_observers_hear_of_a_run_from_start_to_end(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    _install(elsewhere, "listener", LISTENER)
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    code, heard = _sync(tmp_path, elsewhere, 3)
    assert heard[0] == ["started", "books", "sync"]
    assert heard[-1] == ["finished", 3, code]
    done = [words[1] for words in heard if words[0] == "entry" and words[2] == "done"]
    assert len(done) == len(set(done)) == 3


def test_an_observer_that_breaks_is_no_harm_to_the_others(tmp_path: Path) -> None:
    """Neither the run nor another observer notices."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    _install(elsewhere, "failing", FAILING)
    _install(elsewhere, "listener", LISTENER)
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    code, heard = _sync(tmp_path, elsewhere, 3)
    assert heard[-1] == ["finished", 3, code]
    assert [words[0] for words in heard].count("entry") >= 3
