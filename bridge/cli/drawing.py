"""Progress on a terminal: a bar that is gone when the run is over."""

import sys
from types import TracebackType
from typing import Any, Self

from bridge.engine.progress import Progress, Silent

_WORDS = {
    "scan": "Looking for what changed",
    "book": "Booking",
    "look for what is there already": "Looking for what is there already",
}


class Bar:
    """A `Progress` drawn with rich on stderr. Entered, it shows; left, it is gone."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Rich

        self._rich = Rich(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._task: Any = None

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._rich.stop()

    def stage(self, name: str, total: int | None) -> None:
        """A new bar."""
        if self._task is not None:
            self._rich.remove_task(self._task)
        self._task = self._rich.add_task(_WORDS.get(name, name), total=total)

    def advance(self, steps: int = 1) -> None:
        """Draw on."""
        if self._task is not None:
            self._rich.advance(self._task, steps)


class Quiet(Silent):
    """Nothing is drawn, in the shape of a bar."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing."""


def progress(*, drawn: bool) -> Bar | Quiet:
    """A bar for a person, nothing for cron."""
    bar: Bar | Quiet = Bar() if drawn else Quiet()
    checked: Progress = bar
    del checked
    return bar
