"""Tests lie where their source lies; what has none of its own is listed, and the list shrinks."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("tested_from_outside.txt")
MOST = 169
"""Modules on the list. It may be lowered and never raised."""


def _modules() -> list[str]:
    """Every module of both trees, as a path without its ending, plugins by their own name."""
    found = []
    for base in (ROOT / "bridge", ROOT / "plugins"):
        for path in base.rglob("*.py"):
            if path.name != "__init__.py" and "versions" not in path.parts:
                shown = path.relative_to(ROOT if base.name == "bridge" else base)
                found.append(shown.with_suffix("").as_posix())
    return sorted(found)


def _has_tests(module: str) -> bool:
    """Whether tests/…/test_STEM.py is there, or one that begins so and is no other module's."""
    place, _, stem = module.removeprefix("bridge/").rpartition("/")
    siblings = {name.rpartition("/")[2] for name in _modules() if name.rpartition("/")[0] == place}
    for path in (ROOT / "tests" / place).glob(f"test_{stem}*.py"):
        tested = path.stem.removeprefix("test_")
        longer = {name for name in siblings if len(name) > len(stem) and tested.startswith(name)}
        if tested == stem or (tested.startswith(f"{stem}_") and not longer):
            return True
    return False


def _listed() -> dict[str, str]:
    """Modules without tests of their own, with the reason: what tests them."""
    rows = [line.partition(":") for line in LIST.read_text().splitlines() if line]
    return {module.strip(): reason.strip() for module, _, reason in rows}


def test_each_module_has_tests_of_its_own_or_is_on_the_list() -> None:
    assert sorted(_listed()) == [name for name in _modules() if not _has_tests(name)]


def test_the_list_says_what_tests_each_and_only_shrinks() -> None:
    assert all(_listed().values())
    assert len(_listed()) <= MOST
