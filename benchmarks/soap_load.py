"""The stand-in's own limit: the two calls of an invoice, sent by as little client as possible."""

import http.client
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

CONNECTIONS = 4
INVOICES = 400
# Ids of the stand-in's seed: a customer, two nominals, a payment method and an account.
CUSTOMER, NOMINAL, METHOD, ACCOUNT = 5400101, 18685811, 83103, 310451

_ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns="KashFlow" xmlns:k="KashFlow" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
    "<s:Body><{operation}><UserName>{username}</UserName><Password>{password}</Password>"
    "{body}</{operation}></s:Body></s:Envelope>"
)
_LINE = (
    '<anyType i:type="k:InvoiceLine"><Quantity>1</Quantity><Description>Business Hosting - '
    "customer.example.co.uk (01/01/2025 - 31/01/2025)</Description><Rate>10.00</Rate>"
    f"<ChargeType>{NOMINAL}</ChargeType><VatRate>20</VatRate><VatAmount>2.00</VatAmount>"
    "<ProductID>0</ProductID><Sort>{sort}</Sort><ProjID>0</ProjID><LineID>0</LineID></anyType>"
)
_INVOICE = (
    "<Inv><InvoiceDBID>0</InvoiceDBID><InvoiceNumber>0</InvoiceNumber>"
    "<InvoiceDate>2024-01-01T00:00:00</InvoiceDate><DueDate>2024-01-07T00:00:00</DueDate>"
    f"<CustomerID>{CUSTOMER}</CustomerID><Paid>0</Paid>"
    "<CustomerReference>LOAD-{number}</CustomerReference><SuppressTotal>0</SuppressTotal>"
    "<ProjectID>0</ProjectID><CurrencyCode>GBP</CurrencyCode><ExchangeRate>1</ExchangeRate>"
    "<Lines>" + "".join(_LINE.format(sort=sort) for sort in (1, 2, 3)) + "</Lines>"
    "<NetAmount>0</NetAmount><VATAmount>0</VATAmount><AmountPaid>0</AmountPaid>"
    "<UseCustomDeliveryAddress>false</UseCustomDeliveryAddress></Inv>"
)
_PAYMENT = (
    "<InvoicePayment><PayID>0</PayID><PayInvoice>{invoice}</PayInvoice>"
    "<PayDate>2024-01-01T00:00:00</PayDate><PayNote>LOAD-T{invoice}</PayNote>"
    f"<PayMethod>{METHOD}</PayMethod><PayAccount>{ACCOUNT}</PayAccount>"
    "<PayAmount>36.00</PayAmount></InvoicePayment>"
)
_RESULT = re.compile(rb"<InsertInvoiceResult>(\d+)</InsertInvoiceResult>.*<Status>OK</Status>")


def sustained(target: Mapping[str, str]) -> float:
    """Invoices with a payment each, a second, over a few connections."""
    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(partial(_send, target), range(CONNECTIONS)))
    return INVOICES / (time.perf_counter() - started)


def _send(target: Mapping[str, str], part: int) -> None:
    address = urlsplit(target["endpoint"])
    connection = http.client.HTTPConnection(str(address.hostname), address.port or 80)
    for number in range(part, INVOICES, CONNECTIONS):
        made = _call(connection, target, "InsertInvoice", _INVOICE.format(number=number))
        found = _RESULT.search(made)
        if found is None:
            raise AssertionError(f"the stand-in refused an invoice: {made.decode()[:800]}")
        invoice = found[1].decode()
        paid = _call(connection, target, "InsertInvoicePayment", _PAYMENT.format(invoice=invoice))
        if b"<Status>OK</Status>" not in paid:
            raise AssertionError(f"the stand-in refused a payment: {paid.decode()[:800]}")
    connection.close()


def _call(
    connection: http.client.HTTPConnection, target: Mapping[str, str], operation: str, body: str
) -> bytes:
    envelope = _ENVELOPE.format(
        operation=operation, username=target["username"], password=target["password"], body=body
    )
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f"KashFlow/{operation}"}
    connection.request("POST", urlsplit(target["endpoint"]).path, envelope.encode(), headers)
    return connection.getresponse().read()
