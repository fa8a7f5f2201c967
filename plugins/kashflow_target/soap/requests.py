"""Requests, written by what the WSDL says of each element.

zeep reads the WSDL; what it says of a type is learnt from zeep once, and each request then written
in one pass. zeep's own way makes an object of every element first and walks the description anew
for every call, which takes several times as long. The bytes are the same: a test compares them for
every operation.

A payload's JSON is converted by the type that the WSDL gives each field. zeep alone takes a float
for a decimal and a date for a dateTime, and sends a dict in an untyped list as text. Here an
unknown field is an error, and a field that the WSDL demands and bridge does not know is sent as
.NET itself sends an unset one.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bridge.api import Json, RecordRejectedError
from kashflow_target.soap.replies import Row

if TYPE_CHECKING:
    import zeep
    from lxml.etree import _Element  # type: ignore[import-untyped]

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
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


@dataclass(frozen=True, slots=True)
class _Field:
    """One element of a type.

    Attributes:
        kind: The name of its type.
        write: Writes a value into the element that was made for it.
    """

    name: str
    tag: str
    kind: str
    write: Callable[["_Element", Any], None]
    is_list: bool
    is_needed: bool
    is_nillable: bool


class RequestBuilder:
    """Builds the requests of one interface. Safe to use from several threads."""

    def __init__(self, client: "zeep.Client") -> None:
        from lxml import etree  # type: ignore[import-untyped]
        from zeep.xsd.const import NotSet

        self._client = client
        self._etree = etree
        self._unset = (None, NotSet)
        self._operations = client.service._binding._operations  # noqa: SLF001  # there is no other way
        self._forms: dict[int, Mapping[str, _Field]] = {}

    def build(self, operation: str, arguments: Mapping[str, object]) -> "_Element":
        """The envelope of one call, without credentials.

        Raises:
            KeyError: there is no such operation.
            TypeError, ValueError: an argument is unknown, missing, or not of its type.
        """
        body = self._operations[operation].input.body
        envelope = self._etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap-env": _SOAP})
        inner = self._etree.SubElement(envelope, f"{{{_SOAP}}}Body")
        call = self._etree.SubElement(inner, body.qname.text)
        self._fill(call, body.type, arguments)
        return envelope

    def record(self, name: str, values: Mapping[str, Json]) -> Fields:
        """Returns the fields of one of KashFlow's types: ``Customer``, ``Payment``."""
        form = self._form(type_of(self._client, name))
        unknown = [each for each in values if each not in form or form[each].kind not in _KINDS]
        if unknown:
            raise _unfit(f"{name} has no field {min(unknown)}")
        fields: Fields = {}
        for field in form.values():
            if field.name in values:
                fields[field.name] = _converted(name, field, values[field.name])
            elif field.is_needed and field.kind in _KINDS:
                fields[field.name] = _KINDS[field.kind].unset
        return fields

    def merged_customer(self, read: Row, ours: Mapping[str, Json]) -> Fields:
        """Returns a Customer to write back: all that was read, with our fields over it.

        Whether KashFlow blanks a string that is left out of an update is not documented, so nothing
        is left out; an empty element for anything but a string is refused (node-kashflow), so those
        are.
        """
        form = self._form(type_of(self._client, "Customer"))
        kept = {
            name: text
            for name, text in read.texts.items()
            if name in form
            and form[name].kind in _KINDS
            and (text.strip() or form[name].kind == "string")
        }
        return self.record("Customer", {**kept, **ours})

    def invoice(self, values: Mapping[str, Json]) -> Fields:
        """Returns an Invoice with its lines, each an anyType that names its real type.

        A line without xsi:type is refused (KashFlow manual, InsertInvoice).
        """
        lines = values.get("Lines")
        if not isinstance(lines, list | tuple) or not lines:
            raise _unfit("an invoice without lines")
        fields = self.record(
            "Invoice", {name: value for name, value in values.items() if name != "Lines"}
        )
        return {**fields, "Lines": {"anyType": [self._line(line) for line in lines]}}

    def _line(self, values: Json) -> object:
        from zeep.xsd import AnyObject

        if not isinstance(values, Mapping):
            raise _unfit(f"{values!r} is not a line")
        kind = type_of(self._client, "InvoiceLine")
        line = kind(**self.record("InvoiceLine", values))
        return AnyObject(kind, line)  # type: ignore[no-untyped-call]

    def _fill(self, node: "_Element", kind: Any, values: Mapping[str, object]) -> None:
        form = self._form(kind)
        unknown = values.keys() - form.keys()
        if unknown:
            msg = f"{kind.name} has no element {min(unknown)}"
            raise TypeError(msg)
        for name, field in form.items():
            value: Any = values.get(name)
            if value in self._unset:
                self._leave_out(node, field)
            elif field.is_list:
                for each in value:
                    field.write(self._etree.SubElement(node, field.tag), each)
            else:
                field.write(self._etree.SubElement(node, field.tag), value)

    def _leave_out(self, node: "_Element", field: _Field) -> None:
        if not field.is_needed:
            return
        if not field.is_nillable:
            msg = f"{field.name} is missing"
            raise ValueError(msg)
        self._etree.SubElement(node, field.tag).set(f"{{{_XSI}}}nil", "true")

    def _form(self, kind: Any) -> Mapping[str, _Field]:
        form = self._forms.get(id(kind))  # an operation's type may be named as a record's
        if form is None:
            form = {name: self._field(name, element) for name, element in kind.elements}
            self._forms[id(kind)] = form
        return form

    def _field(self, name: str, element: Any) -> _Field:
        return _Field(
            name,
            element.qname.text,
            element.type.name,
            self._writing(element.type),
            element.accepts_multiple,
            element.min_occurs > 0,
            element.nillable,
        )

    def _writing(self, kind: Any) -> Callable[["_Element", Any], None]:
        from zeep.xsd import AnySimpleType, ComplexType

        if isinstance(kind, ComplexType):
            return lambda node, value: self._fill(node, kind, value)
        if not isinstance(kind, AnySimpleType):
            return self._write_typed

        as_text: Callable[[Any], str] = kind.xmlvalue

        def write(node: "_Element", value: Any) -> None:
            node.text = as_text(value)

        return write

    def _write_typed(self, node: "_Element", value: Any) -> None:
        """An object in place of anything: it names its type."""
        self._fill(node, value.xsd_type, value.value.__values__)
        node.set(f"{{{_XSI}}}type", value.xsd_type.qname)


def _converted(name: str, field: _Field, value: Json) -> object:
    try:
        return _KINDS[field.kind].convert(value)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise _unfit(f"{name}.{field.name}: {value!r} is no {field.kind}") from error


def _unfit(what: str) -> RecordRejectedError:
    return RecordRejectedError(
        f"it does not fit KashFlow's description, and nothing was sent: {what}",
        remedy="report this: what bridge composes should never differ from the description",
    )


@cache
def type_of(client: "zeep.Client", name: str) -> Any:
    """Returns one of KashFlow's types."""
    return client.get_type(f"{{KashFlow}}{name}")  # type: ignore[no-untyped-call]
