"""The register of stories, by the name of the case that each plays."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.accounting.fixture import Stage

Play = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Story:
    """What happens in one case.

    Attributes:
        alone: Whether it needs a company of its own, since it changes what others rest on.
    """

    play: Play
    alone: bool = False


STORIES: dict[str, Story] = {}


def story(play: Play) -> Play:
    """Register under the function's name."""
    STORIES[play.__name__] = Story(play)
    return play


def story_alone(play: Play) -> Play:
    """Register one that needs a company of its own."""
    STORIES[play.__name__] = Story(play, alone=True)
    return play
