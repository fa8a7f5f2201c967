"""Lists as WHMCS wraps them, made plain: every shape that its JSON was seen in.

Source: WHMCS API reference (double wrapping, ``"transactions": ""``, flattened keys in some
samples); open WHMCS clients for the other forms of an empty list and of a list of one.
"""

import re
from collections.abc import Mapping
from typing import Any

from whmcs_source.api.reply_errors import UnreadableReplyError

Json = Mapping[str, Any]

_FLAT_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
_KEY_PART = re.compile(r"\[([^\[\]]*)\]")


def rows(reply: Json, outer: str, inner: str) -> list[Json]:
    """The rows under ``reply[outer][inner]``, whatever shape the list has.

    Empty is ``""``, ``[]``, ``{}``, null or a missing key. One row may stand as an object where a
    list belongs, and a list may be an object with numbers for keys.

    >>> rows({"items": {"item": {"0": {"id": 1}, "1": {"id": 2}}}}, "items", "item")
    [{'id': 1}, {'id': 2}]
    >>> rows({"items": ""}, "items", "item")
    []
    """
    wrapped = _unflattened(reply, outer).get(outer)
    if isinstance(wrapped, Mapping) and inner in wrapped:
        wrapped = wrapped[inner]
    return _as_list(wrapped, outer)


def _as_list(value: Any, name: str) -> list[Json]:
    if value is None or value == "" or value == {} or value == []:
        return []
    if isinstance(value, Mapping):
        if all(str(key).isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        else:
            value = [value]
    if isinstance(value, list) and all(isinstance(row, Mapping) for row in value):
        return value
    raise UnreadableReplyError(
        f"WHMCS sent {name} in a form that is no list",
        remedy="run bridge again; if it stays, report it with WHMCS's version",
    )


def _unflattened(reply: Json, outer: str) -> Json:
    """Keys like ``currencies[currency][0][id]`` put back into nested objects."""
    flat = [key for key in reply if key.startswith(f"{outer}[")]
    if not flat:
        return reply
    result: dict[str, Any] = {}
    for key in flat:
        match = _FLAT_KEY.fullmatch(key)
        if match is None:
            continue
        path = [match.group(1), *_KEY_PART.findall(match.group(2))]
        place = result
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = reply[key]
    return result


def count(reply: Json, name: str) -> int | None:
    """A counter such as ``totalresults``, which may come as text; None when it is not there."""
    value = reply.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().isdigit():
        return int(value)
    return None
