"""The invoices that are not plainly bookable: each is held or skipped for a reason of its own."""

from collections.abc import Sequence
from typing import Any

from whmcs_source.sandbox.money import Amount
from whmcs_source.sandbox.seed.company import GBP
from whmcs_source.sandbox.seed.personas import LEFT_CLIENT
from whmcs_source.sandbox.seed.plain import paid, period
from whmcs_source.sandbox.seed.plan import IdOf, Line, SeedPlan
from whmcs_source.sandbox.seed.services import backups, domain, hosting, manual
from whmcs_source.sandbox.tables_ddl import ZERO_MOMENT


def issue(
    plan: SeedPlan, name: str, client: int, when: str, lines: Sequence[Line] = (), **more: Any
) -> None:
    """Plan an invoice that is not plain; for one period of the client's service by default."""
    year, month = int(when[:4]), int(when[5:7])
    wanted = list(lines) or [hosting(client, period(year, month, 1))]
    plan.at(when, "create_invoice", name=name, client=client, lines=wanted, **more)


def tamper(plan: SeedPlan, name: str, when: str, **values: object) -> None:
    """Plan a change of an invoice's row that an add-on, or a hand in the database, makes."""
    plan.at(when, "tamper", table="tblinvoices", row=IdOf(name), values=values)


def settled(plan: SeedPlan, name: str, client: int, when: str, amount: Amount) -> None:
    """Plan an invoice of this net amount that is paid on the 20th; the payment is `NAME paid`."""
    issue(plan, name, client, when, [hosting(client, period(2026, 1, 1), amount=str(amount))])
    paid(plan, name, client, when[:8] + "20")


def plan_before_start(plan: SeedPlan) -> None:
    """What was over before the bridge's start date, and what reaches across it."""
    for at, client in enumerate((1, 2, 7, 20, 23), 1):
        issue(plan, f"before_start_{at}", client, f"2025-0{4 + at // 2}-0{at}")
        paid(plan, f"before_start_{at}", client, f"2025-0{4 + at // 2}-1{at}")
    settled(plan, "refunded_after_start", 42, "2025-08-04", "50.00")
    plan.at("2025-09-15", "refund", transaction=IdOf("refunded_after_start paid"))
    issue(plan, "part_paid_before_start", 16, "2025-08-11")
    paid(plan, "part_paid_before_start", 16, "2025-08-25", amount="40.00")
    plan.at("2025-09-08", "pay", invoice=IdOf("part_paid_before_start"), amount="80.00",
            gateway="banktransfer", transid="FP_16C")  # fmt: skip


def plan_unpaid(plan: SeedPlan) -> None:
    """What nobody has paid, and what nobody should."""
    issue(plan, "proforma_unpaid", 9, "2026-10-06")
    for at, client in enumerate((5, 17, 24), 1):
        issue(plan, f"unpaid_{at}", client, f"2026-10-2{at}", [domain(client)])
    issue(plan, "late_fee", 4, "2026-07-06", [domain(4)])
    plan.at("2026-07-27", "add_late_fee", invoice=IdOf("late_fee"), amount="5.00")
    issue(plan, "draft", 22, "2026-09-14", status="Draft")
    issue(plan, "cancelled", 19, "2026-04-13", [domain(19)])
    plan.at("2026-05-01", "cancel", invoice=IdOf("cancelled"))
    issue(plan, "payment_pending", 11, "2026-10-27", [domain(11)])
    plan.at("2026-10-28", "set_status", invoice=IdOf("payment_pending"), status="Payment Pending")
    issue(plan, "merged_away", 2, "2026-08-17", [domain(2)])
    issue(plan, "merged", 2, "2026-09-17", [hosting(2, period(2026, 9, 1))])
    both = [IdOf("merged_away"), IdOf("merged")]
    plan.at("2026-09-18", "merge", invoices=both)
    issue(plan, "deleted", 21, "2026-04-20", [domain(21)])
    plan.at("2026-04-21", "delete_invoice", invoice=IdOf("deleted"))


def plan_balances(plan: SeedPlan) -> None:
    """Money on account: put there, used, given, and shared out by mass payments."""
    plan.at("2026-01-08", "add_funds", name="add_funds", client=41, amount="240.00",
            gateway="stripe", transid="CH_41FUNDS", fees="4.52")  # fmt: skip
    issue(plan, "half_credit", 41, "2026-02-05")
    plan.at("2026-02-05 11:00:00", "apply_credit", invoice=IdOf("half_credit"), amount="60.00")
    paid(plan, "half_credit", 41, "2026-02-09")
    issue(plan, "full_credit", 41, "2026-03-05", [hosting(41, period(2026, 3, 1), amount="50.00")])
    plan.at("2026-03-05 11:00:00", "apply_credit", invoice=IdOf("full_credit"))

    for name, when in (("mass_pay", "2026-04"), ("mass_pay_part", "2026-06")):
        first, second = f"{name}_first", f"{name}_second"
        issue(plan, first, 41, f"{when}-06")
        issue(plan, second, 41, f"{when}-07", [domain(41, amount="10.00")])
        if name == "mass_pay_part":
            paid(plan, first, 41, f"{when}-08", amount="50.00", transid="CH_41FIFTY")
        plan.at(f"{when}-10", "mass_pay", name=f"{name}_container", gateway="stripe",
                invoices=[IdOf(first), IdOf(second)], transid=f"CH_41{name}".upper(),
                fees="2.58")  # fmt: skip

    plan.at("2026-03-18", "add_credit", name="manual_credit", client=44, amount="30.00",
            description="Goodwill for the outage of 12 March")  # fmt: skip
    issue(plan, "manual_credit_used", 44, "2026-04-01")
    plan.at("2026-04-01 11:00:00", "apply_credit", invoice=IdOf("manual_credit_used"))


def plan_returns(plan: SeedPlan) -> None:
    """Money that came twice, or too much, or went back."""
    issue(plan, "overpaid", 42, "2025-11-03")
    paid(plan, "overpaid", 42, "2025-11-10", amount="130.00")
    issue(plan, "duplicate_transaction", 42, "2025-12-03")
    for minute in ("10:00:00", "10:00:41"):
        paid(plan, "duplicate_transaction", 42, f"2025-12-09 {minute}", amount="120.00")
    for name, when in (
        ("full_refund", "2026-01-05"),
        ("part_refund", "2026-02-05"),
        ("refund_to_credit", "2026-03-05"),
        ("chargeback", "2026-05-05"),
    ):
        settled(plan, name, 42, when, "100.00")
    plan.at("2026-02-02", "refund", transaction=IdOf("full_refund paid"))
    plan.at("2026-03-02", "refund", name="part_refund row", amount="30.00", row_invoice=0,
            transaction=IdOf("part_refund paid"))  # fmt: skip
    plan.at("2026-03-30", "refund", amount="30.00", to="credit",
            transaction=IdOf("refund_to_credit paid"))  # fmt: skip
    plan.at("2026-07-01", "chargeback", transaction=IdOf("chargeback paid"), fees="15.00")
    issue(plan, "negative", 42, "2026-06-02", [hosting(42, period(2026, 2, 1), amount="-100.00")])
    tamper(plan, "negative", "2026-06-02 10:05:00", status="Paid", datepaid="2026-06-02 10:05:00")


def plan_taxes(plan: SeedPlan) -> None:
    """VAT that no rule books by itself."""
    issue(plan, "compound_tax", 40, "2025-10-07", taxrate="10", taxrate2="5", compound=True)
    paid(plan, "compound_tax", 40, "2025-10-15")
    for name, client, when in (
        ("exempt_uk", 37, "2025-11-05"),
        ("eu_consumer_french_vat", 38, "2025-12-04"),
        ("eu_consumer_no_tax", 39, "2026-01-06"),
    ):
        issue(plan, name, client, when)
        paid(plan, name, client, when[:8] + "16")
    notice = manual("Postage of the certificate", "20.00", taxed=False)
    issue(plan, "uk_untaxed_line", 1, "2026-05-18", [hosting(1, period(2026, 5, 1)), notice])
    paid(plan, "uk_untaxed_line", 1, "2026-05-21")
    discount = manual("Discount agreed with Rose", "-10.00", taxed=False)
    issue(plan, "untaxed_discount", 21, "2026-07-14", [domain(21, amount="100.00"), discount])
    paid(plan, "untaxed_discount", 21, "2026-07-16")


def plan_figures(plan: SeedPlan) -> None:
    """Figures and words that do not add up, or mean something that is not known."""
    issue(plan, "zero_total", 3, "2026-02-16", promo="100")
    issue(plan, "zero_datepaid", 22, "2026-03-16", [backups(22, period(2026, 3, 1))])
    paid(plan, "zero_datepaid", 22, "2026-03-20")
    tamper(plan, "zero_datepaid", "2026-03-20 12:00:00", datepaid=ZERO_MOMENT)
    issue(plan, "one_cent_wrong", 16, "2026-06-09")
    paid(plan, "one_cent_wrong", 16, "2026-06-12")
    tamper(plan, "one_cent_wrong", "2026-06-12 12:00:00", subtotal="100.01")
    usage = manual("CPU hours, August", "12.50", kind="ProxmoxUsage")
    issue(plan, "unknown_line_type", 20, "2026-09-01", [usage])
    paid(plan, "unknown_line_type", 20, "2026-09-04")
    for at, when in enumerate(("2026-04-02", "2026-05-02"), 1):
        issue(plan, f"currency_unknown_{at}", 36, when)
        paid(plan, f"currency_unknown_{at}", 36, when[:8] + "09", rate="188.50000")
    for at, when in enumerate(("2025-12-08", "2026-06-08"), 1):
        issue(plan, f"client_ambiguous_{at}", 8, when)
        paid(plan, f"client_ambiguous_{at}", 8, when[:8] + "17")


def plan_gateways(plan: SeedPlan) -> None:
    """Money whose way is not known."""
    issue(plan, "gateway_gone", 19, "2025-09-09", [domain(19, amount="24.00")],
          gateway="worldpay_old")  # fmt: skip
    plan.at("2025-09-12", "pay", invoice=IdOf("gateway_gone"), gateway="worldpay_old",
            transid="WP-88121", fees="0.55")  # fmt: skip
    for name, client, amount in (("mark_paid_empty", 14, "0"), ("mark_paid_amount", 18, "14.39")):
        issue(plan, name, client, "2026-01-19", [domain(client)])
        plan.at("2026-01-29", "mark_paid", name=f"{name} row", invoice=IdOf(name), amount=amount)
    plan.at("2026-02-26", "record_money", name="expense", currency=GBP, amount_out="15.00",
            gateway="banktransfer", description="Server bill", transid="")  # fmt: skip
    issue(plan, "left_client", LEFT_CLIENT, "2026-02-10")
    paid(plan, "left_client", LEFT_CLIENT, "2026-02-12")
    plan.at("2026-05-29", "delete_client", client=LEFT_CLIENT)
