"""Items added up by month, currency and class, and what moved on the target's accounts. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from bridge.engine.reconcile.values import Item, ItemKind, MatchClass
from bridge.model.keys import Role, key_of
from bridge.model.money import Money, rounded, total
from bridge.model.target_records import Record, RecordClass

_PlaceT = TypeVar("_PlaceT", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Sum:
    """Items of one class, added up.

    Attributes:
        known: How many of them the source has.
        billed: As the source has them.
        booked: As the target has them, in the source's currency.
    """

    count: int
    known: int
    billed: Money
    booked: Money
    billed_tax: Money
    booked_tax: Money


@dataclass(frozen=True, slots=True)
class MonthLine:
    """Items of one month and currency, added up by class.

    Attributes:
        month: Its first day.
    """

    month: dt.date
    currency: str
    by_standing: Mapping[MatchClass, Sum]

    @property
    def count(self) -> int:
        """How many items the source has."""
        return sum(each.known for each in self.by_standing.values())

    @property
    def billed(self) -> Money:
        """The amount of all items of the source."""
        return total((each.billed for each in self.by_standing.values()), self.currency)

    @property
    def booked(self) -> Money:
        """The amount of all items of ours in the target."""
        ours = (each for key, each in self.by_standing.items() if key is not MatchClass.OTHER)
        return total((each.booked for each in ours), self.currency)

    def of(self, *standings: MatchClass) -> Money:
        """Return the amount of the source's items in these classes."""
        found = (self.by_standing[each].billed for each in standings if each in self.by_standing)
        return total(found, self.currency)


def by_month(items: Iterable[Item], kinds: Collection[ItemKind]) -> tuple[MonthLine, ...]:
    """Add up items of these kinds by month, currency and class."""
    groups: dict[tuple[dt.date, str], dict[MatchClass, list[Item]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for item in items:
        if item.kind in kinds:
            place = (item.day.replace(day=1), item.amount.currency)
            groups[place][item.standing].append(item)
    return tuple(
        MonthLine(month, currency, {key: summed(some, currency) for key, some in classes.items()})
        for (month, currency), classes in sorted(groups.items())
    )


def summed(items: Collection[Item], currency: str) -> Sum:
    """Add up items of one currency."""
    columns = ("billed", "booked", "billed_tax", "booked_tax")
    amounts = [[getattr(item, name) for item in items] for name in columns]
    known = [[each for each in column if each is not None] for column in amounts]
    return Sum(len(items), len(known[0]), *(total(column, currency) for column in known))


def column_sums(
    lines: Iterable[tuple[_PlaceT, Sequence[Money]]],
) -> Mapping[_PlaceT, tuple[int, Sequence[Money]]]:
    """Return how many lines each place has and their sums by column, in order of places."""
    groups: dict[_PlaceT, list[Sequence[Money]]] = defaultdict(list)
    for place, amounts in lines:
        groups[place].append(amounts)
    return {
        place: (len(some), [total(each, each[0].currency) for each in zip(*some, strict=True)])
        for place, some in sorted(groups.items())
    }


def in_column(index: int, amount: Money, columns: int) -> list[Money]:
    """Return a line of so many columns with an amount in one and zero in the others."""
    line = [Money.zero(amount.currency)] * columns
    line[index] = amount
    return line


def at_home(amount: Money, rate: Decimal | None, home: str) -> Money | None:
    """Return an amount in the home currency; None where the record tells no rate."""
    if amount.currency == home:
        return amount
    return rounded(amount.amount / rate, home) if rate else None


# What moved on the accounts ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountLine:
    """Money that moved on one account in one month.

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
        """The sum of all columns."""
        return self.receipts + self.refunds + self.fees + self.exchange + self.other


_MONEY = frozenset({RecordClass.PAYMENT, RecordClass.REFUND, RecordClass.MOVEMENT})
_COLUMNS = ("receipts", "refunds", "fees", "exchange", "other")


def account_lines(target: Iterable[Record], label: str) -> tuple[AccountLine, ...]:
    """Add up money of the target by account, month and currency."""
    money = (record for record in target if record.record_class in _MONEY)
    sums = column_sums(
        (
            (record.account, record.date.replace(day=1), record.net.currency),
            in_column(_COLUMNS.index(_column(record, label)), record.net, len(_COLUMNS)),
        )
        for record in money
    )
    return tuple(AccountLine(*place, *amounts) for place, (_, amounts) in sums.items())


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
