"""A reconciliation in one value: items, differences, tables, and what it rests on."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.engine.reconcile.accept import classed, judged
from bridge.engine.reconcile.client_balances import BalanceLine, balance_lines, unexplained
from bridge.engine.reconcile.debtors import DebtorLine, OpenDocument, debtors
from bridge.engine.reconcile.match import differences, match
from bridge.engine.reconcile.number_gaps import Gap, gaps
from bridge.engine.reconcile.read_books import BooksSnapshot
from bridge.engine.reconcile.tax_return import ReturnLine, TaxLine, return_lines, tax_lines
from bridge.engine.reconcile.totals import AccountLine, MonthLine, account_lines, by_month, summed
from bridge.engine.reconcile.values import MONEY, SALES, Difference, Item, ItemKind, MatchClass
from bridge.model.money import Money
from bridge.model.target_records import Days, RecordClass
from bridge.store.tables.values import RunRow

_BILLS = frozenset({RecordClass.INVOICE, RecordClass.PREPAYMENT, RecordClass.SETTLEMENT})
_HELD_KINDS = frozenset({ItemKind.INVOICE, ItemKind.PREPAYMENT, ItemKind.SETTLEMENT})


@dataclass(frozen=True, slots=True)
class HeldLine:
    """Invoices of the source that are not in the books for one reason, in one currency.

    Attributes:
        oldest: Age in days of the oldest of them.
        tax: VAT at stake.
    """

    standing: MatchClass
    reason: str
    currency: str
    count: int
    gross: Money
    tax: Money
    oldest: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The comparison of both sides.

    Attributes:
        differences, accepted: Unexplained ones, and those that a person explained.
        documents, money: By month and currency; each adds up to what the source has.
        untold: Documents of the target whose tax could not be told apart.
        loose: Money of the source that stands on no invoice, and of the target on none of ours.
        takes_balances: Whether this target books clients' balances.
        settings: Digest of bridge.yaml.
    """

    days: Days
    start_date: dt.date
    home_currency: str
    source: str
    target: str
    began: dt.datetime
    ended: dt.datetime
    version: str
    settings: str
    runs: Sequence[RunRow]
    items: tuple[Item, ...]
    differences: tuple[Difference, ...]
    accepted: tuple[Difference, ...]
    documents: tuple[MonthLine, ...]
    money: tuple[MonthLine, ...]
    taxes: tuple[TaxLine, ...]
    returns: tuple[ReturnLine, ...]
    untold: int
    accounts: tuple[AccountLine, ...]
    balances: tuple[BalanceLine, ...]
    takes_balances: bool
    debtors: tuple[DebtorLine, ...]
    open_documents: tuple[OpenDocument, ...]
    loose: tuple[Item, ...]
    gaps: tuple[Gap, ...]
    held: tuple[HeldLine, ...]

    @property
    def exit_code(self) -> int:
        """The command's exit code: 5 where something is unexplained, else 0."""
        return 5 if self.differences else 0

    def count(self, standing: MatchClass) -> int:
        """Return how many items are in this class."""
        return sum(item.standing is standing for item in self.items)


def reconciled(reading: BooksSnapshot, *, version: str, settings: str) -> Reconciliation:
    """Match what was read and add it up. Pure."""
    terms, rows = reading.terms, reading.rows
    matched = match(rows.source, rows.target, reading.log_view, terms, reading.balances)
    balances = balance_lines(rows, reading.balances, matched, reading.log_view, terms)
    matched += tuple(unexplained(balances, terms))
    found = judged(differences(matched), reading.accepted)
    items = classed(matched, found)
    ours = _ours(items)
    inside = [row for row in rows.target if row.date in terms.days]
    taxes, untold = tax_lines(inside, ours, terms.home_currency)
    owed, open_ones = debtors(inside, ours, _feeds(items), terms)
    bills = [row for row in rows.source if row.record_class in _BILLS]
    return Reconciliation(
        days=terms.days,
        start_date=terms.policy.start_date,
        home_currency=terms.home_currency,
        source=reading.source,
        target=reading.target,
        began=reading.began,
        ended=reading.ended,
        version=version,
        settings=settings,
        runs=reading.runs,
        items=items,
        differences=tuple(each for each in found if not each.accepted),
        accepted=tuple(each for each in found if each.accepted),
        documents=by_month(items, SALES),
        money=by_month(items, MONEY),
        taxes=taxes,
        returns=return_lines(taxes, terms.home_currency),
        untold=untold,
        accounts=account_lines(inside, terms.label),
        balances=balances,
        takes_balances=terms.reads_balances,
        debtors=owed,
        open_documents=open_ones,
        loose=tuple(item for item in items if _is_loose(item)),
        gaps=gaps(bills, reading.log_view.entries, terms.label),
        held=held_lines(items, terms.today),
    )


def _ours(items: Iterable[Item]) -> Mapping[str, Item]:
    """Return documents of ours by the target's number: what is billed, or carries our key."""
    kept = (item for item in items if item.kind in SALES and item.standing is not MatchClass.OTHER)
    return {number: item for item in kept for number in item.targets if item.token}


def _feeds(items: Iterable[Item]) -> Collection[str]:
    return {item.family for item in items if item.verdict.reason == "bank_feed"}


def _is_loose(item: Item) -> bool:
    return item.kind in MONEY and item.verdict.reason in {"no_document", "other_money"}


def held_lines(items: Iterable[Item], today: dt.date) -> tuple[HeldLine, ...]:
    """Return what waits for a person or a run, by reason and currency, most urgent first."""
    groups: dict[tuple[MatchClass, str, str], list[Item]] = defaultdict(list)
    for item in items:
        if item.kind in _HELD_KINDS and item.standing in {MatchClass.HELD, MatchClass.WAITING}:
            place = (item.standing, item.verdict.reason, item.amount.currency)
            groups[place].append(item)
    lines = []
    for (standing, reason, currency), some in groups.items():
        sums = summed(some, currency)
        oldest = max((today - item.day).days for item in some)
        counts = (len(some), sums.billed, sums.billed_tax, oldest)
        lines.append(HeldLine(standing, reason, currency, *counts))
    return tuple(sorted(lines, key=lambda line: (-line.oldest, line.reason, line.currency)))
