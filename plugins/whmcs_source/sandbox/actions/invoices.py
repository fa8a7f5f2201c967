"""GetInvoices, GetInvoice, GetTransactions (WHMCS API reference, pages of these names)."""

from collections.abc import Mapping
from typing import Any

from whmcs_source.sandbox.actions.registry import ActionRefusal, ApiCall, Reply, action
from whmcs_source.sandbox.money import money
from whmcs_source.sandbox.settling import ADJUSTMENT
from whmcs_source.sandbox.shape import Shape
from whmcs_source.sandbox.state import Row

_ORDERS = {
    "id": "tblinvoices.id",
    "invoicenumber": "invoicenum",
    "date": "date",
    "duedate": "duedate",
    "total": "CAST(total AS REAL)",
    "status": "tblinvoices.status",
}

_LIST = (
    "SELECT tblinvoices.*, firstname, lastname, companyname, code, prefix, suffix"
    " FROM tblinvoices"
    " LEFT JOIN tblclients ON tblclients.id = tblinvoices.userid"
    " LEFT JOIN tblcurrencies ON tblcurrencies.id = tblclients.currency"
)


@action("GetInvoices", "limitstart", "limitnum", "userid", "status", "orderby", "order")
def get_invoices(call: ApiCall) -> Reply:
    """A page of rows, without lines, money and country."""
    where, values = _filters(call)
    start, size = call.whole("limitstart"), call.whole("limitnum", 25)
    wanted = call.text("order").lower() or call.shape.switches["list_order"]
    direction = "DESC" if wanted == "desc" else "ASC"
    order = _ORDERS.get(call.text("orderby").lower(), "tblinvoices.id")
    total = call.database.execute(f"SELECT COUNT(*) FROM tblinvoices{where}", values).fetchone()[0]  # noqa: S608
    query = (
        f"{_LIST}{where} ORDER BY {order} {direction}, tblinvoices.id {direction} LIMIT ? OFFSET ?"
    )
    rows = call.database.execute(query, (*values, size, start)).fetchall()
    shape = call.shape
    reply: Reply = {
        "result": "success",
        "totalresults": shape.number(total),
        "startnumber": shape.number(start),
        "numreturned": shape.number(len(rows)),
    }
    shape.put(reply, "invoices", "invoice", [_list_row(row, shape) for row in rows])
    return reply


def _filters(call: ApiCall) -> tuple[str, tuple[object, ...]]:
    """The WHERE clause. `Overdue` is a filter, never a stored status."""
    conditions: list[str] = []
    values: list[object] = []
    status = call.text("status")
    if call.shape.switches["stray_rows"] == "on":
        return "", ()
    if status.lower() == "overdue":
        conditions.append("tblinvoices.status = 'Unpaid' AND duedate < ?")
        values.append(call.desk.now[:10])
    elif status:
        conditions.append("LOWER(tblinvoices.status) = ?")
        values.append(status.lower())
    if call.whole("userid"):
        conditions.append("userid = ?")
        values.append(call.whole("userid"))
    return (" WHERE " + " AND ".join(conditions) if conditions else ""), tuple(values)


def _list_row(row: Row, shape: Shape) -> Mapping[str, Any]:
    return {
        "id": shape.number(row["id"]),
        "userid": shape.number(row["userid"]),
        "firstname": row["firstname"] or "",
        "lastname": row["lastname"] or "",
        "companyname": row["companyname"] or "",
        "invoicenum": row["invoicenum"],
        "date": shape.stamp(row["date"]),
        "duedate": shape.stamp(row["duedate"]),
        "datepaid": shape.stamp(row["datepaid"]),
        "last_capture_attempt": shape.stamp(row["last_capture_attempt"]),
        "date_refunded": shape.stamp(row["date_refunded"]),
        "date_cancelled": shape.stamp(row["date_cancelled"]),
        "subtotal": row["subtotal"],
        "credit": shape.small_money(row["credit"]),
        "tax": row["tax"],
        "tax2": row["tax2"],
        "total": row["total"],
        "taxrate": row["taxrate"],
        "taxrate2": row["taxrate2"],
        "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "paymethodid": row["paymethodid"],
        "notes": row["notes"],
        "created_at": shape.stamp(row["created_at"]),
        "updated_at": shape.stamp(row["updated_at"]),
        "currencycode": row["code"] or "",
        "currencyprefix": row["prefix"] or "",
        "currencysuffix": row["suffix"] or "",
    }


@action("GetInvoice", "invoiceid")
def get_invoice(call: ApiCall) -> Reply:
    """One invoice, flat, with lines and money; without currency and the dates of the list.

    `balance` is total less money in, plus money out, on this invoice: what is left to pay.
    """
    number = call.whole("invoiceid")
    row = call.database.execute("SELECT * FROM tblinvoices WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise ActionRefusal("Invoice ID Not Found")
    shape, desk = call.shape, call.desk
    reply: Reply = {
        "result": "success",
        "invoiceid": shape.number(number),
        "invoicenum": row["invoicenum"],
        "userid": shape.number(row["userid"]),
        "date": shape.stamp(row["date"]),
        "duedate": shape.stamp(row["duedate"]),
        "datepaid": shape.stamp(row["datepaid"]),
        "lastcaptureattempt": shape.stamp(row["last_capture_attempt"]),
        "subtotal": row["subtotal"],
        "credit": shape.small_money(row["credit"]),
        "tax": row["tax"],
        "tax2": row["tax2"],
        "total": row["total"],
        "balance": money(desk.balance(number)),
        "taxrate": row["taxrate"],
        "taxrate2": row["taxrate2"],
        "status": row["status"],
        "paymentmethod": row["paymentmethod"],
        "notes": row["notes"],
        "ccgateway": row["paymentmethod"] == "stripe",
    }
    shape.put(reply, "items", "item", [_item(line, shape) for line in desk.lines(number)])
    shape.put(reply, "transactions", "transaction", _transactions(call, "invoiceid = ?", (number,)))
    return reply


def _item(line: Row, shape: Shape) -> Mapping[str, Any]:
    return {
        "id": shape.number(line["id"]),
        "type": line["type"],
        "relid": shape.number(line["relid"]),
        "description": line["description"],
        "amount": line["amount"],
        "taxed": shape.number(line["taxed"]),
    }


@action("GetTransactions", "invoiceid", "clientid", "transid")
def get_transactions(call: ApiCall) -> Reply:
    """Everything that matches: this action has no pages."""
    conditions: list[str] = []
    values: list[object] = []
    for name, column in (("invoiceid", "invoiceid"), ("clientid", "userid")):
        if call.text(name):
            conditions.append(f"{column} = ?")
            values.append(call.whole(name))
    if call.text("transid"):
        conditions.append("transid = ?")
        values.append(call.text("transid"))
    rows = _transactions(call, " AND ".join(conditions) or "1", tuple(values))
    shape = call.shape
    reply: Reply = {
        "result": "success",
        "totalresults": shape.number(len(rows)),
        "startnumber": shape.number(0),
        "numreturned": shape.number(len(rows)),
    }
    shape.put(reply, "transactions", "transaction", rows)
    return reply


def _transactions(call: ApiCall, where: str, values: tuple[object, ...]) -> list[Mapping[str, Any]]:
    """Rows of tblaccounts. Whether 9.x shows those of billing notes, and how, is a switch."""
    shape = call.shape
    shown = shape.switches["adjustment_rows"]
    if shown == "hidden":
        where = f"({where}) AND type != '{ADJUSTMENT}'"
    query = f"SELECT * FROM tblaccounts WHERE {where} ORDER BY id"  # noqa: S608  # our own words
    rows = call.database.execute(query, values).fetchall()
    return [_transaction(row, shape, typed=shown == "typed") for row in rows]


def _transaction(row: Row, shape: Shape, *, typed: bool) -> Mapping[str, Any]:
    more = {"billingnoteid": shape.text_number(row["billingnoteid"]), "type": row["type"]}
    return {
        "id": shape.text_number(row["id"]),
        "userid": shape.text_number(row["userid"]),
        "currency": shape.text_number(row["currency"]),
        "gateway": row["gateway"],
        "date": shape.stamp(row["date"]),
        "description": row["description"],
        "amountin": row["amountin"],
        "fees": shape.small_money(row["fees"]),
        "amountout": row["amountout"],
        "rate": row["rate"],
        "transid": row["transid"],
        "invoiceid": shape.text_number(row["invoiceid"]),
        "refundid": shape.text_number(row["refundid"]),
        **(more if typed else {}),
    }
