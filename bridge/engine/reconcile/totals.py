"""Items added up by month, currency and class, so that every total can be seen to close. Pure."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bridge.engine.reconcile.values import Item, ItemKind, Standing
from bridge.model.money import Money, rounded


@dataclass(frozen=True, slots=True)
class Sum:
    """Items of one class.

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
    """Items of one month and currency, by class.

    Attributes:
        month: Its first day.
    """

    month: dt.date
    currency: str
    by_standing: Mapping[Standing, Sum]

    @property
    def count(self) -> int:
        """How many the source has."""
        return sum(each.known for each in self.by_standing.values())

    @property
    def billed(self) -> Money:
        """All of the source's."""
        return self._total(each.billed for each in self.by_standing.values())

    @property
    def booked(self) -> Money:
        """All of ours in the target."""
        ours = (each for key, each in self.by_standing.items() if key is not Standing.OTHER)
        return self._total(each.booked for each in ours)

    def of(self, *standings: Standing) -> Money:
        """What the source has in these classes."""
        return self._total(
            self.by_standing[each].billed for each in standings if each in self.by_standing
        )

    def _total(self, amounts: Iterable[Money]) -> Money:
        result = Money.zero(self.currency)
        for amount in amounts:
            result += amount
        return result


def by_month(items: Iterable[Item], kinds: Collection[ItemKind]) -> tuple[MonthLine, ...]:
    """Add up items of these kinds."""
    groups: dict[tuple[dt.date, str], dict[Standing, list[Item]]] = defaultdict(
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
    sums = [Money.zero(currency)] * 4
    for item in items:
        amounts = (item.billed, item.booked, item.billed_tax, item.booked_tax)
        sums = [
            known + amount if amount is not None else known
            for known, amount in zip(sums, amounts, strict=True)
        ]
    return Sum(len(items), sum(item.billed is not None for item in items), *sums)


def at_home(amount: Money, rate: Decimal | None, home: str) -> Money | None:
    """An amount in the home currency; None where the record tells no rate."""
    if amount.currency == home:
        return amount
    return rounded(amount.amount / rate, home) if rate else None
