"""The sandbox's own door, /_sandbox/: switches, calls, faults, and edits by hand."""

import json
import sqlite3
from http import HTTPStatus
from typing import Any

from kashflow_target.sandbox.call import RefusalError
from kashflow_target.sandbox.driver import Driver
from kashflow_target.sandbox.state import BooksState


class ControlSurface:
    """Answers in JSON, with the HTTP status that fits."""

    def __init__(self, state: BooksState) -> None:
        self._driver = Driver(state)

    def answer(self, method: str, path: str, content: bytes) -> tuple[HTTPStatus, Any]:
        """One request to ``/_sandbox/<something>``."""
        try:
            asked = json.loads(content) if content else None
            answered = self._answered(method, path.removeprefix("/_sandbox/"), asked)
        except (ValueError, TypeError, KeyError, RefusalError, sqlite3.Error) as error:
            return HTTPStatus.BAD_REQUEST, {"error": f"{type(error).__name__}: {error}"}
        if answered is NotImplemented:
            return HTTPStatus.NOT_FOUND, {"error": f"there is no {method} {path}"}
        return HTTPStatus.OK, answered

    def _answered(self, method: str, what: str, asked: Any) -> Any:
        match (method, what):
            case ("GET", "switches"):
                return self._driver.switches()
            case ("PUT", "switches"):
                self._driver.switch(**asked)
                return self._driver.switches()
            case ("GET", "calls"):
                names = self._driver.calls()
                return {"calls": [{"n": n, "name": name} for n, name in enumerate(names, 1)]}
            case ("DELETE", "calls"):
                self._driver.forget_calls()
                return {"calls": []}
            case ("GET", "faults"):
                return self._driver.faults()
            case ("PUT", "faults"):
                self._driver.plan(asked)
                return self._driver.faults()
            case ("POST", "do"):
                return {"result": self._driver.do(**asked)}
            case _:
                return NotImplemented
