"""What an admin does to clients and to what they have ordered."""

import uuid
from typing import Any

from whmcs_source.sandbox.desk import AdminArea
from whmcs_source.sandbox.money import Amount, money
from whmcs_source.sandbox.state import insert, update

_CODES = uuid.UUID("6f1d7c1e-94a4-4b3f-9a55-2d64f7f0a1c3")


def create_client(
    desk: AdminArea,
    *,
    firstname: str,
    lastname: str,
    email: str,
    date: str | None = None,
    client: int | None = None,
    **fields: Any,
) -> int:
    """Make a client with its owner's login; `fields` are further columns of tblclients."""
    when = desk.moment(date)
    values = {
        "firstname": firstname,
        "lastname": lastname,
        "email": email,
        "datecreated": when[:10],
        "created_at": when,
        "updated_at": when,
        **fields,
    }
    created = insert(
        desk.database, "tblclients", values if client is None else {"id": client, **values}
    )
    update(desk.database, "tblclients", created, {"uuid": str(uuid.uuid5(_CODES, str(created)))})
    login = {"first_name": firstname, "last_name": lastname, "email": email}
    user = insert(desk.database, "tblusers", login)
    tie = {"auth_user_id": user, "client_id": created, "owner": 1}
    insert(desk.database, "tblusers_clients", tie)
    return created


def change_client(desk: AdminArea, *, client: int, date: str | None = None, **fields: Any) -> int:
    """Change a client's email, country, currency, tax id, ...; old invoices are re-labelled."""
    desk.client(client)
    update(desk.database, "tblclients", client, {**fields, "updated_at": desk.moment(date)})
    return client


def delete_client(desk: AdminArea, *, client: int, transactions: bool = False) -> int:
    """Delete a client with invoices; transactions stay unless asked (DeleteClient)."""
    desk.client(client)
    doomed = [
        "DELETE FROM tblinvoiceitems WHERE userid = ?",
        "DELETE FROM tblinvoices WHERE userid = ?",
        "DELETE FROM tblcredit WHERE clientid = ?",
        "DELETE FROM tblhosting WHERE userid = ?",
        "DELETE FROM tbldomains WHERE userid = ?",
        "DELETE FROM tblhostingaddons WHERE userid = ?",
        "DELETE FROM tblusers_clients WHERE client_id = ?",
        "DELETE FROM tblclients WHERE id = ?",
    ]
    if transactions:
        doomed.append("DELETE FROM tblaccounts WHERE userid = ?")
    for statement in doomed:
        desk.database.execute(statement, (client,))
    return client


def create_service(
    desk: AdminArea,
    *,
    client: int,
    product: int,
    domain: str,
    amount: Amount,
    cycle: str = "Monthly",
    date: str | None = None,
) -> int:
    """Give a client a service; its id is what a Hosting line relates to."""
    when = desk.moment(date)
    values = {
        "userid": client,
        "packageid": product,
        "regdate": when[:10],
        "domain": domain,
        "paymentmethod": desk.client(client)["defaultgateway"],
        "firstpaymentamount": money(amount),
        "amount": money(amount),
        "billingcycle": cycle,
        "domainstatus": "Active",
    }
    return insert(desk.database, "tblhosting", values)


def create_domain(
    desk: AdminArea, *, client: int, domain: str, amount: Amount, date: str | None = None
) -> int:
    """Give a client a domain; its id is what a Domain line relates to."""
    when = desk.moment(date)
    values = {
        "userid": client,
        "type": "Register",
        "registrationdate": when[:10],
        "domain": domain,
        "recurringamount": money(amount),
        "registrationperiod": 1,
        "status": "Active",
    }
    return insert(desk.database, "tbldomains", values)


def create_addon(
    desk: AdminArea,
    *,
    client: int,
    service: int,
    addon: int,
    amount: Amount,
    cycle: str = "Monthly",
) -> int:
    """Give a service an addon; its id is what an Addon line relates to."""
    values = {
        "hostingid": service,
        "addonid": addon,
        "userid": client,
        "name": desk.one("tbladdons", addon, "addon")["name"],
        "recurring": money(amount),
        "billingcycle": cycle,
        "status": "Active",
    }
    return insert(desk.database, "tblhostingaddons", values)
