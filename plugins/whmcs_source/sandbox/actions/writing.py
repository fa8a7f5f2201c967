"""Actions that change something: bridge calls none, whoever drives the sandbox may."""

import re
from typing import Any

from whmcs_source.sandbox import invoicing, paying
from whmcs_source.sandbox.actions.registry import ActionRefusal, ApiCall, Reply, action
from whmcs_source.sandbox.desk import AdminArea, DeskError
from whmcs_source.sandbox.money import exact
from whmcs_source.sandbox.state import Database, Row

_STATUSES = (
    "Draft", "Unpaid", "Paid", "Cancelled", "Refunded", "Collections", "Payment Pending",
)  # fmt: skip
_FIELDS = (
    "paymentmethod", "taxrate", "taxrate2", "credit", "date", "duedate", "datepaid", "notes",
)  # fmt: skip


@action("CreateInvoice", "userid", "status", "draft", "sendinvoice", "paymentmethod", "taxrate",
        "taxrate2", "date", "duedate", "notes", "itemdescription#", "itemamount#", "itemtaxed#",
        "autoapplycredit")  # fmt: skip
def create_invoice(call: ApiCall) -> Reply:
    """Make an invoice of manual lines."""
    client = call.whole("userid")
    if not _exists(call.database, "tblclients", client):
        raise ActionRefusal("Client ID Not Found")
    draft = _on(call, "draft") or call.text("status") == "Draft"
    if draft and _on(call, "sendinvoice"):
        raise ActionRefusal("Cannot create and send a draft invoice in a single API request")
    numbers = sorted(int(name[10:]) for name in call.fields if re.fullmatch(r"itemamount\d+", name))
    lines = [
        {
            "description": call.text(f"itemdescription{at}"),
            "amount": call.text(f"itemamount{at}"),
            "taxed": _on(call, f"itemtaxed{at}"),
        }
        for at in numbers
    ]
    created = invoicing.create_invoice(
        call.desk,
        client=client,
        lines=lines,
        date=call.text("date") or None,
        due=call.text("duedate") or None,
        status="Draft" if draft else "Unpaid",
        gateway=call.text("paymentmethod") or None,
        taxrate=call.text("taxrate") or None,
        taxrate2=call.text("taxrate2") or "0",
        notes=call.text("notes"),
    )
    held = exact(call.desk.client(client)["credit"])
    if _on(call, "autoapplycredit") and not draft and held > 0:
        paying.apply_credit(call.desk, invoice=created)
    status = call.desk.invoice(created)["status"]
    return {"result": "success", "invoiceid": call.shape.number(created), "status": status}


@action("UpdateInvoice", "invoiceid", "status", "paymentmethod", "taxrate", "taxrate2", "credit",
        "date", "duedate", "datepaid", "notes", "itemdescription[]", "itemamount[]", "itemtaxed[]",
        "newitemdescription[]", "newitemamount[]", "newitemtaxed[]", "deletelineids[]", "publish",
        "publishandsendemail")  # fmt: skip
def update_invoice(call: ApiCall) -> Reply:
    """Change fields and lines; sums follow from them and cannot be set (since 7.8)."""
    number, desk = call.whole("invoiceid"), call.desk
    _invoice(call, number)
    publish = _on(call, "publish") or _on(call, "publishandsendemail")
    if publish and desk.invoice(number)["status"] != "Draft":
        raise ActionRefusal("Invoice must be in Draft status to be published")
    if call.text("status") and call.text("status") not in _STATUSES:
        raise ActionRefusal(f"Invalid status {call.text('status')}")
    edits = _edits(call)
    if any(edits.values()):
        _refused(invoicing.edit_invoice, desk, invoice=number, **edits)
    if publish:
        invoicing.publish(desk, invoice=number)
    if call.text("status") == "Cancelled":
        invoicing.cancel(desk, invoice=number)
    elif call.text("status"):
        invoicing.set_status(desk, invoice=number, status=call.text("status"))
    return {"result": "success", "invoiceid": call.shape.number(number)}


def _edits(call: ApiCall) -> dict[str, Any]:
    """What UpdateInvoice asks to change, as `edit_invoice` takes it."""
    change: dict[str, dict[str, Any]] = {}
    new: dict[str, dict[str, Any]] = {}
    for column in ("description", "amount", "taxed"):
        for key, value in _indexed(call, f"item{column}").items():
            change.setdefault(key, {})[column] = value
        for key, value in _indexed(call, f"newitem{column}").items():
            new.setdefault(key, {})[column] = value
    for line in (*change.values(), *new.values()):
        if "taxed" in line:
            line["taxed"] = int(line["taxed"] in ("1", "true", "on"))
    return {
        "fields": {name: call.text(name) for name in _FIELDS if name in call.fields},
        "add": [{"taxed": 0, **line} for line in new.values()],
        "change": change,
        "remove": [int(line) for line in _indexed(call, "deletelineids").values()],
    }


@action("AddInvoicePayment", "invoiceid", "transid", "gateway", "date", "amount", "fees", "noemail")
def add_invoice_payment(call: ApiCall) -> Reply:
    """Take a payment; the whole balance when no amount is given."""
    number = call.whole("invoiceid")
    _invoice(call, number)
    _refused(
        paying.pay,
        call.desk,
        invoice=number,
        amount=call.text("amount") or None,
        gateway=call.text("gateway"),
        fees=call.text("fees") or "0",
        transid=call.text("transid"),
        date=call.text("date") or None,
    )
    return {"result": "success"}


@action("AddTransaction", "paymentmethod", "userid", "invoiceid", "transid", "date", "currencyid",
        "description", "amountin", "fees", "amountout", "rate", "credit",
        "allowduplicatetransid")  # fmt: skip
def add_transaction(call: ApiCall) -> Reply:
    """Write a transaction; `date` is in the localised form, day first here."""
    database, desk = call.database, call.desk
    client, invoice = call.whole("userid"), call.whole("invoiceid")
    if invoice:
        owner = _invoice(call, invoice)["userid"]
        if client and owner != client:
            raise ActionRefusal("User ID does not own the given Invoice ID")
        client = owner
    _transid_free(call, database)
    row = _refused(
        paying.record_money,
        desk,
        client=client,
        invoice=invoice,
        amount_in=call.text("amountin") or "0",
        amount_out=call.text("amountout") or "0",
        fees=call.text("fees") or "0",
        gateway=call.text("paymentmethod"),
        transid=call.text("transid"),
        currency=call.whole("currencyid"),
        rate=call.text("rate") or None,
        description=call.text("description"),
        date=_localised(call.text("date")),
    )
    if _on(call, "credit") and client:
        paying.add_credit(desk, client=client, amount=call.text("amountin") or "0")
    return {"result": "success", "transactionid": call.shape.number(int(row))}


@action("UpdateTransaction", "transactionid", "refundid", "userid", "invoiceid", "transid", "date",
        "gateway", "currency", "description", "amountin", "fees", "amountout", "rate",
        "credit")  # fmt: skip
def update_transaction(call: ApiCall) -> Reply:
    """Change any field of a transaction."""
    number = call.whole("transactionid")
    columns = ("refundid", "userid", "invoiceid", "transid", "gateway", "currency", "description",
               "amountin", "fees", "amountout", "rate")  # fmt: skip
    fields: dict[str, Any] = {name: call.text(name) for name in columns if name in call.fields}
    if call.text("date"):
        fields["date"] = _localised(call.text("date"))
    if not _exists(call.database, "tblaccounts", number):
        raise ActionRefusal("Transaction ID Not Found")
    if fields:
        paying.change_transaction(call.desk, transaction=number, **fields)
    return {"result": "success", "transactionid": call.shape.number(number)}


@action("AddCredit", "clientid", "description", "amount", "date", "adminid", "type")
def add_credit(call: ApiCall) -> Reply:
    """Change a client's credit; the amount is positive, `type` says which way."""
    number = call.whole("clientid")
    if not _exists(call.database, "tblclients", number):
        raise ActionRefusal("Client ID Not Found")
    sign = "-" if call.text("type").lower() == "remove" else ""
    paying.add_credit(
        call.desk,
        client=number,
        amount=sign + call.text("amount"),
        description=call.text("description"),
        date=call.text("date") or None,
    )
    return {"result": "success", "newbalance": call.desk.client(number)["credit"]}


@action("ApplyCredit", "invoiceid", "amount", "noemail")
def apply_credit(call: ApiCall) -> Reply:
    """Pay from the client's credit."""
    number = call.whole("invoiceid")
    _invoice(call, number)
    amount = call.text("amount")
    used = _refused(
        paying.apply_credit,
        call.desk,
        invoice=number,
        amount=None if amount in ("", "full") else amount,
    )
    paid = "true" if call.desk.invoice(number)["status"] == "Paid" else "false"
    reply = {"result": "success", "invoiceid": call.shape.text_number(number)}
    return {**reply, "amount": used, "invoicepaid": paid}


def _refused(verb: Any, desk: AdminArea, **arguments: Any) -> int | str:
    """What the desk does not let an admin do, the API refuses with the same words."""
    try:
        return verb(desk, **arguments)  # type: ignore[no-any-return]  # one of the driver's verbs
    except DeskError as error:
        raise ActionRefusal(str(error)) from error


def _on(call: ApiCall, name: str) -> bool:
    return call.text(name).lower() in ("1", "true", "on")


def _exists(database: Database, table: str, row_id: int) -> bool:
    query = f"SELECT 1 FROM {table} WHERE id = ?"  # noqa: S608  # our own names
    return database.execute(query, (row_id,)).fetchone() is not None


def _invoice(call: ApiCall, number: int) -> Row:
    if not _exists(call.database, "tblinvoices", number):
        raise ActionRefusal("Invoice ID Not Found")
    return call.desk.invoice(number)


def _indexed(call: ApiCall, name: str) -> dict[str, str]:
    """Values of a PHP array parameter by index."""
    found = {}
    for field, value in call.fields.items():
        match = re.fullmatch(rf"{name}\[([^\]]*)\]", field)
        if match:
            found[match[1]] = value
    return found


def _transid_free(call: ApiCall, database: Database) -> None:
    transid = call.text("transid")
    if not transid or _on(call, "allowduplicatetransid"):
        return
    row = database.execute("SELECT 1 FROM tblaccounts WHERE transid = ?", (transid,)).fetchone()
    if row is not None:
        raise ActionRefusal("Transaction ID must be Unique")


def _localised(text: str) -> str | None:
    """``03/02/2026`` as ``2026-02-03``; a date in ISO form stays."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(.*)", text)
    if match:
        return f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}{match[4]}"
    return text or None
