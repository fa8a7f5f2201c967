"""What a table of the report is made of. Pure."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.engine.reconcile.values import MatchClass
from bridge.model.money import Money

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of text.

    Attributes:
        columns: A name that begins with ``>`` is of figures, set flush right.
        last: How many of the rows at the end are sums.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    last: int = 0


def figure(amount: Money) -> str:
    """An amount without its currency, thousands apart."""
    text = str(amount).partition(" ")[0]
    places = len(text.partition(".")[2])
    return f"{amount.amount:,.{places}f}"


def by_currency(amounts: Iterable[Money]) -> str:
    """Sums by currency: ``1,200.00 GBP and 35.10 EUR``."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, Money.zero(amount.currency)) + amount
    return " and ".join(f"{figure(each)} {key}" for key, each in sorted(sums.items())) or "0.00"


def month(day: dt.date) -> str:
    """``2026-03``."""
    return f"{day:%Y-%m}"


def words(standing: MatchClass) -> str:
    """A class as people read it."""
    return standing.value.replace("_", " ")
