"""Style, types and layers are part of the suite."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent


def _clean(*command: str) -> None:
    found = subprocess.run(
        [TOOLS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_ruff_finds_nothing() -> None:
    _clean("ruff", "check", ".")


def test_everything_is_formatted() -> None:
    _clean("ruff", "format", "--check", ".")


@pytest.mark.timeout(600)
def test_mypy_strict_finds_nothing() -> None:
    _clean("mypy")


def test_imports_run_one_way() -> None:
    _clean("lint-imports")
