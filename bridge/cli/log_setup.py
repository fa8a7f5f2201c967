"""What parts of bridge and its libraries log, told on stderr like everything else."""

import logging

from bridge.cli.console import STATE, talk
from bridge.reports.table import wrapped


class _StderrHandler(logging.Handler):
    """Writes log records through `talk`, which replaces secrets."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one log record."""
        try:
            talk(wrapped(f"{record.levelname.capitalize()}: {record.getMessage()}"))
            if record.exc_info and STATE.is_debug:
                talk(logging.Formatter().formatException(record.exc_info))
        except Exception:  # noqa: BLE001  # logging must never end a run
            self.handleError(record)


def listen() -> None:
    """Show warnings of everyone; with --debug all of bridge's own, and still not of libraries.

    Libraries log what they send at DEBUG, credentials and all.
    """
    root = logging.getLogger()
    if not any(isinstance(one, _StderrHandler) for one in root.handlers):
        root.addHandler(_StderrHandler())
    root.setLevel(logging.WARNING)
    # Each retry of a read is ordinary; what it comes to in the end is told.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    logging.getLogger("bridge").setLevel(logging.DEBUG if STATE.is_debug else logging.WARNING)
