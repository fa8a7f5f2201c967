"""A plan of what happened at the company, in the order of time, and the ids that follow from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from whmcs_source.sandbox.desk import AdminArea
from whmcs_source.sandbox.driver import VERBS
from whmcs_source.sandbox.state import update

FIRST_INVOICE = 1001
FIRST_TRANSACTION = 50001
FIRST_LINE = 20001

_MAKES = {
    "create_invoice": "invoice",
    "add_funds": "invoice",
    "mass_pay": "container",
    "split": "new",
}

Line: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class IdOf:
    """The id of what another event of the plan makes; the `nth` line of it when given."""

    name: str
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        when: Local time; events of one moment happen in the order they were planned.
        verb: Of the driver, or ``tamper`` for a change that no screen of WHMCS makes.
        name: By which later events speak of what it made; empty for nobody.
        plain: Whether it makes an invoice that is bookable without any question.
    """

    when: str
    verb: str
    arguments: Mapping[str, Any]
    name: str = ""
    plain: bool = False


@dataclass(slots=True)
class SeedPlan:
    """Events in the order they were thought of; `ordered` sorts them by time.

    Attributes:
        first_invoice: The id of the first invoice that it makes.
    """

    events: list[Event] = field(default_factory=list)
    first_invoice: int = FIRST_INVOICE

    def at(
        self, when: str, verb: str, *, name: str = "", plain: bool = False, **arguments: Any
    ) -> None:
        """Plan one event."""
        moment = when if len(when) > 10 else f"{when} 10:00:00"
        self.events.append(Event(moment, verb, arguments, name, plain))

    def ordered(self) -> list[Event]:
        """Events by time."""
        return sorted(self.events, key=lambda event: event.when)

    def invoice_ids(self) -> dict[str, int]:
        """The id of every invoice that the plan makes, by name."""
        made = [event.name for event in self.ordered() if event.verb in _MAKES]
        return {name: self.first_invoice + at for at, name in enumerate(made)}

    def plain_ids(self) -> frozenset[int]:
        """The ids of the invoices that are bookable without any question."""
        ids = self.invoice_ids()
        return frozenset(ids[event.name] for event in self.events if event.plain)

    def play(self, desk: AdminArea, before: Mapping[str, int] | None = None) -> dict[str, int]:
        """Make it happen, and answer the id of everything that has a name, now or `before`."""
        known = {**(before or {}), **self.invoice_ids()}
        for event in self.ordered():
            arguments = {
                name: _resolved(desk, value, known) for name, value in event.arguments.items()
            }
            if event.verb in _MAKES:
                arguments[_MAKES[event.verb]] = known[event.name]
            if event.verb == "tamper":
                update(desk.database, arguments["table"], arguments["row"], arguments["values"])
                continue
            if event.verb not in _TIMELESS:
                arguments["date"] = event.when
            made = VERBS[event.verb](desk, **arguments)
            if event.name:
                known[event.name] = int(made)
        return known


_TIMELESS = frozenset({"delete_client", "delete_invoice"})


def _resolved(desk: AdminArea, value: Any, known: Mapping[str, int]) -> Any:
    if isinstance(value, IdOf):
        if value.nth:
            return desk.lines(known[value.name])[value.nth - 1]["id"]
        return known[value.name]
    if isinstance(value, list):
        return [_resolved(desk, one, known) for one in value]
    if isinstance(value, dict):
        return {name: _resolved(desk, one, known) for name, one in value.items()}
    return value


Chapter: TypeAlias = Callable[[SeedPlan], None]
