"""What moved on the target's accounts, ready to hold against their statements. Pure."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.engine.reconcile.tokens import Role, key_of
from bridge.model.money import Money
from bridge.model.target_records import Record, RecordClass


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account in one month.

    Attributes:
        receipts, refunds: Money of ours in and out.
        fees, exchange: Gateways' fees and exchange differences of ours.
        other: What carries no key of ours.
    """

    account: str
    month: dt.date
    currency: str
    receipts: Money
    refunds: Money
    fees: Money
    exchange: Money
    other: Money

    @property
    def net(self) -> Money:
        """All of it."""
        return self.receipts + self.refunds + self.fees + self.exchange + self.other


_COLUMNS = ("receipts", "refunds", "fees", "exchange", "other")
_MONEY = frozenset({RecordClass.PAYMENT, RecordClass.REFUND, RecordClass.MOVEMENT})


def account_lines(target: Iterable[Record], label: str) -> tuple[AccountLine, ...]:
    """By account, month and currency."""
    sums: dict[tuple[str, dt.date, str], dict[str, Money]] = {}
    for record in target:
        if record.record_class not in _MONEY:
            continue
        currency = record.net.currency
        place = (record.account, record.date.replace(day=1), currency)
        columns = sums.setdefault(place, dict.fromkeys(_COLUMNS, Money.zero(currency)))
        columns[_column(record, label)] += record.net
    return tuple(
        AccountLine(account, month, currency, *(columns[name] for name in _COLUMNS))
        for (account, month, currency), columns in sorted(sums.items())
    )


def _column(record: Record, label: str) -> str:
    match key_of(record.token, label).role:
        case Role.NONE:
            return "other"
        case Role.FEE:
            return "fees"
        case Role.EXCHANGE:
            return "exchange"
        case _:
            return "refunds" if record.net.amount < 0 else "receipts"
