"""What the bar says of its pace."""

import io

from rich.console import Console
from rich.progress import Progress

from bridge.cli.progress import ProgressBar, pace


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(total: int | None, *, steps: int, seconds: float) -> str:
    """What stands there after some even steps in so many seconds."""
    clock = Clock()
    bar = Progress(console=Console(file=io.StringIO()), get_time=clock, auto_refresh=False)
    task = bar.add_task("Booking", total=total)
    for _ in range(steps):
        clock.now += seconds / steps
        bar.advance(task)
    return pace(bar.tasks[0])


def test_the_rate_and_the_time_left_are_shown() -> None:
    assert shown(3000, steps=100, seconds=20) == "5.0/s, 0:09:40 left"


def test_a_stage_without_a_known_end_shows_its_rate_alone() -> None:
    assert shown(None, steps=100, seconds=20) == "5.0/s"


def test_nothing_is_shown_before_anything_is_known() -> None:
    assert shown(3000, steps=0, seconds=1) == ""


def test_a_stage_that_is_done_has_no_time_left() -> None:
    assert shown(100, steps=100, seconds=0.5) == "200/s"


def test_work_beside_a_stage_leaves_its_bar_alone() -> None:
    """Invoices are booked while the target is looked through for what is there."""
    bar = ProgressBar()
    with bar:
        bar.stage("book", 10)
        with bar.aside("look for what is there already", 2) as advance:
            advance()
            bar.advance()
            counts = [(task.description, task.completed) for task in bar.drawn]
            assert counts == [("Booking", 1), ("Looking for what is there", 1)]
        assert [(task.description, task.completed) for task in bar.drawn] == [("Booking", 1)]
