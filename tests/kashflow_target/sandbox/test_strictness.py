"""Requests that KashFlow would take wrongly or refuse obscurely are refused here, with the name."""

import re
from pathlib import Path

import pytest
from kashflow_target.sandbox.driver import Driver
from lxml import etree  # type: ignore[import-untyped]

from tests.kashflow_target.raw_client import (
    BANK_TRANSACTION,
    CUSTOMER,
    INVOICE,
    LINE,
    PAYMENT,
    RawClient,
    enveloped,
)

XS = "{http://www.w3.org/2001/XMLSchema}"
OBJECTS = {
    "InsertInvoice": ("Inv", INVOICE),
    "InsertInvoicePayment": ("InvoicePayment", PAYMENT),
    "InsertCustomer": ("custr", CUSTOMER),
    "UpdateCustomer": ("custr", CUSTOMER),
    "InsertBankTransaction": ("bp", BANK_TRANSACTION),
}
WITH_ZONE = "2025-09-05T00:00:00Z"
SECOND_LINE = f"<anyType>{LINE}</anyType></Lines>"

# Operation, what is changed into what, and the words that the fault must hold.
BAD = [
    ("InsertInvoice", "<CustomerID>5400101</CustomerID>", "", "CustomerID"),
    ("InsertInvoice", "<Paid>0</Paid>", "", "Paid"),
    ("InsertInvoice", "<ExchangeRate>1</ExchangeRate>", "", "ExchangeRate"),
    ("InsertInvoice", "<AmountPaid>0</AmountPaid>", "", "AmountPaid"),
    (
        "InsertInvoice",
        "<UseCustomDeliveryAddress>false</UseCustomDeliveryAddress>",
        "",
        "UseCustomDeliveryAddress",
    ),
    ("InsertInvoice", "CustomerReference>", "Reference>", "Reference"),
    ("InsertInvoice", "<Paid>0</Paid>", "<Paid>0</Paid><Colour>red</Colour>", "Colour"),
    ("InsertInvoice", "<Paid>0</Paid>", '<Paid xmlns="http://kashflow.com">0</Paid>', "Paid"),
    ("InsertInvoice", "<Paid>0</Paid>", "<Paid>0</Paid><Paid>0</Paid>", "Paid"),
    ("InsertInvoice", "<InvoiceDBID>0</InvoiceDBID>", "", "InvoiceDBID"),
    (
        "InsertInvoice",
        "<InvoiceDBID>0</InvoiceDBID><InvoiceNumber>0</InvoiceNumber>",
        "<InvoiceNumber>0</InvoiceNumber><InvoiceDBID>0</InvoiceDBID>",
        "InvoiceNumber",
    ),
    ("InsertInvoice", "<CustomerID>5400101<", "<CustomerID>HAR01<", "CustomerID"),
    ("InsertInvoice", "<CustomerID>5400101<", "<CustomerID>99999999999<", "CustomerID"),
    ("InsertInvoice", "<CustomerID>5400101<", "<CustomerID><", "CustomerID"),
    ("InsertInvoice", "<ExchangeRate>1<", "<ExchangeRate><", "ExchangeRate"),
    ("InsertInvoice", "<ExchangeRate>1<", "<ExchangeRate>1.17E0<", "ExchangeRate"),
    ("InsertInvoice", "<ExchangeRate>1<", "<ExchangeRate>1,17<", "ExchangeRate"),
    ("InsertInvoice", "<ExchangeRate>1<", "<ExchangeRate>NaN<", "ExchangeRate"),
    ("InsertInvoice", "<ExchangeRate>1<", f"<ExchangeRate>{'9' * 40}<", "ExchangeRate"),
    ("InsertInvoice", ">false</Use", ">False</Use", "UseCustomDeliveryAddress"),
    ("InsertInvoice", "<Quantity>1</Quantity>", "", "Quantity"),
    ("InsertInvoice", "<VatAmount>20.00</VatAmount>", "", "VatAmount"),
    ("InsertInvoice", "VatAmount>", "VATAmount>", "VATAmount"),
    ("InsertInvoice", "<Rate>100.00<", "<Rate>1e2<", "Rate"),
    ("InsertInvoice", "<Rate>100.00<", "<Rate><", "Rate"),
    ("InsertInvoice", ">1</ValuesInCurrency>", ">true</ValuesInCurrency>", "ValuesInCurrency"),
    ("InsertInvoice", ' xsi:type="InvoiceLine"', "", 'must have xsi:type="InvoiceLine"'),
    ("InsertInvoice", '"InvoiceLine"', '"Payment"', "Quantity"),
    ("InsertInvoice", f'"InvoiceLine">{LINE}', f'"Payment">{PAYMENT}', 'xsi:type="Payment"'),
    ("InsertInvoice", '"InvoiceLine"', '"InvoiceLines"', "anyType"),
    ("InsertInvoice", '"InvoiceLine"', '"soap:InvoiceLine"', "anyType"),
    ("InsertInvoice", "</Lines>", SECOND_LINE, 'must have xsi:type="InvoiceLine"'),
    ("InsertInvoice", "anyType", "InvoiceLine", "InvoiceLine"),
    ("InsertInvoicePayment", "<PayMethod>83103</PayMethod>", "", "PayMethod"),
    ("InsertInvoicePayment", "<PayMethod>83103<", "<PayMethod><", "PayMethod"),
    ("InsertInvoicePayment", "<PayMethod>83103<", "<PayMethod>Credit Card<", "PayMethod"),
    ("InsertInvoicePayment", "<PayAmount>120.00<", "<PayAmount>1.2E+2<", "PayAmount"),
    ("InsertInvoicePayment", "PayNote>", "Note>", "Note"),
    ("InsertCustomer", "<CheckBox7>0</CheckBox7>", "", "CheckBox7"),
    ("InsertCustomer", "<Created>2025-09-01T00:00:00</Created>", "<Created/>", "Created"),
    ("InsertCustomer", "<CurrencyID>1</CurrencyID>", "", "CurrencyID"),
    ("InsertCustomer", "<Email>", "<VATNumber>GB1</VATNumber><Email>", "VATNumber"),
    ("UpdateCustomer", "<EC>0</EC>", "<EC>false</EC>", "EC"),
    ("InsertBankTransaction", "<moneyin>0</moneyin>", "", "moneyin"),
    ("InsertBankTransaction", "CustomerId>", "CustomerID>", "CustomerID"),
]
BAD_DATES = [
    WITH_ZONE,
    "2025-09-05T00:00:00+01:00",
    "2025-09-05",
    "2025-09-05 00:00:00",
    "2026-08-18 10:53:48 UTC",
    "05/09/2025",
    "2025-02-30T00:00:00",
    "",
]


@pytest.mark.parametrize(("operation", "old", "new", "told"), BAD)
def test_a_bad_request_is_a_fault_that_names_the_element(
    client: RawClient, driver: Driver, operation: str, old: str, new: str, told: str
) -> None:
    argument, template = OBJECTS[operation]
    assert old in template
    before = driver.calls()
    answer = client.call(operation, f"<{argument}>{template.replace(old, new)}</{argument}>")
    assert answer.http_status == 500
    assert b"<faultcode>soap:Client</faultcode>" in answer.body
    assert "Server was unable to read request" in (answer.fault or "")
    assert told in (answer.fault or "")
    assert driver.calls() == [*before, operation]


@pytest.mark.parametrize("text", BAD_DATES)
@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("InsertInvoice", "InvoiceDate"),
        ("InsertInvoicePayment", "PayDate"),
        ("InsertCustomer", "Updated"),
    ],
)
def test_a_date_with_a_zone_or_of_another_form_is_not_an_allxsd_value(
    client: RawClient, operation: str, name: str, text: str
) -> None:
    argument, template = OBJECTS[operation]
    bad = re.sub(f"<{name}>[^<]*<", f"<{name}>{text}<", template)
    answer = client.call(operation, f"<{argument}>{bad}</{argument}>")
    assert answer.http_status == 500
    assert f"{name}: The string '{text}' is not a valid AllXsd value." in (answer.fault or "")


def test_a_date_argument_is_held_to_the_same(client: RawClient) -> None:
    asked = f"<StartDate>2025-09-01T00:00:00</StartDate><EndDate>{WITH_ZONE}</EndDate>"
    answer = client.call("GetInvoicesByDateRange", asked)
    assert "EndDate: The string" in (answer.fault or "")


@pytest.mark.parametrize(
    ("operation", "inside", "told"),
    [
        ("GetCustomer", "<Code>HAR01</Code>", "Code"),
        ("GetInvoice", "", "InvoiceNumber"),
        ("GetInvoice", "<InvoiceID>1001</InvoiceID>", "InvoiceID"),
        ("GetInvoicesForCustomer", "<CustomerID>5400101</CustomerID>", "CustomerID"),
        ("DeleteInvoicePayment", "<InvoicePaymentNumber>1</InvoicePaymentNumber>", "InvoiceNumber"),
        ("InsertCustomer", f"<Customer>{CUSTOMER}</Customer>", "Customer"),
        ("InsertInvoice", f"<Invoice>{INVOICE}</Invoice>", "Invoice"),
    ],
)
def test_arguments_have_the_wires_names_not_the_manuals(
    client: RawClient, operation: str, inside: str, told: str
) -> None:
    answer = client.call(operation, inside)
    assert answer.http_status == 500
    assert told in (answer.fault or "")


@pytest.mark.parametrize("operation", ["InsertInvoice", "InsertInvoicePayment", "InsertCustomer"])
def test_an_object_that_was_not_sent_breaks_the_server(client: RawClient, operation: str) -> None:
    answer = client.call(operation)
    assert answer.http_status == 500
    assert b"<faultcode>soap:Server</faultcode>" in answer.body
    assert f"{OBJECTS[operation][0]} was not sent" in (answer.fault or "")


def test_credentials_after_the_arguments_are_out_of_order(client: RawClient) -> None:
    body = client.body("GetCustomer")
    code = "<CustomerCode>HAR01</CustomerCode>"
    moved = body.replace('xmlns="KashFlow">', f'xmlns="KashFlow">{code}')
    answer = client.post(enveloped(moved), action="KashFlow/GetCustomer")
    assert "UserName" in (answer.fault or "")


def test_newer_elements_may_be_sent_and_be_nil(client: RawClient) -> None:
    newer = '<CISRCNetAmount xsi:nil="true"/><CISRCVatAmount>0</CISRCVatAmount>'
    assert client.insert_invoice(INVOICE + newer).status == "OK"


def test_a_prefix_may_name_the_line_type(client: RawClient) -> None:
    """SOAP libraries bind a prefix of their own to KashFlow's namespace."""
    prefixed = INVOICE.replace('xsi:type="Inv', 'xmlns:k="KashFlow" xsi:type="k:Inv')
    assert client.insert_invoice(prefixed).status == "OK"


class TestForgiving:
    """With `strict` off it reads as KashFlow is said to: what it does not know, it ignores."""

    @pytest.fixture(autouse=True)
    def _forgiving(self, driver: Driver) -> None:
        driver.switch(strict="off")

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("<Paid>0</Paid>", ""),
            ("<Paid>0</Paid>", "<Colour>red</Colour>"),
            ("<Paid>0</Paid>", '<Paid xmlns="http://kashflow.com">x</Paid>'),
            ("<InvoiceDBID>0</InvoiceDBID>", ""),
            ("<LineID>0</LineID>", ""),
            ("<ProjID>0</ProjID>", "<Unknown/>"),
        ],
    )
    def test_an_invoice_is_taken_all_the_same(self, client: RawClient, old: str, new: str) -> None:
        number = client.insert_invoice(INVOICE.replace(old, new)).value
        shown = client.call("GetInvoice", f"<InvoiceNumber>{number}</InvoiceNumber>").fields
        assert shown["NetAmount"] == "100.0000"

    def test_order_does_not_matter(self, client: RawClient) -> None:
        lines = re.search("<Lines>.*</Lines>", INVOICE)
        assert lines
        moved = INVOICE.replace(lines[0], "") + lines[0]
        assert client.insert_invoice(moved).value == "1004"

    def test_a_misspelt_lines_element_makes_an_invoice_of_nothing(self, client: RawClient) -> None:
        number = client.insert_invoice(INVOICE.replace("Lines>", "Line>")).value
        shown = client.call("GetInvoice", f"<InvoiceNumber>{number}</InvoiceNumber>").fields
        assert shown["NetAmount"] == "0.0000"

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("<Paid>0<", "<Paid><", "Paid"),
            ("<ExchangeRate>1<", "<ExchangeRate>1E0<", "ExchangeRate"),
            (">2025-09-05T00:00:00<", ">2026-08-18 10:53:48 UTC<", "is not a valid AllXsd value"),
            (">false<", ">False<", "is not a valid AllXsd value"),
            (' xsi:type="InvoiceLine"', "", "xsi:type"),
        ],
    )
    def test_what_cannot_be_read_is_still_a_fault(
        self, client: RawClient, old: str, new: str, told: str
    ) -> None:
        answer = client.insert_invoice(INVOICE.replace(old, new))
        assert answer.http_status == 500
        assert told in (answer.fault or "")

    def test_a_missing_action_and_a_missing_argument_are_forgiven(self, client: RawClient) -> None:
        content = enveloped(client.body("GetInvoicesByDateRange"))
        assert client.post(content).rows == []

    def test_a_date_with_a_zone_is_turned_into_local_time(self, client: RawClient) -> None:
        assert client.insert_invoice(INVOICE.replace("T00:00:00<", "T12:00:00Z<")).value == "1004"


def _published() -> Path | None:
    for place in Path(__file__).resolve().parents[3].parents:
        path = place / "shared" / "kashflow" / "KashFlow.wsdl"
        if path.exists():
            return path
    return None


@pytest.mark.parametrize("operation", OBJECTS)
def test_the_templates_are_valid_by_the_published_description(
    client: RawClient, operation: str
) -> None:
    """What the sandbox takes is what KashFlow publishes, and the bad requests are bad there too."""
    path = _published()
    if path is None:
        pytest.skip("KashFlow's published WSDL is not beside the checkout (shared/kashflow)")
    text = etree.tostring(next(etree.parse(path).iter(f"{XS}schema")))
    # An import that names no file: the published document leans on a type that it never shows.
    schema = etree.XMLSchema(etree.fromstring(text))
    argument, template = OBJECTS[operation]

    def valid(inside: str) -> bool:
        body = client.body(operation, f"<{argument}>{inside}</{argument}>")
        envelope = etree.fromstring(enveloped(body).encode())
        return bool(schema.validate(etree.ElementTree(envelope[0][0])))

    assert valid(template), schema.error_log
    for bad_operation, old, new, told in BAD:
        own_rule = "xsi:type" in told or new == '"Payment"' or "9" * 40 in new
        if bad_operation == operation and not own_rule:
            assert not valid(template.replace(old, new)), (old, new)
