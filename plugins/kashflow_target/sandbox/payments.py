"""Payments on invoices, and credit notes set against them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kashflow_target.sandbox.call import RefusalError, SoapCall, day_of, days_of, today
from kashflow_target.sandbox.interface import decimal_text, item
from kashflow_target.sandbox.invoices import owed_in_payments_currency, refigure

NO_INVOICE_WITH_NUMBER = "There is no invoice with that number"
_SELECT = (
    "SELECT payment.id, invoice.number, payment.date, payment.note, payment.method, "
    "payment.account, payment.amount FROM payment JOIN invoice ON invoice.dbid = payment.invoice"
)


def _shown(row: Any) -> str:
    pay_id, number, date, note, method, account, amount = row
    return item(
        "Payment",
        {
            "PayID": pay_id,
            "PayInvoice": number,
            "PayDate": f"{date}T00:00:00",
            "PayNote": note,
            "PayMethod": method,
            "PayAccount": account,
            "PayAmount": amount,
        },
    )


def get_invoice_payment(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """All payments of an invoice, by its number; none when there is no such invoice."""
    number = arguments.get("InvoiceNumber", 0)
    rows = call.db.execute(f"{_SELECT} WHERE invoice.number = ? ORDER BY payment.id", (number,))
    return call.listed(_shown(row) for row in rows)


def get_invoice_payments_by_date_range(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """One page, counted from 1; past the end it is empty."""
    size = call.switches.number("payments_page_size")
    compared = "<=" if call.switches.text("range_end") == "inclusive" else "<"
    rows = call.db.execute(
        f"{_SELECT} WHERE payment.date >= ? AND payment.date {compared} ? "
        "ORDER BY payment.date, payment.id LIMIT ? OFFSET ?",
        (
            *days_of(arguments),
            size,
            max(0, arguments.get("PageNumber", 1) - 1) * size,
        ),
    )
    return call.listed(_shown(row) for row in rows)


def insert_invoice_payment(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """The new PayID. There is no check for duplicates: sent twice, it is two payments."""
    sent = arguments["InvoicePayment"]
    row = call.one(
        "SELECT dbid, net, vat, exchange_rate, amount_paid FROM invoice WHERE number = ?",
        sent.get("PayInvoice", 0),
    )
    if row is None:
        raise RefusalError(NO_INVOICE_WITH_NUMBER)
    dbid, net, vat, rate, amount_paid = row
    amount = sent.get("PayAmount", Decimal(0))
    owed = owed_in_payments_currency(call, Decimal(net) + Decimal(vat), Decimal(rate))
    _check_amount(call, amount, owed=owed, paid=Decimal(amount_paid))
    date = day_of(sent, "PayDate", today())
    call.refuse_if_locked(date)
    method = _known(call, "method", sent.get("PayMethod", 0))
    account = _known(call, "account", sent.get("PayAccount", 0))
    pay_id = _add(call, dbid, date, call.cut(sent.get("PayNote")), method, account, amount)
    refigure(call, dbid)
    return str(pay_id)


def _check_amount(call: SoapCall, amount: Decimal, *, owed: Decimal, paid: Decimal) -> None:
    if amount < 0 and call.switches.text("negative_payments") == "refuse":
        msg = "A payment cannot be negative"
        raise RefusalError(msg)
    nothing = Decimal(0)
    left = max(owed - paid, nothing) if owed >= 0 else min(owed - paid, nothing)
    over = amount > left if owed >= 0 else amount < left
    if over and call.switches.text("overpayment") == "refuse":
        msg = "The payment is more than what is owed on this invoice"
        raise RefusalError(msg)


def _known(call: SoapCall, table: str, wanted: int) -> int:
    # Clients that send neither method nor account get their payment booked, somewhere.
    if not wanted:
        (first,) = call.one(f"SELECT MIN(id) FROM {table}")  # noqa: S608 - constant text
        return int(first)
    if not call.one(f"SELECT 1 FROM {table} WHERE id = ?", wanted):  # noqa: S608 - constant text
        msg = f"The payment {table} {wanted} does not exist"
        raise RefusalError(msg)
    return wanted


def _add(
    call: SoapCall,
    dbid: int,
    date: str,
    note: str | None,
    method: int,
    account: int,
    amount: Decimal,
) -> int:
    cursor = call.db.execute(
        "INSERT INTO payment (invoice, date, note, method, account, amount) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (dbid, date, note, method, account, decimal_text(amount)),
    )
    return int(cursor.lastrowid or 0)


def delete_invoice_payment(call: SoapCall, arguments: Mapping[str, Any]) -> None:
    """By PayID; the newer service wants the invoice's number as well."""
    row = call.one(
        "SELECT payment.id, payment.invoice, payment.date, invoice.number FROM payment "
        "JOIN invoice ON invoice.dbid = payment.invoice WHERE payment.id = ?",
        arguments.get("InvoicePaymentNumber", 0),
    )
    both = call.switches.text("delete_payment_arguments") == "two"
    if row is None or (both and row[3] != arguments.get("InvoiceNumber", 0)):
        msg = "There is no payment with that number on this invoice"
        raise RefusalError(msg)
    pay_id, dbid, date, _number = row
    call.refuse_if_locked(date)
    call.db.execute("DELETE FROM payment WHERE id = ?", (pay_id,))
    refigure(call, dbid)


def apply_credit_note_to_invoice(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """Set a negative invoice against a positive one, both by InvoiceDBID.

    KashFlow makes a bulk payment of zero in total: minus on the note, plus on the invoice (its
    knowledge base). Its day (here the note's), its amount when the two differ (here what both
    still bear) and the answer when nothing is left (here false) are not documented.
    """
    invoice = _document(call, arguments.get("InvoiceID", 0))
    note = _document(call, arguments.get("CreditNoteID", 0))
    if invoice.gross <= 0 or note.gross >= 0 or invoice.party != note.party:
        msg = "The credit note cannot be applied to this invoice"
        raise RefusalError(msg)
    amount = min(invoice.left, -note.left)
    if amount <= 0:
        return "false"
    call.refuse_if_locked(note.date)
    method, account = _known(call, "method", 0), _known(call, "account", 0)
    text = f"Credit note {note.number} applied to invoice {invoice.number}"
    for document, share in ((note, -amount), (invoice, amount)):
        _add(call, document.dbid, note.date, text, method, account, share)
        refigure(call, document.dbid)
    return "true"


class _Document:
    """An invoice as far as payments are concerned. `left`: what is unpaid; `party`: whose."""

    def __init__(self, call: SoapCall, row: Any) -> None:
        self.dbid, self.number, self.date, customer, currency, net, vat, rate, amount_paid = row
        self.gross = Decimal(net) + Decimal(vat)
        owed = owed_in_payments_currency(call, self.gross, Decimal(rate))
        self.left = owed - Decimal(amount_paid)
        self.party = (customer, currency)


def _document(call: SoapCall, dbid: int) -> _Document:
    row = call.one(
        "SELECT dbid, number, date, customer, currency, net, vat, exchange_rate, amount_paid "
        "FROM invoice WHERE dbid = ?",
        dbid,
    )
    if row is None:
        msg = "There is no invoice with that ID"
        raise RefusalError(msg)
    return _Document(call, row)
