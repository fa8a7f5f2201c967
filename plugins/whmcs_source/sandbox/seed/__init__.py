"""Northwind Hosting Ltd: 43 clients, and their invoices from September 2025 to October 2026.

A few invoices are older. All is the same every time, and independent of today's date. `CASES`
names what a test may want to look at. Beside the plain renewals these are plain too:

    many_lines (120) · part_payments (50.00 and 71.01, two gateways) · split_original
    old_paid_late (issued 2024, paid 2026-10) · same_number_first/second · same_day_1..3

and these are each held or skipped, for a reason of their own:

    before_start_1..5 · refunded_after_start · part_paid_before_start
    proforma_unpaid · unpaid_1..3 · late_fee · draft · cancelled · payment_pending
    merged · split_off · merged_away, deleted and left_client (gone)
    add_funds · half_credit · full_credit · manual_credit_used
    mass_pay_container/first/second · mass_pay_part_container/first/second
    overpaid · duplicate_transaction · full_refund · refund_to_credit · chargeback · negative
    part_refund (the refund's row has invoiceid 0)
    compound_tax · exempt_uk · eu_consumer_french_vat · eu_consumer_no_tax
    uk_untaxed_line · untaxed_discount
    zero_total · zero_datepaid · one_cent_wrong · unknown_line_type
    currency_unknown_1..2 (JPY) · client_ambiguous_1..2
    gateway_gone · mark_paid_empty · mark_paid_amount

These came later, so that no id before them moved; their dates lie among the others. Client 41:

    mass_pay_balance_container/first/second (50.00 of the container from the balance)
    mass_pay_refunded_container/first/second (12.00 of the container's money refunded)
    mass_pay_cancelled_container, mass_pay_cancelled_target (30.00 of balance, 90.00 by card)
    mass_pay_twice_container_1/2, mass_pay_twice_first/second (paid by both)
    promo_by_line (inclusive, rounded line by line; all from the balance)

client 42:

    double_charge (two ids) · excess_used (by its excess) · overpayment_returned (and its credit
    taken off) · several_refunds (30.00, 40.00, 49.99) · refund_by_hand · refund_elsewhere (its row
    names double_charge)

and others: late_fee_paid · zero_by_classes · add_funds_refunded · foreign_add_funds,
foreign_credit (EUR). No invoices: money_without_invoice and its credit, credit_removed.

What is no invoice (the transaction of the expense, the manual credit, ...) is in the table
`sandbox_cases` and at `GET /_sandbox/cases`.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from whmcs_source.sandbox import switches
from whmcs_source.sandbox.desk import AdminArea
from whmcs_source.sandbox.people import create_addon, create_client
from whmcs_source.sandbox.seed import later, plain, services, trouble
from whmcs_source.sandbox.seed.company import fill_company
from whmcs_source.sandbox.seed.personas import clients
from whmcs_source.sandbox.seed.plan import FIRST_INVOICE, Chapter, SeedPlan
from whmcs_source.sandbox.state import Database, insert

_OPENED = "2024-02-01 09:00:00"

_CHAPTERS: tuple[Chapter, ...] = (
    services.plan_services,
    plain.plan_plain,
    plain.plan_oddments,
    trouble.plan_before_start,
    trouble.plan_unpaid,
    trouble.plan_balances,
    trouble.plan_returns,
    trouble.plan_taxes,
    trouble.plan_figures,
    trouble.plan_gateways,
)


@cache
def _plan() -> SeedPlan:
    plan = SeedPlan()
    for chapter in _CHAPTERS:
        chapter(plan)
    return plan


@cache
def _later() -> SeedPlan:
    plan = SeedPlan(first_invoice=FIRST_INVOICE + len(_plan().invoice_ids()))
    for chapter in (later.plan_shared, later.plan_returned, later.plan_others):
        chapter(plan)
    return plan


def _invoice_ids() -> dict[str, int]:
    return {**_plan().invoice_ids(), **_later().invoice_ids()}


def _cases() -> Mapping[str, int]:
    ids = _invoice_ids()
    return MappingProxyType(
        {name: number for name, number in ids.items() if not name.startswith("renewal-")}
    )


CASES: Mapping[str, int] = _cases()
"""Invoice ids of the cases that are worth a name."""

PLAIN: frozenset[int] = _plan().plain_ids()
"""Invoice ids that are bookable without any question."""

_CREDITS = ("manual_credit", "credit_removed", "money_without_invoice credit")


def fill(database: Database, *, values: Mapping[str, str]) -> None:
    """Put the whole company into empty tables; `values` are switches to set before."""
    fill_company(database)
    switches.write(database, values)
    desk = AdminArea(database)
    for client in clients():
        create_client(desk, date=_OPENED, **client)
    known = _later().play(desk, _plan().play(desk))
    for addon in services.addons():
        create_addon(desk, **addon)  # type: ignore[arg-type]  # a row of the plan
    for service in services.MONTHLY:
        upgrade = {"type": "configoptions", "relid": services.service_id(service)}
        insert(database, "tblupgrades", upgrade)
        item = {"userid": service.client, "description": "Support by telephone", "amount": "30.00"}
        insert(database, "tblbillableitems", item)
    invoices = _invoice_ids()
    for name, number in known.items():
        if not name.startswith("renewal-"):
            other = "tblcredit" if name in _CREDITS else "tblaccounts"
            table = "tblinvoices" if name in invoices else other
            row = {"name": name, "tablename": table, "rowid_": number}
            insert(database, "sandbox_cases", row)
