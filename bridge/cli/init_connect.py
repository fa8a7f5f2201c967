"""The part of `bridge init` that signs in at both ends."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bridge.cli.console import STATE, talk, tell_error
from bridge.cli.prompts import ask_choice, ask_secret, ask_text
from bridge.errors import AccessError, ConfigError, Problem, UnreachableError
from bridge.registry.plugin_calls import PluginCalls
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.config.draft import Draft
    from bridge.config.schema_index import Outline
    from bridge.contract import Survey
    from bridge.model.target_records import Json
    from bridge.plugin import Conversation, Question, SourcePlugin, TargetPlugin
    from bridge.registry import Plugins

Offer = TypeVar("Offer", "SourcePlugin", "TargetPlugin")
Answer = TypeVar("Answer")

_SANDBOX = "sandbox"
_SEVERAL = 2


class Connector:
    """Asks how to sign in at an end, tries it, and asks again where it fails."""

    def __init__(self, plugins: "Plugins", stack: ExitStack, draft: "Draft") -> None:
        self._plugins = plugins
        self._stack = stack
        self._draft = draft

    def source(self) -> "Survey":
        """What the billing system uses."""
        kinds = [one.offer.kind for one in self._plugins.sources()]
        offer = _chosen("What do you bill with?", [self._plugins.source(kind) for kind in kinds])

        def survey(given: Mapping[str, "Json"]) -> "Survey":
            with offer.open(offer.settings().model_validate(given)) as opened:
                talk(f"{opened.check().system} lets us in.")
                return opened.survey()

        return self._connected("source", offer, survey)

    def target(self, survey: "Survey") -> tuple["TargetPlugin", "Conversation"]:
        """The accounting system and the questions that it leaves, once it has let us in."""
        kinds = [one.offer.kind for one in self._plugins.targets()]
        offers = [self._plugins.target(kind) for kind in kinds]
        offer = _chosen("Where do you keep the books?", offers)
        calls = PluginCalls(self._plugins.origin_of(offer))

        def questions(given: Mapping[str, "Json"]) -> "Conversation":
            asking = offer.questions(given, survey)
            first = next(asking, None)  # signs in
            talk("The target lets us in.")
            return _from(first, asking, calls)

        return offer, self._connected("target", offer, questions)

    def _connected(
        self, role: str, offer: Offer, attempt: Callable[[Mapping[str, "Json"]], Answer]
    ) -> Answer:
        from pydantic import ValidationError

        calls = PluginCalls(self._plugins.origin_of(offer))
        while True:
            written, given = self._asked(role, offer)
            try:
                with calls.call(f"{role}.open", ValidationError):
                    answer = attempt(given)
            except ValidationError as error:
                told = [str(one["msg"]).removeprefix("Value error, ") for one in error.errors()]
                tell_error(ConfigError([Problem(each, "answer again", key=role) for each in told]))
            except (AccessError, ConfigError, UnreachableError) as error:
                tell_error(error)
            else:
                for key, value in {"plugin": offer.kind, **written}.items():
                    self._draft.put((role, key), value)
                return answer

    def _asked(self, role: str, offer: Offer) -> tuple[Mapping[str, "Json"], Mapping[str, "Json"]]:
        """What is written, and what it comes to."""
        from bridge.config.schema_index import Outline

        outline = Outline(offer.settings())
        keys = _way(offer)
        talk("")
        if keys and offer.sandbox_key not in keys:
            return _credentials(offer, keys, outline)
        default = str(outline.defaults().get(offer.sandbox_key, ""))
        name = f"{role}.{offer.sandbox_key}, or `sandbox` to try it"
        where = ask_text(name, default, lambda _: "")
        if where == _SANDBOX:
            return {offer.sandbox_key: _SANDBOX}, self._sandbox(offer)
        place: dict[str, Json] = {} if where == default else {offer.sandbox_key: where}
        written, given = _credentials(offer, offer.connection, outline)
        return {**place, **written}, {**place, **given}

    def _sandbox(self, offer: Offer) -> Mapping[str, "Json"]:
        """Its data goes when we go: `bridge sync` seeds its own."""
        directory = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-init-"))
        return self._stack.enter_context(offer.sandbox(Path(directory))).settings


def _way(offer: "SourcePlugin | TargetPlugin") -> Sequence[str]:
    """The settings of the way in which an end is reached, where there are several."""
    if len(offer.ways) < _SEVERAL:
        return ()
    chosen = ask_choice(f"How is {offer.kind} to be reached?", list(offer.ways), 0)
    return list(offer.ways.values())[chosen]


def _credentials(
    offer: "SourcePlugin | TargetPlugin", keys: Sequence[str], outline: "Outline"
) -> tuple[dict[str, "Json"], dict[str, "Json"]]:
    """What is written for each, and what it comes to."""
    written: dict[str, Json] = {}
    given: dict[str, Json] = {}
    for key in keys:
        written[key], given[key] = _credential(f"{offer.kind}_{key}".upper(), key, outline)
    return written, given


def _credential(variable: str, key: str, outline: "Outline") -> tuple[str, str]:
    """What is written, and its value: a secret is never written out."""
    if not outline.is_secret((key,)):
        value = ask_text(key, os.environ.get(variable, ""), lambda _: "")
        return value.replace("${", "$${"), value
    name = ask_text(f"{key}: environment variable that holds it", variable, _no_variable)
    if name in os.environ:
        value = os.environ[name]
    else:
        talk(wrapped(f"{name} is not set here: set it where bridge runs. For now, type it.", 2))
        value = ask_secret(key)
    STATE.secrets |= {value}
    return f"${{{name}}}", value


def _no_variable(text: str) -> str:
    return "" if text.isidentifier() and text.isascii() else "write the name of a variable"


def _chosen(text: str, offers: Sequence[Offer]) -> Offer:
    if len(offers) == 1:
        return offers[0]
    return offers[ask_choice(text, [f"{one.kind}: {one.summary}" for one in offers], 0)]


def _from(first: "Question | None", rest: "Conversation", calls: PluginCalls) -> "Conversation":
    """The conversation as it was before its first question was taken."""
    question = first
    while question is not None:
        answer = yield question
        with calls.call("target.questions"):
            question = _next(rest, answer)


def _next(asking: "Conversation", answer: "Json") -> "Question | None":
    try:
        return asking.send(answer)
    except StopIteration:
        return None
