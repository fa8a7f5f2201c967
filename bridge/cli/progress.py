"""Progress on a terminal: a bar that is gone when the run is over."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bridge.engine.context import NoProgress

if TYPE_CHECKING:
    from rich.progress import Task

_WORDS = {
    "scan": "Looking for what changed",
    "book": "Booking",
    "look for what is there already": "Looking for what is there",
}


def pace(task: "Task") -> str:
    """Return how fast a bar moves, over the last half minute, and how long it has to go.

    ``4.9/s, 0:09:47 left``; the rate alone where no end is known, nothing before it is known.
    """
    speed = task.finished_speed or task.speed
    if not speed:
        return ""
    rate = f"{speed:,.1f}/s" if speed < 100 else f"{speed:,.0f}/s"
    left = task.time_remaining
    if left is None or task.finished:
        return rate
    return f"{rate}, {timedelta(seconds=int(left))} left"


class ProgressBar:
    """A `Progress` drawn with rich on stderr. Entered, it shows; left, it is gone."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress as Rich,
            ProgressColumn,
            TextColumn,
        )
        from rich.text import Text

        class PaceColumn(ProgressColumn):
            max_refresh = 0.5

            def render(self, task: "Task") -> Text:
                return Text(pace(task))

        self._rich = Rich(
            TextColumn("{task.description}"),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            PaceColumn(),
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
        """Replace the bar by one for this stage."""
        if self._task is not None:
            self._rich.remove_task(self._task)
        self._task = self._rich.add_task(_WORDS.get(name, name), total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar on."""
        if self._task is not None:
            self._rich.advance(self._task, steps)

    @contextmanager
    def aside(self, name: str, total: int) -> Iterator[Callable[[], None]]:
        """Draw a second bar below for as long as the context is open."""
        task = self._rich.add_task(_WORDS.get(name, name), total=total)
        try:
            yield lambda: self._rich.advance(task)
        finally:
            self._rich.remove_task(task)


def progress(*, drawn: bool) -> ProgressBar | NoProgress:
    """Return a bar for a person, or one that draws nothing, as for cron."""
    return ProgressBar() if drawn else NoProgress()
