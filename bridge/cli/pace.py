"""How fast a bar moves, and how long it has to go. Imported only when one is drawn."""

from datetime import timedelta

from rich.progress import ProgressColumn, Task
from rich.text import Text


class Pace(ProgressColumn):
    """``4.9/s, 0:09:47 left``; the rate alone where no end is known, nothing before it is known."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Of the last half minute, as rich reckons it."""
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        rate = f"{speed:,.1f}/s" if speed < 100 else f"{speed:,.0f}/s"
        left = task.time_remaining
        if left is None or task.finished:
            return Text(rate)
        return Text(f"{rate}, {timedelta(seconds=int(left))} left")
