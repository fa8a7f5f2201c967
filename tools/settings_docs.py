"""Prints the settings tables of docs/configuration.md from the models: `--write` puts them in."""

import sys
from pathlib import Path

from bridge.config.models import Settings, SyncSettings
from bridge.config.outline import described
from bridge.registry import load_plugins

DOCS = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
BEGIN, END = "<!-- settings: generated -->", "<!-- settings: end -->"


def tables() -> str:
    """All tables, as Markdown."""
    models = [("The file", Settings), ("`sync:`", SyncSettings)]
    found = load_plugins()
    for role, offers in (("source", found.sources()), ("target", found.targets())):
        models += [(f"`{role}: plugin: {one.offer.kind}`", one.offer.settings()) for one in offers]
    parts = [BEGIN]
    for title, model in models:
        parts += ["", f"### {title}", "", "| key | default | meaning |", "|---|---|---|"]
        for one in described(model):
            default = "**required**" if one["required"] else f"`{one['default']}`"
            meaning = str(one["description"]).replace("|", "\\|")
            parts.append(f"| `{one['name']}` | {default} | {meaning} |")
    return "\n".join([*parts, "", END])


def replaced(text: str) -> str:
    """`text` with its tables made anew."""
    head, _, rest = text.partition(BEGIN)
    return head + tables() + rest.partition(END)[2]


if __name__ == "__main__":
    if "--write" in sys.argv:
        DOCS.write_text(replaced(DOCS.read_text()))
    else:
        print(tables())
