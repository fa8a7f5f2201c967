"""What is built is what is in the tree, and it runs from a fresh environment."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"bridge": ROOT, "whmcs_source": ROOT / "plugins", "kashflow_target": ROOT / "plugins"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place), str(ROOT)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return place


def _tree() -> set[str]:
    """Every file of the packages that belongs to them."""
    return {
        str(path.relative_to(base))
        for name, base in PACKAGES.items()
        for path in (base / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def test_the_wheel_holds_the_packages_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == _tree()
    assert "kashflow_target/wsdl/kashflow.wsdl" in names


def test_the_sdist_takes_no_stray_files(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        tops = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert tops <= {
        "bridge",
        "plugins",
        "tests",
        "docs",
        "README.md",
        "CHANGELOG.md",
        "bridge.yaml",
        "Makefile",
        "constraints.txt",
        "pyproject.toml",
        "PKG-INFO",
        ".gitignore",
    }


def test_the_wheel_runs_from_a_fresh_environment(built: Path, tmp_path: Path) -> None:
    """What bridge depends on is borrowed from here, so that no network is needed."""
    (wheel,) = built.glob("*.whl")
    place = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    site = next((place / "lib").glob("python3*")) / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {**os.environ, "PYTHONPATH": f"{site}:{sysconfig.get_path('purelib')}"}
    shown = ""
    for arguments in (["--version"], ["plugins", "list"]):
        found = subprocess.run(
            [place / "bin" / "python", "-m", "bridge.cli", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        shown += found.stdout
    assert "kashflow" in shown
