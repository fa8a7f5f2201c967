"""What is built is what is in the tree, and it runs from a fresh environment."""

import json
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"bridge": ROOT, "whmcs_source": ROOT / "plugins", "kashflow_target": ROOT / "plugins"}
KINDS_OF_FILE = {".gz", ".j2", ".md", ".py", ".toml", ".txt", ".typed", ".wsdl", ".yaml", ""}
NAMED = {
    "LICENSE",
    "Makefile",
    "PKG-INFO",
    ".gitignore",
    "py.typed",
    "run",
    "serial.php",
    "slow_disk.c",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sdist and the wheel that was made from it."""
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


def _needed(name: str, extras: set[str], seen: set[tuple[str, ...]]) -> set[str]:
    """The distributions that one needs, through all levels, by their normalised names."""
    for text in requires(name) or ():
        requirement = Requirement(text)
        wanted = requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras or {""}
        )
        key = canonicalize_name(requirement.name)
        if wanted and (key, *requirement.extras) not in seen:
            seen.add((key, *requirement.extras))
            _needed(key, set(requirement.extras), seen)
    return {key for key, *_ in seen}


def test_every_distribution_that_is_needed_is_pinned() -> None:
    """Also those that others bring, and those that build the wheel."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    needed = _needed("bridge-accounts", {"dev"}, set()) - {"bridge-accounts"}
    assert len(needed) > 40
    assert needed - pinned == set()


def test_the_packages_are_where_the_project_says() -> None:
    """A package path that is misspelt is left out of the wheel without a word."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    paths = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert [Path(path).name for path in paths] == list(PACKAGES)
    for path in paths:
        assert (ROOT / path / "__init__.py").is_file()
        assert (ROOT / path / "py.typed").is_file()


def test_the_wheel_holds_the_packages_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == _tree()
    assert "kashflow_target/wsdl/kashflow.wsdl" in names


def test_the_sdist_takes_no_stray_files(built: Path) -> None:
    """Not a sync log, a secret or a cache, wherever it was left."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    added_by_the_builder = {"PKG-INFO", "pyproject.toml", ".gitignore"}
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = [Path(*Path(one.name).parts[1:]) for one in archive.getmembers() if one.isfile()]
    assert {path.parts[0] for path in files} <= {Path(path).parts[0] for path in wanted} | (
        added_by_the_builder
    )
    stray = [str(path) for path in files if not (path.suffix and path.suffix in KINDS_OF_FILE)]
    assert [path for path in stray if Path(path).name not in NAMED] == []


def test_the_sdist_can_make_what_the_readme_promises(built: Path) -> None:
    """Its Makefile finds what it calls."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = {str(Path(*Path(name).parts[1:])) for name in archive.getnames()}
    assert files >= {
        "LICENSE",
        "Makefile",
        "bridge.yaml",
        "constraints.txt",
        "tools/demo.py",
        ".ci/run",
    }


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's `bridge`, in an environment of its own.

    What it depends on is borrowed from here, so that no network is needed.
    """
    place = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--isolated", "--python", str(python), "install"]
    quiet = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"]
    found = subprocess.run([*pip, *quiet, wheel], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    site = next((place / "lib").glob("python3*")) / "site-packages"
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin" / "bridge"


def _run(bridge: Path, place: Path, *arguments: str, code: int = 0) -> str:
    found = subprocess.run(
        [bridge, *arguments],
        cwd=place,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert found.returncode == code, found.stdout + found.stderr
    return found.stdout


def test_the_installed_wheel_knows_its_version(installed: Path, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert _run(installed, tmp_path, "--version").split() == ["bridge", project["version"]]


def test_the_installed_wheel_finds_both_plugins_in_itself(installed: Path, tmp_path: Path) -> None:
    lines = _run(installed, tmp_path, "plugins", "list", "--json").splitlines()
    plugins = [json.loads(line) for line in lines]
    assert {one["kind"] for one in plugins} == {"whmcs", "kashflow"}
    for one in plugins:
        assert one["distribution"] == "bridge-accounts"
        assert not one["editable"]
        assert Path(one["path"]).is_relative_to(installed.parents[1])


def test_the_installed_wheel_does_its_work(installed: Path, tmp_path: Path) -> None:
    """The WSDL, the migrations and both sandboxes came along. Some invoices are held on purpose."""
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    line = _run(installed, tmp_path, "sync", "--limit", "1", "--json", code=3).splitlines()[-1]
    assert json.loads(line)["created"]["invoices"] == 1
