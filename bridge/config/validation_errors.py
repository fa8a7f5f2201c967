"""What pydantic found wrong, as problems with a place in the file and an order to the reader."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bridge.config.nodes import Mark, Node
from bridge.config.schema_index import Outline
from bridge.config.secrets import hide_url_password
from bridge.errors import Problem

_EXPECTED: Mapping[str, str] = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "date_from_datetime_parsing": "a day such as 2026-04-01",
    "date_parsing": "a day such as 2026-04-01",
    "date_type": "a day such as 2026-04-01",
    "decimal_parsing": "a number",
    "decimal_type": "a number",
    "dict_type": "a mapping of keys to values",
    "float_parsing": "a number",
    "float_type": "a number",
    "frozen_set_type": "a list",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "mapping_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "set_type": "a list",
    "string_type": "text",
    "tuple_type": "a list",
    "url_parsing": "a web address",
    "url_type": "a web address",
}
_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}

_ORDERS = frozenset({"add", "give", "leave", "name", "put", "remove", "set", "use", "write"})

_Part = str | int


@dataclass(frozen=True, slots=True)
class _Fault:
    """One of pydantic's errors, with its location told apart.

    Attributes:
        path: The location without the names of a union's branches.
        branch: Where a union forked and which way, or None.
    """

    path: tuple[_Part, ...]
    branch: tuple[tuple[_Part, ...], _Part] | None
    type: str
    message: str
    context: Mapping[str, Any]


def problems_of(
    error: ValidationError,
    *,
    root: Node,
    at: tuple[str, ...],
    outline: Outline,
    file: str,
    see: str,
) -> list[Problem]:
    """Every problem once.

    Args:
        error: What pydantic raised for the node at `at`.
        root: The whole file.
        at: Path of what was validated, such as ``("target",)``.
        outline: Of the model that raised it.
        file: How the file is called.
        see: Where the operator reads more: ```bridge plugins show whmcs```.
    """
    where = _Places(root, file)
    faults = [_fault(one, root, at) for one in error.errors(include_url=False, include_input=False)]
    groups: dict[tuple[_Part, ...], list[_Fault]] = defaultdict(list)
    for fault in _likeliest_branches(faults):
        groups[fault.path].append(fault)
    problems = []
    for path, group in groups.items():
        deeper = any(other[: len(path)] == path and len(other) > len(path) for other in groups)
        node = where.node(path)
        if deeper or (node is not None and node.unresolved):
            continue  # a branch of a union that was not meant, or told already
        problems.append(_problem(group, path, node, where, outline, len(at), see))
    return problems


class _Places:
    """Where things stand in the file."""

    def __init__(self, root: Node, file: str) -> None:
        self._root = root
        self._file = file

    def node(self, path: Sequence[_Part]) -> Node | None:
        node: Node | None = self._root
        for part in path:
            node = node.child(part) if node is not None else None
        return node

    def key(self, path: Sequence[_Part]) -> str:
        """Where the key stands; for what is missing, where its surroundings do."""
        node, mark = self._root, self._root.mark
        for part in path:
            inner = node.child(part)
            if inner is None:
                break
            mark = node.keys.get(str(part), inner.mark)
            node = inner
        return self._text(mark)

    def value(self, path: Sequence[_Part]) -> str:
        node = self.node(path)
        return self._text(node.mark) if node is not None else self.key(path)

    def _text(self, mark: Mark) -> str:
        return f"{self._file}:{mark.line}:{mark.column}"


def _fault(raw: Any, root: Node, at: tuple[str, ...]) -> _Fault:
    node: Node | None = root
    for part in at:
        node = node.child(part) if node is not None else None
    path: list[_Part] = list(at)
    branch = None
    location = raw["loc"]
    for index, part in enumerate(location):
        inner = node.child(part) if node is not None else None
        absent = raw["type"] == "missing" and index == len(location) - 1
        if inner is None and not absent:
            branch = branch or (tuple(path), part)
            continue
        path.append(part)
        node = inner
    return _Fault(tuple(path), branch, raw["type"], raw["msg"], raw.get("ctx") or {})


def _likeliest_branches(faults: Sequence[_Fault]) -> Iterable[_Fault]:
    """Of a union's branches, the one that fits what is written best: the others are noise.

    Branches that only say "not of my type" stay together: they list what is possible.
    """
    score: dict[tuple[_Part, ...], dict[_Part, int]] = defaultdict(lambda: defaultdict(int))
    for fault in faults:
        if fault.branch:
            at, way = fault.branch
            score[at][way] += 1 if len(fault.path) > len(at) else 100
    for fault in faults:
        if fault.branch:
            at, way = fault.branch
            best = min(score[at].values())
            first = next(name for name, value in score[at].items() if value == best)
            if best < 100 and way != first:
                continue
        yield fault


def _problem(
    group: Sequence[_Fault],
    path: tuple[_Part, ...],
    node: Node | None,
    where: _Places,
    outline: Outline,
    depth: int,
    see: str,
) -> Problem:
    fault = group[0]
    key = ".".join(str(part) for part in path)
    inner = path[depth:]
    if fault.type == "missing":
        return Problem(f"{key} is missing", f"add it; {see}", where.key(path), key)
    if fault.type == "extra_forbidden":
        known = outline.keys(inner[:-1])
        return unknown_key(str(path[-1]), known, where=where.key(path), key=key)
    value = f"the value of {key}" if outline.is_secret(inner) else shown(node, key)
    for told in group:
        own = told.context.get("error")
        if isinstance(own, ValueError) and own.args:
            named = _named_key(str(own.args[0]), node)
            place = (*path, named) if named else path
            what, remedy = _own_words(own, value)
            key = ".".join(str(part) for part in place)
            at = where.key(place) if named or isinstance(node and node.value, Mapping) else ""
            return Problem(what, remedy or f"correct {key}; {see}", at or where.value(path), key)
    if fault.type in _BOUNDS:
        name, words = _BOUNDS[fault.type]
        limit = f"{fault.context.get(name):g}"
        return Problem(
            f"{value} is not {words} {limit}", f"write {words} {limit}", where.value(path), key
        )
    expected = [*outline.words(inner), *(_expected(one) for one in group)]
    if "literal_error" in {one.type for one in group} | {fault.type}:
        expected = [_expected(one) for one in group]
    if all(expected):
        choices = " or ".join(dict.fromkeys(expected))
        return Problem(
            f"{value} is not {choices}",
            f"write {choices}" + _near(node, group),
            where.value(path),
            key,
        )
    words = fault.message[:1].lower() + fault.message[1:]
    return Problem(f"{value} is not right: {words}", f"correct it; {see}", where.value(path), key)


def _expected(fault: _Fault) -> str:
    if fault.type == "literal_error":
        return str(fault.context.get("expected", "")).replace("'", "")
    if fault.type == "string_pattern_mismatch":
        return f"text of the form {fault.context.get('pattern')}"
    if fault.type in {"string_too_short", "too_short"} and fault.context.get("min_length") == 1:
        return "something at all: it may not be empty"
    return _EXPECTED.get(fault.type, "")


def _near(node: Node | None, group: Sequence[_Fault]) -> str:
    """A nearest word, where there are enough to choose from for it to help."""
    words = [
        word.strip()
        for fault in group
        if fault.type == "literal_error"
        for word in str(fault.context.get("expected", ""))
        .replace("'", "")
        .replace(" or ", ",")
        .split(",")
    ]
    if node is None or not isinstance(node.value, str) or len(words) < 2:
        return ""
    near = difflib.get_close_matches(node.value, words, n=1)
    return f"; did you mean {near[0]}" if near else ""


def shown(node: Node | None, key: str) -> str:
    """A value for a message. What was put in for a `${...}` is never shown."""
    if node is None or isinstance(node.value, Mapping | tuple):
        return key
    if node.substituted:
        return node.text
    if node.value is None:
        return f"{key}, which is empty,"
    text = hide_url_password(node.text)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return f"'{text}'" if isinstance(node.value, str) else text


def unknown_key(name: str, known: Sequence[str], *, where: str, key: str) -> Problem:
    """A key that no model has, with the nearest that one does."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        remedy = f"write '{near[0]}', or remove it"
    elif known:
        remedy = f"remove it, or write one of: {', '.join(known)}"
    else:
        remedy = "remove it"
    return Problem(f"'{name}' is not a setting", remedy, where, key)


def _own_words(error: ValueError, value: str) -> tuple[str, str]:
    """A validator's own words: two texts, or one of the form ``what is wrong: what to do``."""
    text = str(error.args[0])
    if len(error.args) > 1:
        return text, str(error.args[1])
    colon = _outer_colon(text)
    if colon:
        return text[:colon], text[colon + 2 :]
    if text.partition(" ")[0] in _ORDERS:
        return f"{value} is not right", text
    return text, ""


def _outer_colon(text: str) -> int:
    """Where the first colon with a space stands outside brackets and quotes; 0 for none."""
    depth, quote = 0, ""
    for index, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in '"`' or (sign == "'" and not text[index - 1 : index].isalnum()):
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith(": ", index):
            return index
    return 0


def _named_key(text: str, node: Node | None) -> str:
    """The key of this mapping that a validator's sentence begins with, if it does."""
    first = text.partition(" ")[0].strip("`'\":,")
    return first if node is not None and first in node.children else ""
