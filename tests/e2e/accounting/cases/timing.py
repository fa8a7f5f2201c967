"""When a document becomes bookable, and what is too early or too late."""

from tests.e2e.accounting.cases.balances import funds, use
from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story, story_alone


@story
def before_start(stage: Stage) -> None:
    stage.sold("A", date="2026-09-01")


@story
def issued_before_start_paid_after(stage: Stage) -> None:
    stage.bill("A", date="2026-09-01")
    stage.pay("A")


@story
def part_paid_before_start(stage: Stage) -> None:
    stage.bill("A", date="2026-09-01")
    stage.pay("A", "50.00", date="2026-09-05", transid="ch_1")
    stage.pay("A", "70.00", transid="ch_2")


@story
def refund_of_a_sale_before_start(stage: Stage) -> None:
    paid = stage.sold("A", date="2026-09-01")
    stage.sync()
    stage.do("refund", transaction=paid, amount="30.00", date="2026-10-20")
    stage.sync(late=True)


@story
def proforma_paid_a_month_later(stage: Stage) -> None:
    stage.bill("A", date="2026-09-10")
    stage.sync()
    stage.pay("A", date="2026-10-12")


@story
def two_years_old_paid_today(stage: Stage) -> None:
    stage.bill("A", date="2024-10-14")
    stage.sync()
    stage.pay("A", date="2026-10-12")


@story
def closed_period(stage: Stage) -> None:
    stage.sold("A", date="2026-09-28")


@story
def closed_period_first_open_day(stage: Stage) -> None:
    stage.sold("A", date="2026-09-28")


@story
def refund_in_a_closed_period(stage: Stage) -> None:
    paid = stage.sold("A", date="2026-09-10")
    stage.do("refund", transaction=paid, amount="30.00", date="2026-09-28")


def _first_line(stage: Stage, name: str) -> int:
    rows = stage.rig.whmcs.rows(
        "SELECT id FROM tblinvoiceitems WHERE invoiceid = ? ORDER BY id", stage.names[name]
    )
    return int(rows[0]["id"])


@story
def edited_after_issue(stage: Stage) -> None:
    stage.bill("A")
    stage.sync()
    change = {_first_line(stage, "A"): {"amount": "90.00"}}
    stage.do("edit_invoice", invoice=stage.names["A"], change=change)
    stage.sync(late=True)
    stage.pay("A", date="2026-10-26")
    stage.sync(late=True)


@story
def cancelled_after_issue(stage: Stage) -> None:
    stage.bill("A")
    stage.sync()
    stage.do("cancel", invoice=stage.names["A"], date="2026-10-20")
    stage.sync(late=True)


@story
def merged_after_issue(stage: Stage) -> None:
    stage.bill("A")
    stage.bill("B", None, "50.00")
    stage.sync()
    stage.do("merge", invoices=[stage.names["A"], stage.names["B"]])
    stage.sync(late=True)


@story
def split_after_issue(stage: Stage) -> None:
    stage.bill("A", None, "100.00", "50.00")
    stage.sync()
    stage.names["B"] = stage.do("split", invoice=stage.names["A"], lines=[_first_line(stage, "A")])
    stage.sync(late=True)


@story
def issued_then_paid_from_balance(stage: Stage) -> None:
    funds(stage, "F", "240.00")
    stage.bill("A")
    stage.sync()
    use(stage, "A", date="2026-10-20")


@story
def issued_paid_and_reduced(stage: Stage) -> None:
    stage.bill("A")
    stage.sync()
    paid = stage.pay("A", date="2026-10-20")
    stage.sync()
    stage.do("refund", transaction=paid, amount="30.00", date="2026-10-26")
    stage.sync(late=True)


@story_alone
def date_on_payment(stage: Stage) -> None:
    """WHMCS moves the invoice's own date to the day of payment."""
    stage.rig.whmcs.switch(date_on_payment="on")
    stage.bill("A", date="2026-09-20")
    stage.sync()
    stage.pay("A", date="2026-10-12")


@story_alone
def date_on_payment_after_issue(stage: Stage) -> None:
    stage.rig.whmcs.switch(date_on_payment="on")
    stage.bill("A", date="2026-09-20")
    stage.sync()
    stage.pay("A", date="2026-10-12")
    stage.sync(late=True)


@story
def opening_item_under_issued(stage: Stage) -> None:
    stage.bill("A", date="2026-09-20")
    stage.sync()
    stage.pay("A", date="2026-10-12")


@story
def second_charge_on_a_sale_before_start(stage: Stage) -> None:
    stage.sold("A", date="2026-09-20", transid="ch_1")
    stage.sync()
    stage.pay("A", "120.00", transid="ch_2")
    stage.sync(late=True)


@story
def refund_on_a_sale_before_start(stage: Stage) -> None:
    """The client goes on buying, so that the client's money is looked at again."""
    paid = stage.sold("A", date="2026-09-20")
    stage.sold("B")
    stage.sync()
    stage.do("refund", transaction=paid, amount="30.00", date="2026-10-26")
    stage.sync(late=True)


@story
def part_payment_in_a_closed_period(stage: Stage) -> None:
    stage.bill("A", date="2026-09-20")
    stage.pay("A", "50.00", transid="ch_1", date="2026-09-28")
    stage.pay("A", "70.00", transid="ch_2")


@story
def part_payment_in_a_closed_period_first_open_day(stage: Stage) -> None:
    part_payment_in_a_closed_period(stage)


@story
def add_funds_in_a_closed_period(stage: Stage) -> None:
    funds(stage, "F", "240.00", date="2026-09-28")


@story
def add_funds_in_a_closed_period_first_open_day(stage: Stage) -> None:
    funds(stage, "F", "240.00", date="2026-09-28")


@story
def merged_into_one_not_booked(stage: Stage) -> None:
    stage.bill("A")
    stage.sync()
    stage.bill("B", None, "50.00")
    stage.do("merge", invoices=[stage.names["A"], stage.names["B"]])
    stage.sync(late=True)


@story
def split_and_settled(stage: Stage) -> None:
    """A person takes the line off A in KashFlow, says so, and B is booked."""
    split_after_issue(stage)
    stage.skip("A", "corrected by hand")
    stage.retry("B")
