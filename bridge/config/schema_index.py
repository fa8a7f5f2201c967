"""What a settings model knows at a path, read from its JSON Schema."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

Schema = Mapping[str, Any]
Path = Sequence[str | int]


@lru_cache(maxsize=16)
def outline_of(model: type[BaseModel]) -> "Outline":
    """The model's outline; a model does not change, and its schema takes a while."""
    return Outline(model)


class Outline:
    """Keys, secrets and defaults of a model, by path."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.schema: dict[str, Any] = model.model_json_schema()
        self._definitions: Mapping[str, Any] = self.schema.get("$defs", {})

    def keys(self, path: Path) -> list[str]:
        """The keys that are known at a path, in the model's order."""
        known: dict[str, None] = {}
        for schema in self._at(path):
            known.update(dict.fromkeys(schema.get("properties", {})))
        return list(known)

    def is_secret(self, path: Path) -> bool:
        """Whether the value there is a `SecretStr`."""
        return any(schema.get("format") == "password" for schema in self._at(path))

    def is_text(self, path: Path) -> bool:
        """Whether the value there may be a text."""
        return any(schema.get("type") == "string" for schema in self._at(path))

    def is_only_text(self, path: Path) -> bool:
        """Whether a bare number there can only be meant as text."""
        schemas = self._at(path)
        texts = [schema for schema in schemas if schema.get("type") == "string"]
        others = {schema.get("type") for schema in schemas} - {"string", "null", None}
        return bool(texts) and not others

    def words(self, path: Path) -> list[str]:
        """Single words that may stand there."""
        return [
            str(word)
            for schema in self._at(path)
            for word in [schema.get("const"), *schema.get("enum", ())]
            if isinstance(word, str)
        ]

    def defaults(self) -> Mapping[str, Any]:
        """Top-level settings that have a value when nothing is written."""
        return {
            key: schema["default"]
            for key, schema in self.schema.get("properties", {}).items()
            if schema.get("default") not in (None, {}, [])
        }

    def _at(self, path: Path) -> list[Schema]:
        here = list(self._variants(self.schema))
        for part in path:
            here = [
                variant
                for schema in here
                for inner in _inner(schema, part)
                for variant in self._variants(inner)
            ]
        return here

    def _variants(self, schema: Any) -> Iterator[Schema]:
        if not isinstance(schema, Mapping):
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield from self._variants(self._definitions.get(reference.rpartition("/")[2]))
        yield schema
        for word in ("anyOf", "oneOf", "allOf"):
            for one in schema.get(word, ()):
                yield from self._variants(one)


def _inner(schema: Schema, part: str | int) -> Iterator[Any]:
    if isinstance(part, int):
        yield schema.get("items")
        return
    if part in schema.get("properties", {}):
        yield schema["properties"][part]
    else:
        yield schema.get("additionalProperties")


def described(model: type[BaseModel]) -> list[dict[str, Any]]:
    """A model's settings for people: name, whether required, default, description."""
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    return [
        {
            "name": name,
            "required": name in required,
            "default": _shown(one.get("default")),
            "description": fields[name].description or one.get("description", ""),
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _shown(default: Any) -> str:
    if default is None:
        return "none"
    return default if isinstance(default, str) and default else str(default) or "empty"
