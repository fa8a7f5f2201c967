"""Every record of both ends, in exactly one class. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bridge.engine.reconcile.log_view import LogView
from bridge.engine.reconcile.match_balances import match_given, match_uses
from bridge.engine.reconcile.match_documents import MATCHED, MatchedDocuments, match_documents
from bridge.engine.reconcile.match_money import MoneyClassifier, MoneyRows, group_money, match_notes
from bridge.engine.reconcile.values import (
    UNEXPLAINED,
    ComparisonTerms,
    Difference,
    Item,
    ItemKind,
    MatchClass,
    Verdict,
)
from bridge.model.keys import NO_KEY, Key, Role, invoice_id, key_of, key_text
from bridge.model.money import Money, total
from bridge.model.refs import invoice_ref
from bridge.model.source_records import ClientBalance
from bridge.model.target_records import Record, RecordClass

_BILLS = frozenset({RecordClass.INVOICE, RecordClass.PREPAYMENT, RecordClass.SETTLEMENT})
_DOCUMENTS = _BILLS | {RecordClass.CREDIT_NOTE}


def match(
    source: Sequence[Record],
    target: Sequence[Record],
    log_view: LogView,
    terms: ComparisonTerms,
    balances: Sequence[ClientBalance] = (),
) -> tuple[Item, ...]:
    """Return all records of the period, each in its class, documents first."""
    bills = [row for row in source if row.record_class in _BILLS]
    documents = match_documents(
        bills, [row for row in target if row.record_class in _DOCUMENTS], log_view, terms
    )
    money_rows = group_money(
        (row for row in source if row.record_class not in _BILLS),
        (row for row in target if row.record_class not in _DOCUMENTS),
        terms.label,
    )
    settles = {
        invoice_id(row.token, terms.label): [invoice_id(each, terms.label) for each in row.settles]
        for row in bills
        if row.settles
    }
    classifier = MoneyClassifier(documents, log_view, terms, settles)
    _Matcher(documents, money_rows, classifier, balances).all(bills)
    return tuple(documents.items)


def differences(items: Iterable[Item]) -> tuple[Difference, ...]:
    """Return what is unexplained, by what it belongs to; the words are the document's own."""
    families: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.standing in UNEXPLAINED:
            families[item.family].append(item)
    result = []
    for family, members in families.items():
        first = min(members, key=lambda item: (item.kind is not ItemKind.INVOICE, item.day))
        result.append(
            Difference(
                family=family,
                subject=_subject(first),
                standing=first.standing,
                what=first.verdict.what,
                remedy=first.verdict.remedy,
                items=tuple(members),
            )
        )
    return tuple(sorted(result, key=lambda each: (each.items[0].day, each.family)))


def _subject(item: Item) -> str:
    kind = item.kind.value.replace("_", " ")
    if item.billed is None:
        where = f" on {item.account}" if item.account else ""
        return f"{kind} {item.number} in the target{where}"
    if item.kind is ItemKind.BALANCE:
        return item.family
    name = item.family if item.kind is ItemKind.INVOICE else key_text(item.token)
    return f"{kind} {name}" + (f" ({item.number})" if item.number not in {"", name} else "")


@dataclass(slots=True)
class _Matcher:
    documents: MatchedDocuments
    money_rows: MoneyRows
    classifier: MoneyClassifier
    balances: Sequence[ClientBalance]

    @property
    def terms(self) -> ComparisonTerms:
        return self.classifier.terms

    def all(self, bills: Sequence[Record]) -> None:
        match_notes(self.money_rows, self.classifier)
        self.documents.items.extend(match_uses(bills, self.money_rows, self.classifier))
        for number, record in self.money_rows.source.items():
            rows = self.money_rows.shares.pop(number, [])
            self._keep(record, rows, self.classifier.transaction)
            self._keep(record, self.money_rows.fees.pop(number, []), self.classifier.fee)
        self._leftovers()
        self._loose()

    def _keep(
        self,
        record: Record,
        rows: Sequence[Record],
        judged: Callable[[Record, Sequence[Record]], list[Item]],
    ) -> None:
        """Classify and keep what falls into the period at either end."""
        days = self.terms.days
        if record.date in days or any(row.date in days for row in rows):
            self.documents.items.extend(judged(record, rows))

    # What is only in the target ----------------------------------------------------------------

    def _leftovers(self) -> None:
        groups = (self.money_rows.shares, self.money_rows.fees, self.money_rows.uses)
        for rows in (each for group in groups for each in group.values()):
            for row in rows:
                self._only_target(row)
        if self.terms.reads_balances:
            for row in match_given(self.money_rows.given, self.balances, self.classifier):
                self._only_target(row)
            return
        for row in self.money_rows.given:
            self._given(row)

    def _only_target(self, row: Record) -> None:
        key = key_of(row.token, self.terms.label)
        on = self.documents.by_number.get(row.document)
        family = on.family if on else _family(key)
        if on and on.standing in UNEXPLAINED:
            verdict = replace(on.verdict, what="it stands on a document that is unexplained itself")
        else:
            verdict = Verdict(
                MatchClass.ONLY_TARGET,
                "",
                f"it carries the key {row.token}, which the source does not have",
                "find out whether the transaction was deleted in the source, or the key typed by"
                " hand",
            )
        self._add(row, verdict, family, key)

    def _given(self, row: Record) -> None:
        """Classify balance given by hand by the log, since the source was not asked for it."""
        key = key_of(row.token, self.terms.label)
        link = self.classifier.log_view.link(key)
        payload = link.payload if link else None
        if payload and payload.net == row.net and row.date in self.terms.days:
            item = self.classifier.foreign(row, MATCHED, key.owner, key)
            self.documents.items.append(replace(item, billed=row.net))
        else:
            self._only_target(row)

    def _add(self, row: Record, verdict: Verdict, family: str, key: Key) -> None:
        if row.date in self.terms.days:
            self.documents.items.append(self.classifier.foreign(row, verdict, family, key))

    def _loose(self) -> None:
        set_off = _set_off(self.money_rows.loose)
        feeds = {
            self.classifier.family(row)
            for row in self.money_rows.source.values()
            if row.account in self.terms.receipts
        }
        for row in self.money_rows.loose:
            on = self.documents.by_number.get(row.document)
            family = on.family if on else f"row {row.number}"
            verdict = self._loose_verdict(row, on, feeds, set_off)
            self._add(row, verdict, family, NO_KEY)

    def _loose_verdict(
        self, row: Record, on: Item | None, feeds: set[str], set_off: set[str]
    ) -> Verdict:
        if on is None and row.booked_by:
            return _by_hand(row)
        if on is None:
            return Verdict(MatchClass.OTHER, "other_money")
        if on.standing in {MatchClass.OTHER, MatchClass.ONLY_TARGET}:
            return on.verdict
        if row.number in set_off:
            return Verdict(MatchClass.OTHER, "set_off", "a credit note set against its invoice")
        if on.family in feeds:
            return Verdict(MatchClass.OTHER, "bank_feed", "a bank feed or a person brought it")
        link = self.classifier.log_view.links.get(invoice_ref(on.family))
        if link and link.adopted:
            return Verdict(MatchClass.OTHER, "adopted", "it stood there before bridge came")
        return Verdict(
            MatchClass.ONLY_TARGET,
            "no_reference",
            f"it stands on document {row.document} of ours and carries no key of ours",
            "find out who entered it; if the money is real, enter it in the source too and delete"
            " this one, so that bridge books it",
        )


def _family(key: Key) -> str:
    """Return what a row belongs to that stands on no document of ours, by its key alone."""
    return key.invoice or (str(key.on) if key.role is Role.PAYMENT else key.owner)


def _by_hand(row: Record) -> Verdict:
    return Verdict(
        MatchClass.ONLY_TARGET,
        "no_reference",
        f"bridge books such money itself (`{row.booked_by}`), and this carries no key of ours: it"
        " was entered by hand",
        "if it doubles what bridge booked, delete it; if it is right as it stands, accept it",
    )


def _set_off(rows: Sequence[Record]) -> set[str]:
    """Return the numbers of rows that cancel out, as of a credit note applied to its invoice."""
    groups: dict[tuple[object, str, Decimal], list[Record]] = defaultdict(list)
    for row in rows:
        if row.document:
            groups[row.date, row.note, abs(row.net.amount)].append(row)
    return {
        row.number
        for group in groups.values()
        if total(
            (each.net for each in group if each.net.currency == group[0].net.currency),
            group[0].net.currency,
        )
        == Money.zero(group[0].net.currency)
        for row in group
    }
