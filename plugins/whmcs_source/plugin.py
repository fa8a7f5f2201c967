"""What this plugin offers to bridge. Importing it is cheap: everything else loads on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.plugin import SourcePlugin, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bridge.api import Sandbox, Source


def _settings() -> type[Any]:
    from whmcs_source.settings import WhmcsSettings

    return WhmcsSettings


def _open(settings: Any) -> Source:
    if settings.database is not None:
        from whmcs_source.database.database_source import WhmcsDatabase

        return WhmcsDatabase(settings)
    from whmcs_source.source.source import WhmcsSource

    return WhmcsSource(settings)


def _sandbox(
    directory: Path, *, port: int = 0, switches: Mapping[str, str] | None = None
) -> Sandbox:
    from whmcs_source.sandbox.factory import sandbox

    return sandbox(directory, port=port, switches=switches)


@hookimpl
def bridge_sources() -> Iterator[SourcePlugin]:
    """Offer WHMCS, read over its HTTP API or from its database."""
    yield SourcePlugin(
        kind="whmcs",
        summary="WHMCS 8 and 9, read over its HTTP API or from its database",
        settings=_settings,
        open=_open,
        sandbox=_sandbox,
        sandbox_key="url",
        connection=("identifier", "secret"),
        ways={
            "over its HTTP API, or the sandbox": ("url", "identifier", "secret"),
            "from its database (mysql://reader:PASSWORD@host/whmcs; the user needs only SELECT)": (
                "database",
            ),
        },
    )
