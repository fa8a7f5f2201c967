"""InsertInvoice: numbers, currencies, lines."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kashflow_target.sandbox.call import RefusalError, SoapCall, day_of, to_penny, today
from kashflow_target.sandbox.interface import decimal_text
from kashflow_target.sandbox.invoices import delivery_xml, refigure

_EMPTY = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What an invoice's lines are read by. `rate`: units of `currency` for one of home."""

    currency: str
    rate: Decimal
    home: bool


def insert_invoice(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """The new invoice's number, not its InvoiceDBID."""
    sent = arguments["Inv"]
    customer = call.one("SELECT id, terms FROM customer WHERE id = ?", sent.get("CustomerID", 0))
    if customer is None:
        msg = "The customer specified for this invoice does not exist"
        raise RefusalError(msg)
    date = day_of(sent, "InvoiceDate", today())
    due = day_of(sent, "DueDate", _after(date, customer[1]))
    call.refuse_if_locked(date)
    terms = _terms(call, sent)
    lines = [_line(call, line, terms) for line in sent.get("Lines", [])]
    dbid, number = _place(call, sent.get("InvoiceNumber", 0))
    call.db.execute(
        "UPDATE invoice SET date = ?, due = ?, customer = ?, reference = ?, estimate_category = ?, "
        "suppress_total = ?, project = ?, currency = ?, exchange_rate = ?, delivery = ?, "
        "use_delivery = ? WHERE dbid = ?",
        (date, due, customer[0], call.cut(sent.get("CustomerReference")),
         sent.get("EstimateCategory"), sent.get("SuppressTotal", 0), sent.get("ProjectID", 0),
         terms.currency, decimal_text(terms.rate), delivery_xml(sent.get("DeliveryAddress")),
         sent.get("UseCustomDeliveryAddress", False), dbid),
    )  # fmt: skip
    for position, line in enumerate(lines):
        call.db.execute(
            "INSERT INTO line (invoice, position, quantity, description, rate, charge_type, "
            "vat_rate, vat_amount, product, sort, project, net) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (dbid, position, *line),
        )
    refigure(call, dbid)
    return str(number)


def _after(date: str, days: int) -> dt.date:
    start = dt.date.fromisoformat(date)
    try:
        return start + dt.timedelta(days=days)
    except OverflowError:
        return start


def _terms(call: SoapCall, sent: Mapping[str, Any]) -> _Terms:
    home = call.home_currency()
    code = sent.get("CurrencyCode") or home
    row = call.one("SELECT rate FROM currency WHERE code = ?", code)
    if row is None:
        msg = f"The currency code {code} has not been set up in this account"
        raise RefusalError(msg)
    if code == home:
        return _Terms(code, Decimal(1), home=True)
    rate = sent.get("ExchangeRate", _EMPTY)
    if rate < 0:
        msg = f"The exchange rate {rate} is not valid"
        raise RefusalError(msg)
    return _Terms(code, rate or Decimal(row[0]), home=False)


def _line(call: SoapCall, sent: Mapping[str, Any], terms: _Terms) -> tuple[object, ...]:
    _check_line(call, sent)
    quantity = sent.get("Quantity", _EMPTY)
    rate, vat = sent.get("Rate", _EMPTY), sent.get("VatAmount", _EMPTY)
    # KashFlow manual, InvoiceLine: without ValuesInCurrency the values are in home currency.
    if not terms.home and sent.get("ValuesInCurrency", 0) != 1:
        rate, vat = to_penny(rate * terms.rate), to_penny(vat * terms.rate)
    if call.switches.on("rate_two_decimals"):
        rate = to_penny(rate)
    net = to_penny(quantity * rate)
    vat_rate = sent.get("VatRate", _EMPTY)
    if call.switches.text("vat_amount") == "recompute":
        vat = to_penny(net * max(vat_rate, _EMPTY) / 100)
    return (
        decimal_text(quantity), call.cut(sent.get("Description")), decimal_text(rate),
        sent.get("ChargeType", 0), decimal_text(vat_rate), decimal_text(vat),
        sent.get("ProductID", 0), sent.get("Sort", 0), sent.get("ProjID", 0), decimal_text(net),
    )  # fmt: skip


def _check_line(call: SoapCall, sent: Mapping[str, Any]) -> None:
    charge_type = sent.get("ChargeType", 0)
    known = call.one("SELECT 1 FROM nominal WHERE id = ? AND NOT archived", charge_type)
    if charge_type and not known:
        msg = f"The charge type {charge_type} is not a nominal code of this account"
        raise RefusalError(msg)
    if sent.get("ProductID", 0):
        msg = f"The product {sent['ProductID']} does not exist"
        raise RefusalError(msg)
    vat_rate = sent.get("VatRate", _EMPTY)
    if sent.get("VatAmount", _EMPTY) and not call.switches.on("vat_registered"):
        msg = "VAT cannot be charged as this company is not registered for VAT"
        raise RefusalError(msg)
    rates = [Decimal(value) for (value,) in call.db.execute("SELECT value FROM vat_rate")]
    if vat_rate not in (*rates, -1) and call.switches.text("unknown_vat_rate") == "refuse":
        msg = f"The VAT rate {vat_rate} is not one of this account's"
        raise RefusalError(msg)


def _place(call: SoapCall, supplied: int) -> tuple[int, int]:
    """InvoiceDBID and number of the record that takes the invoice.

    KashFlow's manual says only that a new number is the highest plus one; of a supplied number
    three clients believe three things, the worst of them (it overwrites) is the default.
    """
    row = call.one("SELECT COALESCE(MAX(number), 0) + 1 FROM invoice")
    number, how = int(row[0]), call.switches.text("supplied_number")
    if supplied and how == "refuse":
        msg = f"The invoice number {supplied} cannot be used"
        raise RefusalError(msg)
    if supplied and how != "ignore":
        standing = call.one("SELECT dbid FROM invoice WHERE number = ?", supplied)
        if standing is None:
            number = supplied
        elif how == "overwrite":
            call.db.execute("DELETE FROM line WHERE invoice = ?", (standing[0],))
            return int(standing[0]), supplied
    cursor = call.db.execute(
        "INSERT INTO invoice (number, date, due, customer, suppress_total, project, currency, "
        "exchange_rate, net, vat, amount_paid, paid, delivery, use_delivery, lines_xml) "
        "VALUES (?, '', '', 0, 0, 0, '', '1', '', '', '', 0, '', 0, '')",
        (number,),
    )
    return int(cursor.lastrowid or 0), number
