"""Customers: unique codes, look-ups, updates by id."""

import json
import re
from collections.abc import Mapping
from typing import Any

from kashflow_target.sandbox.call import RefusalError, SoapCall, now
from kashflow_target.sandbox.interface import NO_DATE, interface, rendered, wire_text

# Texts that clients of the live service have met; the others are ours.
CODE_NOT_UNIQUE = "Customer Code is not unique"
CODE_INVALID = (
    "The customer code specified is invalid, please re-enter without any special characters."
)
NO_CUSTOMER_WITH_EMAIL = "There is no customer with that email address"
NO_CUSTOMER_WITH_CODE = "There is no customer with that code"
NO_CUSTOMER_WITH_ID = "There is no customer with that ID"

_SET_BY_THE_SERVICE = ("CustomerID", "Created", "Updated")
_CODE = re.compile(r"[A-Za-z0-9]+")
_BETWEEN_EMAILS = re.compile(r"[;,\s]+")


def get_customers(call: SoapCall, _arguments: Mapping[str, Any]) -> str | None:
    """Every customer, whole."""
    rows = call.db.execute("SELECT xml FROM customer ORDER BY id")
    return call.listed(f"<Customer>{xml}</Customer>" for (xml,) in rows)


def get_customers_modified_since(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """Customers made or changed at or after a moment."""
    since = arguments.get("ModifiedSince", NO_DATE).isoformat(timespec="seconds")
    rows = call.db.execute("SELECT xml FROM customer WHERE updated >= ? ORDER BY id", (since,))
    return call.listed(f"<Customer>{xml}</Customer>" for (xml,) in rows)


def get_customer(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """By code, whatever its case."""
    code = arguments.get("CustomerCode", "")
    row = call.one("SELECT xml FROM customer WHERE code = ?", code)
    return str(row[0]) if row else _missed(call, NO_CUSTOMER_WITH_CODE)


def get_customer_by_id(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """By id."""
    row = call.one("SELECT xml FROM customer WHERE id = ?", arguments.get("CustomerID", 0))
    return str(row[0]) if row else _missed(call, NO_CUSTOMER_WITH_ID)


def get_customer_by_email(call: SoapCall, arguments: Mapping[str, Any]) -> str | None:
    """The first customer one of whose addresses this is. It never says that there are more."""
    wanted = arguments.get("CustomerEmail", "").strip().lower()
    rows = call.db.execute("SELECT email, xml FROM customer WHERE email <> '' ORDER BY id")
    for email, xml in rows:
        if wanted in _BETWEEN_EMAILS.split(email.lower()):
            return str(xml)
    raise RefusalError(NO_CUSTOMER_WITH_EMAIL)


def _missed(call: SoapCall, text: str) -> str | None:
    how = call.switches.text("customer_miss")
    if how == "refuse":
        raise RefusalError(text)
    return rendered("Customer", {}) if how == "blank" else None


def insert_customer(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """The new id. It is no upsert: a code that exists is refused and nothing is changed."""
    sent = arguments["custr"]
    moment = now()
    body = {"Created": moment, "Updated": moment}
    for field in interface().types["Customer"]:
        if field.name in sent and field.name not in _SET_BY_THE_SERVICE:
            body[field.name] = wire_text(sent[field.name])
    body["Code"] = body.get("Code") or _made_up_code(call, body.get("Name", ""))
    _check(call, body, own_id=0)
    cursor = call.db.execute(
        "INSERT INTO customer (code, name, email, terms, updated, body, xml) "
        "VALUES (?, '', '', 0, '', '', '')",
        (body["Code"],),
    )
    body["CustomerID"] = str(cursor.lastrowid)
    store(call, body)
    return body["CustomerID"]


def update_customer(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """Located by CustomerID. What the answered text holds is not known."""
    sent = arguments["custr"]
    row = call.one("SELECT body FROM customer WHERE id = ?", sent.get("CustomerID", 0))
    if row is None:
        raise RefusalError(NO_CUSTOMER_WITH_ID)
    old = json.loads(row[0])
    keep = call.switches.text("update_blank_missing") == "keep"
    body = {name: old[name] for name in ("CustomerID", "Created", "Code")}
    for field in interface().types["Customer"]:
        name = field.name
        if name in _SET_BY_THE_SERVICE:
            continue
        if name in sent and not (name == "Code" and not sent[name]):
            body[name] = wire_text(sent[name])
        elif field.optional and keep and name in old:
            body[name] = old[name]
    body["Updated"] = now()
    _check(call, body, own_id=int(body["CustomerID"]))
    store(call, body)
    return call.switches.text("update_result").replace("{id}", body["CustomerID"])


def _check(call: SoapCall, body: Mapping[str, str], *, own_id: int) -> None:
    if not _CODE.fullmatch(body["Code"]):
        raise RefusalError(CODE_INVALID)
    taken = call.one("SELECT 1 FROM customer WHERE code = ? AND id <> ?", body["Code"], own_id)
    if taken:
        raise RefusalError(CODE_NOT_UNIQUE)
    currency = int(body.get("CurrencyID", "0"))
    if currency and not call.one("SELECT 1 FROM currency WHERE id = ?", currency):
        msg = f"The currency {currency} has not been set up in this account"
        raise RefusalError(msg)


def _made_up_code(call: SoapCall, name: str) -> str:
    # KashFlow makes a code when none is sent; the ones seen are letters of the name and a number.
    letters = "".join(re.findall(r"[A-Za-z0-9]", name))[:3].upper() or "CUS"
    number = 1
    while call.one("SELECT 1 FROM customer WHERE code = ?", f"{letters}{number:02d}"):
        number += 1
    return f"{letters}{number:02d}"


def store(call: SoapCall, body: Mapping[str, str]) -> None:
    """Keep a customer whose row exists, its wire form included."""
    call.db.execute(
        "UPDATE customer SET code = ?, name = ?, email = ?, terms = ?, updated = ?, body = ?, "
        "xml = ? WHERE id = ?",
        (
            body["Code"],
            body.get("Name", ""),
            body.get("Email", ""),
            int(body.get("PaymentTerms", "0")),
            body["Updated"],
            json.dumps(body),
            rendered("Customer", body),
            int(body["CustomerID"]),
        ),
    )


def delete_customer(call: SoapCall, arguments: Mapping[str, Any]) -> str:
    """0 whether or not anything was deleted, as clients of the live service report."""
    customer = arguments.get("CustomerID", 0)
    if call.one("SELECT 1 FROM invoice WHERE customer = ?", customer):
        msg = "This customer has invoices and cannot be deleted"
        raise RefusalError(msg)
    call.db.execute("DELETE FROM customer WHERE id = ?", (customer,))
    return "0"
