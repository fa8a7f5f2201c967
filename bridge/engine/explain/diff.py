"""What differs between two versions of the source's values, in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MANY = {
    "lines": "line",
    "transactions": "transaction",
    "containers": "mass payment",
    "holds": "doubt",
}
_ABSENT = object()


def changes(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """Yield a sentence for each value that changed: ``line 2, amount: was ..., is ...``."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in {**before, **after}:
            yield from changes(
                before.get(name, _ABSENT), after.get(name, _ABSENT), _within(where, str(name))
            )
    elif _is_list(before) and _is_list(after):
        one = _MANY.get(where.rpartition(", ")[2])
        head = where.rpartition(", ")[0]
        for index in range(max(len(before), len(after))):
            place = f"{one} {index + 1}" if one else f"{where} {index + 1}"
            yield from changes(
                _at(before, index), _at(after, index), _within(head, place) if one else place
            )
    elif before != after and not (_is_nothing(before) and _is_nothing(after)):
        yield f"{where}: {_told(before, 'was')}, {_told(after, 'is')}"


def _is_nothing(value: Any) -> bool:
    return value is _ABSENT or value in ("", None)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _at(values: Sequence[Any], index: int) -> Any:
    return values[index] if index < len(values) else _ABSENT


def _within(where: str, name: str) -> str:
    name = name.replace("_", " ")
    return f"{where}, {name}" if where else name


def _told(value: Any, word: str) -> str:
    if value is _ABSENT:
        return f"{word} not there"
    if isinstance(value, Mapping):
        value = value.get("description") or value.get("number") or "there"
    return f"{word} {'empty' if value in ('', None) else value}"
