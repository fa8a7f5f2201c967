"""Money that is no sale, where that was decided: fees, clients' balances, exchange differences."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from bridge.api import EntryState, Reason

BALANCES = {"method": "Client balance", "account": "Client Balances", "vat": "when_used"}


@pytest.fixture
def decided(rig: Any) -> Any:
    rig.settings["target"].update(
        fees={"nominal": "Card Fees"},
        client_balances=BALANCES,
        manual_credits={"nominal": "Goodwill"},
        exchange_differences={"nominal": "Exchange Differences"},
    )
    rig.settings["books"].update(refund_to_balance="credit_note", price_reductions="credit_note")
    return rig


def _done(rig: Any, *invoices: int) -> None:
    rig.sync(*invoices)
    for invoice in invoices:
        fate = rig.fates[str(invoice)]
        assert fate.state is EntryState.DONE, fate


def _moved(rig: Any, *, on: str = "Card Clearing") -> list[tuple[str, Decimal]]:
    """Bank transactions on an account: the other side and the amount."""
    return [
        (each.nominal, each.amount) for each in rig.books.bank_transactions() if each.account == on
    ]


def _balance(rig: Any) -> Decimal:
    """What the ledger account of balances owes to clients: its credit side less its debit side."""
    owed = Decimal(0)
    for each in rig.books.bank_transactions():
        owed += each.amount if each.nominal == "Client Balances" else Decimal(0)
        owed -= each.amount if each.account == "Client Balances" else Decimal(0)
    paid = (each.amount for each in rig.books.payments() if each.account == "Client Balances")
    return owed - sum(paid, Decimal(0))


def _unpaid(rig: Any, client: int, amount: str = "100.00") -> int:
    line = {"type": "Hosting", "description": "Starter Hosting", "amount": amount, "taxed": True}
    return int(rig.whmcs.do("create_invoice", client=client, lines=[line], date="2026-10-29"))


def test_a_fee_is_money_out_of_the_gateways_account(decided: Any) -> None:
    invoice = decided.paid_invoice(decided.new_client(), fees="1.95")
    _done(decided, invoice)
    assert _moved(decided) == [("Card Fees", Decimal("-1.95"))]


def test_money_paid_in_advance_is_spent_from_where_it_was_put(decided: Any) -> None:
    client = decided.new_client()
    funds = int(
        decided.whmcs.do(
            "add_funds", client=client, amount="240.00", gateway="stripe", date="2026-10-28"
        )
    )
    invoice = _unpaid(decided, client)
    decided.whmcs.do("apply_credit", invoice=invoice, date="2026-10-30")
    _done(decided, funds)
    assert _balance(decided) == 240
    _done(decided, invoice)
    assert _balance(decided) == 120
    sale = decided.ours()[f"WHMCS-{invoice}"]
    assert (sale.gross, sale.amount_paid, sale.paid) == (120, 120, True)
    assert f"WHMCS-{funds}" not in decided.ours()


def test_a_balance_given_by_hand_is_borne_by_its_nominal(decided: Any) -> None:
    client = decided.new_client()
    decided.whmcs.do("add_credit", client=client, amount="120.00", date="2026-10-29")
    invoice = _unpaid(decided, client)
    decided.whmcs.do("apply_credit", invoice=invoice, date="2026-10-30")
    _done(decided, invoice)
    assert _moved(decided, on="Client Balances") == [("Goodwill", Decimal(-120))]
    assert _balance(decided) == 0


def test_what_was_received_beyond_the_invoice_is_the_clients(decided: Any) -> None:
    client = decided.new_client()
    invoice = decided.paid_invoice(client, amount="130.00")
    _done(decided, invoice)
    assert _moved(decided) == [("Client Balances", Decimal(10))]
    assert _balance(decided) == 10


def test_advance_money_waits_while_its_vat_is_undecided(decided: Any) -> None:
    decided.settings["target"]["client_balances"] = {**BALANCES, "vat": "on_receipt"}
    funds = int(
        decided.whmcs.do(
            "add_funds",
            client=decided.new_client(),
            amount="240.00",
            gateway="stripe",
            date="2026-10-28",
        )
    )
    decided.sync(funds)
    fate = decided.fates[str(funds)]
    assert fate.reason is Reason.PREPAYMENT_UNMAPPED
    assert "40.00 GBP at 20 %" in str(fate)
    assert _moved(decided) == []


def test_a_refund_to_the_balance_is_a_note_that_raises_it(decided: Any) -> None:
    invoice = decided.paid_invoice(decided.new_client())
    (row,) = decided.whmcs.rows(f"SELECT id FROM tblaccounts WHERE invoiceid = {invoice}")
    decided.whmcs.do(
        "refund", transaction=row["id"], amount="30.00", to="credit", date="2026-10-31"
    )
    _done(decided, invoice)
    (note,) = [each for key, each in decided.ours().items() if key.startswith("WHMCS-R")]
    assert (note.net, note.vat, note.amount_paid) == (-25, -5, -30)
    assert _balance(decided) == 30


def test_a_foreign_payment_and_its_difference_are_what_came_in(decided: Any) -> None:
    """The invoice closes at KashFlow's rate of 1.17; 117 EUR at 1.20 brought 97.50."""
    decided.settings["target"]["invoice_rate"] = "kashflow"
    euros = {row["code"]: row["id"] for row in decided.whmcs.rows("SELECT * FROM tblcurrencies")}
    client = decided.new_client(country="US", currency=euros["EUR"], state="NY")
    invoice = decided.paid_invoice(client, "117.00", rate="1.20")
    _done(decided, invoice)
    sale = decided.ours()[f"WHMCS-{invoice}"]
    assert sale.paid
    (payment,) = decided.payments().values()
    assert payment.amount == 100
    assert _moved(decided) == [("Exchange Differences", Decimal("-2.50"))]


@pytest.mark.parametrize("mode", ["lost_reply", "cut_before"])
def test_a_movement_stands_once_whatever_happens(decided: Any, mode: str) -> None:
    invoice = decided.paid_invoice(decided.new_client(), fees="1.95")
    decided.fault("kashflow", {"name": "InsertBankTransaction", "nth": 1, "mode": mode})
    for _ in range(5):
        if decided.sync(invoice).exit_code == 0:
            break
    assert _moved(decided) == [("Card Fees", Decimal("-1.95"))]


@pytest.mark.parametrize("by", ["id", "code"])
def test_a_lost_log_finds_its_movements_again(decided: Any, by: str) -> None:
    """However the account of a bank transaction is named."""
    decided.settings["target"]["bank_account_by"] = by
    decided.switch("kashflow", bank_account_by=by)
    invoice = decided.paid_invoice(decided.new_client(), fees="1.95", amount="130.00")
    _done(decided, invoice)
    (decided.place / "bridge.db").unlink()
    _done(decided, invoice)
    assert Counter(nominal for nominal, _ in _moved(decided)) == {
        "Card Fees": 1,
        "Client Balances": 1,
    }
