"""A bridge.yaml with two small plugins of the tests' own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest
from pluggy import PluginManager
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from bridge.api import Decision, SourcePlugin, TargetPlugin
from bridge.registry import Offered, Origin, Plugins

HEAD = """\
source:
  plugin: shop
  url: https://shop.example
  secret: ${SHOP_SECRET}
target:
  plugin: ledger
  endpoint: sandbox
  accounts: {card: {name: Card, code: 1210}}
sync:
  start_date: 2025-09-01
  unpaid_documents: proforma
"""


class ShopSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    secret: SecretStr
    key: SecretStr | None = None
    timeout_s: float = Field(30, gt=0)
    label: str = "SHOP"


class Account(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    code: int | None = None
    kind: Literal["bank", "clearing"] = "bank"


class ById(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: int


class LedgerSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str
    username: str
    password: SecretStr
    accounts: dict[str, Account | ById | Literal["none"]]
    countries: list[str] = []
    reverse: str | None = None
    balances: str | None = None

    @model_validator(mode="after")
    def _no_reverse(self) -> "LedgerSettings":
        if self.reverse:
            msg = "reverse is not possible: leave it out"
            raise ValueError(msg)
        return self


def _unused(*_: object, **__: object) -> NoReturn:
    raise AssertionError("reading a file must neither open an end nor start a sandbox")


SHOP = SourcePlugin("shop", "", lambda: ShopSettings, _unused, _unused, "url")
LEDGER = TargetPlugin(
    "ledger",
    "",
    lambda: LedgerSettings,
    _unused,
    _unused,
    "endpoint",
    decisions=lambda: [
        Decision("balances", "what clients pay in", ("credit_unmapped",), ("balances: Balances",))
    ],
)


Write = Callable[..., Path]


@pytest.fixture
def offers() -> Plugins:
    """What is installed, as far as these tests go."""
    shop, ledger = (Origin(name, "1.2.3", name, "", editable=False) for name in ("shop", "ledger"))
    offered = (Offered("source", SHOP, shop), Offered("target", LEDGER, ledger))
    return Plugins(PluginManager("bridge"), loaded=(), broken=(), offered=offered, origins={})


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes bridge.yaml into the working directory: the head with some changes, and a tail."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_SECRET", "canary-of-the-shop")

    def writer(
        changes: Mapping[str, str] | None = None, tail: str = "", *, text: str = HEAD
    ) -> Path:
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        path = Path("bridge.yaml")
        path.write_text(text + tail)
        path.chmod(0o600)
        return path

    return writer


def plain(settings: Any) -> Any:
    """A model's values, secrets opened."""
    return {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in settings
    }
