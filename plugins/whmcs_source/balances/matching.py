"""Pairing rows with what may explain them, where neither names the other. Pure."""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bridge.api import BalanceOrigin
from whmcs_source.api.wire_models import WireCredit

_NUMBER = re.compile(r"(?<![\w.])#?(\d+)(?![\w.]*\d)")
_A_DAY = dt.timedelta(days=1)  # web server and cron may run in different time zones


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that WHMCS did, which shows as a movement of the balance.

    Attributes:
        key: Tells facts apart: a transaction's or an invoice's id.
        amount: Of the movement; negative off the balance.
        first, last: When the movement was made, give or take a day.
        invoice: The one concerned, or 0.
    """

    key: int
    amount: Decimal
    first: dt.date
    last: dt.date
    invoice: int


@dataclass(slots=True)
class BalanceRow:
    """A movement of the balance, and what is known of it so far.

    Attributes:
        names: Numbers that its text or `relid` mentions, which may be ids of invoices.
    """

    row: WireCredit
    day: dt.date
    names: Collection[int]
    origin: BalanceOrigin = BalanceOrigin.UNKNOWN
    invoice: int = 0
    explained: bool = False

    def explain(self, origin: BalanceOrigin, invoice: int) -> None:
        """Settle what it is."""
        self.origin, self.invoice, self.explained = origin, invoice, True


@dataclass(slots=True)
class Paired:
    """What came of a pairing.

    Attributes:
        pairs: Each with one of several that are alike, where it does not matter which.
        open: Facts that fewer rows fit than there are facts: any of them may be meant.
        loose: The rows of `open`: each is of this kind, and of which fact is not known.
    """

    pairs: list[tuple[Fact, BalanceRow]] = field(default_factory=list)
    open: list[Fact] = field(default_factory=list)
    loose: list[BalanceRow] = field(default_factory=list)


def balance_row(row: WireCredit, day: dt.date) -> BalanceRow:
    """A row that nothing is known of yet."""
    names = {int(number) for number in _NUMBER.findall(row.description)} | {row.relid}
    return BalanceRow(row, day, names - {0})


def pair(facts: Iterable[Fact], rows: Sequence[BalanceRow]) -> Paired:
    """Pair facts with unexplained rows of the same amount in their time.

    Facts that no row fits are in no list. A name decides among rows that fit, and proves nothing
    by itself.
    """
    result = Paired()
    for cluster_facts, cluster_rows in _clusters(facts, rows):
        pairs = _all_paired(cluster_facts, cluster_rows)
        if pairs is None:
            result.open += cluster_facts
            result.loose += cluster_rows
        else:
            result.pairs += pairs
    return result


def fits(fact: Fact, row: BalanceRow) -> bool:
    """Whether a row may be what this fact left."""
    return (
        not row.explained
        and row.row.amount == fact.amount
        and fact.first - _A_DAY <= row.day <= fact.last + _A_DAY
    )


def _clusters(
    facts: Iterable[Fact], rows: Sequence[BalanceRow]
) -> Iterable[tuple[list[Fact], list[BalanceRow]]]:
    """Facts and rows that may belong together, apart from all others."""
    waiting = {id(fact): fact for fact in facts}
    while waiting:
        _, fact = waiting.popitem()
        found, near = [fact], [row for row in rows if fits(fact, row)]
        grown = bool(near)
        while grown:
            more = [one for one in waiting.values() if any(fits(one, row) for row in near)]
            for one in more:
                del waiting[id(one)]
            found += more
            fresh = [row for row in rows if any(fits(one, row) for one in more)]
            near += [row for row in fresh if not any(row is other for other in near)]
            grown = bool(more)
        if near:
            yield sorted(found, key=lambda one: (one.last, one.key)), near


def _all_paired(facts: list[Fact], rows: list[BalanceRow]) -> list[tuple[Fact, BalanceRow]] | None:
    """Each fact with a row of its own; None where not every fact finds one."""
    pairs: list[tuple[Fact, BalanceRow]] = []
    free = list(rows)
    for fact in sorted(facts, key=lambda one: not any(one.invoice in row.names for row in rows)):
        fitting = [row for row in free if fits(fact, row)]
        if not fitting:
            return None
        best = min(fitting, key=lambda row: _distance(fact, row))
        free = [row for row in free if row is not best]
        pairs.append((fact, best))
    return pairs


def _distance(fact: Fact, row: BalanceRow) -> tuple[bool, int, int]:
    return (fact.invoice not in row.names, abs((row.day - fact.last).days), row.row.id)
