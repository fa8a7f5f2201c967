"""Requests into values: as strict as the WSDL, or as forgiving as KashFlow is said to be."""

import datetime as dt
import re
import threading
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from kashflow_target.sandbox.envelope import SoapFaultError, unreadable
from kashflow_target.sandbox.interface import NAMESPACE, Field, interface

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(?P<zone>Z|[+-]\d\d:\d\d)?")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_INTEGER = re.compile(r"[+-]?\d+")
_NOT_A_DATE = re.compile(
    r"'(?P<value>[^']*)' is not a valid value of the atomic type 'xs:dateTime'"
)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INT_MAX = 2**31
_DECIMAL_MAX = Decimal(10) ** 15  # what SQL Server's money type holds, about

_validating = threading.Lock()


def arguments_of(operation: str, body: Any, *, strict: bool) -> dict[str, Any]:
    """The arguments of a request, credentials included; what was not sent is absent.

    Raises:
        SoapFaultError: naming the element that could not be read. KashFlow itself names none.
    """
    if strict:
        _validate(body)
    fields = (
        Field("UserName", "string", optional=True),
        Field("Password", "string", optional=True),
        *interface().arguments[operation],
    )
    return _values(body, fields, strict=strict)


@cache
def _schema() -> Any:
    return etree.XMLSchema(etree.fromstring(interface().schema))


def _validate(body: Any) -> None:
    schema = _schema()
    with _validating:
        if schema.validate(body):
            return
        error = schema.error_log[0]
    message = error.message.replace(f"{{{NAMESPACE}}}", "")
    date = _NOT_A_DATE.search(message)
    if date:
        name = message.split("'")[1]
        message = f"{name}: {_not_all_xsd(date['value'])}"
    raise _unreadable_at(error.line, message)


def _not_all_xsd(text: str) -> str:
    # Words seen by a client that sent "2026-08-18 10:53:48 UTC".
    return f"The string '{text}' is not a valid AllXsd value."


def _unreadable_at(line: int, detail: str) -> SoapFaultError:
    return unreadable(f"There is an error in XML document (line {line}). ---> {detail}")


def _values(element: Any, fields: tuple[Field, ...], *, strict: bool) -> dict[str, Any]:
    known = {f"{{{NAMESPACE}}}{field.name}": field for field in fields}
    values: dict[str, Any] = {}
    for child in element:
        field = known.get(child.tag)
        if field is None or child.get(f"{_XSI}nil") in ("true", "1"):
            continue  # as ASP.NET's reader does with names that it does not know
        values[field.name] = _value(child, field, strict=strict)
    return values


def _value(element: Any, field: Field, *, strict: bool) -> Any:
    if field.type == "ArrayOfAnyType":
        return [_line(child, strict=strict) for child in element]
    inner = interface().types.get(field.type)
    if inner is not None:
        return _values(element, inner, strict=strict)
    text = element.text or ""
    if field.type == "string":
        return text
    try:
        if field.type == "dateTime":
            return _read_date(text.strip(), strict=strict)
        return _READERS[field.type](text.strip())
    except ValueError as error:
        raise _unreadable_at(element.sourceline or 0, f"{field.name}: {error}") from None


def _line(element: Any, *, strict: bool) -> Mapping[str, Any]:
    # KashFlow manual, InsertInvoice: each anyType must say that it is an InvoiceLine.
    kind = element.get(f"{_XSI}type", "")
    prefix, _, name = kind.rpartition(":")
    if name != "InvoiceLine" or element.nsmap.get(prefix or None) != NAMESPACE:
        told = f'xsi:type="{kind}"' if kind else "no xsi:type"
        raise _unreadable_at(
            element.sourceline or 0,
            f'Lines/anyType: it has {told} and must have xsi:type="InvoiceLine".',
        )
    return _values(element, interface().types["InvoiceLine"], strict=strict)


def _read_int(text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -_INT_MAX <= int(text) < _INT_MAX:
        msg = f"The string '{text}' was not in a correct format for an int."
        raise ValueError(msg)
    return int(text)


def _read_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        msg = f"The string '{text}' was not in a correct format for an integer."
        raise ValueError(msg)
    return int(text)


def _read_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        msg = f"The string '{text}' was not in a correct format for a decimal."
        raise ValueError(msg)
    value = Decimal(text)
    if abs(value) >= _DECIMAL_MAX:
        msg = f"The string '{text}' is too large for a Decimal."
        raise ValueError(msg)
    return value


def _read_boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError(_not_all_xsd(text))
    return _BOOLEANS[text]


def _read_date(text: str, *, strict: bool) -> dt.datetime:
    """A date and time without zone; a forgiven zone is turned into local time, as .NET does."""
    found = _DATE.fullmatch(text)
    # A zone is valid XML Schema, but it moves the day: 23:30Z in summer is tomorrow in London.
    if found is None or (strict and found["zone"]):
        raise ValueError(_not_all_xsd(text))
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_not_all_xsd(text)) from None
    return value if value.tzinfo is None else value.astimezone().replace(tzinfo=None)


_READERS = {
    "int": _read_int,
    "integer": _read_integer,
    "decimal": _read_decimal,
    "boolean": _read_boolean,
}
