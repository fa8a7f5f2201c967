"""Where a plugin comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.registry.installed import Distribution, Point


@dataclass(frozen=True, slots=True)
class Origin:
    """A plugin's distribution and place.

    Attributes:
        distribution: Its name on the package index.
        version: Its version.
        entry_point: ``whmcs = whmcs_source.plugin``.
        path: The module's file, or empty where it cannot be told.
        editable: Whether it is installed as a working copy.
    """

    distribution: str
    version: str
    entry_point: str
    path: str
    editable: bool


def origin_of(point: Point, module: object | None = None) -> Origin:
    """The origin of what `point` names, whether or not it could be imported."""
    distribution = point.dist
    return Origin(
        distribution=_header(distribution, "Name") or "an unnamed distribution",
        version=_header(distribution, "Version") or "?",
        entry_point=f"{point.name} = {point.value}",
        path=_path_of(point, module),
        editable=_is_editable(distribution) if distribution else False,
    )


def _header(distribution: Distribution | None, name: str) -> str:
    """A field of the distribution's metadata, which begins as an e-mail does."""
    if distribution is None:
        return ""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    for line in text.splitlines():
        field, _, value = line.partition(":")
        if field == name:
            return value.strip()
        if not line:
            break
    return ""


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


def _is_editable(distribution: Distribution) -> bool:
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
