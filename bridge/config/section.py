"""The `source` and `target` parts, validated by the model that the plugin's offer brings."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bridge.config.books import without as without_choices
from bridge.config.nodes import Node, walk
from bridge.config.secrets import HIDDEN, hide_url_password, without
from bridge.errors import ConfigError, Problem
from bridge.plugin import SourcePlugin, TargetPlugin
from bridge.registry import Origin, Plugins
from bridge.registry.plugin_calls import FAULTS, PluginCalls, in_words

if TYPE_CHECKING:
    from pydantic import BaseModel

    from bridge.config.schema_index import Outline
    from bridge.plugin import Decision

Offer = TypeVar("Offer", SourcePlugin, TargetPlugin)

SANDBOX = "sandbox"
_NOT_LISTENING = "http://127.0.0.1:9/"  # stands for a sandbox that is not started


@dataclass(frozen=True)
class Section(Generic[Offer]):
    """One end's settings.

    Attributes:
        role: ``source`` or ``target``.
        offer: The plugin that it names.
        origin: Where that comes from.
        file: How bridge.yaml is called.
    """

    role: str
    offer: Offer
    origin: Origin
    file: str
    _root: Node = field(repr=False)

    @cached_property
    def _node(self) -> Node:
        """What is written for the plugin."""
        return without_choices(self._root.children[self.role], self.model.model_fields)

    @property
    def _calls(self) -> PluginCalls:
        return PluginCalls(self.origin, lambda text: without(text, self.secrets))

    @cached_property
    def is_sandboxed(self) -> bool:
        """Whether its sandbox stands in for the system."""
        named = self._node.children.get(self.offer.sandbox_key)
        return named is not None and named.value == SANDBOX

    @cached_property
    def model(self) -> "type[BaseModel]":
        """The plugin's model. It imports pydantic."""
        return self.offer.settings()

    @cached_property
    def outline(self) -> "Outline":
        """The model's keys and secrets."""
        from bridge.config.schema_index import outline_of

        with PluginCalls(self.origin).call(f"{self.role}.settings"):
            return outline_of(self.model)

    def validated(self, sandbox: Mapping[str, str] | None = None) -> Any:
        """The plugin's settings, with those of its running sandbox put over what is written.

        Raises:
            ConfigError: with every problem of this section.
        """
        problems: list[Problem] = []
        settings = self._validate(self._with(sandbox or {}), problems)
        if problems:
            raise ConfigError(problems)
        return settings

    def check(self, problems: list[Problem]) -> None:
        """Validate what is written; a sandbox is not started for it, so it lacks credentials."""
        if not self.is_sandboxed:
            self._validate(self._with({}), problems)
            return
        rehearsed: list[Problem] = []
        node = self._with({self.offer.sandbox_key: _NOT_LISTENING})
        self._validate(node, rehearsed, filled_in=True)
        problems.extend(rehearsed)

    def _with(self, overlay: Mapping[str, str]) -> Node:
        section = self._node
        children = dict(section.children)
        for key, value in overlay.items():
            mark = children[key].mark if key in children else section.mark
            children[key] = Node(value, mark, text="", substituted=True)
        inner = replace(section, value=children)
        return replace(self._root, value={**self._root.children, self.role: inner})

    def _validate(self, root: Node, problems: list[Problem], *, filled_in: bool = False) -> Any:
        from pydantic import ValidationError

        from bridge.config.validation_errors import problems_of

        given = root.children[self.role].plain(self.outline.is_only_text)
        if "plugin" not in self.model.model_fields:
            given.pop("plugin", None)
        try:
            with self._calls.call(f"{self.role}.settings", ValidationError):
                return self.model.model_validate(given)
        except ValidationError as error:
            found = problems_of(
                error,
                root=root,
                at=(self.role,),
                outline=self.outline,
                file=self.file,
                see=f"`bridge plugins show {self.offer.kind}` lists its settings",
            )
            problems.extend(one for one in found if not (filled_in and self._is_supplied(one)))
            return None

    def _is_supplied(self, problem: Problem) -> bool:
        """Whether a running sandbox would put this right: a missing text, or the whole of them.

        What it does not supply after all is told when it runs.
        """
        if problem.key == self.role:
            return True
        name = problem.key.removeprefix(f"{self.role}.")
        if "." in name or name in self._node.children:
            return False
        return problem.what == f"{problem.key} is missing" and self.outline.is_text((name,))

    def open_decisions(self) -> "list[Decision]":
        """The questions that this file leaves to the plugin's assumptions, or held.

        One about a part of a setting is asked once the setting is there.
        """
        with self._calls.call(f"{self.role}.decisions"):
            every = self.offer.decisions()
        found = [each for each in every if not self._is_written(each.key)]
        keys = {each.key for each in found}
        return [each for each in found if each.key.rpartition(".")[0] not in keys]

    def _is_written(self, key: str) -> bool:
        node: Node | None = self._node
        for part in key.split("."):
            node = node.children.get(part) if node is not None else None
        return node is not None

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The values of its secrets, as they are put in."""
        return frozenset(str(node.value) for _, node in self._secret_nodes())

    def plain_secrets(self) -> Iterator[tuple[str, Node]]:
        """Secrets that stand in the file themselves."""
        for key, node in self._secret_nodes():
            if not node.substituted:
                yield key, node

    def _secret_nodes(self) -> Iterator[tuple[str, Node]]:
        node: Node
        path: tuple[str | int, ...]
        for path, node in walk(self._node):
            is_value = node.value is not None and not isinstance(node.value, Mapping | tuple)
            if path and is_value and self.outline.is_secret(path):
                yield ".".join(str(part) for part in (self.role, *path)), node

    def shown(self) -> Mapping[str, Any]:
        """Its settings as they are in effect, secrets hidden."""
        written = _hidden(self._node, (), self.outline)
        rest = {
            key: HIDDEN if self.outline.is_secret((key,)) else value
            for key, value in self.outline.defaults().items()
            if key not in written
        }
        return {**written, **rest}


def _hidden(node: Node, path: tuple[str | int, ...], outline: "Outline") -> Any:
    if isinstance(node.value, Mapping):
        return {key: _hidden(one, (*path, key), outline) for key, one in node.value.items()}
    if isinstance(node.value, tuple):
        return [_hidden(one, (*path, index), outline) for index, one in enumerate(node.value)]
    if node.value is not None and path and outline.is_secret(path):
        return HIDDEN
    return hide_url_password(node.value) if isinstance(node.value, str) else node.value


def open_section(
    root: Node,
    role: str,
    offer_of: Callable[[str], Offer],
    plugins: Plugins,
    file: str,
    problems: list[Problem],
) -> Section[Offer] | None:
    """The section of a role, or None where `problems` say why there is none."""
    node = root.children.get(role)
    kind = node.children.get("plugin") if node is not None else None
    if node is None or kind is None or not isinstance(kind.value, str) or kind.unresolved:
        return None  # the core's model has told what is missing
    where = f"{file}:{kind.mark.line}:{kind.mark.column}"
    try:
        offer = offer_of(kind.value)
    except ConfigError as error:
        for one in error.problems:
            # The value is named in the text; what was put in for a ${...} must not be.
            what = one.what.replace(kind.value, kind.text) if kind.substituted else one.what
            problems.append(Problem(what, one.remedy, where, one.key))
        return None
    section = Section(role, offer, plugins.origin_of(offer), file, root)
    try:
        section.model  # noqa: B018  # a plugin's import may fail here
    except FAULTS as error:
        what = f"the settings of the plugin {section.origin} could not be loaded: {in_words(error)}"
        remedy = "install what it needs; `bridge plugins list` shows where it comes from"
        problems.append(Problem(what, remedy, where, f"{role}.plugin"))
        return None
    section.check(problems)
    return section
