"""Reading and deleting invoices, and how they look on the wire."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from kashflow_target.sandbox.call import RefusalError, SoapCall, days_of, to_penny
from kashflow_target.sandbox.interface import decimal_text, rendered

_COLUMNS = (
    "invoice.dbid, invoice.number, invoice.date, invoice.due, customer.name, invoice.customer, "
    "invoice.paid, invoice.reference, invoice.estimate_category, invoice.suppress_total, "
    "invoice.project, invoice.currency, invoice.exchange_rate, invoice.lines_xml, invoice.net, "
    "invoice.vat, invoice.amount_paid, invoice.delivery, invoice.use_delivery"
)
_FROM = f"SELECT {_COLUMNS} FROM invoice LEFT JOIN customer ON customer.id = invoice.customer"  # noqa: S608 - constant text
_NEWER = (
    "<CISRCNetAmount>0.0000</CISRCNetAmount><CISRCVatAmount>0.0000</CISRCVatAmount>"
    "<IsCISReverseCharge>false</IsCISReverseCharge>"
)
_LINE_NAMES = ("Quantity", "Description", "Rate", "ChargeType", "VatRate", "VatAmount", "ProductID",
               "Sort", "ProjID", "LineID")  # fmt: skip


def _optional(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{escape(text)}</{name}>"


_LINES = re.compile("<Lines>.*</Lines>", re.DOTALL)


def _inside(row: Iterable[Any], newer: str) -> str:
    (dbid, number, date, due, name, customer, paid, reference, category, suppress, project,
     currency, rate, lines, net, vat, amount_paid, delivery, use_delivery) = row  # fmt: skip
    shown = escape(name or "")
    address = f"<DeliveryAddress>{delivery}</DeliveryAddress>" if delivery else ""
    return (
        f"<InvoiceDBID>{dbid}</InvoiceDBID><InvoiceNumber>{number}</InvoiceNumber>"
        f"<InvoiceDate>{date}T00:00:00</InvoiceDate><DueDate>{due}T00:00:00</DueDate>"
        f"<Customer>{shown}</Customer><CustomerID>{customer}</CustomerID><Paid>{paid}</Paid>"
        f"{_optional('CustomerReference', reference)}{_optional('EstimateCategory', category)}"
        f"<SuppressTotal>{suppress}</SuppressTotal><ProjectID>{project}</ProjectID>"
        f"<CurrencyCode>{currency}</CurrencyCode><ExchangeRate>{rate}</ExchangeRate>"
        f"<ReadableString>Invoice {number}: {shown}</ReadableString><Lines>{lines}</Lines>"
        f"<NetAmount>{net}</NetAmount><VATAmount>{vat}</VATAmount>"
        f"<AmountPaid>{amount_paid}</AmountPaid><CustomerName>{shown}</CustomerName>"
        f"<PermaLink>https://books.example/invoice/{dbid}</PermaLink>{address}"
        f"<UseCustomDeliveryAddress>{'true' if use_delivery else 'false'}"
        f"</UseCustomDeliveryAddress>{newer}"
    )


def _newer(call: SoapCall) -> str:
    return _NEWER if call.switches.on("cisrc") else ""


def _one(call: SoapCall, condition: str, value: object) -> str:
    row = call.one(f"{_FROM} WHERE {condition}", value)
    # Three clients of the live service meet a blank invoice, not an error, when there is none.
    return _inside(row, _newer(call)) if row else rendered("Invoice", {})


def _several(call: SoapCall, condition: str, *values: object) -> Iterator[str]:
    newer = _newer(call)
    bare = not call.switches.on("list_lines")
    for row in call.db.execute(f"{_FROM} WHERE {condition}", values):
        inside = _inside(row, newer)
        if bare:
            inside = _LINES.sub("<Lines/>", inside)
        yield f"<Invoice>{inside}</Invoice>"


def get_invoice(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """By number."""
    return _one(call, "invoice.number = ?", arguments.get("InvoiceNumber", 0))


def get_invoice_by_id(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """By InvoiceDBID."""
    return _one(call, "invoice.dbid = ?", arguments.get("InvoiceID", 0))


def get_invoices_for_customer(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """All of one customer, by number."""
    customer = arguments.get("CustID", 0)
    return call.listed(_several(call, "invoice.customer = ? ORDER BY invoice.number", customer))


def get_invoices_by_date_range(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """By invoice date. Whether the last day is in the range is not documented: a switch."""
    first, last = days_of(arguments)
    compared = "<=" if call.switches.text("range_end") == "inclusive" else "<"
    return call.listed(
        _several(
            call,
            f"invoice.date >= ? AND invoice.date {compared} ? "
            "ORDER BY invoice.date, invoice.number",
            first,
            last,
        )
    )


def delete_invoice(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """By number: 1 when there was one, else 0. What the int means is not documented."""
    return _delete(call, "number = ?", arguments.get("InvoiceNumber", 0))


def delete_invoice_by_id(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """By InvoiceDBID, as `delete_invoice`."""
    return _delete(call, "dbid = ?", arguments.get("InvoiceID", 0))


def _delete(call: SoapCall, condition: str, value: int) -> str:
    row = call.one(f"SELECT dbid, date FROM invoice WHERE {condition}", value)  # noqa: S608 - constant
    if row is None:
        return "0"
    dbid, date = row
    call.refuse_if_locked(date)
    has_payments = call.one("SELECT 1 FROM payment WHERE invoice = ?", dbid)
    if has_payments and call.switches.text("delete_paid_invoice") == "refuse":
        msg = "This invoice has payments and cannot be deleted"
        raise RefusalError(msg)
    for table in ("payment", "line"):
        call.db.execute(f"DELETE FROM {table} WHERE invoice = ?", (dbid,))  # noqa: S608 - constant
    call.db.execute("DELETE FROM invoice WHERE dbid = ?", (dbid,))
    return "1"


def lines_xml(call: SoapCall, dbid: int) -> str:
    """The inside of Lines. ValuesInCurrency is write-only and not shown."""
    rows = call.db.execute(
        "SELECT quantity, description, rate, charge_type, vat_rate, vat_amount, product, sort, "
        "project, id FROM line WHERE invoice = ? ORDER BY position",
        (dbid,),
    )
    return "".join(
        f'<anyType xsi:type="InvoiceLine">{rendered("InvoiceLine", line)}</anyType>'
        for line in (dict(zip(_LINE_NAMES, row, strict=True)) for row in rows)
    )


def refigure(call: SoapCall, dbid: int) -> None:
    """Bring an invoice's own figures in step with its lines and payments.

    Source: KashFlow manual, Invoice: NetAmount, VATAmount and AmountPaid are computed by it, and
    what a client sends there is ignored; Paid is set when payments cover the total.
    """
    lines = call.db.execute(
        "SELECT net, vat_amount FROM line WHERE invoice = ?", (dbid,)
    ).fetchall()
    net = sum((Decimal(row[0]) for row in lines), Decimal(0))
    vat = sum((Decimal(row[1]) for row in lines), Decimal(0))
    payments = call.db.execute("SELECT amount FROM payment WHERE invoice = ?", (dbid,))
    amount_paid = sum((Decimal(row[0]) for row in payments), Decimal(0))
    (rate,) = call.one("SELECT exchange_rate FROM invoice WHERE dbid = ?", dbid)
    owed = owed_in_payments_currency(call, net + vat, Decimal(rate))
    paid = amount_paid >= owed if owed >= 0 else amount_paid <= owed
    call.db.execute(
        "UPDATE invoice SET net = ?, vat = ?, amount_paid = ?, paid = ?, lines_xml = ? "
        "WHERE dbid = ?",
        (*map(decimal_text, (net, vat, amount_paid)), paid, lines_xml(call, dbid), dbid),
    )


def owed_in_payments_currency(call: SoapCall, gross: Decimal, rate: Decimal) -> Decimal:
    """An invoice's total in the currency that payments are kept in.

    Home currency is where the evidence points (KashFlow help, editing a currency), not proven for
    the API: a switch.
    """
    return to_penny(gross / rate) if call.switches.text("payments_in") == "home" else gross


def delivery_xml(address: Mapping[str, Any] | None) -> str:
    """The inside of a DeliveryAddress, empty when there is none."""
    return rendered("DeliveryAddress", address) if address else ""
