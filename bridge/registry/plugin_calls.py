"""Calls of a plugin: what it raises against the contract is told as its own fault, and whose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.errors import BridgeError, PluginError, PluginOutcomeError

if TYPE_CHECKING:
    from bridge.registry.origin import Origin

ALLOWED: tuple[type[Exception], ...] = (BridgeError, MemoryError)
"""What passes a call unchanged, beside what is no `Exception` at all, such as Ctrl-C."""

FAULTS: tuple[type[BaseException], ...] = (Exception, SystemExit)
"""What is the plugin's fault. One that would end the process is no better than any other."""


@dataclass(frozen=True, slots=True)
class PluginCalls:
    """Names the faults of one plugin.

    Attributes:
        origin: Where the plugin comes from.
        hide: Takes secrets out of a text: what a plugin raises may hold the address that it was
            given, password and all.
    """

    origin: Origin
    hide: Callable[[str], str] = str

    @contextmanager
    def call(self, name: str, *expected: type[Exception]) -> Iterator[None]:
        """Guard one call that writes nothing.

        Raises:
            PluginError: the plugin raised what is neither allowed nor `expected`.
        """
        try:
            yield
        except ALLOWED + expected:
            raise
        except FAULTS as error:
            raise self.failed(name, error) from error

    def failed(self, name: str, error: BaseException) -> PluginError:
        """Return what is told of a call by which nothing can have been written."""
        return PluginError(
            self._words(name, error),
            remedy=f"{self.report}; what was written is in the log, and running again makes no"
            " duplicates",
        )

    def uncertain(self, name: str, error: BaseException) -> PluginOutcomeError:
        """Return what is told of a call by which something may have been written."""
        return PluginOutcomeError(
            f"{self._words(name, error)}; it may have been written",
            remedy=f"{self.report}; then run `bridge sync` again: it looks in the target before"
            " it writes",
        )

    def _words(self, name: str, error: BaseException) -> str:
        import logging  # a start that meets no fault goes without

        logging.getLogger("bridge.plugins").debug("where %s failed", self.origin, exc_info=error)
        return self.hide(f"the plugin {self.origin} failed in {name}: {in_words(error)}")

    @property
    def report(self) -> str:
        """Return whom to tell of a fault, and with what, as an order."""
        whom = self.origin.contact or f"whoever publishes {self.origin.distribution}"
        return f"report it to {whom}, with what the same command shows with --debug"


def in_words(error: BaseException) -> str:
    """An exception as one line that names its class."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
