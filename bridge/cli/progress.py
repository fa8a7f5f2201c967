"""Progress on a terminal: a bar that is gone when the run is over."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bridge.engine.progress import Progress, Silent

if TYPE_CHECKING:
    from rich.progress import Task

_WORDS = {
    "scan": "Looking for what changed",
    "book": "Booking",
    "look for what is there already": "Looking for what is there",
}


class Bar:
    """A `Progress` drawn with rich on stderr. Entered, it shows; left, it is gone."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress as Rich, TextColumn

        from bridge.cli.pace import Pace

        self._rich = Rich(
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            Pace(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._task: Any = None

    @property
    def drawn(self) -> Sequence["Task"]:
        """The bars that are there, from top to bottom."""
        return self._rich.tasks

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

    @contextmanager
    def aside(self, name: str, total: int) -> Iterator[Callable[[], None]]:
        """A second bar below, for as long as it takes."""
        task = self._rich.add_task(_WORDS.get(name, name), total=total)
        try:
            yield lambda: self._rich.advance(task)
        finally:
            self._rich.remove_task(task)


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
