"""A target on a running sandbox, hands at KashFlow's own keyboard, and what stands there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver
from kashflow_target.sandbox.factory import KashFlowSandbox, sandbox
from kashflow_target.settings.settings import KashFlowSettings
from kashflow_target.target import KashFlowTarget

from bridge.api import Client, Payload, Reference, Sale, TargetRef
from bridge.testing.builders import a_client, a_payment, a_sale
from tests.kashflow_target.sandbox_books import SandboxBooks


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[KashFlowSandbox]:
    """A running sandbox whose books are in `tmp_path`."""
    with sandbox(tmp_path) as running:
        yield running


MakeTarget = Callable[..., KashFlowTarget]


@pytest.fixture
def make_target(
    standing: KashFlowSandbox, account_settings: dict[str, Any]
) -> Iterator[MakeTarget]:
    """Opens targets on the sandbox; all are closed in the end."""
    opened: list[KashFlowTarget] = []

    def make(**changes: Any) -> KashFlowTarget:
        chosen = KashFlowSettings.model_validate(
            {**account_settings, **standing.settings, **changes}
        )
        opened.append(KashFlowTarget(chosen))
        return opened[-1]

    yield make
    for target in opened:
        target.close()


@pytest.fixture
def target(make_target: MakeTarget) -> KashFlowTarget:
    """A target that is checked and prepared."""
    made = make_target()
    made.check()
    made.prepare()
    return made


@pytest.fixture
def hands(target: KashFlowTarget, tmp_path: Path) -> Iterator[Driver]:
    """Somebody at KashFlow's own keyboard; the calls so far are forgotten."""
    with Driver.at(tmp_path) as driver:
        driver.forget_calls()
        yield driver


@pytest.fixture
def stands(target: KashFlowTarget, tmp_path: Path) -> SandboxBooks:
    """What stands in the sandbox, read past the target."""
    return SandboxBooks(tmp_path)


@dataclass(frozen=True, slots=True)
class Work:
    """Composes and writes through a target, one step a method."""

    target: KashFlowTarget

    def of(self, answer: object) -> Payload:
        """The payload, and nothing but a payload."""
        assert isinstance(answer, Payload), answer
        return answer

    def client(self, client: Client | None = None) -> Payload:
        """A client's payload."""
        client = client or a_client()
        return self.of(self.target.compose_client(client, Reference(f"MEM-{client.ref.id}")))

    def sale(self, sale: Sale | None = None) -> Payload:
        """A sale's payload."""
        return self.of(self.target.compose_invoice(sale or a_sale()))

    def booked(self, sale: Sale | None = None) -> tuple[TargetRef, TargetRef]:
        """A client with an invoice."""
        client = self.target.create_client(self.client())
        return client, self.target.create_invoice(self.sale(sale), client=client)

    def paid(self, invoice: TargetRef, **changes: Any) -> TargetRef:
        """A payment on an invoice."""
        payload = self.of(self.target.compose_payment(a_payment(**changes), self.sale(), []))
        return self.target.create_payment(payload, document=invoice)


@pytest.fixture
def work(target: KashFlowTarget) -> Work:
    return Work(target)


@pytest.fixture
def work_on() -> Callable[[KashFlowTarget], Work]:
    """Work with a target that a test opened itself."""
    return Work
