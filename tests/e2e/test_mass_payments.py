"""Mass payments that the client's balance paid a part of."""

from decimal import Decimal
from typing import Any

from bridge.api import EntryState, Reason


def test_what_the_balance_paid_is_told_from_what_money_paid(rig: Any) -> None:
    """120 + 12, of which 32 came from the balance and 100 by card: the first bears the balance."""
    client = rig.new_client()
    day = "2026-10-03"
    rig.whmcs.do("add_funds", client=client, amount="32.00", gateway="stripe", date=day)
    first, second = (
        rig.whmcs.do(
            "create_invoice",
            client=client,
            lines=[{"type": "Hosting", "description": "H", "amount": net, "taxed": True}],
            date=day,
        )
        for net in ("100.00", "10.00")
    )
    container = rig.whmcs.do(
        "mass_pay", invoices=[first, second], gateway="stripe", date=day, paid=False
    )
    rig.whmcs.do("apply_credit", invoice=container, amount="32.00", date=day)
    money = rig.whmcs.do("pay", invoice=container, gateway="stripe", transid="mp", date=day)
    rig.settings["target"].pop("client_balances", None)
    rig.sync(first, second)
    waits = rig.fates[str(first)]
    assert (waits.state, waits.reason) == (EntryState.HELD, Reason.CREDIT_UNMAPPED)
    assert "32.00 GBP" in waits.what
    assert rig.fates[str(second)].state is EntryState.DONE
    assert rig.payments()[f"WHMCS-T{money}/{second}"].amount == Decimal(12)
