"""What a plugin offers: how its system is opened, and the stand-in that it ships.

Every start that asks what is installed imports this, and nothing of the model with it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.contract import Source, Survey, Target
    from bridge.model.target_records import Json

hookimpl = pluggy.HookimplMarker("bridge")
"""Marks a function of a plugin as the implementation of the hook of its name."""


class Sandbox(AbstractContextManager["Sandbox"], Protocol):
    """A running stand-in of a system on loopback, speaking its real protocol.

    Attributes:
        settings: What to put under `source:` or `target:` to talk to it.
        address: Where it listens, for people.
    """

    settings: Mapping[str, str]
    address: str


class SandboxFactory(Protocol):
    """Starts a plugin's sandbox."""

    def __call__(
        self, directory: Path, *, port: int = 0, switches: Mapping[str, str] | None = None
    ) -> Sandbox:
        """A sandbox whose data lives in `directory`, seeded on first use.

        Entered, it listens; left, it stops. `port` 0 takes any free one. `switches` are the
        sandbox's own, such as how it misbehaves.
        """
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """A question that a person answers once, in the settings; open while the setting is absent.

    Attributes:
        key: The setting within the section: ``price_reductions``, ``nominals.discounts``.
        about: What it decides, as `bridge validate-config` says it: ``refunds that lower an
            invoice``.
        reasons: The words of `Reason` under which invoices wait for it; empty where nothing waits
            since an assumption is in force.
        lines: What may be written in the file for it: ``price_reductions: credit_note``.
        assumed: What is done while it is absent, where that is not to hold.
    """

    key: str
    about: str
    reasons: tuple[str, ...]
    lines: tuple[str, ...]
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question.

    Attributes:
        label: As a person reads it.
        value: What is written in the file; None leaves the setting out.
    """

    label: str
    value: Json


@dataclass(frozen=True, slots=True)
class Question:
    """What `bridge init` asks, with the answers that the system really has.

    Attributes:
        key: The setting within the section, a word a level.
        text: One plain sentence.
        default: Index of the choice that Enter takes; None where nothing may be guessed.
    """

    key: tuple[str, ...]
    text: str
    choices: tuple[Choice, ...]
    default: int | None = 0


Conversation: TypeAlias = "Generator[Question, Json, None]"
"""Questions one after the other; each is sent the value that was chosen."""


def no_questions(given: Mapping[str, Json], survey: Survey | None) -> Conversation:
    """Nothing to ask beyond how to sign in."""
    del given, survey
    yield from ()


def no_decisions() -> Sequence[Decision]:
    """Nothing is left to a person."""
    return ()


@dataclass(frozen=True, slots=True)
class SourcePlugin:
    """An offer: one system that can be read.

    Attributes:
        kind: The word after `plugin:` in bridge.yaml.
        summary: One line for `bridge plugins list`.
        capabilities: What it can do beyond the contract, by name.
        settings: Imports and returns the pydantic model of its settings. Secrets are `SecretStr`.
        open: Makes the source from validated settings. No network yet.
        sandbox: Starts its stand-in.
        sandbox_key: The setting that may hold the word ``sandbox``.
        connection: Settings without which nobody can sign in, in the order in which they are
            asked for.
        ways: How it may be reached where there are several: what each is, and the settings that
            it takes. The usual one comes first and holds `sandbox_key` and `connection`.
        questions: What else `bridge init` asks, given what is written so far and, of a target,
            what the source uses. It signs in, reads, and closes what it opened.
        decisions: All questions that its settings answer, open or not; imports what it needs.
    """

    kind: str
    summary: str
    settings: Callable[[], type[Any]]
    open: Callable[[Any], Source]
    sandbox: SandboxFactory
    sandbox_key: str
    capabilities: frozenset[str] = field(default_factory=frozenset)
    decisions: Callable[[], Sequence[Decision]] = no_decisions
    connection: tuple[str, ...] = ()
    ways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    questions: Callable[[Mapping[str, Json], Survey | None], Conversation] = no_questions


@dataclass(frozen=True, slots=True)
class TargetPlugin:
    """An offer: one system that can be written. Attributes as `SourcePlugin`."""

    kind: str
    summary: str
    settings: Callable[[], type[Any]]
    open: Callable[[Any], Target]
    sandbox: SandboxFactory
    sandbox_key: str
    capabilities: frozenset[str] = field(default_factory=frozenset)
    decisions: Callable[[], Sequence[Decision]] = no_decisions
    connection: tuple[str, ...] = ()
    ways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    questions: Callable[[Mapping[str, Json], Survey | None], Conversation] = no_questions
