"""`make demo`, and what `.ci/run` makes of `make test`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PASSED = "======== 12 passed, 3 skipped in 4.56s ========"
NO_POSTGRES = (
    "SKIPPED [3] tests/store/conftest.py:68: no PostgreSQL at BRIDGE_TEST_POSTGRES: refused"
)


def test_the_demo_shows_three_runs_and_where_to_look_next(tmp_path: Path) -> None:
    """A batch of 200, the rest, and nothing. What it tells to type works from where it says."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "demo.py", tmp_path / "tools")
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    command = tmp_path / ".venv" / "bin" / "bridge"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bridge.cli "$@"\n')
    command.chmod(0o755)
    found = subprocess.run(
        [sys.executable, tmp_path / "tools" / "demo.py", command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    booked = [int(number) for number in re.findall(r": (\d+) invoices? booked", found.stdout)]
    assert re.findall(r"^Created: .*?(\d+) invoices", found.stdout, re.MULTILINE)[0] == "199"
    assert booked[0] == 199  # one of 200 is no sale; of one a second charge waits for an answer
    assert 0 < booked[1] < 200
    assert booked[2] == 0
    told = found.stdout.partition("Where to look next")[2]
    for words in re.findall(r"^  \S*bin/bridge (.+?)  ", told, re.MULTILINE):
        again = subprocess.run(
            ["../.venv/bin/bridge", *words.split()],
            cwd=tmp_path / ".demo",
            capture_output=True,
            text=True,
            check=False,
        )
        assert again.returncode in (0, 3), again.stderr
        assert again.stdout.strip(), words


def _ci(place: Path, *said: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """`.ci/run` where `make test` says this and ends with that."""
    if not shutil.which("make"):
        pytest.skip("there is no make on this machine")
    (place / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", place / ".ci")
    lines = "".join(f"\t@echo '{line}'\n" for line in said)
    (place / "Makefile").write_text(f"test:\n{lines}\t@exit {code}\n")
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key}
    return subprocess.run(
        [place / ".ci" / "run"],
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ci_ends_with_the_closing_line_of_the_suite(tmp_path: Path) -> None:
    found = _ci(tmp_path, NO_POSTGRES, PASSED)
    assert found.returncode == 0
    assert found.stdout.splitlines()[-1] == PASSED


def test_ci_says_what_was_skipped(tmp_path: Path) -> None:
    told = _ci(tmp_path, NO_POSTGRES, PASSED).stdout.partition("--- what ran")[2]
    assert "PostgreSQL: its tests were SKIPPED" in told
    assert "MariaDB: its tests ran" in told
    assert NO_POSTGRES in told


def test_ci_fails_when_the_suite_fails(tmp_path: Path) -> None:
    found = _ci(tmp_path, "======== 1 failed, 11 passed in 4.56s ========", code=1)
    assert found.returncode != 0
    assert "1 failed, 11 passed" in found.stdout.splitlines()[-1]


@pytest.mark.parametrize("said", ["", "======== no tests ran in 0.01s ========"])
def test_ci_fails_when_nothing_ran(tmp_path: Path, said: str) -> None:
    """Even if make is content."""
    found = _ci(tmp_path, said)
    assert found.returncode != 0
    assert found.stdout.splitlines()[-1] == "no test ran"
