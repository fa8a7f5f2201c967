"""What the clients of the plan have ordered: services, addons, domains, and who owns which."""

from dataclasses import dataclass
from typing import Any

from whmcs_source.sandbox.seed.company import BACKUPS, BUSINESS, PRODUCTS, RESELLER, SERVER, STARTER
from whmcs_source.sandbox.seed.plan import Line, SeedPlan

FIRST_UPGRADE, FIRST_ITEM = 801, 901
"""In tblupgrades and tblbillableitems there is one row for each monthly service."""

_FIRST_SERVICE, _FIRST_DOMAIN, _FIRST_ADDON = 401, 701, 601


@dataclass(frozen=True, slots=True)
class PlannedService:
    """A service of the plan.

    Attributes:
        amount: Price of one period, in the client's currency.
        cycle: ``Monthly``, ``Quarterly`` or ``Annually``.
        addon: Price of the backups addon, or empty.
        taxed: Whether its lines are in the tax base.
    """

    client: int
    product: int
    domain: str
    amount: str
    cycle: str
    addon: str = ""
    taxed: bool = True


MONTHLY = (
    PlannedService(1, BUSINESS, "ashdown-bakery.example", "14.99", "Monthly", addon="3.50"),
    PlannedService(2, BUSINESS, "copperfield-dental.example", "14.99", "Monthly"),
    PlannedService(6, STARTER, "lanternwick.example", "4.99", "Monthly", addon="3.50"),
    PlannedService(9, SERVER, "vets-db.example", "29.50", "Monthly"),
    PlannedService(11, STARTER, "kestrel-consulting.example", "4.99", "Monthly"),
    PlannedService(13, BUSINESS, "dunlin.example", "14.99", "Monthly"),
    PlannedService(20, RESELLER, "quayside.example", "49.00", "Monthly", addon="3.50"),
    PlannedService(22, SERVER, "cedarhouse.example", "29.50", "Monthly", addon="3.50"),
    PlannedService(23, RESELLER, "shannon-software.example", "57.33", "Monthly"),
    PlannedService(26, BUSINESS, "spreeufer.example", "17.54", "Monthly", addon="4.10"),
    PlannedService(27, SERVER, "tulp.example", "34.52", "Monthly"),
    PlannedService(30, RESELLER, "redwoodlabs.example", "62.23", "Monthly", taxed=False),
)
QUARTERLY = (
    PlannedService(4, BUSINESS, "pennine-joinery.example", "44.97", "Quarterly"),
    PlannedService(7, BUSINESS, "harbour-sons.example", "44.97", "Quarterly", addon="10.50"),
    PlannedService(12, STARTER, "kestrel-training.example", "14.97", "Quarterly"),
    PlannedService(15, BUSINESS, "laxeywheel.example", "44.97", "Quarterly"),
    PlannedService(21, STARTER, "bramblethorn.example", "14.97", "Quarterly"),
    PlannedService(25, BUSINESS, "mueller-webtechnik.example", "52.61", "Quarterly", addon="12.29"),
    PlannedService(28, BUSINESS, "aegean-charts.example", "52.61", "Quarterly"),
    PlannedService(32, STARTER, "mapleridge.example", "19.01", "Quarterly", taxed=False),
    PlannedService(34, SERVER, "alpenblick.example", "88.50", "Quarterly", taxed=False),
)
ANNUALLY = (
    PlannedService(3, STARTER, "oneil.example", "49.90", "Annually"),
    PlannedService(5, STARTER, "bronte.example", "49.90", "Annually"),
    PlannedService(10, BUSINESS, "foxglove.example", "149.90", "Annually", addon="42.00"),
    PlannedService(14, STARTER, "hargreaves.example", "59.88", "Annually"),
    PlannedService(17, BUSINESS, "sableprint.example", "149.90", "Annually"),
    PlannedService(18, STARTER, "natarajan.example", "59.88", "Annually"),
    PlannedService(19, STARTER, "wessex-archery.example", "59.88", "Annually"),
    PlannedService(24, BUSINESS, "claddagh.example", "175.38", "Annually"),
    PlannedService(29, BUSINESS, "atelier-lumiere.example", "175.38", "Annually"),
    PlannedService(31, STARTER, "carter.example", "63.37", "Annually", taxed=False),
    PlannedService(33, BUSINESS, "channel-light.example", "149.90", "Annually", taxed=False),
    PlannedService(35, SERVER, "coralbay.example", "374.65", "Annually", taxed=False),
)
OTHERS = (
    PlannedService(8, BUSINESS, "brightpixel.example", "14.99", "Monthly"),
    PlannedService(16, SERVER, "tyne-logistics.example", "100.00", "Monthly"),
    PlannedService(36, SERVER, "sakura-shoji.example", "12100.00", "Monthly", taxed=False),
    PlannedService(37, BUSINESS, "st-swithuns.example", "149.90", "Annually"),
    PlannedService(38, STARTER, "laurent.example", "58.38", "Annually"),
    PlannedService(39, STARTER, "weber.example", "58.38", "Annually"),
    PlannedService(40, SERVER, "fjordline.example", "100.00", "Monthly"),
    PlannedService(41, SERVER, "oakfield-carpets.example", "100.00", "Monthly"),
    PlannedService(42, SERVER, "rowan-legal.example", "100.00", "Monthly"),
    PlannedService(43, STARTER, "vanished.example", "4.99", "Monthly"),
    PlannedService(44, STARTER, "hollybank.example", "20.00", "Monthly"),
)
SERVICES = (*MONTHLY, *QUARTERLY, *ANNUALLY, *OTHERS)

_DOMAINS = tuple((service.client, service.domain) for service in SERVICES)


def plan_services(plan: SeedPlan) -> None:
    """Order everything, before the first invoice."""
    for service in SERVICES:
        arguments: dict[str, Any] = {"client": service.client, "product": service.product}
        more: dict[str, Any] = {
            "domain": service.domain,
            "amount": service.amount,
            "cycle": service.cycle,
        }
        plan.at("2024-03-01 09:00:00", "create_service", **arguments, **more)
        domain: dict[str, Any] = {"client": service.client, "domain": service.domain}
        plan.at("2024-03-01 09:00:01", "create_domain", **domain, amount="11.99")


def addons() -> list[dict[str, object]]:
    """Rows of tblhostingaddons, in order."""
    return [
        {
            "client": service.client,
            "service": service_id(service),
            "addon": BACKUPS,
            "amount": service.addon,
            "cycle": service.cycle,
        }
        for service in SERVICES
        if service.addon
    ]


def service_of(client: int) -> PlannedService:
    """The client's service."""
    return next(service for service in SERVICES if service.client == client)


def service_id(service: PlannedService) -> int:
    """Its id in tblhosting."""
    return _FIRST_SERVICE + SERVICES.index(service)


def domain_id(client: int) -> int:
    """The id in tbldomains of the client's domain."""
    return _FIRST_DOMAIN + _DOMAINS.index((client, service_of(client).domain))


def hosting(client: int, period: str, *, amount: str = "", text: str = "") -> Line:
    """A line for one period of the client's service; `text` goes below its description."""
    service = service_of(client)
    name = PRODUCTS[service.product - 1][2]
    return {
        "type": "Hosting",
        "relid": service_id(service),
        "description": f"{name} - {service.domain} ({period}){text}",
        "amount": amount or service.amount,
        "taxed": service.taxed,
    }


def backups(client: int, period: str) -> Line:
    """A line for one period of the addon on the client's service."""
    service = service_of(client)
    with_addon = [one for one in SERVICES if one.addon]
    return {
        "type": "Addon",
        "relid": _FIRST_ADDON + with_addon.index(service),
        "description": f"Addon (#{service_id(service)}) - Daily Backups ({period})",
        "amount": service.addon,
        "taxed": service.taxed,
    }


def domain(client: int, *, kind: str = "Domain", amount: str = "11.99") -> Line:
    """A line about the client's domain: renewal, registration or transfer."""
    service = service_of(client)
    words = {"Domain": "Renewal", "DomainRegister": "Registration", "DomainTransfer": "Transfer"}
    return {
        "type": kind,
        "relid": domain_id(client),
        "description": f"Domain {words[kind]} - {service.domain} - 1 Year/s",
        "amount": amount,
        "taxed": service.taxed,
    }


def manual(description: str, amount: str, *, taxed: bool = True, kind: str = "") -> Line:
    """A line that relates to nothing."""
    return {"type": kind, "description": description, "amount": amount, "taxed": taxed}
