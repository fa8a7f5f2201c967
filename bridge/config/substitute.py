"""``${NAME}`` and ``${file:/path}`` in any string of bridge.yaml; ``$${`` is a plain ``${``."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bridge.config.nodes import Node
from bridge.errors import Problem

_PLACE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_FILE_BYTES_MAX = 1_000_000


class _Unresolved(Exception):
    """Something could not be put in; args are what and remedy."""


def substitute(node: Node, *, file: Path, problems: list[Problem], key: str = "") -> Node:
    """The same tree with everything put in; what cannot be is added to `problems`."""
    if isinstance(node.value, Mapping):
        children = {
            name: substitute(child, file=file, problems=problems, key=f"{key}.{name}".lstrip("."))
            for name, child in node.value.items()
        }
        return replace(node, value=children)
    if isinstance(node.value, tuple):
        items = tuple(
            substitute(child, file=file, problems=problems, key=f"{key}.{index}")
            for index, child in enumerate(node.value)
        )
        return replace(node, value=items)
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    try:
        text = _PLACE.sub(lambda found: _put_in(found, file.parent), node.value)
    except _Unresolved as unresolved:
        what, remedy = unresolved.args
        where = f"{file}:{node.mark.line}:{node.mark.column}"
        problems.append(Problem(what, remedy, where, key))
        return replace(node, unresolved=True)
    return replace(node, value=text, substituted="${" in node.value.replace("$${", ""))


def _put_in(found: re.Match[str], directory: Path) -> str:
    if found.group(0) == "$${":
        return "${"
    name, closed = found.group(1), found.group(2)
    if not closed:
        raise _Unresolved("a ${ is not closed", "close it with }, or write $${ for a plain ${")
    if name.startswith("file:"):
        return _read(name.removeprefix("file:"), directory)
    if not _NAME.fullmatch(name):
        msg = f"${{{name}}} is neither a variable nor a file"
        raise _Unresolved(msg, "write ${NAME} or ${file:/path}, or $${ for a plain ${")
    try:
        return os.environ[name]
    except KeyError:
        msg = f"the environment variable {name} is not set"
        raise _Unresolved(msg, f"set {name} where bridge runs, or write the value here") from None


def _read(name: str, directory: Path) -> str:
    path = directory / name.strip()
    try:
        with path.open("rb") as stream:
            content = stream.read(_SECRET_FILE_BYTES_MAX + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        msg = f"the file {path} could not be read: {reason}"
        raise _Unresolved(msg, "create it, or let bridge's user read it") from None
    if len(content) > _SECRET_FILE_BYTES_MAX:
        msg = f"the file {path} is larger than a megabyte"
        raise _Unresolved(msg, "name the file that holds just the value")
    try:
        return content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        msg = f"the file {path} is not UTF-8 text"
        raise _Unresolved(msg, "save it as UTF-8") from None
