"""Money on clients' balances: how it comes, how it is used, how it goes."""

from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story


def funds(stage: Stage, name: str, amount: str, date: str = "2026-10-01") -> None:
    """An add-funds invoice, paid."""
    client = stage.clients[-1] if stage.clients else stage.client()
    stage.names[name] = stage.do(
        "add_funds", client=client, amount=amount, gateway="stripe", transid=f"ch_{name}", date=date
    )


def use(stage: Stage, name: str, amount: str | None = None, date: str = "2026-10-12") -> None:
    """Apply the client's balance to an invoice."""
    more = {} if amount is None else {"amount": amount}
    stage.do("apply_credit", invoice=stage.names[name], date=date, **more)


@story
def add_funds_undecided(stage: Stage) -> None:
    funds(stage, "F", "240.00")


@story
def balance_used_undecided(stage: Stage) -> None:
    funds(stage, "F", "240.00")
    stage.bill("A")
    use(stage, "A")


@story
def overpaid_undecided(stage: Stage) -> None:
    stage.sold("A", amount="130.00")


@story
def second_charge_undecided(stage: Stage) -> None:
    stage.sold("A", transid="ch_1")
    stage.pay("A", "120.00", transid="ch_2", date="2026-10-13")


@story
def balance_by_hand_undecided(stage: Stage) -> None:
    stage.do("add_credit", client=stage.client(), amount="120.00", date="2026-10-01")
    stage.bill("A")
    use(stage, "A")


@story
def money_without_invoice(stage: Stage) -> None:
    stage.do(
        "record_money",
        client=stage.client(),
        amount_in="15.00",
        gateway="stripe",
        transid="ch_x",
        description="Deposit",
    )


@story
def add_funds(stage: Stage) -> None:
    funds(stage, "F", "240.00")


@story
def add_funds_with_vat_on_receipt(stage: Stage) -> None:
    funds(stage, "F", "240.00")


@story
def balance_used(stage: Stage) -> None:
    funds(stage, "F", "240.00")
    stage.bill("A")
    use(stage, "A")


@story
def balance_used_in_part(stage: Stage) -> None:
    funds(stage, "F", "60.00")
    stage.bill("A")
    use(stage, "A")
    stage.pay("A")


@story
def overpaid(stage: Stage) -> None:
    stage.sold("A", amount="130.00")


@story
def excess_used(stage: Stage) -> None:
    overpaid(stage)
    stage.bill("B", None, "50.00", date="2026-10-15")
    use(stage, "B", date="2026-10-16")
    stage.pay("B", date="2026-10-16")


@story
def second_charge(stage: Stage) -> None:
    second_charge_undecided(stage)


@story
def overpayment_returned(stage: Stage) -> None:
    """The second charge goes back, and WHMCS's balance is put right by hand."""
    stage.bill("A")
    stage.pay("A", transid="ch_1")
    second = stage.pay("A", "120.00", transid="ch_2", date="2026-10-13")
    stage.do("refund", transaction=second, date="2026-10-20")


@story
def balance_by_hand(stage: Stage) -> None:
    balance_by_hand_undecided(stage)


@story
def balance_of_money_without_invoice(stage: Stage) -> None:
    """Money that staff recorded without an invoice, and put on the balance."""
    client = stage.client()
    stage.do("record_money", client=client, amount_in="120.00", gateway="banktransfer",
             transid="FP 9", date="2026-10-01")  # fmt: skip
    stage.do("add_credit", client=client, amount="120.00", date="2026-10-01")
    stage.bill("A")
    use(stage, "A")


@story
def balance_never_funded(stage: Stage) -> None:
    """What the balance was made of lies before the start."""
    stage.do("add_credit", client=stage.client(), amount="120.00", date="2025-08-01")
    stage.bill("A")
    use(stage, "A")


@story
def balance_taken_by_hand(stage: Stage) -> None:
    """Staff put 120.00 on the balance and took 70.00 of it again, before it paid an invoice."""
    client = stage.client()
    stage.do("add_credit", client=client, amount="120.00", date="2026-10-01")
    stage.do("add_credit", client=client, amount="-70.00", date="2026-10-02")
    stage.bill("A")
    use(stage, "A")
    stage.pay("A")


@story
def add_funds_with_a_fee(stage: Stage) -> None:
    client = stage.client()
    stage.names["F"] = stage.do(
        "add_funds", client=client, amount="240.00", gateway="stripe", transid="ch_F", fees="3.90"
    )


@story
def add_funds_returned(stage: Stage) -> None:
    """All of it goes back before any of it was used."""
    funds(stage, "F", "240.00")
    stage.sync()
    rows = stage.rig.whmcs.rows("SELECT id FROM tblaccounts WHERE invoiceid = ?", stage.names["F"])
    stage.do("refund", transaction=rows[0]["id"], date="2026-10-20")
    stage.sync(late=True)


@story
def affiliate_credit(stage: Stage) -> None:
    client = stage.client()
    words = "Affiliate Commissions Withdrawal"
    stage.do("add_credit", client=client, amount="50.00", description=words, date="2026-10-01")
    stage.bill("A")
    use(stage, "A")
    stage.pay("A")


@story
def add_funds_returned_and_taken_off(stage: Stage) -> None:
    """WHMCS leaves the balance as it is, so staff take off by hand what went back."""
    add_funds_returned(stage)
    client = stage.clients[-1]
    stage.do("add_credit", client=client, amount="-240.00", date="2026-10-20")
    funds(stage, "G", "120.00", date="2026-10-21")
    stage.bill("A", date="2026-10-22")
    use(stage, "A", date="2026-10-22")
