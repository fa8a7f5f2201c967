"""Balance that staff gave or took by hand, against the source's own movements. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.engine.keys import given_ref
from bridge.engine.reconcile.match_documents import MATCHED, Documents
from bridge.engine.reconcile.match_money import Judge
from bridge.engine.reconcile.tokens import key_of
from bridge.engine.reconcile.valuation import elsewhere
from bridge.engine.reconcile.values import ItemKind, Standing, Verdict
from bridge.model.money import Money
from bridge.model.refs import token_of
from bridge.model.source_records import BalanceEntry, BalanceOrigin, ClientBalance
from bridge.model.target_records import Record, RecordClass

_BY_HAND = frozenset({BalanceOrigin.BY_HAND, BalanceOrigin.UNKNOWN})


def match_given(
    documents: Documents,
    rows: Sequence[Record],
    balances: Iterable[ClientBalance],
    judge: Judge,
) -> list[Record]:
    """Judge what staff gave or took; answers the target's rows that the source knows nothing of."""
    by_owner: dict[str, list[Record]] = {}
    for row in rows:
        by_owner.setdefault(key_of(row.token, judge.terms.label).owner, []).append(row)
    given = _Given(documents, judge)
    for balance in balances:
        for entry in balance.entries:
            if entry.origin in _BY_HAND:
                given.one(entry, by_owner.pop(entry.id, []))
    return [row for left in by_owner.values() for row in left]


def given_by_id(balances: Iterable[ClientBalance]) -> Mapping[str, BalanceEntry]:
    """Movements by hand, by the source's id of them."""
    entries = (entry for balance in balances for entry in balance.entries)
    return {entry.id: entry for entry in entries if entry.origin in _BY_HAND}


@dataclass(slots=True)
class _Given:
    documents: Documents
    judge: Judge

    def one(self, entry: BalanceEntry, rows: Sequence[Record]) -> None:
        days = self.judge.terms.days
        if entry.date not in days and not any(row.date in days for row in rows):
            return
        verdict = self._booked(entry, rows) if rows else self._absent(entry)
        item = self.judge.item(
            self._record(entry),
            verdict,
            rows,
            family=f"balance movement {entry.id}",
            kind=ItemKind.MOVEMENT,
            booked=entry.amount if verdict is MATCHED else None,
        )
        self.documents.items.append(item)

    def _record(self, entry: BalanceEntry) -> Record:
        return Record(
            record_class=RecordClass.MOVEMENT,
            token=token_of(self.judge.terms.label, given_ref(entry.id)),
            number="",
            client=entry.client.id,
            date=entry.date,
            net=entry.amount,
            tax=Money.zero(entry.amount.currency),
        )

    def _booked(self, entry: BalanceEntry, rows: Sequence[Record]) -> Verdict:
        shown = " and ".join(f"{row.number} of {abs(row.net)}" for row in rows)
        if len(rows) == 1 and self._agrees(entry, rows[0]):
            return MATCHED
        moved = elsewhere(rows[0], self.judge.lore, self.judge.terms.label)
        what = moved or f"the books have {shown}, and it moved {entry.amount}"
        return Verdict(Standing.DIFFERS, "", what, "find out which side is right")

    def _agrees(self, entry: BalanceEntry, row: Record) -> bool:
        """By what was sent, as the log has it in both currencies; the sign is the target's own."""
        if elsewhere(row, self.judge.lore, self.judge.terms.label):
            return False
        ref = key_of(row.token, self.judge.terms.label).ref
        link = self.judge.lore.links.get(ref) if ref else None
        if link and link.payload:
            return link.payload.net == row.net and link.payload.paid == entry.amount
        return abs(row.net) == abs(entry.amount)

    def _absent(self, entry: BalanceEntry) -> Verdict:
        terms = self.judge.terms
        if entry.date < terms.policy.start_date:
            return Verdict(Standing.BEFORE_START, "before_start_date", "it is of before the start")
        if terms.given is not None:
            reason = terms.given.reason.value
            return Verdict(Standing.HELD, reason, terms.given.what, terms.given.remedy)
        what = "bridge books it with the first invoice that uses the balance"
        return Verdict(Standing.SKIPPED, "not_used_yet", what)
