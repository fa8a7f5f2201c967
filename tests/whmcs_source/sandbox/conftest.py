"""A running WHMCS, and a caller that speaks to it as any client would."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from whmcs_source.sandbox.factory import WhmcsSandbox, sandbox


@dataclass
class Caller:
    """Signs in with the sandbox's own credentials."""

    whmcs: WhmcsSandbox
    session: requests.Session

    @property
    def url(self) -> str:
        return f"{self.whmcs.address}/includes/api.php"

    @property
    def credentials(self) -> dict[str, str]:
        return {name: self.whmcs.settings[name] for name in ("identifier", "secret")}

    def post(self, **fields: object) -> requests.Response:
        """One form, exactly these fields."""
        return self.session.post(self.url, data=fields, timeout=10)

    def __call__(self, action: str, **fields: object) -> dict[str, Any]:
        """One action, signed in, answered in JSON."""
        found = self.post(action=action, responsetype="json", **self.credentials, **fields).json()
        assert isinstance(found, dict)
        return found

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One question to the sandbox itself."""
        address = f"{self.whmcs.address}/_sandbox/{path}"
        return self.session.request(method, address, json=body, timeout=10).json()


@pytest.fixture
def whmcs(tmp_path: Path) -> Iterator[WhmcsSandbox]:
    with sandbox(tmp_path / "whmcs") as running:
        yield running


@pytest.fixture
def caller(whmcs: WhmcsSandbox) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(whmcs, session)


@pytest.fixture(scope="module")
def shared_whmcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhmcsSandbox]:
    """One for a whole file of tests that only read."""
    with sandbox(tmp_path_factory.mktemp("whmcs")) as running:
        yield running


@pytest.fixture(scope="module")
def reader(shared_whmcs: WhmcsSandbox) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(shared_whmcs, session)
