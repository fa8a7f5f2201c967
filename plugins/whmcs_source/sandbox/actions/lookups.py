"""Small look-ups: version, settings, currencies, gateways, products, automation, statistics."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

from whmcs_source.sandbox.actions.registry import ActionRefusal, ApiCall, Reply, action
from whmcs_source.sandbox.money import exact, money
from whmcs_source.sandbox.state import Database, Row

_CYCLES = ("monthly", "quarterly", "semiannually", "annually", "biennially", "triennially")


@action("WhmcsDetails")
def whmcs_details(call: ApiCall) -> Reply:
    """The version."""
    version = call.shape.switches["version"]
    canonical = f"{version}-release.1"
    return {"result": "success", "whmcs": {"version": version, "canonicalversion": canonical}}


@action("GetConfigurationValue", "setting")
def get_configuration_value(call: ApiCall) -> Reply:
    """One setting of tblconfiguration."""
    name = call.text("setting")
    if not name:
        raise ActionRefusal("Parameter setting is required")
    row = call.database.execute(
        "SELECT setting, value FROM tblconfiguration WHERE setting = ?", (name,)
    ).fetchone()
    if row is None:
        raise ActionRefusal("Invalid name for parameter setting")
    return {"result": "success", "setting": row["setting"], "value": row["value"]}


@action("GetCurrencies", flat=True)
def get_currencies(call: ApiCall) -> Reply:
    """Currencies with today's rates; the default one has 1.00000."""
    shape = call.shape
    found = call.database.execute("SELECT * FROM tblcurrencies ORDER BY id").fetchall()
    names = ("code", "prefix", "suffix")
    rows = [
        {
            "id": shape.number(row["id"]),
            **{name: row[name] for name in names},
            "format": shape.number(row["format"]),
            "rate": row["rate"],
        }
        for row in found
    ]
    reply: Reply = {"result": "success", "totalresults": shape.number(len(rows))}
    shape.put(reply, "currencies", "currency", rows)
    return reply


@action("GetPaymentMethods")
def get_payment_methods(call: ApiCall) -> Reply:
    """Gateways that are active; one that old transactions name may be missing."""
    found = call.database.execute(
        "SELECT gateway, value FROM tblpaymentgateways WHERE setting = 'name' ORDER BY `order`"
    ).fetchall()
    rows = [{"module": row["gateway"], "displayname": row["value"]} for row in found]
    reply: Reply = {"result": "success", "totalresults": call.shape.number(len(rows))}
    call.shape.put(reply, "paymentmethods", "paymentmethod", rows)
    return reply


@action("GetProducts", "pid", "gid", "module")
def get_products(call: ApiCall) -> Reply:
    """Every product that matches, with prices."""
    wanted = {int(part) for part in call.text("pid").split(",") if part.strip().isdigit()}
    group, module = call.whole("gid"), call.text("module")
    found = [
        row
        for row in call.database.execute("SELECT * FROM tblproducts ORDER BY id")
        if (not wanted or row["id"] in wanted)
        and (not group or row["gid"] == group)
        and (not module or row["servertype"] == module)
    ]
    shape, rows = call.shape, [_product(call, row) for row in found]
    reply: Reply = {
        "result": "success",
        "totalresults": shape.number(len(rows)),
        "startnumber": shape.number(0),
        "numreturned": shape.number(len(rows)),
    }
    shape.put(reply, "products", "product", rows)
    return reply


def _product(call: ApiCall, row: Row) -> dict[str, Any]:
    shape = call.shape
    return {
        "pid": shape.number(row["id"]),
        "gid": shape.number(row["gid"]),
        "type": row["type"],
        "name": row["name"],
        "slug": row["slug"],
        "product-url": f"https://billing.northwind.example/store/{row['slug']}",
        "description": row["description"],
        "module": row["servertype"],
        "paytype": row["paytype"],
        "allowqty": shape.number(0),
        "quantity_available": shape.number(0),
        "pricing": _pricing(call.database, row),
        "customfields": {"customfield": []},
        "configoptions": {"configoption": []},
    }


def _pricing(database: Database, row: Row) -> dict[str, Any]:
    """Prices by currency and cycle; −1.00 is a cycle that is not sold."""
    off = dict.fromkeys((*_CYCLES, *(f"{cycle[0]}setupfee" for cycle in _CYCLES)), "-1.00")
    pricing = {}
    for currency in database.execute("SELECT * FROM tblcurrencies ORDER BY id"):
        rate = exact(currency["rate"])
        sold = {cycle: money(exact(row[cycle]) * rate) for cycle in ("monthly", "annually")}
        names = {"prefix": currency["prefix"], "suffix": currency["suffix"]}
        pricing[currency["code"]] = {**names, **off, **sold}
    return pricing


@action("GetAutomationLog", "startdate", "enddate", "namespace")
def get_automation_log(call: ApiCall) -> Reply:
    """The server's local time, and when the daily cron last ran."""
    now = call.desk.now
    return {
        "result": "success",
        "currentDatetime": now,
        "lastDailyCronInvocationTime": f"{now[:10]} 00:05:11",
        "startdate": call.text("startdate", now[:10]),
        "enddate": call.text("enddate", now[:10]),
        "statistics": {},
    }


@action("GetStats", "timeline_days")
def get_stats(call: ApiCall) -> Reply:
    """Income and expenditure per day, in the base currency; sums are formatted for people."""
    today = dt.date.fromisoformat(call.desk.now[:10])
    days = min(call.whole("timeline_days"), 90)
    first = str(today - dt.timedelta(days=days))
    income: dict[str, Decimal] = defaultdict(Decimal)
    spent: dict[str, Decimal] = defaultdict(Decimal)
    alltime = Decimal(0)
    for row in call.database.execute("SELECT date, amountin, amountout, rate FROM tblaccounts"):
        day, rate = row["date"][:10], exact(row["rate"])
        alltime += exact(row["amountin"]) / rate
        if day > first:
            income[day] += exact(row["amountin"]) / rate
            spent[day] += exact(row["amountout"]) / rate
    reply: Reply = {"result": "success", "income_alltime": f"£{money(alltime)} GBP"}
    reply["income_today"] = f"£{money(income[str(today)])} GBP"
    if days:
        every = [str(today - dt.timedelta(days=back)) for back in range(days)]
        timeline: dict[str, Any] = {
            "income": {day: money(income[day]) for day in every},
            "expenditure": {day: money(spent[day]) for day in every},
        }
        reply["timeline_data"] = timeline
    return reply
