"""The JSON Schema of bridge.yaml, the installed plugins' settings included."""

from typing import Any

from bridge.plugin import SourcePlugin, TargetPlugin
from bridge.registry import Plugins

_ABOUT = ("title", "description", "default")
_VARIABLE = {"type": "string", "pattern": r"\$\{"}


def file_schema(found: Plugins) -> dict[str, Any]:
    """One schema for the whole file: each plugin's model stands behind its `plugin:` word."""
    from bridge.config.models import Settings

    schema = Settings.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "bridge.yaml"
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    for role, offers in (("source", found.sources()), ("target", found.targets())):
        choices = [_section(one.offer, role, definitions) for one in offers]
        schema["properties"][role] = {"oneOf": choices}
    definitions.pop("Section", None)  # what the core reads of both; the plugins' models say more
    _allow_variables(schema)
    return schema


def _allow_variables(schema: Any) -> None:
    """`${NAME}` stands for a number as well as for a text; an editor should not frown at it."""
    if isinstance(schema, list):
        for one in schema:
            _allow_variables(one)
    if not isinstance(schema, dict):
        return
    for one in schema.values():
        _allow_variables(one)
    for name, one in schema.get("properties", {}).items():
        if isinstance(one, dict) and one.get("type") in ("integer", "number", "boolean"):
            kept = {word: one.pop(word) for word in list(one) if word not in _ABOUT}
            schema["properties"][name] = {**one, "anyOf": [kept, dict(_VARIABLE)]}


def _section(
    offer: SourcePlugin | TargetPlugin, role: str, definitions: dict[str, Any]
) -> dict[str, Any]:
    prefix = f"{role}_{offer.kind}_"
    model = offer.settings().model_json_schema(ref_template=f"#/$defs/{prefix}{{model}}")
    for name, one in model.pop("$defs", {}).items():
        definitions[prefix + name] = one
    properties = model.setdefault("properties", {})
    properties["plugin"] = {"const": offer.kind, "description": "the plugin"}
    # A sandbox supplies what is required, so only the word `plugin` always is.
    model["required"] = ["plugin"]
    return dict(model)
