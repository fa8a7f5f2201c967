"""Clients' balances: what paid invoices, and what staff gave or took, at both ends. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.engine.reconcile.match_documents import MATCHED
from bridge.engine.reconcile.match_money import MoneyClassifier, MoneyRows
from bridge.engine.reconcile.valuation import Wrong, elsewhere
from bridge.engine.reconcile.values import Item, ItemKind, MatchClass, Verdict
from bridge.model.keys import Key, Role, invoice_id, key_of
from bridge.model.money import Money, total
from bridge.model.source_records import BalanceEntry, BalanceOrigin, ClientBalance
from bridge.model.target_records import Record, RecordClass

_BY_HAND = frozenset({BalanceOrigin.BY_HAND, BalanceOrigin.UNKNOWN})


def match_uses(
    bills: Sequence[Record], money_rows: MoneyRows, classifier: MoneyClassifier
) -> Iterator[Item]:
    """Classify the balance used on each invoice: what no mass payment explains of its credit.

    It takes the rows that it meets out of `money_rows.uses`, and must come before the money of mass
    payments is taken out of `money_rows.shares`.
    """
    terms = classifier.terms
    named = {each for row in bills for each in row.settles}
    for bill in bills:
        number = invoice_id(bill.token, terms.label)
        uses = money_rows.uses.pop(number, [])
        if not uses and (not bill.credit or bill.record_class is not RecordClass.INVOICE):
            continue
        zero = Money.zero(bill.net.currency)
        used = replace(
            bill,
            record_class=RecordClass.PAYMENT,
            net=(bill.credit or zero) - _by_settlements(number, zero, money_rows, classifier),
            tax=zero,
            date=terms.due_day(bill),
            document=bill.token,
        )
        if not uses and (not used.net or bill.token in named):
            continue
        if used.date in terms.days or any(row.date in terms.days for row in uses):
            yield _use(number, used, uses, classifier)


def _use(number: str, used: Record, uses: Sequence[Record], classifier: MoneyClassifier) -> Item:
    booked = None
    if not uses:
        verdict = classifier.of_invoice(number) or Verdict(
            MatchClass.ONLY_SOURCE,
            "",
            "it was paid from the client's balance, and the books do not show that",
            "`bridge explain` the invoice",
        )
    else:
        value = classifier.worth(uses, used)
        if isinstance(value, Wrong):
            verdict = _difference(value.why)
        else:
            why = f"{value} of balance is booked on it instead of {used.net}"
            verdict, booked = (MATCHED if value == used.net else _difference(why)), value
    return classifier.item(used, verdict, uses, kind=ItemKind.BALANCE_USE, booked=booked)


def _by_settlements(
    number: str, zero: Money, money_rows: MoneyRows, classifier: MoneyClassifier
) -> Money:
    """Return the part of a credit that came as money through invoices that only pay others."""
    label = classifier.terms.label
    found = []
    for transaction, rows in money_rows.shares.items():
        source = money_rows.source.get(transaction)
        if source is None or invoice_id(source.document, label) not in classifier.settles:
            continue
        mine = [row for row in rows if key_of(row.token, label).invoice == number]
        value = classifier.worth(mine, source) if mine else zero
        if isinstance(value, Money) and value.currency == zero.currency:
            found.append(value)
    return total(found, zero.currency)


def _difference(why: str) -> Verdict:
    return Verdict(MatchClass.DIFFERS, "", why, "`bridge explain` the invoice")


# Balance that staff gave or took ---------------------------------------------------------------


def given_by_id(balances: Iterable[ClientBalance]) -> Mapping[str, BalanceEntry]:
    """Return movements by hand, by the source's id of them."""
    entries = (entry for balance in balances for entry in balance.entries)
    return {entry.id: entry for entry in entries if entry.origin in _BY_HAND}


def match_given(
    rows: Sequence[Record], balances: Iterable[ClientBalance], classifier: MoneyClassifier
) -> list[Record]:
    """Classify what staff gave or took; return the target's rows that the source knows nothing of.

    It is compared with the source's own movements.
    """
    terms, documents = classifier.terms, classifier.documents
    by_owner: dict[str, list[Record]] = {}
    for row in rows:
        by_owner.setdefault(key_of(row.token, terms.label).owner, []).append(row)
    for entry in given_by_id(balances).values():
        booked = by_owner.pop(entry.id, [])
        if entry.date in terms.days or any(row.date in terms.days for row in booked):
            documents.items.append(_given(entry, booked, classifier))
    return [row for left in by_owner.values() for row in left]


def _given(entry: BalanceEntry, rows: Sequence[Record], classifier: MoneyClassifier) -> Item:
    verdict = _booked(entry, rows, classifier) if rows else _absent(entry, classifier)
    return classifier.item(
        Record(
            record_class=RecordClass.MOVEMENT,
            token=Key(Role.GIVEN, entry.id).token(classifier.terms.label),
            number="",
            client=entry.client.id,
            date=entry.date,
            net=entry.amount,
            tax=Money.zero(entry.amount.currency),
        ),
        verdict,
        rows,
        family=f"balance movement {entry.id}",
        kind=ItemKind.MOVEMENT,
        booked=entry.amount if verdict is MATCHED else None,
    )


def _booked(entry: BalanceEntry, rows: Sequence[Record], classifier: MoneyClassifier) -> Verdict:
    shown = " and ".join(f"{row.number} of {abs(row.net)}" for row in rows)
    moved = elsewhere(rows[0], classifier.log_view, classifier.terms.label)
    if len(rows) == 1 and not moved and _agrees(entry, rows[0], classifier):
        return MATCHED
    what = moved or f"the books have {shown}, and it moved {entry.amount}"
    return Verdict(MatchClass.DIFFERS, "", what, "find out which side is right")


def _agrees(entry: BalanceEntry, row: Record, classifier: MoneyClassifier) -> bool:
    """Return whether a row shows what was sent; the sign is the target's own."""
    link = classifier.log_view.link(key_of(row.token, classifier.terms.label))
    if link and link.payload:
        return link.payload.net == row.net and link.payload.paid == entry.amount
    return abs(row.net) == abs(entry.amount)


def _absent(entry: BalanceEntry, classifier: MoneyClassifier) -> Verdict:
    terms = classifier.terms
    if entry.date < terms.policy.start_date:
        return Verdict(MatchClass.BEFORE_START, "before_start_date", "it is of before the start")
    if terms.given is not None:
        reason = terms.given.reason.value
        return Verdict(MatchClass.HELD, reason, terms.given.what, terms.given.remedy)
    what = "bridge books it with the first invoice that uses the balance"
    return Verdict(MatchClass.SKIPPED, "not_used_yet", what)
