"""Which distributions offer plugins, found by reading a few small files.

`importlib.metadata` answers the same and costs a third of a start: it loads the e-mail package and
parses the metadata of everything that is installed. It is asked where the path holds what is no
directory, such as a zip file, or where something else than the path is searched.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.metadata import Distribution, EntryPoint

Place: TypeAlias = "Folder | Distribution"
Point: TypeAlias = "Line | EntryPoint"


class Folder:
    """A ``.dist-info`` or ``.egg-info`` directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read_text(self, filename: str, /) -> str | None:
        """Return one of its metadata files, or None where it has no such file."""
        try:
            return (self._path / filename).read_text(encoding="utf-8")
        except OSError:
            return None


class Line:
    """One line of a distribution's ``entry_points.txt``: ``whmcs = whmcs_source.plugin``."""

    def __init__(self, name: str, value: str, dist: Folder) -> None:
        self.name, self.value, self.dist = name, value, dist

    def load(self) -> Any:
        """Import what it names. Raises whatever the import raises."""
        module, _, path = self.value.partition("[")[0].strip().partition(":")
        found: Any = import_module(module.strip())
        for attribute in filter(None, path.strip().split(".")):
            found = getattr(found, attribute)
        return found


def installed(group: str) -> Sequence[Point]:
    """The entry points of a group; of two copies of a distribution the first on the path counts."""
    places = list(dict.fromkeys(Path(place or ".") for place in sys.path))
    if not _is_plain(places):
        from importlib.metadata import entry_points

        return list(entry_points(group=group))
    return list(_on(places, group))


def _is_plain(places: Sequence[Path]) -> bool:
    finders = [one for one in sys.meta_path if hasattr(one, "find_distributions")]
    is_usual = all(getattr(one, "__name__", "") == "PathFinder" for one in finders)
    return is_usual and not any(place.is_file() for place in places)


def _on(places: Sequence[Path], group: str) -> Iterator[Point]:
    seen: set[str] = set()
    for place in places:
        for folder in _folders(place):
            name = folder.name.rpartition(".")[0].partition("-")[0].lower().replace(".", "_")
            if name in seen:
                continue
            seen.add(name)
            distribution = Folder(folder)
            text = distribution.read_text("entry_points.txt") or ""
            for key, value in _section(text, group):
                yield Line(key, value, distribution)


def _folders(place: Path) -> list[Path]:
    try:
        return sorted(one for one in place.iterdir() if one.suffix in {".dist-info", ".egg-info"})
    except OSError:
        return []


def _section(text: str, group: str) -> Iterator[tuple[str, str]]:
    """The lines below ``[group]`` (packaging.python.org, entry points specification)."""
    is_inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            is_inside = line == f"[{group}]"
        elif is_inside and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()
