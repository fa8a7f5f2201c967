"""How a run tells how far it is. The command line draws it; the engine only counts."""

from typing import Protocol


class Progress(Protocol):
    """Told about stages and steps, from any thread."""

    def stage(self, name: str, total: int | None) -> None:
        """A new stage begins, with so many steps as far as is known."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Some steps of the stage are done."""
        ...


class Silent:
    """Says nothing."""

    def stage(self, name: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, steps: int = 1) -> None:
        """Nothing."""
