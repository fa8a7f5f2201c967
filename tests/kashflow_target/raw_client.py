"""A client that writes its envelopes by hand: to talk to the sandbox past any SOAP library.

The templates spell out every element that KashFlow's published description demands; `with_values`
fills some of them in. Nothing here reads the WSDL, so that a mistake in it shows.
"""

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
_K = "{KashFlow}"

LINE = (
    "<Quantity>1</Quantity><Description>Hosting</Description><Rate>100.00</Rate>"
    "<ChargeType>18685811</ChargeType><VatRate>20</VatRate><VatAmount>20.00</VatAmount>"
    "<ProductID>0</ProductID><Sort>1</Sort><ProjID>0</ProjID><LineID>0</LineID>"
    "<ValuesInCurrency>1</ValuesInCurrency>"
)
INVOICE = (
    "<InvoiceDBID>0</InvoiceDBID><InvoiceNumber>0</InvoiceNumber>"
    "<InvoiceDate>2025-09-05T00:00:00</InvoiceDate><DueDate>2025-09-19T00:00:00</DueDate>"
    "<CustomerID>5400101</CustomerID><Paid>0</Paid>"
    "<CustomerReference>WHMCS-501 F2025-1</CustomerReference><SuppressTotal>0</SuppressTotal>"
    "<ProjectID>0</ProjectID><CurrencyCode>GBP</CurrencyCode><ExchangeRate>1</ExchangeRate>"
    f'<Lines><anyType xsi:type="InvoiceLine">{LINE}</anyType></Lines>'
    "<NetAmount>0</NetAmount><VATAmount>0</VATAmount><AmountPaid>0</AmountPaid>"
    "<UseCustomDeliveryAddress>false</UseCustomDeliveryAddress>"
)
PAYMENT = (
    "<PayID>0</PayID><PayInvoice>1004</PayInvoice><PayDate>2025-09-06T00:00:00</PayDate>"
    "<PayNote>WHMCS-T900/501 txn_A1</PayNote><PayMethod>83103</PayMethod>"
    "<PayAccount>310451</PayAccount><PayAmount>120.00</PayAmount>"
)
CUSTOMER = (
    "<CustomerID>0</CustomerID><Code>WHMCS31</Code><Name>Ada Bright</Name>"
    "<Email>ada@bright.example</Email><EC>0</EC><OutsideEC>0</OutsideEC><Source>0</Source>"
    "<Discount>0</Discount><ShowDiscount>false</ShowDiscount><PaymentTerms>14</PaymentTerms>"
    + "".join(f"<CheckBox{n}>0</CheckBox{n}>" for n in range(1, 21))
    + "<Created>2025-09-01T00:00:00</Created><Updated>2025-09-01T00:00:00</Updated>"
    "<CurrencyID>1</CurrencyID>"
)
BANK_TRANSACTION = (
    "<ID>0</ID><accid>310451</accid><TransactionDate>2025-09-06T00:00:00</TransactionDate>"
    "<moneyin>0</moneyin><moneyout>1.95</moneyout><Vatable>0</Vatable><VatRate>-1</VatRate>"
    "<VatAmount>0</VatAmount><TransactionType>18685818</TransactionType>"
    "<Comment>WHMCS-T900/fee</Comment><ProjectID>0</ProjectID><CustomerId>0</CustomerId>"
    "<SupplierId>0</SupplierId>"
)


def with_values(template: str, **values: str) -> str:
    """A template with other values in elements that it has.

    Raises:
        ValueError: the template has no such element.
    """
    for name, value in values.items():
        element = re.compile(rf"<{name}>.*?</{name}>")
        if not element.search(template):
            msg = f"the template has no {name}"
            raise ValueError(msg)
        template = element.sub(f"<{name}>{escape(value)}</{name}>".replace("\\", r"\\"), template)
    return template


def invoice_of(*lines: str, **values: str) -> str:
    """An invoice with these lines, each the inside of an InvoiceLine."""
    shown = "".join(f'<anyType xsi:type="InvoiceLine">{line}</anyType>' for line in lines)
    head, _, rest = with_values(INVOICE, **values).partition("<Lines>")
    return f"{head}<Lines>{shown}</Lines>{rest.partition('</Lines>')[2]}"


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An HTTP answer. `headers` by lower-case name."""

    http_status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def tree(self) -> ET.Element:
        """The envelope."""
        return ET.fromstring(self.body)

    def _text(self, path: str) -> str | None:
        found = self.tree.find(path)
        return None if found is None else found.text or ""

    @property
    def status(self) -> str | None:
        """Status: OK or NO."""
        return self._text(f".//{_K}Status")

    @property
    def detail(self) -> str | None:
        """StatusDetail; None when the element is absent."""
        return self._text(f".//{_K}StatusDetail")

    @property
    def result(self) -> ET.Element | None:
        """The result element."""
        for element in self.tree.iter():
            if element.tag.startswith(_K) and element.tag.endswith("Result"):
                return element
        return None

    @property
    def value(self) -> str | None:
        """The text of the result element."""
        return None if self.result is None else self.result.text or ""

    @property
    def fields(self) -> dict[str, str]:
        """What stands directly inside the result element, by name."""
        inside = () if self.result is None else self.result
        return {child.tag.removeprefix(_K): child.text or "" for child in inside}

    @property
    def rows(self) -> list[dict[str, str]]:
        """The items of a list result, each by name."""
        items = () if self.result is None else self.result
        return [{c.tag.removeprefix(_K): c.text or "" for c in item} for item in items]

    @property
    def fault(self) -> str | None:
        """The text of a SOAP fault, of either version."""
        return self._text(".//faultstring") or self._text(f".//{{{SOAP12}}}Text")


def enveloped(body: str, soap: str = SOAP11) -> str:
    """An envelope around a body."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{soap}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    )


class RawClient:
    """One keep-alive connection to a sandbox, made at the first request.

    Args:
        settings: The sandbox's: endpoint, username, password.
    """

    def __init__(self, settings: Mapping[str, str], *, timeout_s: float = 10) -> None:
        address = urlsplit(settings["endpoint"])
        self.username, self.password = settings["username"], settings["password"]
        self._path = address.path
        self.connection = http.client.HTTPConnection(address.netloc, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.connection.close()

    def body(self, operation: str, inside: str = "") -> str:
        """The operation's element, signed in."""
        return (
            f'<{operation} xmlns="KashFlow"><UserName>{escape(self.username)}</UserName>'
            f"<Password>{escape(self.password)}</Password>{inside}</{operation}>"
        )

    def call(self, operation: str, inside: str = "", soap: str = SOAP11) -> RawResponse:
        """An operation with its arguments as XML."""
        action = f'"KashFlow/{operation}"'
        return self.post(enveloped(self.body(operation, inside), soap), action=action)

    def post(
        self,
        content: str | bytes,
        *,
        action: str | None = None,
        content_type: str = "text/xml; charset=utf-8",
    ) -> RawResponse:
        """Any bytes at all."""
        headers = {"Content-Type": content_type} | ({"SOAPAction": action} if action else {})
        data = content.encode() if isinstance(content, str) else content
        return self._ask("POST", self._path, data, headers)

    def get(self, query: str) -> RawResponse:
        """The endpoint, asked with GET."""
        return self._ask("GET", f"{self._path}?{query}", None, {})

    def control(self, method: str, name: str, asked: Any = None) -> Any:
        """The sandbox's own door; the JSON that it answers.

        Raises:
            ValueError: it answered anything but 200.
        """
        import json

        data = None if asked is None else json.dumps(asked).encode()
        answer = self._ask(method, f"/_sandbox/{name}", data, {})
        if answer.http_status != http.HTTPStatus.OK:
            raise ValueError(answer.body.decode())
        return json.loads(answer.body)

    def insert_invoice(self, inside: str = INVOICE) -> RawResponse:
        """InsertInvoice."""
        return self.call("InsertInvoice", f"<Inv>{inside}</Inv>")

    def insert_payment(self, inside: str = PAYMENT) -> RawResponse:
        """InsertInvoicePayment."""
        return self.call("InsertInvoicePayment", f"<InvoicePayment>{inside}</InvoicePayment>")

    def insert_customer(self, inside: str = CUSTOMER) -> RawResponse:
        """InsertCustomer."""
        return self.call("InsertCustomer", f"<custr>{inside}</custr>")

    def _ask(
        self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> RawResponse:
        self.connection.request(method, path, data, dict(headers))
        response = self.connection.getresponse()
        return RawResponse(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )
