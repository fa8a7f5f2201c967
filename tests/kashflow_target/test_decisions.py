"""What KashFlow's settings leave to a person: each answer that is shown can be written."""

from typing import Any

import pytest
import yaml
from kashflow_target.decisions import decisions
from kashflow_target.settings.settings import KashFlowSettings

from bridge.api import Decision, Reason

ALL = decisions()


def _settings(path: list[str], answer: Any) -> KashFlowSettings:
    given: dict[str, Any] = {
        "username": "books",
        "password": "secret",
        "nominals": {"default": "Web Hosting"},
        "client_balances": {"method": "Client balance", "account": "Client Balances"},
    }
    inner = given
    for part in path:
        inner = inner.setdefault(part, {})
    inner.update(answer)
    return KashFlowSettings.model_validate(given)


@pytest.mark.parametrize("decision", ALL, ids=[each.key for each in ALL])
def test_every_line_that_is_shown_is_taken(decision: Decision) -> None:
    *path, name = decision.key.split(".")
    assert decision.lines
    for line in decision.lines:
        answer = yaml.safe_load(line)
        assert list(answer) == [name]
        _settings(path, answer)


def test_what_is_held_is_held_for_a_known_reason() -> None:
    for decision in ALL:
        assert {Reason(word) for word in decision.reasons} or decision.assumed


def test_what_the_settings_refuse_is_not_asked() -> None:
    asked = {each.key for each in ALL}
    assert {"gateways", "fees", "manual_credits", "nominals.discounts"} <= asked
    refused = {
        name for name, field in KashFlowSettings.model_fields.items() if not field.annotation
    }
    assert not asked & refused
