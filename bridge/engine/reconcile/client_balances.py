"""Clients' balances as the books have them, against the source's own figure. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.engine.reconcile.log_view import LogView
from bridge.engine.reconcile.match_balances import given_by_id
from bridge.engine.reconcile.outside_period import Rows
from bridge.engine.reconcile.values import ComparisonTerms, Item, ItemKind, MatchClass, Verdict
from bridge.model.keys import MONEY, Key, Role, key_of
from bridge.model.money import Money, total
from bridge.model.source_records import ClientBalance
from bridge.model.target_records import Record

_KINDS = frozenset(
    {
        ItemKind.PREPAYMENT,
        ItemKind.PAYMENT,
        ItemKind.REFUND,
        ItemKind.BALANCE_USE,
        ItemKind.MOVEMENT,
    }
)
_MOVES_IT = frozenset({Role.EXCESS, Role.PREPAID, Role.RETURNED})
_OWNED = MONEY | {Role.INVOICE, Role.NOTE}
_IN_STEP = frozenset({MatchClass.MATCHED, MatchClass.OTHER})
_MOVES_NOTHING = frozenset(
    {"no_money", "prepayment", "mass_pay_container", "not_paid", "cancelled"}
)


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One client's balance over the period.

    Attributes:
        client: The source's id; empty for rows whose client nobody knows.
        opening: What the source kept on the eve of the period; the books are taken to begin so.
        additions, uses: As the target's rows of ours have them; uses are below zero.
        own: What the source itself keeps at the end of the period; None where it was not read.
        why: Classes and reasons of the client's records that are not in the books as they are in
            the source; empty where no record explains a difference.
    """

    client: str
    currency: str
    opening: Money
    additions: Money
    uses: Money
    own: Money | None
    why: tuple[str, ...] = ()

    @property
    def closing(self) -> Money:
        """The balance that the books leave at the end of the period."""
        return self.opening + self.additions + self.uses

    @property
    def difference(self) -> Money:
        """How much more the books leave than the source keeps."""
        return self.closing - self.own if self.own is not None else Money.zero(self.currency)

    @property
    def is_unexplained(self) -> bool:
        """Whether the two disagree and no record says why."""
        return bool(self.difference) and not self.why


def balance_lines(
    rows: Rows,
    balances: Sequence[ClientBalance],
    items: Iterable[Item],
    log_view: LogView,
    terms: ComparisonTerms,
) -> tuple[BalanceLine, ...]:
    """Return each client's balance over the period, by client and currency."""
    books = _Books(terms, log_view, _owners(rows.source, balances, terms.label))
    for row in rows.target:
        if row.date in terms.days:
            books.add(row)
    kept = {(each.client.id, each.amount.currency): each for each in balances}
    reasons = _reasons(items)
    lines = (
        _line(place, books.sums.get(place, {}), kept.get(place), terms)
        for place in sorted({*books.sums, *kept})
    )
    return tuple(
        replace(line, why=tuple(sorted(reasons[line.client]))) if line.difference else line
        for line in lines
    )


def _line(
    place: tuple[str, str],
    moved: Mapping[bool, Money],
    kept: ClientBalance | None,
    terms: ComparisonTerms,
) -> BalanceLine:
    client, currency = place
    zero = Money.zero(currency)
    days = terms.days
    opening = own = zero
    if kept:
        since = (entry.amount for entry in kept.entries if entry.date >= days.first)
        after = (entry.amount for entry in kept.entries if entry.date > days.last)
        opening = kept.amount - total(since, currency)
        own = kept.amount - total(after, currency)
    was_read = kept is not None or (terms.reads_balances and bool(client))
    return BalanceLine(
        client,
        currency,
        opening=opening,
        additions=moved.get(True, zero),
        uses=moved.get(False, zero),
        own=own if was_read else None,
    )


@dataclass(slots=True)
class _Books:
    terms: ComparisonTerms
    log_view: LogView
    owners: Mapping[tuple[Role, str], str]
    sums: dict[tuple[str, str], dict[bool, Money]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, row: Record) -> None:
        key = key_of(row.token, self.terms.label)
        amount = self._onto(row, key)
        if amount is None:
            return
        columns = self.sums[self.owners.get(_matter(key), ""), amount.currency]
        onto = amount.amount > 0
        columns[onto] = columns.get(onto, Money.zero(amount.currency)) + amount

    def _onto(self, row: Record, key: Key) -> Money | None:
        """Return what a row puts on the balance, in the client's currency where that is known."""
        link = self.log_view.link(key)
        payload = link.payload if link else None
        known = payload.paid if payload and payload.net == row.net else None
        if key.role is Role.GIVEN:
            return known or -row.net  # it stands on the account of balances, which clients own
        if key.is_balance_use:
            return -(known or row.net)
        return (known or row.net) if key.role in _MOVES_IT else None


def _owners(
    source: Iterable[Record], balances: Iterable[ClientBalance], label: str
) -> Mapping[tuple[Role, str], str]:
    """Return the client whose balance a key is about, by the key's role and owner."""
    found: dict[tuple[Role, str], str] = {}
    for row in source:
        key = key_of(row.token, label)
        if key.role in _OWNED:
            found[_matter(key)] = row.client
    for number, entry in given_by_id(balances).items():
        found[Role.GIVEN, number] = entry.client.id
    return found


def _matter(key: Key) -> tuple[Role, str]:
    """Return the invoice, transaction or movement of the balance that says whose it is."""
    role = Role.INVOICE if key.role is Role.USE else key.role
    return (Role.TRANSACTION if role in MONEY | {Role.NOTE} else role), key.owner


def _reasons(items: Iterable[Item]) -> Mapping[str, set[str]]:
    """Return by client why records that may move a balance are not in both books alike."""
    found: dict[str, set[str]] = defaultdict(set)
    for item in items:
        reason = item.verdict.reason
        if item.kind in _KINDS and item.standing not in _IN_STEP and reason not in _MOVES_NOTHING:
            words = item.standing.value.replace("_", " ")
            found[item.client].add(f"{words}: {reason}" if reason else words)
    return found


def unexplained(lines: Iterable[BalanceLine], terms: ComparisonTerms) -> Iterator[Item]:
    """Yield a difference for each balance that no record explains.

    Only over all of time: within it a use may be booked on another day than the source moved the
    balance, and the eve of a period is no place to tell that from an error. Its figure is the
    difference alone, so that one that was accepted stays so while the balance moves on.
    """
    days, start = terms.days, terms.policy.start_date
    if days.first > start or days.last < terms.today:
        return
    for line in lines:
        if line.is_unexplained:
            yield Item(
                kind=ItemKind.BALANCE,
                verdict=Verdict(
                    MatchClass.DIFFERS,
                    "",
                    f"the books leave {line.difference} more on it than the source keeps, and no"
                    " record says why",
                    "look at the client's credit in the source and at the account of balances in"
                    " the target for what only one of them has",
                ),
                family=f"balance of client {line.client}",
                token="",
                number="",
                client=line.client,
                day=start,
                billed=Money.zero(line.currency),
                booked=line.difference,
            )
