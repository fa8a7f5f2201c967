"""How a run tells how far it is. The command line draws it; the engine only counts."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Progress(Protocol):
    """Told about stages and steps, from any thread."""

    def stage(self, name: str, total: int | None) -> None:
        """A new stage begins, with so many steps as far as is known."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Some steps of the stage are done."""
        ...

    def aside(self, name: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """Work beside the stage, which goes on; call what it gives after each of its steps."""
        ...


class Silent:
    """Says nothing."""

    def stage(self, name: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, steps: int = 1) -> None:
        """Nothing."""

    def aside(self, name: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """Nothing."""
        del name, total
        return nullcontext(_nothing)


def _nothing() -> None:
    """What a step beside a stage comes to where nobody looks."""
