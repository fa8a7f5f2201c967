"""GetClients, GetClientsDetails, GetCredits (WHMCS API reference, pages of these names)."""

from decimal import Decimal
from typing import Any

from whmcs_source.sandbox.actions.registry import ActionRefusal, ApiCall, Reply, action
from whmcs_source.sandbox.money import exact, money
from whmcs_source.sandbox.state import Row

_COUNTRIES = {
    "GB": "United Kingdom", "IM": "Isle Of Man", "JE": "Jersey", "IE": "Ireland", "DE": "Germany",
    "NL": "Netherlands", "GR": "Greece", "FR": "France", "US": "United States", "CA": "Canada",
    "CH": "Switzerland", "AU": "Australia", "JP": "Japan",
}  # fmt: skip
_CLIENT_ORDERS = {
    "id", "firstname", "lastname", "companyname", "email", "groupid", "datecreated", "status",
}  # fmt: skip


@action("GetClients", "limitstart", "limitnum", "sorting", "status", "search", "orderby")
def get_clients(call: ApiCall) -> Reply:
    """A page of rows, without country, tax id and currency."""
    conditions, values = ["1"], []
    if call.text("status"):
        conditions.append("LOWER(status) = ?")
        values.append(call.text("status").lower())
    if call.text("search"):
        start = call.text("search").lower()
        names = "email", "firstname", "lastname", "firstname || ' ' || lastname", "companyname"
        matches = [f"LOWER({name}) LIKE ? || '%'" for name in names]
        conditions.append(f"({' OR '.join(matches)})")
        values += [start] * len(names)
    where = " AND ".join(conditions)
    direction = "DESC" if call.text("sorting").upper() == "DESC" else "ASC"
    asked = call.text("orderby").lower()
    order = asked if asked in _CLIENT_ORDERS else "id"
    total = call.database.execute(f"SELECT COUNT(*) FROM tblclients WHERE {where}", values)  # noqa: S608
    query = f"SELECT * FROM tblclients WHERE {where} ORDER BY {order} {direction} LIMIT ? OFFSET ?"  # noqa: S608
    start_at = call.whole("limitstart")
    page = (*values, call.whole("limitnum", 25), start_at)
    rows = call.database.execute(query, page).fetchall()
    shape = call.shape
    reply: Reply = {
        "result": "success",
        "totalresults": shape.number(total.fetchone()[0]),
        "startnumber": shape.number(start_at),
        "numreturned": shape.number(len(rows)),
    }
    shape.put(reply, "clients", "client", [_list_row(call, row) for row in rows])
    return reply


def _list_row(call: ApiCall, row: Row) -> dict[str, Any]:
    names = ("firstname", "lastname", "companyname", "email", "datecreated", "status")
    texts = {name: row[name] for name in names}
    numbers = {name: call.shape.number(row[name]) for name in ("id", "groupid")}
    return {**numbers, **texts}


@action("GetClientsDetails", "clientid", "email", "stats")
def get_clients_details(call: ApiCall) -> Reply:
    """One client in full; by email the first who has it."""
    if not call.text("clientid") and not call.text("email"):
        raise ActionRefusal("Either clientid Or email Is Required")
    column, value = "id", str(call.whole("clientid"))
    if not call.text("clientid"):
        column, value = "email", call.text("email")
    query = f"SELECT * FROM tblclients WHERE {column} = ? ORDER BY id"  # noqa: S608  # our own words
    row = call.database.execute(query, (value,)).fetchone()
    if row is None:
        raise ActionRefusal("Client Not Found")
    client = {**_identity(call, row), **_address(row), **_account(call, row)}
    reply: Reply = {"result": "success", "client": client}
    if call.shape.switches["top_level_client"] == "on":
        reply = {"result": "success", **client, "client": client}
    if call.text("stats").lower() in ("1", "true", "on"):
        reply["stats"] = _stats(call, row)
    return reply


def _identity(call: ApiCall, row: Row) -> dict[str, Any]:
    number = call.shape.number(row["id"])
    owner = call.database.execute(
        "SELECT tblusers.* FROM tblusers JOIN tblusers_clients ON auth_user_id = tblusers.id"
        " WHERE client_id = ?",
        (row["id"],),
    ).fetchone()
    person = {
        "id": call.shape.number(owner["id"]),
        "name": f"{owner['first_name']} {owner['last_name']}",
        "email": owner["email"],
        "is_owner": True,
    }
    return {
        "client_id": number,
        "owner_user_id": call.shape.number(owner["id"]),
        "userid": number,
        "id": number,
        "uuid": row["uuid"],
        "firstname": row["firstname"],
        "lastname": row["lastname"],
        "fullname": f"{row['firstname']} {row['lastname']}",
        "companyname": row["companyname"],
        "email": row["email"],
        "users": {"user": [person]},
    }


def _address(row: Row) -> dict[str, Any]:
    return {
        "address1": row["address1"],
        "address2": row["address2"],
        "city": row["city"],
        "fullstate": row["state"],
        "state": row["state"],
        "statecode": "",
        "postcode": row["postcode"],
        "countrycode": row["country"],
        "country": row["country"],
        "countryname": _COUNTRIES.get(row["country"], row["country"]),
        "phonenumber": row["phonenumber"],
        "phonenumberformatted": row["phonenumber"],
        "telephoneNumber": row["phonenumber"],
        "phonecc": row["phonenumber"].split(".")[0].lstrip("+"),
        "tax_id": row["tax_id"],
    }


def _account(call: ApiCall, row: Row) -> dict[str, Any]:
    code = call.database.execute(
        "SELECT code FROM tblcurrencies WHERE id = ?", (row["currency"],)
    ).fetchone()
    kinds = ("general", "invoice", "support", "product", "domain", "affiliate")
    switches = ("latefeeoveride", "overideduenotices", "separateinvoices", "disableautocc",
                "emailoptout", "marketing_emails_opt_in", "overrideautoclose",
                "isOptedInToMarketingEmails")  # fmt: skip
    return {
        "email_preferences": dict.fromkeys(kinds, "1"),
        "billingcid": call.shape.number(row["billingcid"]),
        "notes": row["notes"],
        "currency": call.shape.number(row["currency"]),
        "currency_code": code[0] if code else "",
        "defaultgateway": row["defaultgateway"],
        "groupid": call.shape.number(row["groupid"]),
        "status": row["status"],
        "credit": row["credit"],
        "taxexempt": bool(row["taxexempt"]),
        **dict.fromkeys(switches, False),
        "allowSingleSignOn": call.shape.number(1),
        "email_verified": False,
        "language": row["language"],
        "lastlogin": "Date: 01/10/2026 09:12<br>IP Address: 192.0.2.10<br>Host: client.example",
        "customfields1": "",
        "customfields": [{"id": call.shape.number(1), "value": ""}],
    }


def _stats(call: ApiCall, row: Row) -> dict[str, Any]:
    """Counts, and sums that are formatted for people."""
    found = call.database.execute(
        "SELECT status, total FROM tblinvoices WHERE userid = ?", (row["id"],)
    ).fetchall()
    currency = call.database.execute(
        "SELECT prefix, suffix FROM tblcurrencies WHERE id = ?", (row["currency"],)
    ).fetchone()
    stats: dict[str, Any] = {}
    for status in ("Unpaid", "Draft", "Paid", "Cancelled", "Refunded", "Collections"):
        totals = [exact(one["total"]) for one in found if one["status"] == status]
        name = status if status == "Draft" else status.lower()
        stats[f"num{name}invoices"] = call.shape.number(len(totals))
        amount = money(sum(totals, Decimal(0)))
        stats[f"{name.lower()}invoicesamount"] = f"{currency[0]}{amount}{currency[1]}"
    stats["creditbalance"] = f"{currency[0]}{row['credit']}{currency[1]}"
    return stats


@action("GetCredits", "clientid", flat=True)
def get_credits(call: ApiCall) -> Reply:
    """Every change of a client's credit."""
    number, shape = call.whole("clientid"), call.shape
    known = call.database.execute("SELECT 1 FROM tblclients WHERE id = ?", (number,)).fetchone()
    if known is None:
        raise ActionRefusal("Client ID Not Found")
    found = call.database.execute(
        "SELECT * FROM tblcredit WHERE clientid = ? ORDER BY id", (number,)
    ).fetchall()
    rows = [
        {
            "id": shape.text_number(row["id"]),
            "date": shape.stamp(row["date"]),
            "description": row["description"],
            "amount": row["amount"],
            "relid": shape.text_number(row["relid"]),
        }
        for row in found
    ]
    reply: Reply = {
        "result": "success",
        "totalresults": shape.text_number(len(rows)),
        "clientid": shape.text_number(number),
    }
    shape.put(reply, "credits", "credit", rows)
    return reply
