"""Where a plugin comes from."""

import json
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint
from importlib.util import find_spec
from pathlib import Path


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


def origin_of(point: EntryPoint, module: object | None = None) -> Origin:
    """The origin of what `point` names, whether or not it could be imported."""
    distribution = point.dist
    return Origin(
        distribution=distribution.metadata["Name"] if distribution else "an unnamed distribution",
        version=distribution.version if distribution else "?",
        entry_point=f"{point.name} = {point.value}",
        path=_path_of(point, module),
        editable=_is_editable(distribution) if distribution else False,
    )


def _path_of(point: EntryPoint, module: object | None) -> str:
    file = getattr(module, "__file__", None)
    if file:
        return str(file)
    try:
        # Only the top-level name: looking for a submodule would import its parents.
        spec = find_spec(point.module.partition(".")[0])
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
    try:
        text = distribution.read_text("direct_url.json")
        record = json.loads(text) if text else {}
        return bool(record.get("dir_info", {}).get("editable", False))
    except (ValueError, AttributeError, OSError):
        return False


def shortened(path: str) -> str:
    """The path as people like it: relative to home where it lies there."""
    try:
        return f"~/{Path(path).relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return path
