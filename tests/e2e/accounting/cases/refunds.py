"""Money that goes back."""

from typing import Any

from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story

PLAIN = {"amount": "80.00", "taxed": True}


def back(stage: Stage, transaction: int, amount: str | None, **more: Any) -> int:
    values = {"date": "2026-10-20", **more}
    if amount is not None:
        values["amount"] = amount
    return stage.do("refund", transaction=transaction, **values)


@story
def refund_undecided(stage: Stage) -> None:
    back(stage, stage.sold("A"), "30.00")


@story
def refund_after_booking_undecided(stage: Stage) -> None:
    paid = stage.sold("A")
    stage.sync()
    back(stage, paid, "30.00")
    stage.sync(late=True)


@story
def price_reduction(stage: Stage) -> None:
    back(stage, stage.sold("A"), "30.00")


@story
def price_reduction_after_booking(stage: Stage) -> None:
    paid = stage.sold("A")
    stage.sync()
    back(stage, paid, "30.00")
    stage.sync(late=True)


@story
def price_reductions_in_parts(stage: Stage) -> None:
    paid = stage.sold("A", "100.83")
    stage.sync()
    for day, amount in (("2026-10-20", "33.33"), ("2026-10-21", "41.00"), ("2026-10-22", None)):
        back(stage, paid, amount, date=day)
        stage.sync(late=True)


@story
def refund_in_full(stage: Stage) -> None:
    back(stage, stage.sold("A"), None)


@story
def refund_of_an_earlier_month(stage: Stage) -> None:
    paid = stage.sold("A", date="2026-09-03")
    stage.sync()
    back(stage, paid, "30.00", date="2026-10-28")
    stage.sync(late=True)


@story
def refund_row_without_invoice(stage: Stage) -> None:
    paid = stage.sold("A")
    stage.sync()
    back(stage, paid, "30.00", row_invoice=0)
    stage.sync(late=True)


@story
def refund_row_on_another_invoice(stage: Stage) -> None:
    paid = stage.sold("A")
    stage.sold("B", "50.00", date="2026-10-13")
    stage.sync()
    back(stage, paid, "30.00", row_invoice=stage.names["B"])
    stage.sync(late=True)


@story
def refund_by_hand(stage: Stage) -> None:
    back(stage, stage.sold("A"), "30.00", to="hand")


def mixed(stage: Stage) -> int:
    """50 at 20 % and 30 at 0 %, as a row of the house's own VAT table has it."""
    return stage.sold("A", "50.00", {"amount": "30.00", "type": "Domain", "taxed": False})


@story
def refund_of_mixed_vat_in_full(stage: Stage) -> None:
    back(stage, mixed(stage), None)


@story
def refund_of_mixed_vat_that_fits(stage: Stage) -> None:
    back(stage, mixed(stage), "30.00")


@story
def refund_of_mixed_vat_open(stage: Stage) -> None:
    back(stage, mixed(stage), "25.00")


@story
def refund_to_balance_undecided(stage: Stage) -> None:
    back(stage, stage.sold("A"), "30.00", to="credit")


@story
def chargeback(stage: Stage) -> None:
    paid = stage.sold("A")
    stage.sync()
    stage.do("chargeback", transaction=paid, fees="15.00", date="2026-10-20")
    stage.sync(late=True)


@story
def refund_of_more_than_received(stage: Stage) -> None:
    """A row by hand that returns more than came in."""
    paid = stage.sold("A")
    row = back(stage, paid, None)
    stage.do("change_transaction", transaction=row, amountout="150.00")


@story
def refund_to_balance(stage: Stage) -> None:
    back(stage, stage.sold("A"), "30.00", to="credit")
