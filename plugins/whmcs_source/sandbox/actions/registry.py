"""What an action is, and the list of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from whmcs_source.sandbox.desk import AdminArea
from whmcs_source.sandbox.shape import Shape
from whmcs_source.sandbox.state import Database

Reply = dict[str, Any]

COMMON = frozenset(
    {"action", "identifier", "secret", "username", "password", "accesskey", "responsetype"}
)


class ActionRefusal(Exception):
    """WHMCS answers `result: error` with this message.

    Attributes:
        status: HTTP status; 200 for a business error.
    """

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call that was let in."""

    database: Database
    fields: Mapping[str, str]
    shape: Shape

    @property
    def desk(self) -> AdminArea:
        """For actions that change something."""
        return AdminArea(self.database, self.shape.switches)

    def text(self, name: str, default: str = "") -> str:
        """A field, without surrounding space."""
        return self.fields.get(name, default).strip()

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number, `default` where PHP would not see one."""
        found = re.match(r"-?\d+", self.text(name))
        return int(found[0]) if found else default


Run = Callable[[ApiCall], Reply]


@dataclass(frozen=True, slots=True)
class ApiAction:
    """One action of the API.

    Attributes:
        name: In the case of the documentation.
        parameters: Names in it; ``itemdescription#`` stands for a numbered one, ``[]`` an index.
        flat: The documentation prints its reply with flattened keys.
    """

    name: str
    run: Run
    parameters: frozenset[str] = field(default_factory=frozenset)
    flat: bool = False

    def unknown(self, fields: Mapping[str, str]) -> list[str]:
        """Fields that the action is not documented to have."""
        return [name for name in fields if not self._knows(name)]

    def _knows(self, name: str) -> bool:
        plain = re.sub(r"\[[^\]]*\]$", "[]", name)
        numbered = re.sub(r"\d+$", "#", name)
        return bool({name, plain, numbered} & (self.parameters | COMMON))


ACTIONS: dict[str, ApiAction] = {}
"""By name in lower case."""


def action(name: str, *parameters: str, flat: bool = False) -> Callable[[Run], Run]:
    """Register a function as an action."""

    def register(run: Run) -> Run:
        ACTIONS[name.lower()] = ApiAction(name, run, frozenset(parameters), flat)
        return run

    return register
