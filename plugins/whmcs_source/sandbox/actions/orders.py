"""What clients have ordered: GetClientsProducts, GetClientsDomains, GetClientsAddons."""

from collections.abc import Callable, Mapping
from typing import Any

from whmcs_source.sandbox.actions.registry import ApiCall, Reply, action
from whmcs_source.sandbox.state import Row

_HOSTING = (
    "SELECT tblhosting.*, tblproducts.name AS productname, tblproductgroups.name AS groupname"
    " FROM tblhosting JOIN tblproducts ON tblproducts.id = packageid"
    " JOIN tblproductgroups ON tblproductgroups.id = gid"
)


def _selected(call: ApiCall, query: str, filters: Mapping[str, str]) -> tuple[list[Row], int]:
    """A page of rows, and how many there are; `filters` name the column of each parameter."""
    used = [(name, column) for name, column in filters.items() if call.text(name)]
    where = " AND ".join(f"{column} = ?" for _, column in used) or "1"
    values = [call.text(name) for name, _ in used]
    every = call.database.execute(f"{query} WHERE {where} ORDER BY 1", values).fetchall()
    start = call.whole("limitstart")
    return every[start : start + call.whole("limitnum", 25)], len(every)


def _page(
    call: ApiCall,
    names: tuple[str, str],
    found: tuple[list[Row], int],
    shaped: Callable[[ApiCall, Row], dict[str, Any]],
) -> Reply:
    rows, total = found
    text_number = call.shape.text_number
    reply: Reply = {
        "result": "success",
        "clientid": call.text("clientid") or None,
        "totalresults": text_number(total),
        "startnumber": call.shape.number(call.whole("limitstart")),
        "numreturned": call.shape.number(len(rows)),
    }
    call.shape.put(reply, names[0], names[1], [shaped(call, row) for row in rows])
    return reply


@action("GetClientsProducts", "limitstart", "limitnum", "clientid", "serviceid", "pid", "domain",
        "username2")  # fmt: skip
def get_clients_products(call: ApiCall) -> Reply:
    """Services; the id is what a Hosting line relates to. Each holds a password, too."""
    filters = {
        "clientid": "userid",
        "serviceid": "tblhosting.id",
        "pid": "packageid",
        "domain": "domain",
    }
    return _page(call, ("products", "product"), _selected(call, _HOSTING, filters), _service)


def _service(call: ApiCall, row: Row) -> dict[str, Any]:
    text_number = call.shape.text_number
    return {
        "id": text_number(row["id"]),
        "qty": text_number(1),
        "clientid": text_number(row["userid"]),
        "orderid": text_number(row["orderid"]),
        "ordernumber": "",
        "pid": text_number(row["packageid"]),
        "regdate": call.shape.stamp(row["regdate"]),
        "name": row["productname"],
        "translated_name": row["productname"],
        "groupname": row["groupname"],
        "translated_groupname": row["groupname"],
        "domain": row["domain"],
        "dedicatedip": "",
        "serverid": text_number(0),
        "servername": "",
        "firstpaymentamount": row["firstpaymentamount"],
        "recurringamount": row["amount"],
        "paymentmethod": row["paymentmethod"],
        "paymentmethodname": row["paymentmethod"],
        "billingcycle": row["billingcycle"],
        "nextduedate": call.shape.stamp(row["nextduedate"]),
        "status": row["domainstatus"],
        "username": f"user{row['id']}",
        "password": f"service-password-{row['id']}",
        "subscriptionid": "",
        "promoid": text_number(0),
        "notes": "",
        "customfields": {"customfield": []},
        "configoptions": {"configoption": []},
    }


@action("GetClientsDomains", "limitstart", "limitnum", "clientid", "domainid", "domain", flat=True)
def get_clients_domains(call: ApiCall) -> Reply:
    """Domains; the id is what a Domain line relates to."""
    filters = {"clientid": "userid", "domainid": "id", "domain": "domain"}
    found = _selected(call, "SELECT * FROM tbldomains", filters)
    return _page(call, ("domains", "domain"), found, _domain)


def _domain(call: ApiCall, row: Row) -> dict[str, Any]:
    text_number = call.shape.text_number
    return {
        "id": text_number(row["id"]),
        "userid": text_number(row["userid"]),
        "orderid": text_number(row["orderid"]),
        "regtype": row["type"],
        "domainname": row["domain"],
        "registrar": "",
        "regperiod": text_number(row["registrationperiod"]),
        "recurringamount": row["recurringamount"],
        "regdate": call.shape.stamp(row["registrationdate"]),
        "nextduedate": call.shape.stamp(row["nextduedate"]),
        "status": row["status"],
    }


@action("GetClientsAddons", "serviceid", "clientid", "addonid", flat=True)
def get_clients_addons(call: ApiCall) -> Reply:
    """Addons; the id is what an Addon line relates to. This action has no pages."""
    filters = {"serviceid": "hostingid", "clientid": "userid", "addonid": "addonid"}
    used = [(name, column) for name, column in filters.items() if call.text(name)]
    where = " AND ".join(f"{column} IN ({_numbers(call.text(name))})" for name, column in used)
    query = f"SELECT * FROM tblhostingaddons WHERE {where or '1'} ORDER BY id"  # noqa: S608  # digits
    rows = call.database.execute(query).fetchall()
    reply: Reply = {"result": "success", "totalresults": call.shape.text_number(len(rows))}
    call.shape.put(reply, "addons", "addon", [_addon(call, row) for row in rows])
    return reply


def _numbers(text: str) -> str:
    return ",".join(part.strip() for part in text.split(",") if part.strip().isdigit()) or "0"


def _addon(call: ApiCall, row: Row) -> dict[str, Any]:
    text_number = call.shape.text_number
    return {
        "id": text_number(row["id"]),
        "userid": text_number(row["userid"]),
        "orderid": text_number(row["orderid"]),
        "serviceid": text_number(row["hostingid"]),
        "addonid": text_number(row["addonid"]),
        "name": row["name"],
        "recurring": row["recurring"],
        "billingcycle": row["billingcycle"],
        "status": row["status"],
    }
