"""The door of the stand-in without the network: one request in, one answer out, faults included."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from whmcs_source.sandbox import driver, fault_modes, switches
from whmcs_source.sandbox.actions import clients, invoices, lookups, orders, writing
from whmcs_source.sandbox.actions.registry import ACTIONS, ActionRefusal, ApiCall, Reply
from whmcs_source.sandbox.fault_modes import FiredFault
from whmcs_source.sandbox.gate import admitted, check_parameters
from whmcs_source.sandbox.shape import Shape, nvp
from whmcs_source.sandbox.state import Database, InstallationState, insert, undone_on_error

_MODULES = (clients, invoices, lookups, orders, writing)  # importing them registers their actions
_BEFORE = frozenset({"cut_before", "html", "http_500", "http_503", "http_429", "refuse"})
_LATER = frozenset({"slow", "late_commit"})
_ODD = "The request could not be completed at this time (E4711)"

JSON = "application/json"
TEXT = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What goes back.

    Attributes:
        wait_s: How long the server holds it.
    """

    status: int
    body: bytes
    kind: str = JSON
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One POST to api.php.

    Attributes:
        address: The caller's.
        in_url: Names of the fields that came in the URL.
    """

    fields: Mapping[str, str]
    address: str
    in_url: frozenset[str] = frozenset()


class Office:
    """Answers requests from the state.

    Args:
        state: Opened; closed by whoever opened it.
    """

    def __init__(self, state: InstallationState) -> None:
        self.state = state
        self._late: dict[threading.Timer, ApiRequest] = {}
        self._lock = threading.Lock()

    def receive(self, request: ApiRequest) -> tuple[ApiResponse | None, FiredFault | None]:
        """Note the call, let a planned fault fire, and do the work unless the fault forbids it.

        The answer is None where the work is not to be done, or not yet.
        """
        name = _name(request.fields)
        with self.state.transaction() as database:
            fault = fault_modes.next_fault(database, name)
            row = {"name": name, "fault": fault.mode if fault else ""}
            insert(database, "sandbox_calls", row)
            if fault and fault.mode in _BEFORE | _LATER:
                return (_odd_refusal(database) if fault.mode == "refuse" else None), fault
            return self._answer(database, request), fault

    def answer(self, request: ApiRequest) -> ApiResponse:
        """Do the work, without noting a call."""
        with self.state.transaction() as database:
            return self._answer(database, request)

    def answer_later(self, request: ApiRequest, seconds: float) -> None:
        """Do the work after a while, when nobody listens any more."""
        timer = threading.Timer(seconds, self._overdue)
        timer.daemon = True
        timer.args = (timer,)
        with self._lock:
            self._late[timer] = request
        timer.start()

    def finish(self) -> None:
        """Do at once what is still waiting for its time."""
        for timer in list(self._late):
            timer.cancel()
            self._overdue(timer)
        with self._lock:  # one that was at work already has finished now
            self._late.clear()

    def _overdue(self, timer: threading.Timer) -> None:
        with self._lock:
            request = self._late.pop(timer, None)
            if request is not None:
                self.answer(request)

    def _answer(self, database: Database, request: ApiRequest) -> ApiResponse:
        values = switches.read(database)
        wait_s = int(values["latency_ms"]) / 1000
        shape = Shape(values)
        flat = False
        try:
            with undone_on_error(database):
                action = admitted(database, values, request.fields, request.address)
                if values["strict"] == "on":
                    check_parameters(action, request.fields, request.in_url)
                flat = action.flat
                reply = action.run(ApiCall(database, request.fields, shape))
                _after(database, action.name, values)
            status = 200
        except ActionRefusal as refusal:
            status, reply = refusal.status, {"result": "error", "message": str(refusal)}
        except ValueError as error:  # no amount, no date: PHP would make something of it
            status, reply = 400, {"result": "error", "message": f"Sandbox: {error}"}
        plain = status != 200 and values["nvp_refusals"] == "on"
        kind = request.fields.get("responsetype", "").lower()
        if plain or not kind or kind == "nvp":
            return ApiResponse(status, nvp(reply), TEXT, wait_s)
        if kind != "json":
            text = f"Sandbox: responsetype {kind} was not built; json and nvp are"
            return ApiResponse(400, shape.json({"result": "error", "message": text}), JSON, wait_s)
        return ApiResponse(status, shape.json(reply, flat=flat), JSON, wait_s)

    def control(self, method: str, path: str, body: bytes) -> ApiResponse:
        """Answer the sandbox's own questions, under /_sandbox/."""
        try:
            with self.state.transaction() as database:
                found = _control(database, method, path, json.loads(body) if body else None)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return ApiResponse(400, json.dumps({"error": str(error)}).encode())
        if found is None:
            return ApiResponse(404, json.dumps({"error": f"there is no {method} {path}"}).encode())
        return ApiResponse(200, json.dumps(found).encode())


def fields_of(query: str, body: bytes) -> dict[str, str]:
    """The form's fields; those of the query count too, as PHP's sum of both does."""
    pairs = parse_qsl(query, keep_blank_values=True)
    pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(pairs)


def _control(database: Database, method: str, path: str, body: Any) -> Any:
    match (method, path.removeprefix("/_sandbox/")):
        case ("GET", "switches"):
            return switches.read(database)
        case ("PUT", "switches"):
            switches.write(database, body)
            return switches.read(database)
        case ("GET", "faults"):
            return fault_modes.planned(database)
        case ("PUT", "faults"):
            fault_modes.plan(database, body)
            return fault_modes.planned(database)
        case ("GET", "calls"):
            rows = database.execute("SELECT n, name, fault FROM sandbox_calls ORDER BY n")
            return {"calls": [_noted(tuple(row)) for row in rows]}
        case ("DELETE", "calls"):
            database.execute("DELETE FROM sandbox_calls")
            database.execute("DELETE FROM sqlite_sequence WHERE name = 'sandbox_calls'")
            return {"calls": []}
        case ("GET", "cases"):
            rows = database.execute("SELECT name, tablename, rowid_ FROM sandbox_cases")
            return {row["name"]: {"table": row["tablename"], "id": row["rowid_"]} for row in rows}
        case ("POST", "do"):
            return {"result": driver.do(database, body.pop("what"), **body)}
        case _:
            return None


def _noted(row: tuple[int, str, str]) -> dict[str, Any]:
    number, name, fault = row
    return {"n": number, "name": name, **({"fault": fault} if fault else {})}


def _name(fields: Mapping[str, str]) -> str:
    """The action's name as the documentation writes it; as it came when it is unknown."""
    name = fields.get("action", "").strip()
    known = ACTIONS.get(name.lower())
    return known.name if known else name


def _odd_refusal(database: Database) -> ApiResponse:
    reply: Reply = {"result": "error", "message": _ODD}
    return ApiResponse(200, Shape(switches.read(database)).json(reply))


def _after(database: Database, name: str, values: Mapping[str, str]) -> None:
    """Let something happen between the list and the detail, if the switch asks for it; once."""
    wanted = values["after_list"]
    if wanted and name == "GetInvoices":
        switches.write(database, {"after_list": ""})
        arguments = json.loads(wanted)
        driver.do(database, arguments.pop("what"), **arguments)
