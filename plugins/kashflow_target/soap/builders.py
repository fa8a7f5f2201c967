"""Typed builders: from a payload's JSON to what zeep sends.

zeep alone sends a dict in an untyped list as text, takes a float for a decimal and a date for a
dateTime. Here each field is converted by the type that the WSDL gives it, an unknown field is an
error, and a field that the WSDL demands and bridge does not know is sent as .NET itself sends an
unset one.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bridge.api import Json, RecordRejectedError
from kashflow_target.soap.client import type_of
from kashflow_target.soap.replies import Row

if TYPE_CHECKING:
    import zeep

Fields = dict[str, Any]


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError
    return int(value)


def _decimal(value: Json) -> Decimal:
    if not isinstance(value, str):
        raise TypeError
    return Decimal(value)


def _moment(value: Json) -> dt.datetime:
    """A day at midnight without a zone: a zone could move it (.NET converts ``Z`` to local)."""
    if not isinstance(value, str):
        raise TypeError
    return dt.datetime.fromisoformat(value).replace(tzinfo=None)


def _flag(value: Json) -> bool:
    words: Mapping[Json, bool] = {"true": True, "false": False, "1": True, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise TypeError


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


@dataclass(frozen=True, slots=True)
class _Kind:
    convert: Callable[[Json], object]
    unset: object


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "int": _Kind(_whole, 0),
        "integer": _Kind(_whole, 0),
        "decimal": _Kind(_decimal, Decimal(0)),
        "dateTime": _Kind(_moment, dt.datetime(1, 1, 1)),  # noqa: DTZ001 - KashFlow knows no zone
        "boolean": _Kind(_flag, False),  # noqa: FBT003
        "string": _Kind(_text, ""),
    }
)


@cache
def _form(client: "zeep.Client", name: str) -> Mapping[str, tuple[str, bool]]:
    """The simple fields of a type: name -> (kind, whether it must be sent)."""
    fields = {}
    for field, element in type_of(client, name).elements:
        kind = element.type.name
        if kind in _KINDS:
            fields[field] = (kind, element.min_occurs > 0)
    return MappingProxyType(fields)


def _filled(client: "zeep.Client", name: str, values: Mapping[str, Json]) -> Fields:
    form = _form(client, name)
    unknown = values.keys() - form.keys()
    if unknown:
        raise _unfit(f"{name} has no field {min(unknown)}")
    fields: Fields = {}
    for field, (kind, needed) in form.items():
        if field in values:
            fields[field] = _converted(f"{name}.{field}", kind, values[field])
        elif needed:
            fields[field] = _KINDS[kind].unset
    return fields


def _converted(field: str, kind: str, value: Json) -> object:
    try:
        return _KINDS[kind].convert(value)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise _unfit(f"{field}: {value!r} is no {kind}") from error


def _unfit(what: str) -> RecordRejectedError:
    return RecordRejectedError(
        f"it does not fit KashFlow's description, and nothing was sent: {what}",
        remedy="report this: what bridge composes should never differ from the description",
    )


def customer(client: "zeep.Client", values: Mapping[str, Json]) -> Fields:
    """A Customer to insert."""
    return _filled(client, "Customer", values)


def merged_customer(client: "zeep.Client", read: Row, ours: Mapping[str, Json]) -> Fields:
    """A Customer to write back: all that was read, with our fields over it.

    Whether KashFlow blanks a string that is left out of an update is not documented, so nothing
    is left out; an empty element for anything but a string is refused (node-kashflow), so those
    are.
    """
    form = _form(client, "Customer")
    kept = {
        name: text
        for name, text in read.texts.items()
        if name in form and (text.strip() or form[name][0] == "string")
    }
    return _filled(client, "Customer", {**kept, **ours})


def invoice(client: "zeep.Client", values: Mapping[str, Json]) -> Fields:
    """An Invoice with its lines, each an anyType that names its real type.

    A line without xsi:type is refused (KashFlow manual, InsertInvoice).
    """
    lines = values.get("Lines")
    if not isinstance(lines, list | tuple) or not lines:
        raise _unfit("an invoice without lines")
    line_type = type_of(client, "InvoiceLine")
    fields = _filled(
        client, "Invoice", {name: value for name, value in values.items() if name != "Lines"}
    )
    filled = [_line(client, line) for line in lines]
    fields["Lines"] = {"anyType": [_typed(line_type, line) for line in filled]}
    return fields


def _typed(line_type: Any, fields: Fields) -> Any:
    from zeep.xsd import AnyObject

    return AnyObject(line_type, line_type(**fields))  # type: ignore[no-untyped-call]


def _line(client: "zeep.Client", values: Json) -> Fields:
    if not isinstance(values, Mapping):
        raise _unfit(f"{values!r} is not a line")
    return _filled(client, "InvoiceLine", values)


def payment(client: "zeep.Client", values: Mapping[str, Json]) -> Fields:
    """A Payment to insert."""
    return _filled(client, "Payment", values)


def bank_transaction(client: "zeep.Client", values: Mapping[str, Json]) -> Fields:
    """A BankTransaction to insert."""
    return _filled(client, "BankTransaction", values)
