"""Money in other currencies: yen, balances in euros, fees, refunds, and accounts that take it."""

from tests.e2e.accounting.cases.balances import funds, use
from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story, story_alone

JPY = 4
LATER = "1.16000"
EVEN = "1.17000"


def euros(stage: Stage) -> None:
    """A client in Ireland whose own rate is KashFlow's 1.17."""
    stage.client(country="IE", currency=2, tax_id="IE1000111Q")


def yen(stage: Stage, **of: str) -> None:
    stage.add_currency("JPY", "190.0000")
    stage.client(**{"country": "JP", "currency": JPY, **of})


@story_alone
def yen_that_kashflow_has(stage: Stage) -> None:
    yen(stage)
    stage.sold("A", "12100.00", rate="190.00000")


@story_alone
def yen_with_vat(stage: Stage) -> None:
    """Two lines whose VAT comes to whole yen only together: 0.20 and 0.80."""
    yen(stage, country="GB")
    stage.sold("A", "1001.00", {"amount": "1004.00", "type": "Domain"}, rate="190.00000")


@story_alone
def yen_with_vat_in_parts_of_a_yen(stage: Stage) -> None:
    yen(stage, country="GB")
    stage.sold("A", "1001.00", rate="190.00000")


@story_alone
def yen_reduced(stage: Stage) -> None:
    yen(stage)
    paid = stage.sold("A", "12100.00", rate="190.00000")
    stage.sync()
    stage.do("refund", transaction=paid, amount="3000.00", date="2026-10-20")
    stage.sync(late=True)


@story
def foreign_add_funds(stage: Stage) -> None:
    euros(stage)
    funds(stage, "F", "234.00")


@story
def foreign_balance_used(stage: Stage) -> None:
    foreign_add_funds(stage)
    stage.bill("A", None, "117.00")
    use(stage, "A")


@story
def foreign_balance_used_in_part(stage: Stage) -> None:
    euros(stage)
    funds(stage, "F", "58.50")
    stage.bill("A", None, "117.00")
    use(stage, "A")
    stage.pay("A", rate=EVEN)


@story
def foreign_overpaid(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", amount="128.70", rate=EVEN)


@story
def foreign_fee(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", rate=EVEN, fees="2.34")


@story
def foreign_price_reduction(stage: Stage) -> None:
    euros(stage)
    paid = stage.sold("A", "117.00", rate=EVEN)
    stage.sync()
    stage.do("refund", transaction=paid, amount="23.40", date="2026-10-20")
    stage.sync(late=True)


@story_alone
def foreign_payment_in_its_own_currency(stage: Stage) -> None:
    stage.rig.switch("kashflow", payments_in="invoice")
    euros(stage)
    stage.sold("A", "117.00", rate=EVEN)


@story
def foreign_gain_on_an_account_of_its_currency(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", gateway="paypal", transid="PAY-1", rate=LATER)


@story
def exchange_loss_in_two_payments(stage: Stage) -> None:
    euros(stage)
    stage.bill("A", None, "117.00")
    stage.pay("A", "58.50", transid="ch_1", rate="1.18000")
    stage.pay("A", "58.50", transid="ch_2", rate="1.19000", date="2026-10-19")


@story
def account_by_code(stage: Stage) -> None:
    stage.sold("A")


@story
def account_by_id(stage: Stage) -> None:
    stage.sold("A")


@story
def account_of_a_currency_by_code(stage: Stage) -> None:
    foreign_on_its_account(stage)


def foreign_on_its_account(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", gateway="paypal", transid="PAY-1", rate=EVEN)
    stage.client()
    stage.sold("B", gateway="paypal", transid="PAY-2")


@story
def nominal_by_code(stage: Stage) -> None:
    stage.sold("A")


@story
def foreign_price_reduction_at_another_rate(stage: Stage) -> None:
    euros(stage)
    paid = stage.sold("A", "117.00", rate=EVEN)
    stage.sync()
    back = stage.do("refund", transaction=paid, amount="23.40", date="2026-10-20")
    stage.do("change_transaction", transaction=back, rate="1.20000")
    stage.sync(late=True)
