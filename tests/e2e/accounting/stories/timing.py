"""When a document becomes bookable, and what is too early or too late."""

from tests.e2e.accounting.cast import story
from tests.e2e.accounting.stage import Stage


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
