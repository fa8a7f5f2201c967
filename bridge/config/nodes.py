"""bridge.yaml as values that know their line and column.

Scalars are read as YAML 1.2 reads them: ``NO``, ``on`` and ``0400`` stay text, since a country, a
switch's name and a nominal code are no booleans and no octal numbers. Numbers with a point become
Decimal, never float; days stay text for the models to read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

import yaml

from bridge.errors import Problem

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WHOLE = re.compile(r"-?(?:0|[1-9]\d*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)\.\d+")
_WORDS: Mapping[str, bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}
_NODES_MAX = 100_000  # aliases of aliases can make billions out of a short file

Scalar: TypeAlias = str | int | Decimal | bool | None
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file, both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Node:
    """One value.

    Attributes:
        value: A scalar, or the nodes within a list or a mapping.
        mark: Where the value begins.
        keys: Where each key of a mapping stands.
        text: A scalar as it is written in the file, `${...}` and all.
        substituted: Whether something was put in for a `${...}`.
        unresolved: Whether it holds a `${...}` for which nothing could be put in.
    """

    value: "Scalar | tuple[Node, ...] | Mapping[str, Node]"
    mark: Mark = Mark()
    keys: Mapping[str, Mark] = field(default_factory=dict)
    text: str = ""
    substituted: bool = False
    unresolved: bool = False

    @property
    def children(self) -> "Mapping[str, Node]":
        """The nodes of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, Mapping) else {}

    def plain(self, takes_text: Callable[[Path], bool], path: Path = ()) -> Any:
        """The value without its places, as the models take it.

        Args:
            takes_text: Whether nothing but text will do at a path: a bare number there is meant as
                text, such as a password of digits.
            path: Where this node is.
        """
        if isinstance(self.value, Mapping):
            items = self.value.items()
            return {key: child.plain(takes_text, (*path, key)) for key, child in items}
        if isinstance(self.value, tuple):
            return [one.plain(takes_text, (*path, n)) for n, one in enumerate(self.value)]
        if self.value is None or isinstance(self.value, str):
            return self.value
        return self.text if takes_text(path) else self.value

    def child(self, part: str | int) -> "Node | None":
        """The node at one step of a path, or None."""
        if isinstance(self.value, tuple) and isinstance(part, int):
            return self.value[part] if part < len(self.value) else None
        return self.children.get(str(part))


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every node with its path, outermost first."""
    yield path, node
    if isinstance(node.value, Mapping):
        for key, child in node.value.items():
            yield from walk(child, (*path, key))
    elif isinstance(node.value, tuple):
        for index, child in enumerate(node.value):
            yield from walk(child, (*path, index))


def find(node: Node, key: str) -> tuple[Node, Mark] | None:
    """The node at a dotted path and the place of its key; keys may hold dots themselves."""
    for name, child in node.children.items():
        if key == name:
            return child, node.keys.get(name, child.mark)
        if key.startswith(f"{name}."):
            deeper = find(child, key[len(name) + 1 :])
            if deeper:
                return deeper
    return None


class _EndlessError(Exception):
    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark


@dataclass(slots=True)
class Parser:
    """Reads one file's text. `problems` are what it could read past."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    _made: int = 0

    def parse(self, text: str) -> Node | None:
        """The root, or None where the text is not YAML at all: then `problems` says why."""
        try:
            root = yaml.compose(text, Loader=_Loader)
        except yaml.YAMLError as error:
            self.problems.append(self._syntax(error, text))
            return None
        try:
            return self._node(root, (), "") if root is not None else Node({})
        except _EndlessError as endless:
            self._add(
                "an alias makes the file endless or huge", "write the value out", endless.mark
            )
            return None

    def _add(self, what: str, remedy: str, mark: Mark, key: str = "") -> None:
        self.problems.append(Problem(what, remedy, f"{self.file}:{mark.line}:{mark.column}", key))

    def _syntax(self, error: yaml.YAMLError, text: str) -> Problem:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = Mark(mark.line + 1, mark.column + 1) if mark else Mark()
        words = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        lines = text.splitlines()
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        remedy = "check the indentation, colons and quotes around this place"
        if "${" in line and "{" in line.replace("${", ""):
            remedy = "put quotes around ${...} where it stands within braces"
        elif "\t" in line:
            remedy = "indent with spaces; YAML allows no tabs there"
        elif "control characters" in str(words):
            remedy = "find and remove the control character, or save the file as plain UTF-8"
        return Problem(
            f"the file is not YAML: {' '.join(str(words).split())}",
            remedy,
            f"{self.file}:{place.line}:{place.column}",
        )

    def _node(self, raw: Any, above: tuple[int, ...], path: str) -> Node:
        mark = Mark(raw.start_mark.line + 1, raw.start_mark.column + 1)
        self._made += 1
        if self._made > _NODES_MAX or id(raw) in above:
            raise _EndlessError(mark)
        if isinstance(raw, yaml.MappingNode):
            return self._mapping(raw, mark, (*above, id(raw)), path)
        if isinstance(raw, yaml.SequenceNode):
            inside = (*above, id(raw))
            items = [self._node(one, inside, f"{path}.{n}") for n, one in enumerate(raw.value)]
            return Node(tuple(items), mark)
        return Node(_scalar(raw.value, raw.style), mark, text=raw.value)

    def _mapping(self, raw: Any, mark: Mark, above: tuple[int, ...], path: str) -> Node:
        children: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        for raw_key, raw_value in raw.value:
            place = Mark(raw_key.start_mark.line + 1, raw_key.start_mark.column + 1)
            if not isinstance(raw_key, yaml.ScalarNode) or not raw_key.value:
                self._add(
                    "a key is not a plain word", "write the key as one word or quote it", place
                )
                continue
            key = str(raw_key.value)
            if key == "<<" and not raw_key.style:
                self._add("merge keys (<<) are not read", "write the keys out", place)
                continue
            within = f"{path}.{key}".lstrip(".")
            if key in children:
                first = keys[key].line
                self._add(
                    f"the key '{key}' is written twice, first on line {first}",
                    "keep one of them",
                    place,
                    within,
                )
                continue
            keys[key] = place
            children[key] = self._node(raw_value, above, within)
        return Node(children, mark, keys)


def _scalar(text: str, style: str | None) -> Scalar:
    if style:  # quoted, or a block: text whatever it looks like; the C loader says '' for plain
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    return text
