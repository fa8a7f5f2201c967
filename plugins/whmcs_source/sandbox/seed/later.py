"""More that is not plainly bookable: balances, mass payments and refunds, entwined.

Played after all else, so that the ids of the first plan stay; an invoice of last summer may well
have been entered in autumn.
"""

from whmcs_source.sandbox.seed.plain import paid, period
from whmcs_source.sandbox.seed.plan import IdOf, SeedPlan
from whmcs_source.sandbox.seed.services import domain, hosting, manual
from whmcs_source.sandbox.seed.trouble import issue, settled, tamper

FUNDED, RETURNED, GIVEN = 41, 42, 44
"""Clients with money on account: who put it there, who got it back, who was given it."""


def plan_shared(plan: SeedPlan) -> None:
    """Mass payments and the balance that 120.00 of added funds left."""
    _pair_of(plan, "mass_pay_balance", "2026-07-06")
    both = [IdOf("mass_pay_balance_first"), IdOf("mass_pay_balance_second")]
    container = IdOf("mass_pay_balance_container")
    plan.at("2026-07-08", "mass_pay", name=container.name, invoices=both, gateway="stripe",
            paid=False)  # fmt: skip
    plan.at("2026-07-08 11:00:00", "apply_credit", invoice=container, amount="50.00")
    plan.at("2026-07-08 12:00:00", "pay", invoice=container, transid="CH_41REST", fees="1.43")

    _pair_of(plan, "mass_pay_refunded", "2026-08-06")
    both = [IdOf("mass_pay_refunded_first"), IdOf("mass_pay_refunded_second")]
    container = IdOf("mass_pay_refunded_container")
    plan.at("2026-08-08", "mass_pay", name=container.name, invoices=both, gateway="stripe",
            paid=False)  # fmt: skip
    plan.at("2026-08-08 11:00:00", "pay", name="mass_pay_refunded paid", invoice=container,
            transid="CH_41BACK", fees="2.18")  # fmt: skip
    plan.at("2026-08-20", "refund", name="mass_pay_refunded row", amount="12.00",
            transaction=IdOf("mass_pay_refunded paid"))  # fmt: skip

    issue(plan, "mass_pay_cancelled_target", FUNDED, "2026-09-07")
    target = IdOf("mass_pay_cancelled_target")
    container = IdOf("mass_pay_cancelled_container")
    plan.at("2026-09-08", "mass_pay", name=container.name, invoices=[target], paid=False)
    plan.at("2026-09-09", "cancel", invoice=container)
    plan.at("2026-09-10", "apply_credit", invoice=target, amount="30.00")
    paid(plan, target.name, FUNDED, "2026-09-11")

    # One by one 4.14 + 0.83 and -2.07 - 0.41 make 2.07 + 0.42; both at once make 2.08 + 0.41.
    off = manual("Promotional Code: HALF - 50% Recurring Discount", "-2.48", kind="PromoHosting")
    span = period(2026, 9, 1)
    full = hosting(FUNDED, span, amount="4.97")
    issue(plan, "promo_by_line", FUNDED, "2026-09-21", [full, {**full, **off}], prices="Inclusive")
    tamper(plan, "promo_by_line", "2026-09-21 10:05:00", subtotal="2.07", tax="0.42")
    plan.at("2026-09-21 11:00:00", "apply_credit", invoice=IdOf("promo_by_line"))

    _pair_of(plan, "mass_pay_twice", "2026-10-06")
    both = [IdOf("mass_pay_twice_first"), IdOf("mass_pay_twice_second")]
    for at in (1, 2):
        name = f"mass_pay_twice_container_{at}"
        plan.at(f"2026-10-07 1{at}:00:00", "mass_pay", name=name, invoices=both,
                gateway="stripe", paid=False)  # fmt: skip
        plan.at(f"2026-10-0{7 + at} 15:00:00", "pay", invoice=IdOf(name), fees="2.18",
                transid=f"CH_41TWICE{at}")  # fmt: skip


def _pair_of(plan: SeedPlan, name: str, when: str) -> None:
    issue(plan, f"{name}_first", FUNDED, when)
    issue(plan, f"{name}_second", FUNDED, when, [domain(FUNDED, amount="10.00")])


def plan_returned(plan: SeedPlan) -> None:
    """Money that was too much, and money that went back, in every way."""
    issue(plan, "double_charge", RETURNED, "2026-07-06")
    for transid in ("CH_42ONE", "CH_42OTHER"):
        paid(plan, "double_charge", RETURNED, "2026-07-10", amount="120.00", transid=transid)
    issue(plan, "excess_used", RETURNED, "2026-07-20")
    plan.at("2026-07-20 11:00:00", "apply_credit", invoice=IdOf("excess_used"))

    issue(plan, "overpayment_returned", RETURNED, "2026-08-03")
    paid(plan, "overpayment_returned", RETURNED, "2026-08-10", amount="120.00")
    plan.at("2026-08-10 10:30:00", "pay", name="overpayment_returned again", amount="120.00",
            invoice=IdOf("overpayment_returned"), transid="CH_42AGAIN")  # fmt: skip
    plan.at("2026-08-17", "refund", transaction=IdOf("overpayment_returned again"))
    plan.at("2026-08-17 10:05:00", "add_credit", client=RETURNED, amount="-120.00",
            description="Overpayment was refunded")  # fmt: skip

    settled(plan, "several_refunds", RETURNED, "2026-05-04", "99.99")
    for when, amount in (("2026-06-01", "30.00"), ("2026-07-01", "40.00"), ("2026-09-01", "49.99")):
        plan.at(when, "refund", transaction=IdOf("several_refunds paid"), amount=amount,
                transid=f"RE_42{when[5:7]}")  # fmt: skip
    settled(plan, "refund_by_hand", RETURNED, "2026-06-05", "100.00")
    plan.at("2026-07-14", "refund", transaction=IdOf("refund_by_hand paid"), amount="20.00",
            to="hand")  # fmt: skip
    settled(plan, "refund_elsewhere", RETURNED, "2026-07-07", "100.00")
    plan.at("2026-08-14", "refund", name="refund_elsewhere row", amount="25.00",
            transaction=IdOf("refund_elsewhere paid"),
            row_invoice=IdOf("double_charge"))  # fmt: skip

    plan.at("2026-10-05", "record_money", name="money_without_invoice", client=RETURNED,
            amount_in="25.00", gateway="banktransfer", transid="FP_42NOREF",
            description="Bank transfer without reference")  # fmt: skip
    plan.at("2026-10-05 10:10:00", "add_credit", name="money_without_invoice credit",
            client=RETURNED, amount="25.00", description="Bank transfer of 5 October")  # fmt: skip


def plan_others(plan: SeedPlan) -> None:
    """A late fee that was paid, classes of tax that cancel out, and funds that went elsewhere."""
    fee = manual("Late Fee (Added 10/08/2026)", "5.00", kind="LateFee")
    issue(plan, "late_fee_paid", 4, "2026-07-27", [domain(4), fee])
    paid(plan, "late_fee_paid", 4, "2026-08-12")
    hosted = hosting(GIVEN, period(2026, 8, 1), amount="20.00")
    issue(plan, "zero_by_classes", GIVEN, "2026-08-05",
          [hosted, manual("Settled by barter", "-24.00", taxed=False)])  # fmt: skip
    plan.at("2026-09-02", "add_credit", name="credit_removed", client=GIVEN, amount="-6.00",
            description="Rest of the goodwill taken back")  # fmt: skip

    funds = manual("Add Funds", "50.00", kind="AddFunds", taxed=False)
    issue(plan, "add_funds_refunded", GIVEN, "2026-09-08", [funds], gateway="paypal")
    paid(plan, "add_funds_refunded", GIVEN, "2026-09-08 12:00:00", fees="1.75")
    plan.at("2026-09-18", "refund", transaction=IdOf("add_funds_refunded paid"))
    plan.at("2026-09-18 10:05:00", "add_credit", client=GIVEN, amount="-50.00",
            description="Funds were paid back")  # fmt: skip

    plan.at("2026-09-14", "add_funds", name="foreign_add_funds", client=24, amount="60.00",
            gateway="paypal", transid="PAY_24FUNDS", fees="2.10", rate="1.17220")  # fmt: skip
    issue(plan, "foreign_credit", 24, "2026-09-28", [domain(24)])
    plan.at("2026-09-28 11:00:00", "apply_credit", invoice=IdOf("foreign_credit"))
