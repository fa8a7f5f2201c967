"""`bridge config`: the settings in effect, and the schema of the file."""

import typer

from bridge.cli.common import Json, open_app
from bridge.cli.console import STATE, say, say_json, talk
from bridge.reports.table import wrapped

app = typer.Typer(no_args_is_help=True)


def register(into: typer.Typer) -> None:
    """Add the family."""
    into.add_typer(app, name="config", help="The settings in effect.")


@app.command("show")
def show(*, as_json: Json = False) -> None:
    """Show every setting, with secrets hidden.

    Defaults are included.
    """
    import json

    import yaml

    STATE.as_json = as_json
    bridge = open_app()
    shown = bridge.config.shown()
    if as_json:
        say_json({"type": "config", "settings": shown})
        return
    text = yaml.safe_dump(
        json.loads(json.dumps(shown, default=str)), sort_keys=False, allow_unicode=True
    )
    say(text.rstrip())


@app.command("schema")
def schema(*, as_json: Json = False) -> None:
    """Print the JSON Schema of bridge.yaml.

    Plugins are included; editors use it.
    """
    import json

    from bridge.config.schema import file_schema
    from bridge.registry import load_plugins

    STATE.as_json = as_json
    plugins = load_plugins().without_broken_settings()
    for broken in plugins.broken:
        talk(wrapped(f"Left out: {broken.origin}: {broken.error}"))
    found = file_schema(plugins)
    if as_json:
        say_json(found)
    else:
        say(json.dumps(found, indent=2, ensure_ascii=False))
