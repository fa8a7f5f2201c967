"""How bridge.yaml names a thing of KashFlow's: by name, by code or by id; and finding it there."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.api import Problem

if TYPE_CHECKING:
    from pydantic import WithJsonSchema

_FORMS = "write a name, {code: 1210} or {id: 310451}"


@dataclass(frozen=True, slots=True)
class Name:
    """What stands in bridge.yaml: exactly one of these is set.

    Attributes:
        text: A name.
        number: A bare number: a code or an id, whichever it fits.
        code: A code of the chart of accounts.
        id: KashFlow's own id.
    """

    text: str = ""
    number: int | None = None
    code: int | None = None
    id: int | None = None

    def __str__(self) -> str:
        if self.code is not None:
            return f"code {self.code}"
        if self.id is not None:
            return f"id {self.id}"
        return self.text if self.number is None else str(self.number)


def name_from(value: Any) -> Name:
    """Read what stands in bridge.yaml.

    Raises:
        ValueError: it is none of the forms.
    """
    match value:
        case Name():
            return value
        case str() if value.strip():
            return Name(text=" ".join(value.split()))
        case bool():
            pass
        case int():
            return Name(number=value)
        case {"code": int() as code, **rest} if not rest and not isinstance(code, bool):
            return Name(code=code)
        case {"id": int() as number, **rest} if not rest and not isinstance(number, bool):
            return Name(id=number)
    msg = f"{value!r} names nothing: {_FORMS}"
    raise ValueError(msg)


def name_schema() -> "WithJsonSchema":
    """The forms, for editors."""
    from pydantic import WithJsonSchema

    number = {"type": "integer"}
    forms: list[dict[str, Any]] = [{"type": "string"}, number]
    forms += [
        {
            "type": "object",
            "properties": {key: number},
            "required": [key],
            "additionalProperties": False,
        }
        for key in ("code", "id")
    ]
    return WithJsonSchema({"anyOf": forms})


@dataclass(frozen=True, slots=True)
class AccountItem:
    """One thing that the KashFlow account has.

    Attributes:
        code: In the chart of accounts, or None where the kind has none.
    """

    id: int
    name: str
    code: int | None = None

    def __str__(self) -> str:
        return self.name if self.code is None else f"{self.name} ({self.code})"


@dataclass(frozen=True, slots=True)
class Register:
    """Everything of one kind that the account has.

    Attributes:
        kind: For messages: ``payment method``.
    """

    kind: str
    entries: tuple[AccountItem, ...]

    def find(self, name: Name, key: str) -> AccountItem | Problem:
        """The one entry that `name` means, or what is wrong with it.

        Args:
            name: As in bridge.yaml.
            key: Dotted path of the setting, for the problem.
        """
        found = self._matches(name)
        if len(found) == 1:
            return found[0]
        if found:
            which = " and ".join(f"{each} with id {each.id}" for each in found)
            return Problem(
                f"{name} fits more than one {self.kind} in KashFlow: {which}",
                remedy="write {code: ...} or {id: ...} to say which",
                key=key,
            )
        return Problem(
            f"KashFlow has no {self.kind} {_quoted(name)}", remedy=self._remedy(name), key=key
        )

    def _matches(self, name: Name) -> list[AccountItem]:
        if name.text:
            wanted = name.text.casefold()
            return [each for each in self.entries if _folded(each.name) == wanted]
        if name.code is not None:
            return [each for each in self.entries if each.code == name.code]
        if name.id is not None:
            return [each for each in self.entries if each.id == name.id]
        return [each for each in self.entries if name.number in {each.code, each.id}]

    def _remedy(self, name: Name) -> str:
        near = self.nearest(str(name))
        if near:
            return f"write one of the nearest: {', '.join(near)}"
        return f"add it in KashFlow, or write one of: {self.listed()}"

    def nearest(self, text: str) -> Sequence[str]:
        """Up to three names that look like `text`."""
        names = {_folded(each.name): each.name for each in self.entries}
        return [
            names[near] for near in difflib.get_close_matches(text.casefold(), names, cutoff=0.5)
        ]

    def listed(self) -> str:
        """The first names, for a message."""
        names = [str(each) for each in self.entries[:8]]
        more = len(self.entries) - len(names)
        return ", ".join(names) + (f" and {more} more" if more else "")


class Resolver:
    """Resolves names and gathers what does not resolve."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def one(self, register: Register, name: Name, key: str) -> AccountItem:
        """What `name` means; a stand-in where it means nothing, which is a problem then.

        Args:
            register: Where to look.
            name: As in bridge.yaml.
            key: Path of the setting below `target`.
        """
        found = register.find(name, f"target.{key}")
        if isinstance(found, AccountItem):
            return found
        self.problems.append(found)
        return AccountItem(0, str(name))

    def many(
        self, register: Register, names: Mapping[str, Name], key: str
    ) -> dict[str, AccountItem]:
        """As `one`, for a mapping."""
        return {each: self.one(register, name, f"{key}.{each}") for each, name in names.items()}


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _quoted(name: Name) -> str:
    if name.text:
        return f"'{name.text}'"
    return f"with {name}" if name.number is None else f"with code or id {name.number}"
