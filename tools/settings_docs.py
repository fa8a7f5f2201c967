"""Prints the settings tables of docs/configuration.md from the models: `--write` puts them in."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from bridge.config.models import BooksSettings, Settings, SyncSettings
from bridge.registry import load_plugins

DOCS = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
BEGIN, END = "<!-- settings: generated -->", "<!-- settings: end -->"


def tables() -> str:
    """All tables, as Markdown."""
    parts = [BEGIN, *_table("### The file", Settings), *_table("### `sync:`", SyncSettings)]
    parts += _table("### `books:`", BooksSettings)
    found = load_plugins()
    for role, offers in (("source", found.sources()), ("target", found.targets())):
        for one in offers:
            model = one.offer.settings()
            parts += _table(f"### `{role}: plugin: {one.offer.kind}`", model)
            for key, inner in _sections(model):
                parts += _table(f"#### `{role}.{key}`", inner)
    return "\n".join([*parts, "", END])


def _sections(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Settings that are mappings of their own, such as one gateway's."""
    for name, field in model.model_fields.items():
        for inner, suffix in _models(field.annotation, ""):
            yield name + suffix, inner


def _models(annotation: Any, suffix: str) -> Iterator[tuple[type[BaseModel], str]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, suffix
        return
    origin = getattr(annotation, "__origin__", None)
    deeper = ".NAME" if origin is dict else "[]" if origin is list else ""
    for inner in get_args(annotation):
        yield from _models(inner, suffix + deeper)


def _table(title: str, model: type[BaseModel]) -> list[str]:
    lines = ["", title, "", "| key | default | meaning |", "|---|---|---|"]
    schema = model.model_json_schema().get("properties", {})
    for name, field in model.model_fields.items():
        key = field.alias or name
        told = schema.get(key, {}).get("default", field.get_default(call_default_factory=True))
        default = "**required**" if field.is_required() else _shown(told)
        meaning = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{key}` | {default} | {meaning} |")
    return lines


def _shown(default: Any) -> str:
    """As it would be written in the file; nothing where that would be nothing."""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default is None or default in ({}, [], (), ""):
        return ""
    if isinstance(default, BaseModel):
        return "see below"
    if isinstance(default, list | tuple):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{default}`"


def replaced(text: str) -> str:
    """`text` with its tables made anew."""
    head, _, rest = text.partition(BEGIN)
    return head + tables() + rest.partition(END)[2]


if __name__ == "__main__":
    if "--write" in sys.argv:
        DOCS.write_text(replaced(DOCS.read_text()))
    else:
        print(tables())
