"""`bridge plugins`: what is installed, and where it comes from."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.common import Json
from bridge.cli.console import STATE, say, say_json, table
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.registry import Offered, Origin

app = typer.Typer(no_args_is_help=True)
PluginName = Annotated[
    str, typer.Argument(metavar="PLUGIN", help="As `bridge plugins list` calls it.")
]


def register(into: typer.Typer) -> None:
    """Add the family."""
    into.add_typer(app, name="plugins", help="What is installed.")


@app.command("list")
def list_plugins(*, as_json: Json = False) -> None:
    """List the plugins with version and place.

    One that does not load, or whose settings do not, is named with its error.
    """
    from bridge.registry import load_plugins

    STATE.as_json = as_json
    found = load_plugins().without_broken_settings()
    if as_json:
        for one in found.offered:
            say_json(_plain(one))
        for broken in found.broken:
            say_json({"type": "broken", "error": broken.error, **_origin(broken.origin)})
        return
    if found.offered:
        table(
            ("Plugin", "Role", "Version", "What it is, and where it comes from"),
            [
                (
                    one.offer.kind,
                    one.role,
                    one.origin.version,
                    f"{one.offer.summary}; {_place(one.origin)}",
                )
                for one in found.offered
            ],
        )
    others = [one for one in found.loaded if not _offers(found.offered, one.origin)]
    for other in others:
        say(f"{other.origin.distribution} {other.origin.version}: {', '.join(other.hooks)}")
    for broken in found.broken:
        say()
        say(wrapped(f"Not loaded: {broken.origin.distribution} {broken.origin.version}"))
        say(wrapped(f"{broken.error} ({broken.origin.entry_point})", 2))


def _offers(offered: Any, origin: "Origin") -> bool:
    return any(one.origin == origin for one in offered)


def _place(origin: "Origin") -> str:
    from bridge.registry.origin import shortened

    how = ", a working copy" if origin.editable else ""
    return f"{origin.distribution} at {shortened(origin.path)}{how}"


def _origin(origin: "Origin") -> dict[str, object]:
    return {
        "distribution": origin.distribution,
        "version": origin.version,
        "entry_point": origin.entry_point,
        "path": origin.path,
        "editable": origin.editable,
    }


def _plain(one: "Offered") -> dict[str, object]:
    return {
        "type": "plugin",
        "kind": one.offer.kind,
        "role": one.role,
        "summary": one.offer.summary,
        "capabilities": sorted(one.offer.capabilities),
        **_origin(one.origin),
    }


@app.command("show")
def show_plugin(name: PluginName, *, as_json: Json = False) -> None:
    """Show one plugin and its settings."""
    from bridge.config.schema_index import described
    from bridge.errors import UsageError
    from bridge.registry import load_plugins
    from bridge.registry.plugin_calls import PluginCalls

    STATE.as_json = as_json
    found = load_plugins()
    offers = [one for one in found.offered if one.offer.kind == name]
    if not offers:
        kinds = ", ".join(one.offer.kind for one in found.offered) or "none"
        raise UsageError(f"no plugin named {name} is installed", remedy=f"installed are: {kinds}")
    for one in offers:
        with PluginCalls(one.origin).call("settings"):
            settings = described(one.offer.settings())
        if as_json:
            say_json({**_plain(one), "settings": settings})
            continue
        say(f"{one.offer.kind} ({one.role}), version {one.origin.version}")
        say(wrapped(one.offer.summary, 2))
        say(wrapped(_place(one.origin), 2))
        if one.origin.contact:
            say(wrapped(f"By {one.origin.contact}", 2))
        say(wrapped(f"Its sandbox: `{one.offer.sandbox_key}: sandbox`", 2))
        say()
        say("Settings:")
        for setting in settings:
            needed = "required" if setting["required"] else f"default {setting['default']}"
            say(wrapped(f"{setting['name']} ({needed})", 2))
            say(wrapped(str(setting["description"]), 6))
