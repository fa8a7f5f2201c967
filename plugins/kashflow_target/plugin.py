"""The offer that bridge finds through its entry point: light, since every start imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.plugin import TargetPlugin, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bridge.api import Conversation, Decision, Json, Sandbox, Survey, Target


def _settings() -> type[Any]:
    from kashflow_target.settings.settings import KashFlowSettings

    return KashFlowSettings


def _open(settings: Any) -> Target:
    from kashflow_target.target import KashFlowTarget

    return KashFlowTarget(settings)


def _sandbox(
    directory: Path, *, port: int = 0, switches: Mapping[str, str] | None = None
) -> Sandbox:
    from kashflow_target.sandbox.factory import sandbox

    return sandbox(directory, port=port, switches=switches)


def _decisions() -> Sequence[Decision]:
    from kashflow_target.decisions import decisions

    return decisions()


def _questions(given: Mapping[str, Json], survey: Survey | None) -> Conversation:
    from kashflow_target.questions import questions

    return questions(given, survey)


@hookimpl
def bridge_targets() -> Iterable[TargetPlugin]:
    """Offer KashFlow."""
    yield TargetPlugin(
        kind="kashflow",
        summary="KashFlow, UK accounting, over its SOAP API",
        settings=_settings,
        open=_open,
        sandbox=_sandbox,
        sandbox_key="endpoint",
        capabilities=frozenset({"adopt_clients", "foreign_currency", "vat_uk"}),
        decisions=_decisions,
        connection=("username", "password"),
        questions=_questions,
    )
