"""Mass payments: one charge for several invoices."""

from typing import Any

from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story, story_alone


def together(stage: Stage, *names: str, **more: Any) -> None:
    """Pay these at once; the container is M."""
    values = {"gateway": "stripe", "transid": "ch_M", **more}
    stage.names["M"] = stage.do(
        "mass_pay", invoices=[stage.names[name] for name in names], **values
    )


def two(stage: Stage) -> None:
    stage.bill("A")
    stage.bill("B", None, {"amount": "10.00", "type": "Domain"})


@story
def mass_payment(stage: Stage) -> None:
    two(stage)
    together(stage, "A", "B")


@story
def mass_payment_seen_late(stage: Stage) -> None:
    """Its invoices were known as unpaid before the container came."""
    two(stage)
    stage.sync()
    together(stage, "A", "B")


@story
def mass_payment_partly_paid_before(stage: Stage) -> None:
    two(stage)
    stage.pay("A", "50.00", date="2026-10-05")
    stage.sync()
    together(stage, "A", "B")


@story
def mass_payment_fee(stage: Stage) -> None:
    two(stage)
    together(stage, "A", "B", fees="2.05")


@story
def mass_payment_refunded(stage: Stage) -> None:
    """Part of the container's money went back: whose price that lowers nobody can say."""
    two(stage)
    together(stage, "A", "B")
    row = stage.rig.whmcs.rows("SELECT id FROM tblaccounts WHERE invoiceid = ?", stage.names["M"])[
        0
    ]["id"]
    stage.do("refund", transaction=row, amount="12.00", date="2026-10-13")


@story_alone
def mass_payment_in_9(stage: Stage) -> None:
    stage.rig.whmcs.switch(version="9.0.5")
    two(stage)
    together(stage, "A", "B")
