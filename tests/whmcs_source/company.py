"""What tests do with the sandbox."""

from typing import Any

import requests
from whmcs_source.sandbox.factory import WhmcsSandbox
from whmcs_source.settings import settings_from
from whmcs_source.source.source import WhmcsSource


class Company:
    """The sandbox, and what a test asks of it."""

    def __init__(self, box: WhmcsSandbox) -> None:
        self.box = box

    def do(self, what: str, **arguments: Any) -> int:
        """Do what an admin or a gateway would; the id of what it made or changed, 0 for none."""
        answer = self.box.do(what, **arguments)
        return answer if isinstance(answer, int) else 0

    def write(self, statement: str, *values: object) -> None:
        """Change the tables as no API and no administrator would."""
        with self.box._opened().transaction() as database:
            database.execute(statement, values)

    def columns(self, table: str) -> list[str]:
        """The columns of a table."""
        return [str(row["name"]) for row in self.box.rows(f"PRAGMA table_info({table})")]

    def case(self, name: str) -> int:
        """The id of a seeded case."""
        [row] = self.box.rows("SELECT rowid_ FROM sandbox_cases WHERE name = ?", name)
        return int(row["rowid_"])

    def fault(self, name: str, mode: str, *, nth: int = 1, times: int = 1) -> None:
        """Misbehave from the nth call of this name on."""
        self._plan({"name": name, "mode": mode, "nth": nth, "times": times, "seconds": 0.1})

    def behave(self) -> None:
        """Misbehave no more."""
        self._plan()

    def _plan(self, *faults: object) -> None:
        requests.put(f"{self.box.address}/_sandbox/faults", json=faults, timeout=5).close()

    def calls(self) -> list[str]:
        """Names of the API calls since the last time this was asked."""
        address = f"{self.box.address}/_sandbox/calls"
        with requests.get(address, timeout=5) as reply:
            names = [call["name"] for call in reply.json()["calls"]]
        requests.delete(address, timeout=5).close()
        return names

    def open(self, **settings: Any) -> WhmcsSource:
        """A source of it."""
        return WhmcsSource(settings_from({**self.box.settings, **settings}))

    def invoice(self, client: int, *amounts: str, **changes: Any) -> int:
        """A new invoice with plain lines."""
        lines = [
            {"type": "", "description": f"Line {n}", "amount": amount, "taxed": True}
            for n, amount in enumerate(amounts or ("100.00",), 1)
        ]
        return self.do("create_invoice", client=client, lines=lines, **changes)
