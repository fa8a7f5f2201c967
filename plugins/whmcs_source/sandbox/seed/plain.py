"""The invoices that are bookable without question: fourteen months of renewals, and oddments."""

import datetime as dt
from decimal import Decimal
from typing import Any

from whmcs_source.sandbox.money import cents
from whmcs_source.sandbox.seed.company import EUR, USD
from whmcs_source.sandbox.seed.personas import clients
from whmcs_source.sandbox.seed.plan import IdOf, Line, SeedPlan
from whmcs_source.sandbox.seed.services import (
    ANNUALLY,
    FIRST_ITEM,
    FIRST_UPGRADE,
    MONTHLY,
    QUARTERLY,
    PlannedService,
    backups,
    domain,
    hosting,
    manual,
    service_id,
)

MONTHS = tuple((2025 + (8 + at) // 12, (8 + at) % 12 + 1) for at in range(14))
"""September 2025 to October 2026."""

_BASE = {EUR: Decimal("1.17"), USD: Decimal("1.27")}
_GATEWAYS = {str(client["client"]): str(client["defaultgateway"]) for client in clients()}
_CURRENCIES = {str(client["client"]): int(client["currency"]) for client in clients()}

_LONG = (
    "\r\nIncludes: 10 GB of disk space, 100 GB of traffic, 20 mailboxes<br />\r\n"
    "Managed updates &amp; nightly backups, kept for 30 days in a second data centre.\r\n"
    "As agreed by telephone with Mrs O&#039;Dowd: &quot;&lt;b&gt;priority&lt;/b&gt; answers within"
    " four hours on working days, within eight hours on all other days&quot;."
)


def day(year: int, month: int, number: int) -> str:
    """A day as the tables hold it."""
    return str(dt.date(year, month, number))


def period(year: int, month: int, months: int) -> str:
    """A period of service, as descriptions show it."""
    start = dt.date(year, month, 1)
    after = month - 1 + months
    end = dt.date(year + after // 12, after % 12 + 1, 1) - dt.timedelta(days=1)
    return f"{start:%d/%m/%Y} - {end:%d/%m/%Y}"


def bill(
    plan: SeedPlan, name: str, client: int, issued: str, lines: list[Line], **more: Any
) -> None:
    """Plan an invoice that is plainly bookable once it is paid."""
    plan.at(issued, "create_invoice", name=name, plain=True, client=client, lines=lines, **more)


def paid(plan: SeedPlan, name: str, client: int, when: str, **more: Any) -> None:
    """Plan the payment of an invoice in full, through the client's gateway.

    A foreign one bears the rate of its day, which swings about that of tblcurrencies.
    """
    gateway = str(more.pop("gateway", _GATEWAYS[str(client)]))
    currency = _CURRENCIES[str(client)]
    number = int(when.replace("-", "")[:8]) * 31 + client * 17
    if currency in _BASE:
        swing = Decimal(number % 4001 - 2000) / 100_000
        more.setdefault("rate", f"{_BASE[currency] + swing:.5f}")
    ids = {"stripe": "ch", "paypal": "PAY", "gocardless": "PM", "banktransfer": "FP"}
    more.setdefault("transid", f"{ids[gateway]}_{client:02d}{name.replace('-', '')}".upper())
    plan.at(when, "pay", name=f"{name} paid", invoice=IdOf(name), gateway=gateway, **more)


def plan_plain(plan: SeedPlan) -> None:
    """Everything that recurs."""
    for service in MONTHLY:
        for at in range(len(MONTHS)):
            _renewal(plan, service, at, 1)
    for number, service in enumerate(QUARTERLY):
        for at in range(number % 3, len(MONTHS), 3):
            _renewal(plan, service, at, 3)
    for number, service in enumerate(ANNUALLY):
        _renewal(plan, service, 0 if service.client in _INCLUSIVE else number + 1, 12)


_INCLUSIVE = (14, 18, 19)
"""Billed once while prices contained the tax: the setting was changed in October 2025."""


def _renewal(plan: SeedPlan, service: PlannedService, at: int, months: int) -> None:
    year, month = MONTHS[at]
    client, span = service.client, period(year, month, months)
    name = f"renewal-{client}-{year}-{month:02d}"
    lines = [hosting(client, span, text=_LONG if (client + at) % 11 == 0 else "")]
    if service.addon:
        lines.append(backups(client, span))
    lines += _extras(service, at)
    more: dict[str, Any] = {}
    if client in _INCLUSIVE:
        more["prices"] = "inclusive"
    if (client, at) in _PROMOTED:
        more["promo"] = _PROMOTED[client, at]
    issued = 1 + (client * 5) % 12
    bill(plan, name, client, day(year, month, issued), lines, **more)
    payment: dict[str, Any] = {}
    if _GATEWAYS[str(client)] == "stripe" and client % 2 == 0:
        gross = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
        payment["fees"] = str(cents(gross * Decimal("0.018") + Decimal("0.20")))
    if client in (6, 13) and at % 4 == 2:
        payment["gateway"] = "banktransfer"
    paid(plan, name, client, day(year, month, issued + 1 + (client + 3 * at) % 13), **payment)


_PROMOTED = {(1, 0): "50", (6, 3): "20", (12, 2): "25", (17, 5): "10", (23, 2): "10"}


def _extras(service: PlannedService, at: int) -> list[Line]:
    """What stands on a renewal besides, now and then: each type of line that a sale may have."""
    client = service.client
    if service in ANNUALLY:
        return [domain(client)]
    if service not in MONTHLY or at % 7 != client % 7:
        return []
    number = MONTHLY.index(service)
    setup = {"type": "Setup", "relid": service_id(service), "taxed": service.taxed}
    upgrade = {"type": "Upgrade", "relid": FIRST_UPGRADE + number, "taxed": service.taxed}
    item = {"type": "Item", "relid": FIRST_ITEM + number, "taxed": service.taxed}
    choices: list[list[Line]] = [
        [domain(client, kind="DomainRegister", amount="8.49")],
        [{**setup, "description": f"{service.domain} Setup Fee", "amount": "25.00"}],
        [{**upgrade, "description": f"Upgrade of disk - {service.domain}", "amount": "7.37"}],
        [{**item, "description": "Support by telephone, 0.5 hours at 60.00", "amount": "30.00"}],
        [domain(client, kind="DomainTransfer", amount="8.49")],
        [manual("Copy of mailboxes from the previous host", "18.75", taxed=service.taxed)],
        [manual("Agency discount", "-4.90", kind="GroupDiscount", taxed=service.taxed)],
    ]
    return choices[(number + at // 7 * 5) % len(choices)]


def plan_oddments(plan: SeedPlan) -> None:
    """Plain to book, and each of them a trap for a careless reader."""
    many = [manual(f"Domain Renewal - depot{at:03d}.example - 1 Year/s", "8.99", kind="Domain")
            for at in range(1, 121)]  # fmt: skip
    bill(plan, "many_lines", 16, "2026-02-02", many)
    paid(plan, "many_lines", 16, "2026-02-19")

    bill(
        plan, "part_payments", 16, "2026-03-02", [hosting(16, period(2026, 3, 1), amount="100.84")]
    )
    paid(plan, "part_payments", 16, "2026-03-09", amount="50.00", transid="FP_16A")
    plan.at("2026-03-24", "pay", invoice=IdOf("part_payments"), amount="71.01", transid="CH_16B",
            gateway="stripe", fees="1.47")  # fmt: skip

    bill(plan, "old_paid_late", 4, "2024-03-11", [hosting(4, period(2024, 3, 3))], taxrate="20")
    paid(plan, "old_paid_late", 4, "2026-10-20")

    for name, client in (("same_number_first", 21), ("same_number_second", 12)):
        bill(plan, name, client, "2026-06-15", [domain(client)])
        paid(plan, name, client, "2026-06-22")
    same = {"invoicenum": "INV-2026-9000"}
    for name in ("same_number_first", "same_number_second"):
        plan.at("2026-06-23", "tamper", table="tblinvoices", row=IdOf(name), values=same)

    for at in range(3):
        name = f"same_day_{at + 1}"
        bill(plan, name, 20, f"2026-05-12 09:0{at}:00", [hosting(20, period(2026, 6 + at, 1))])
        paid(plan, name, 20, "2026-05-14")

    bill(plan, "split_original", 2, "2026-08-03", [hosting(2, period(2026, 8, 1)), domain(2)])
    plan.at("2026-08-05", "split", name="split_off", invoice=IdOf("split_original"),
            lines=[IdOf("split_original", 2)])  # fmt: skip
    paid(plan, "split_original", 2, "2026-08-10")
