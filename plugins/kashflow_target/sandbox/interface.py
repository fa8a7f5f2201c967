"""KashFlow's operations and types as our own WSDL states them, and how values stand on the wire."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

NAMESPACE = "KashFlow"
WSDL_FILE = Path(__file__).parent.parent / "wsdl" / "kashflow.wsdl"
NO_DATE = dt.datetime(1, 1, 1)  # noqa: DTZ001 - .NET's empty date: KashFlow's dates have no zone

Value: TypeAlias = "str | int | bool | Decimal | dt.datetime | Mapping[str, Any] | list[Any]"

_XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a type or argument of an operation.

    Attributes:
        type: Local name: ``int``, ``dateTime``, ``Customer``.
        optional: minOccurs is 0.
    """

    name: str
    type: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Interface:
    """What the WSDL says.

    Attributes:
        types: Elements of each complex type, in order.
        arguments: Of each operation, without the credentials.
        results: The result element of each operation, None where there is none.
        schema: The XML Schema in it, as a document of its own.
    """

    types: Mapping[str, tuple[Field, ...]]
    arguments: Mapping[str, tuple[Field, ...]]
    results: Mapping[str, Field | None]
    schema: bytes


def _fields(holder: Any) -> tuple[Field, ...]:
    return tuple(
        Field(
            element.get("name"),
            element.get("type", "anyType").rpartition(":")[2],
            element.get("minOccurs") == "0",
        )
        for element in holder.iter(f"{_XS}element")
        if element is not holder
    )


@cache
def interface() -> Interface:
    """The interface, read once."""
    from lxml import etree  # type: ignore[import-untyped]

    schema = next(etree.parse(WSDL_FILE).iter(f"{_XS}schema"))
    elements = {e.get("name"): _fields(e) for e in schema.findall(f"{_XS}element")}
    arguments, results = {}, {}
    for name in elements:
        answer = elements.get(f"{name}Response")
        if answer is not None:
            arguments[name] = elements[name][2:]
            results[name] = next((f for f in answer if f.name == f"{name}Result"), None)
    return Interface(
        types={t.get("name"): _fields(t) for t in schema.findall(f"{_XS}complexType")},
        arguments=arguments,
        results=results,
        schema=etree.tostring(schema),
    )


def decimal_text(value: Decimal) -> str:
    """A decimal as the service writes it: four places, more only where there are more.

    Source: live answers quoted by clients show ``117.5000`` and ``0.0000``.

    >>> decimal_text(Decimal("117.5"))
    '117.5000'
    >>> decimal_text(Decimal("1.17345"))
    '1.17345'
    """
    exponent = value.as_tuple().exponent
    places = max(4, -exponent if isinstance(exponent, int) else 0)
    return f"{value:.{places}f}"


def wire_text(value: object) -> str:
    """A single value as it stands in a reply, not yet escaped. Dates carry no zone."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return f"{value.isoformat()}T00:00:00"
    return str(value)


_BLANK: Mapping[str, str] = {
    "int": "0",
    "decimal": "0.0000",
    "boolean": "false",
    "dateTime": "0001-01-01T00:00:00",
}


def rendered(type_name: str, values: Mapping[str, object]) -> str:
    """The inside of an element of this type. An absent text is left out, other values are blank."""
    parts = []
    for field in interface().types[type_name]:
        value = values.get(field.name)
        if value is None:
            if field.optional:
                continue
            text = _BLANK[field.type]
        else:
            text = escape(wire_text(value))
        parts.append(f"<{field.name}>{text}</{field.name}>")
    return "".join(parts)


def item(type_name: str, values: Mapping[str, object]) -> str:
    """One item of a list of this type."""
    return f"<{type_name}>{rendered(type_name, values)}</{type_name}>"
