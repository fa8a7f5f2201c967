"""Replies are read by name: order, strangers and repetition lose nothing in silence."""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.records.documents import as_document
from kashflow_target.soap.list_reply import ListReply
from kashflow_target.soap.replies import Reply, Row, SoapFault, UnusableReply, parse

from bridge.api import Kind, TransientError
from bridge.testing.builders import gbp

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

FIELDS = {
    "InvoiceDBID": "900001",
    "InvoiceNumber": "1042",
    "InvoiceDate": "2026-04-15T00:00:00",
    "CustomerID": "31",
    "CustomerReference": "WHMCS-501 INV-1",
    "CurrencyCode": "GBP",
    "NetAmount": "100.0000",
    "VATAmount": "20.0000",
    "AmountPaid": "120.0000",
}
LINE = (
    '<anyType xsi:type="InvoiceLine"><Quantity>1.0000</Quantity><Description>Hosting</Description>'
    "<Rate>100.0000</Rate><VatAmount>20.0000</VatAmount><Sort>1</Sort></anyType>"
)


def fields(**changes: str | None) -> str:
    """The elements of an invoice; None leaves one out."""
    values = {**FIELDS, **changes}
    texts = "".join(f"<{name}>{text}</{name}>" for name, text in values.items() if text is not None)
    return f"{texts}<Lines>{LINE}</Lines>"


def envelope(operation: str, inner: str, soap: str = SOAP11) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{soap}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<s:Body><{operation}Response xmlns="KashFlow">{inner}</{operation}Response></s:Body>'
        "</s:Envelope>"
    ).encode()


def said(operation: str, inner: str, soap: str = SOAP11) -> Reply:
    reply = parse(envelope(operation, inner, soap), operation, str)
    assert isinstance(reply, Reply)
    return reply


def invoice(inner: str) -> Row:
    return said(
        "GetInvoice", f"<GetInvoiceResult>{inner}</GetInvoiceResult><Status>OK</Status>"
    ).row


@pytest.mark.parametrize("soap", [SOAP11, SOAP12])
def test_a_whole_reply_is_read(soap: str) -> None:
    reply = said(
        "InsertInvoice",
        "<InsertInvoiceResult>1042</InsertInvoiceResult><Status>OK</Status><StatusDetail />",
        soap,
    )
    assert (reply.status, reply.detail, reply.result) == ("OK", "", "1042")


def test_status_is_found_wherever_it_stands() -> None:
    """GetReceipt2Response carries StatusDetail before Status."""
    reply = said(
        "GetInvoice", "<StatusDetail>x</StatusDetail><Status>OK</Status><GetInvoiceResult/>"
    )
    assert (reply.status, reply.detail) == ("OK", "x")


def test_reordered_elements_keep_their_values(make_books: Callable[..., ResolvedAccount]) -> None:
    """An order that zeep alone would answer with None."""
    backwards = "".join(f"<{name}>{text}</{name}>" for name, text in reversed(list(FIELDS.items())))
    document = as_document(invoice(f"<Lines>{LINE}</Lines>{backwards}"), make_books())
    assert (document.ref.id, document.ref.internal_id) == ("1042", "900001")
    assert (document.net, document.tax, document.paid) == (gbp("100"), gbp("20"), gbp("120"))
    assert document.date == dt.date(2026, 4, 15)
    [line] = document.lines
    assert (line.description, line.net, line.tax) == ("Hosting", gbp("100"), gbp("20"))


def test_unknown_elements_are_passed_over(make_books: Callable[..., ResolvedAccount]) -> None:
    """The newer service's own, and another namespace's of the same name."""
    newer = (
        '<CISRCNetAmount xsi:nil="true"/><IsCISReverseCharge>false</IsCISReverseCharge>'
        '<x:NetAmount xmlns:x="other">7</x:NetAmount><Brand><New>1</New></Brand>'
    )
    assert as_document(invoice(newer + fields()), make_books()).net == gbp("100.00")


def test_an_element_twice_with_two_values_is_unusable() -> None:
    """Neither can be trusted; the same value twice says nothing new."""
    with pytest.raises(UnusableReply) as caught:
        invoice(fields() + "<NetAmount>99.0000</NetAmount>")
    assert "NetAmount twice" in caught.value.why
    assert invoice(fields() + "<NetAmount>100.0000</NetAmount>").decimal("NetAmount") == 100


@pytest.mark.parametrize(
    "name", ["InvoiceNumber", "InvoiceDBID", "CustomerID", "NetAmount", "VATAmount", "AmountPaid"]
)
@pytest.mark.parametrize("text", [None, "", "much"])
def test_a_needed_element_that_is_missing_or_nonsense_is_unusable(
    make_books: Callable[..., ResolvedAccount], name: str, text: str | None
) -> None:
    """It leaves as a transient error that names it, never as a nought."""
    row = invoice(fields(**{name: text}))
    with pytest.raises(TransientError) as caught:
        as_document(row, make_books())
    assert name in caught.value.what
    assert caught.value.remedy


def test_a_document_below_zero_is_a_credit_note(make_books: Callable[..., ResolvedAccount]) -> None:
    row = invoice(fields(NetAmount="-25.0000", VATAmount="-5.0000"))
    assert as_document(row, make_books()).ref.kind is Kind.CREDIT_NOTE


@pytest.mark.parametrize(("code", "currency"), [(None, "GBP"), ("", "GBP"), ("???", "XXX")])
def test_a_document_without_a_currency_is_in_home_currency(
    make_books: Callable[..., ResolvedAccount], code: str | None, currency: str
) -> None:
    """And one in a code that ISO does not know cannot be ours."""
    document = as_document(invoice(fields(CurrencyCode=code, AmountPaid="0")), make_books())
    assert document.currency == currency


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"<html/>",
        envelope("GetInvoice", "")[:-9],
        envelope("GetCurrencies", "<Status>OK</Status>"),
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
    ],
)
def test_what_is_not_the_answer_is_unusable(content: bytes) -> None:
    with pytest.raises(UnusableReply):
        parse(content, "GetInvoice", str)
    with pytest.raises(UnusableReply):
        list(ListReply("GetInvoice", "Invoice", str).rows([content]))


@pytest.mark.parametrize(
    ("soap", "inner"),
    [
        (SOAP11, "<faultcode>soap:Server</faultcode><faultstring>It  broke</faultstring>"),
        (SOAP12, "<s:Reason><s:Text>It broke</s:Text></s:Reason>"),
    ],
)
def test_a_fault_is_a_fault_in_either_version(soap: str, inner: str) -> None:
    content = (
        f'<s:Envelope xmlns:s="{soap}"><s:Body><s:Fault>{inner}</s:Fault></s:Body></s:Envelope>'
    ).encode()
    assert parse(content, "GetInvoice", str) == SoapFault("It broke")
    reply = ListReply("GetInvoices", "Invoice", str)
    assert list(reply.rows([content])) == []
    assert reply.fault == SoapFault("It broke")


def chunks(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def listed_row(number: int = 1) -> str:
    inner = fields(InvoiceNumber=str(number))
    return f"<Invoice>{inner}<Customer>A Customer</Customer></Invoice>"


def listed(count: int) -> bytes:
    rows = "".join(listed_row(number) for number in range(1, count + 1))
    return envelope(
        "GetInvoicesForCustomer",
        f"<GetInvoicesForCustomerResult>{rows}</GetInvoicesForCustomerResult>"
        "<Status>OK</Status><StatusDetail>fine</StatusDetail>",
    )


@pytest.mark.parametrize("size", [1, 7, 100, 1_000_000])
def test_a_list_is_the_same_however_it_is_cut(size: int) -> None:
    """A nested element that is called like an item of another list is none."""
    reply = ListReply("GetInvoicesForCustomer", "Invoice", str)
    rows = list(reply.rows(chunks(listed(5), size)))
    assert [row.whole("InvoiceNumber") for row in rows] == [1, 2, 3, 4, 5]
    assert all(len(row.nested["Lines"]) == 1 for row in rows)
    assert (reply.status, reply.detail) == ("OK", "fine")


@pytest.mark.parametrize("cut", [1, 100, 300])
def test_half_a_list_is_no_list(cut: int) -> None:
    """Also when all items came and only the tail is missing."""
    reply = ListReply("GetInvoicesForCustomer", "Invoice", str)
    with pytest.raises(UnusableReply):
        list(reply.rows(chunks(listed(5)[:-cut], 64)))


PEAK = """
import resource, sys
from kashflow_target.soap.list_reply import ListReply

head, row, tail = (text.encode() for text in sys.argv[1:4])

def chunks():
    yield head
    for _ in range(int(sys.argv[4])):
        yield row
    yield tail

reply = ListReply("GetInvoicesForCustomer", "Invoice", str)
count = sum(1 for _ in reply.rows(chunks()))
print(count, reply.status, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_long_list_takes_no_more_memory_than_a_short_one() -> None:
    """A hundred times the invoices, the same peak of the whole process, but for 4 MiB."""

    def peak(count: int) -> int:
        head, row, tail = listed(1).decode().partition(listed_row())
        done = subprocess.run(
            [sys.executable, "-c", PEAK, head, row + "\n  ", tail, str(count)],
            capture_output=True,
            text=True,
            check=True,
        )
        read, status, reached = done.stdout.split()
        assert (int(read), status) == (count, "OK")
        return int(reached)  # KiB on Linux

    assert peak(10_000) < peak(100) + 4 * 1024


@pytest.mark.parametrize(
    ("name", "value"),
    [("true", True), ("false", False), ("1", True), ("0", False)],
)
def test_flags_come_in_two_spellings(name: str, value: Any) -> None:
    row = Row("x", {"Archived": name}, {})
    assert row.flag("Archived") is value


def test_decimals_keep_their_places() -> None:
    assert Row("x", {"Rate": "117.5000"}, {}).decimal("Rate") == Decimal("117.5")
