"""Requests are to the byte what zeep itself makes of the same values."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.soap.client import WSDL
from kashflow_target.soap.requests import RequestBuilder, type_of
from lxml import etree  # type: ignore[import-untyped]
from zeep import Client
from zeep.xsd import AnyObject, AnySimpleType, ComplexType

VALUES = {
    "String": "Tom & <Søn> 🚀\n2nd line",
    "Int": 7,
    "Integer": -7,
    "Decimal": Decimal("1E+2"),
    "DateTime": dt.datetime(2026, 4, 15),  # noqa: DTZ001 - KashFlow knows no zone
    "Boolean": True,
}
ZEEP = Client(str(WSDL))  # type: ignore[no-untyped-call]
OPERATIONS: dict[str, Any] = ZEEP.service._binding._operations


def filled(kind: Any, *, whole: bool) -> dict[str, Any]:
    """A value for every element of a type, or for those alone that it needs."""
    return {
        name: value
        for name, element in kind.elements
        if whole or element.min_occurs
        for value in filled_one(element, whole=whole)
    }


def filled_one(element: Any, *, whole: bool) -> Iterator[Any]:
    if isinstance(element.type, AnySimpleType):
        yield VALUES[type(element.type).__name__]
    elif isinstance(element.type, ComplexType):
        yield filled(element.type, whole=whole)
    else:
        line = type_of(ZEEP, "InvoiceLine")
        one = AnyObject(line, line(**filled(line, whole=whole)))  # type: ignore[no-untyped-call]
        yield [one, one]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_written_as_zeep_writes_it(operation: str, *, whole: bool) -> None:
    arguments = filled(OPERATIONS[operation].input.body.type, whole=whole)
    theirs = ZEEP.create_message(ZEEP.service, operation, **arguments)  # type: ignore[no-untyped-call]
    ours = RequestBuilder(ZEEP).build(operation, arguments)
    assert etree.tostring(ours) == etree.tostring(theirs)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("NoSuchOperation", {}),
        ("GetInvoice", {"InvoiceNumber": 7, "Colour": "red"}),
        ("GetInvoice", {}),
        ("GetInvoice", {"InvoiceNumber": None}),
        ("GetCustomer", {"CustomerCode": "a\0b"}),
        ("InsertInvoice", {"Inv": {"Lines": {"anyType": [{"Rate": 1}]}}}),
        ("InsertInvoice", {"Inv": "an invoice"}),
    ],
)
def test_what_does_not_fit_the_description_is_not_written(
    operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        RequestBuilder(ZEEP).build(operation, arguments)
