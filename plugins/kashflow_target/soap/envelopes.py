"""Requests, written by what the WSDL says of each element.

zeep reads the WSDL; what it says of an operation is learnt from zeep once, and each request then
written in one pass. zeep's own way makes an object of every element first and walks the description
anew for every call, which takes several times as long. The bytes are the same: a test compares
them for every operation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import zeep
    from lxml.etree import _Element  # type: ignore[import-untyped]

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True, slots=True)
class _Field:
    """One element of a type.

    Attributes:
        write: Writes a value into the element that was made for it.
    """

    name: str
    tag: str
    write: Callable[["_Element", Any], None]
    is_list: bool
    is_needed: bool
    is_nillable: bool


class Envelopes:
    """Writes the requests of one interface. Safe to use from several threads."""

    def __init__(self, client: "zeep.Client") -> None:
        from lxml import etree  # type: ignore[import-untyped]
        from zeep.xsd.const import NotSet

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
