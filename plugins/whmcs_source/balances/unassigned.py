"""Balance that came of money which stands on no invoice, or on one that is gone. Pure."""

from collections.abc import Container, Mapping, Sequence

from bridge.api import BalanceOrigin
from whmcs_source.api.wire_models import WireTransaction
from whmcs_source.balances.matching import BalanceRow, Fact, fits, pair


def explain_loose(
    rows: Sequence[BalanceRow], own: Mapping[int, Sequence[WireTransaction]], there: Container[int]
) -> None:
    """Explain what is left of the movements by money that no invoice of the client has.

    Args:
        rows: All movements; those that are explained stay as they are.
        own: The client's transactions by the id of their invoice, 0 for none; of invoices that
            are there only those of overpaid ones.
        there: The invoices that are not gone. Their money explains only a movement that names
            them: their sums may have been edited since, and tell no more how much came on top.
    """
    for origin, sign in ((BalanceOrigin.PREPAYMENT, 1), (BalanceOrigin.RETURNED, -1)):
        moved = ((row.amountin or -row.amountout, row) for row in own.get(0, ()))
        facts = [
            Fact(row.id, amount, row.date, row.date, 0)
            for amount, row in moved
            if row.date and amount * sign > 0
        ]
        paired = pair(facts, rows)
        for row in (*(row for _, row in paired.pairs), *paired.loose):
            row.explain(origin, 0)
    for home, payments in own.items():
        for payment in payments if home else ():
            named = [row for row in rows if home not in there or home in row.names]
            _explain_by(named, home, payment)


def _explain_by(rows: Sequence[BalanceRow], home: int, payment: WireTransaction) -> None:
    """What of a payment may have become balance when its invoice was as it was."""
    left = payment.amountin
    for row in rows:
        amount = row.row.amount
        if payment.date and 0 < amount <= left:
            whole = Fact(payment.id, amount, payment.date, payment.date, home)
            if fits(whole, row):
                row.explain(BalanceOrigin.EXCESS, home)
                left -= amount
