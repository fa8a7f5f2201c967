"""What ends the writing of all workers before its time."""

import threading
from dataclasses import dataclass, field

from bridge.engine.context import Stop


class HaltedError(Exception):
    """No further step is to be begun. It ends the work on one invoice and is told to nobody."""


@dataclass(slots=True)
class Halt:
    """Set by the first error of any thread; a signal comes to the same.

    Attributes:
        error: The first one; later ones follow from it.
    """

    stop: Stop
    error: BaseException | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def set(self, error: BaseException) -> None:
        """Have every worker end after the step that it is at."""
        with self._guard:
            self.error = self.error or error

    @property
    def ends_steps(self) -> bool:
        """Whether no further step is to be begun."""
        return self.stop.requested or self.error is not None

    @property
    def ends_invoices(self) -> bool:
        """Whether no further invoice is to be begun."""
        return self.stop.is_due or self.error is not None

    def check(self) -> None:
        """Raise HaltedError where no further step is to be begun."""
        if self.ends_steps:
            raise HaltedError
