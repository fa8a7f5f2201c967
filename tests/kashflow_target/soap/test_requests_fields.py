"""What leaves on the wire: valid by KashFlow's own published description, to the byte."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.client import compose_client
from kashflow_target.compose.invoice import compose_invoice
from kashflow_target.compose.movement import compose_movement
from kashflow_target.compose.payment import compose_payment
from kashflow_target.records.documents import midnight
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.replies import Row
from lxml import etree  # type: ignore[import-untyped]

from bridge.api import Json, Payload, Rate, RecordRejectedError, Reference
from bridge.testing.builders import a_client, a_movement, a_payment, a_sale, a_sale_line, eur

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "kashflow" / "KashFlow.wsdl"
XS = "{http://www.w3.org/2001/XMLSchema}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
KASHFLOW = "{KashFlow}"
Scripted = Any

# The service of 2026 has an argument that the published copy lacks.
NEWER = {("DeleteInvoicePayment", "InvoiceNumber")}


@pytest.fixture(scope="module")
def published() -> xmlschema.XMLSchema:
    """The types of the published WSDL."""
    if not PUBLISHED.exists():
        pytest.skip("the published KashFlow.wsdl is not beside this checkout")
    [types] = etree.parse(str(PUBLISHED)).getroot().iter(f"{XS}schema")
    return xmlschema.XMLSchema(etree.tostring(types).decode())


class Sender:
    """Sends each kind of write, and gives the call's element back."""

    def __init__(
        self, kashflow: KashFlowClient, scripted: Scripted, books: ResolvedAccount
    ) -> None:
        self.kashflow, self.scripted, self.books = kashflow, scripted, books
        self.requests = kashflow.requests()

    def sent(self, operation: str, **arguments: object) -> Any:
        self.scripted.says(operation, "<Status>OK</Status>")
        self.kashflow.write(operation, record="", **arguments)
        assert self.scripted.actions[-1] == f'"KashFlow/{operation}"'
        return etree.fromstring(self.scripted.sent[-1])[-1][0]

    def customer(self) -> Any:
        payload = compose_client(
            a_client(company="Tom & <Søn> 🚀"), Reference("WHMCS-31"), self.books
        )
        assert isinstance(payload, Payload)
        values = {**payload.body, "Code": payload.natural_key}
        return self.sent("InsertCustomer", custr=self.requests.record("Customer", values))

    def updated_customer(self) -> Any:
        read = {
            "CustomerID": "31",
            "Code": "HAR01",
            "Notes": "keep me",
            "PaymentTerms": "30",
            "Created": "2025-08-20T09:30:00.123",
            "Updated": "2025-08-20T09:30:00",
            "ShowDiscount": "true",
            "Discount": "2.5000",
            "CustHasDeliveryAddress": "",
            "TradeBorderType": "ROW",
        }
        row = Row("Customer", read, {})
        fields = self.requests.merged_customer(row, {"Name": "New", "Telephone": ""})
        return self.sent("UpdateCustomer", custr=fields)

    def invoice(self, *, foreign: bool) -> Any:
        sale = a_sale(lines=[a_sale_line(), a_sale_line(description="")])
        if foreign:
            german = a_client(country="DE", tax_number="DE136695976", currency="EUR")
            line = a_sale_line(eur("1000000.00"), tax_rate=Decimal(0))
            rate = Rate("GBP", Decimal("1E+2"), "transaction 900")
            sale = a_sale(client=german, lines=[line], rate=rate)
        payload = compose_invoice(sale, self.books)
        assert isinstance(payload, Payload)
        values = {**payload.body, "CustomerID": 31}
        return self.sent("InsertInvoice", Inv=self.requests.invoice(values))

    def payment(self) -> Any:
        invoice = compose_invoice(a_sale(), self.books)
        assert isinstance(invoice, Payload)
        payload = compose_payment(a_payment(), invoice, [], self.books)
        assert isinstance(payload, Payload)
        values = {**payload.body, "PayInvoice": 1042}
        return self.sent(
            "InsertInvoicePayment", InvoicePayment=self.requests.record("Payment", values)
        )

    def transaction(self) -> Any:
        payload = compose_movement(a_movement(), self.books)
        assert isinstance(payload, Payload)
        fields = self.requests.record("BankTransaction", payload.body)
        return self.sent("InsertBankTransaction", bp=fields)


@pytest.fixture
def sender(
    kashflow: KashFlowClient, scripted: Scripted, make_books: Callable[..., ResolvedAccount]
) -> Sender:
    return Sender(kashflow, scripted, make_books())


CALLS: dict[str, Callable[[Sender], Any]] = {
    "customer": Sender.customer,
    "updated customer": Sender.updated_customer,
    "invoice": lambda sender: sender.invoice(foreign=False),
    "foreign invoice": lambda sender: sender.invoice(foreign=True),
    "payment": Sender.payment,
    "bank transaction": Sender.transaction,
    "list": lambda sender: sender.sent(
        "GetInvoicesByDateRange",
        StartDate=midnight(dt.date(2026, 4, 1)),
        EndDate=midnight(dt.date(2026, 4, 30)),
    ),
    "credit": lambda sender: sender.sent(
        "applyCreditNoteToInvoice", InvoiceID=900001, CreditNoteID=900002
    ),
    "removed payment": lambda sender: sender.sent(
        "DeleteInvoicePayment", InvoiceNumber=1042, InvoicePaymentNumber=5
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_request_is_valid_by_the_published_description(
    sender: Sender, published: xmlschema.XMLSchema, name: str
) -> None:
    """Names, order, types and required elements, but for what the newer service added."""
    call = CALLS[name](sender)
    operation = etree.QName(call).localname
    for child in list(call):
        if (operation, etree.QName(child).localname) in NEWER:
            call.remove(child)
    published.validate(etree.tostring(call).decode())


def texts(call: Any, name: str) -> list[str]:
    return [each.text or "" for each in call.iter(f"{KASHFLOW}{name}")]


def test_lines_name_their_type(sender: Sender) -> None:
    """An anyType without xsi:type is refused (KashFlow manual, InsertInvoice)."""
    call = sender.invoice(foreign=False)
    lines = list(call.iter(f"{KASHFLOW}anyType"))
    assert len(lines) == 2
    for line in lines:
        prefix, _, name = line.get(f"{XSI}type").partition(":")
        assert (line.nsmap[prefix], name) == ("KashFlow", "InvoiceLine")


def test_dates_are_midnight_without_a_zone_and_decimals_are_plain(sender: Sender) -> None:
    call = sender.invoice(foreign=True)
    assert texts(call, "InvoiceDate") == ["2026-04-15T00:00:00"]
    assert texts(call, "ExchangeRate") == ["100"]
    assert texts(call, "Rate") == ["1000000.00"]
    assert texts(call, "ValuesInCurrency") == ["1"]
    assert texts(call, "InvoiceNumber") == ["0"]
    assert texts(sender.invoice(foreign=False), "ValuesInCurrency") == []


def test_credentials_come_first_and_once(sender: Sender) -> None:
    call = sender.payment()
    assert [etree.QName(child).localname for child in call][:2] == ["UserName", "Password"]
    assert texts(call, "UserName") == ["northwind"]
    assert texts(call, "Password") == ["canary-8f3a"]


def test_text_is_escaped_once(sender: Sender) -> None:
    """Two clients forget it and one does it twice."""
    assert texts(sender.customer(), "Name") == ["Tom & <Søn> 🚀"]
    assert b"Tom &amp; &lt;S\xc3\xb8n&gt;" in sender.scripted.sent[-1]


def test_an_update_sends_all_that_was_read(sender: Sender) -> None:
    """Ours over theirs; an empty text blanks, an empty anything else is left out."""
    call = sender.updated_customer()
    assert texts(call, "Name") == ["New"]
    assert texts(call, "Notes") == ["keep me"]
    assert texts(call, "Telephone") == [""]
    assert texts(call, "PaymentTerms") == ["30"]
    assert texts(call, "Discount") == ["2.5000"]
    assert texts(call, "CustHasDeliveryAddress") == []
    assert texts(call, "TradeBorderType") == []


@pytest.mark.parametrize(
    "values",
    [
        {"Nmae": "x"},
        {"Name": 5},
        {"EC": "one"},
        {"EC": True},
        {"Discount": 2},
        {"Created": "yesterday"},
        {"ShowDiscount": "maybe"},
    ],
)
def test_what_does_not_fit_the_description_is_not_sent(
    kashflow: KashFlowClient, scripted: Scripted, values: dict[str, Json]
) -> None:
    with pytest.raises(RecordRejectedError) as caught:
        kashflow.requests().record("Customer", values)
    assert next(iter(values)) in caught.value.what
    assert not scripted.sent


@pytest.mark.parametrize("lines", [None, [], ["text"], [{"Rate": 1}]])
def test_lines_that_are_none_are_not_sent(kashflow: KashFlowClient, lines: Json) -> None:
    """zeep alone would send a line that is a dict as its text."""
    with pytest.raises(RecordRejectedError):
        kashflow.requests().invoice({"CustomerID": 31, "Lines": lines})


def test_characters_that_xml_forbids_never_leave(
    kashflow: KashFlowClient, scripted: Scripted
) -> None:
    """Composed text holds none; a payload that did would be refused here."""
    fields = kashflow.requests().record("Customer", {"Name": "a\x00b"})
    with pytest.raises(RecordRejectedError) as caught:
        kashflow.write("InsertCustomer", record="x", custr=fields)
    assert caught.value.reason == "text_rejected"
    assert not scripted.sent
