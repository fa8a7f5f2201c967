"""Both in-memory ends as plugin offers, for tests of what handles plugins."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.api import SourcePlugin, TargetPlugin, hookimpl
from bridge.testing.builders import LABEL
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget


class MemorySandbox:
    """Nothing to start: the far side lives in this process."""

    def __init__(self) -> None:
        self.settings: Mapping[str, str] = {"url": "memory://"}
        self.address = "memory://"

    def __enter__(self) -> "MemorySandbox":
        return self

    def __exit__(self, *_: object) -> None:
        return None


def memory_sandbox(
    directory: Path,  # noqa: ARG001  # nothing is kept
    *,
    port: int = 0,  # noqa: ARG001
    switches: Mapping[str, str] | None = None,  # noqa: ARG001
) -> MemorySandbox:
    """The factory of `MemorySandbox`."""
    return MemorySandbox()


class MemoryPlugin:
    """A pluggy plugin that offers ``memory`` at both ends.

    Attributes:
        billing, books: The far sides that every opened end talks to.
    """

    def __init__(self, billing: MemoryBilling, books: MemoryBooks) -> None:
        self.billing = billing
        self.books = books

    @hookimpl
    def bridge_sources(self) -> Iterator[SourcePlugin]:
        """Offer the billing system."""
        yield SourcePlugin(
            kind="memory",
            summary="a billing system in memory",
            settings=memory_settings,
            open=lambda settings: MemorySource(self.billing, settings.label),
            sandbox=memory_sandbox,
            sandbox_key="url",
        )

    @hookimpl
    def bridge_targets(self) -> Iterator[TargetPlugin]:
        """Offer the accounting system."""
        yield TargetPlugin(
            kind="memory",
            summary="an accounting system in memory",
            settings=memory_settings,
            open=lambda _: MemoryTarget(self.books),
            sandbox=memory_sandbox,
            sandbox_key="url",
        )


def memory_plugin(
    billing: MemoryBilling | None = None, books: MemoryBooks | None = None
) -> MemoryPlugin:
    """A plugin to register: ``manager.register(memory_plugin())``."""
    return MemoryPlugin(
        MemoryBilling() if billing is None else billing, MemoryBooks() if books is None else books
    )


def memory_settings() -> type[Any]:
    """The model of either end's settings."""
    from pydantic import BaseModel, ConfigDict, Field, SecretStr

    class MemorySettings(BaseModel):
        """Settings of an end in memory."""

        model_config = ConfigDict(extra="forbid")

        url: str = Field("memory://", description="where it is: nowhere but here")
        label: str = Field(LABEL, description="prefix of references")
        password: SecretStr = Field(SecretStr(""), description="not looked at")

    return MemorySettings
