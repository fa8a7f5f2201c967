"""Our WSDL says what KashFlow publishes, but for the differences that are listed here."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import kashflow_target
import pytest
import zeep
from lxml import etree  # type: ignore[import-untyped]

REPOSITORY = Path(__file__).resolve().parents[3]
OURS = Path(kashflow_target.__file__).parent / "wsdl" / "kashflow.wsdl"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
XS = "{http://www.w3.org/2001/XMLSchema}"

# The description of 2026 that the live service gives out is newer than the published copy.
NEWER_ARGUMENTS = {("DeleteInvoicePayment", "InvoiceNumber")}
NEWER_ELEMENTS = {
    ("Invoice", "CISRCNetAmount"),
    ("Invoice", "CISRCVatAmount"),
    ("Invoice", "IsCISReverseCharge"),
}

OPERATIONS = {
    "DeleteCustomer",
    "DeleteInvoice",
    "DeleteInvoiceByID",
    "DeleteInvoicePayment",
    "GetBankAccounts",
    "GetBankTransactions",
    "GetBankTxTypes",
    "GetCompanyDetails",
    "GetCurrencies",
    "GetCustomer",
    "GetCustomerByEmail",
    "GetCustomerByID",
    "GetCustomers",
    "GetCustomersModifiedSince",
    "GetInvPayMethods",
    "GetInvoice",
    "GetInvoiceByID",
    "GetInvoicePayment",
    "GetInvoicePaymentsByDateRange",
    "GetInvoicesByDateRange",
    "GetInvoicesForCustomer",
    "GetNominalCodesExtended",
    "GetProducts",
    "GetVATRates",
    "InsertBankTransaction",
    "InsertCustomer",
    "InsertInvoice",
    "InsertInvoicePayment",
    "UpdateCustomer",
    "applyCreditNoteToInvoice",
    "isUserVATRegistered",
}


@dataclass(frozen=True)
class Element:
    name: str
    type: str
    least: str
    most: str
    nillable: str


@dataclass(frozen=True)
class Description:
    """What a WSDL says, free of how it is written down."""

    target: str
    qualified: str
    types: dict[str, tuple[Element, ...]]
    elements: dict[str, tuple[Element, ...]]
    messages: dict[str, tuple[tuple[str, str], ...]]
    operations: dict[str, tuple[str, str]]
    actions: dict[str, tuple[str, str, str, str]]


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _sequence(holder: etree._Element) -> tuple[Element, ...]:
    return tuple(
        Element(
            element.get("name", ""),
            _local(element.get("type", "anyType")),
            element.get("minOccurs", "1"),
            element.get("maxOccurs", "1"),
            element.get("nillable", "false"),
        )
        for element in holder.iter(f"{XS}element")
        if element is not holder
    )


def _actions(binding: etree._Element) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    for operation in binding.iter(f"{WSDL}operation"):
        soap = operation.find(f"{SOAP}operation")
        bodies = [body.get("use", "") for body in operation.iter(f"{SOAP}body")]
        assert soap is not None
        assert len(bodies) == 2
        yield (
            operation.get("name", ""),
            (soap.get("soapAction", ""), soap.get("style", ""), bodies[0], bodies[1]),
        )


def describe(path: Path) -> Description:
    root = etree.parse(path).getroot()
    schema = next(root.iter(f"{XS}schema"))
    port = next(p for p in root.iter(f"{WSDL}portType") if p.get("name") == "KashFlowAPISoap")
    binding = next(b for b in root.iter(f"{WSDL}binding") if b.get("name") == "KashFlowAPISoap")
    return Description(
        target=root.get("targetNamespace", ""),
        qualified=schema.get("elementFormDefault", ""),
        types={t.get("name", ""): _sequence(t) for t in schema.findall(f"{XS}complexType")},
        elements={e.get("name", ""): _sequence(e) for e in schema.findall(f"{XS}element")},
        messages={
            m.get("name", ""): tuple(
                (part.get("name", ""), _local(part.get("element", "")))
                for part in m.iter(f"{WSDL}part")
            )
            for m in root.iter(f"{WSDL}message")
        },
        operations={
            o.get("name", ""): tuple(_local(m.get("message", "")) for m in o)  # type: ignore[misc]
            for o in port.iter(f"{WSDL}operation")
        },
        actions=dict(_actions(binding)),
    )


def _without_newer(
    owner: str, elements: tuple[Element, ...], newer: set[tuple[str, str]]
) -> tuple[Element, ...]:
    return tuple(element for element in elements if (owner, element.name) not in newer)


@pytest.fixture(scope="module")
def ours() -> Description:
    return describe(OURS)


@pytest.fixture(scope="module")
def published() -> Description:
    for place in REPOSITORY.parents:
        path = place / "shared" / "kashflow" / "KashFlow.wsdl"
        if path.exists():
            return describe(path)
    pytest.skip("KashFlow's published WSDL is not beside the checkout (shared/kashflow)")


def test_it_has_the_operations_that_are_used(ours: Description) -> None:
    assert set(ours.operations) == OPERATIONS
    assert set(ours.actions) == OPERATIONS


def test_namespace_and_qualified_form(ours: Description, published: Description) -> None:
    assert ours.target == published.target == "KashFlow"
    assert ours.qualified == published.qualified == "qualified"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operation_is_the_published_one(
    name: str, ours: Description, published: Description
) -> None:
    """Same messages, same SOAPAction and encoding, same arguments and result in the same order."""
    assert ours.operations[name] == published.operations[name]
    assert ours.actions[name] == published.actions[name]
    for message in ours.operations[name]:
        assert ours.messages[message] == published.messages[message]
    for element in (name, f"{name}Response"):
        sent = _without_newer(element, ours.elements[element], NEWER_ARGUMENTS)
        assert sent == published.elements[element]


def test_each_type_is_the_published_one(ours: Description, published: Description) -> None:
    """Names, types, order, how often and whether it may be nil."""
    for name, elements in ours.types.items():
        assert _without_newer(name, elements, NEWER_ELEMENTS) == published.types[name], name


def test_every_allowed_difference_exists(ours: Description) -> None:
    """A difference that is listed and not there would hide a mistake."""
    for owner, name in NEWER_ARGUMENTS:
        assert name in {element.name for element in ours.elements[owner]}
    for owner, name in NEWER_ELEMENTS:
        assert name in {element.name for element in ours.types[owner]}


def test_the_newer_elements_end_an_invoice_and_may_be_absent_or_nil(ours: Description) -> None:
    last = ours.types["Invoice"][-3:]
    assert {("Invoice", element.name) for element in last} == NEWER_ELEMENTS
    assert {(element.least, element.nillable) for element in last} == {("0", "true")}


def test_nothing_in_it_is_unused(ours: Description) -> None:
    """Each type is reachable from an operation, but InvoiceLine, which only xsi:type names."""
    reached = {
        element.type
        for elements in (*ours.elements.values(), *ours.types.values())
        for element in elements
    }
    assert set(ours.types) - reached == {"InvoiceLine"}


def test_zeep_loads_it_and_finds_the_line_type() -> None:
    """zeep resolves xsi:type="InvoiceLine" only if the type is in the file."""
    client = zeep.Client(str(OURS))  # type: ignore[no-untyped-call]
    try:
        line = client.get_type("{KashFlow}InvoiceLine")  # type: ignore[no-untyped-call]
        assert line.name == "InvoiceLine"
        assert set(dir(client.service)) >= OPERATIONS
    finally:
        client.transport.session.close()
