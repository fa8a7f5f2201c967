"""Where a plugin comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.registry.installed import Place, Point


_TRACKER = re.compile(r"bug|issue|support|tracker", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """A plugin's distribution and place.

    Attributes:
        distribution: Its name on the package index.
        version: Its version.
        entry_point: ``whmcs = whmcs_source.plugin``.
        path: The module's file, or empty where it cannot be told.
        editable: Whether it is installed as a working copy.
        contact: Its author and address, as far as its metadata names them.
    """

    distribution: str
    version: str
    entry_point: str
    path: str
    editable: bool
    contact: str = ""

    def __str__(self) -> str:
        return f"{self.entry_point.partition(' ')[0]} ({self.distribution} {self.version})"


def origin_of(point: Point, module: object | None = None) -> Origin:
    """The origin of what `point` names, whether or not it could be imported."""
    distribution = point.dist
    fields = _fields(distribution)
    return Origin(
        distribution=_first(fields, "Name") or "an unnamed distribution",
        version=_first(fields, "Version") or "?",
        entry_point=f"{point.name} = {point.value}",
        path=_path_of(point, module),
        editable=_is_editable(distribution) if distribution else False,
        contact=_contact(fields),
    )


def _fields(distribution: Place | None) -> list[tuple[str, str]]:
    """The fields of the distribution's metadata, which begins as an e-mail does."""
    if distribution is None:
        return []
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    head = text.partition("\n\n")[0].splitlines()
    pairs = (line.partition(":") for line in head if ":" in line)
    return [(name, value.strip()) for name, _, value in pairs]


def _first(fields: Sequence[tuple[str, str]], *names: str) -> str:
    """The first value of the first of these names that has one."""
    return next((value for name in names for key, value in fields if key == name and value), "")


def _contact(fields: Sequence[tuple[str, str]]) -> str:
    """Author and address: that of the bug tracker, else the first that is named."""
    author = _first(fields, "Author", "Maintainer", "Author-email", "Maintainer-email")
    links = [value.partition(",") for key, value in fields if key == "Project-URL"]
    trackers = [address.strip() for label, _, address in links if _TRACKER.search(label)]
    others = [_first(fields, "Home-page"), *(address.strip() for _, _, address in links)]
    return ", ".join(filter(None, [author, next(filter(None, [*trackers, *others]), "")]))


def _path_of(point: Point, module: object | None) -> str:
    file = getattr(module, "__file__", None)
    if file:
        return str(file)
    from importlib.util import find_spec

    try:
        # Only the top-level name: looking for a submodule would import its parents.
        spec = find_spec(point.value.partition(":")[0].partition(".")[0].strip())
    except (ImportError, ValueError):
        return ""
    if spec is None:
        return ""
    if spec.origin:
        return spec.origin
    places = list(spec.submodule_search_locations or ())
    return places[0] if places else ""


def _is_editable(distribution: Place) -> bool:
    """Whether pip or uv recorded a working copy (packaging.python.org, direct_url.json)."""
    text = distribution.read_text("direct_url.json")
    if not text:
        return False
    import json

    try:
        record = json.loads(text)
        return bool(record.get("dir_info", {}).get("editable", False))
    except (ValueError, AttributeError):
        return False


def shortened(path: str) -> str:
    """The path as people like it: relative to home where it lies there."""
    try:
        return f"~/{Path(path).relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return path
