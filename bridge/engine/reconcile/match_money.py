"""Money and credit notes of both ends, matched by transaction. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.engine.reconcile.log_view import LogView, of_entry
from bridge.engine.reconcile.match_documents import (
    MATCHED,
    MatchedDocuments,
    days_sent,
    foreign_item,
)
from bridge.engine.reconcile.valuation import Wrong, worth
from bridge.engine.reconcile.values import (
    UNEXPLAINED,
    ComparisonTerms,
    Item,
    ItemKind,
    MatchClass,
    Verdict,
)
from bridge.model.keys import MONEY, Key, Role, invoice_id, key_of, refund_ref
from bridge.model.money import Money
from bridge.model.reasons import Reason
from bridge.model.target_records import Record, RecordClass

_KINDS = {
    RecordClass.PAYMENT: ItemKind.PAYMENT,
    RecordClass.REFUND: ItemKind.REFUND,
    RecordClass.MOVEMENT: ItemKind.MOVEMENT,
}
_ON_ITS_WAY = frozenset({MatchClass.HELD, MatchClass.WAITING})


@dataclass(slots=True)
class MoneyRows:
    """Rows of money of both ends, by what they belong to.

    Attributes:
        source: The source's transactions by id.
        shares: The target's shares of a transaction.
        fees: The target's rows for its fee.
        uses: Rows that used balance, by the source's id of the invoice.
        given: Rows of balance given by hand.
        loose: The target's rows that carry no key of ours.
    """

    source: dict[str, Record] = field(default_factory=dict)
    shares: dict[str, list[Record]] = field(default_factory=dict)
    fees: dict[str, list[Record]] = field(default_factory=dict)
    uses: dict[str, list[Record]] = field(default_factory=dict)
    given: list[Record] = field(default_factory=list)
    loose: list[Record] = field(default_factory=list)


def group_money(source: Iterable[Record], target: Iterable[Record], label: str) -> MoneyRows:
    """Group the money of both ends by the transaction, invoice or entry that its key names."""
    result = MoneyRows()
    for record in source:
        key = key_of(record.token, label)
        if key.role in MONEY or key.role is Role.NOTE:
            result.source[key.owner] = record
    for record in target:
        key = key_of(record.token, label)
        match key.role:
            case role if role in MONEY or role is Role.EXCHANGE:
                result.shares.setdefault(key.owner, []).append(record)
            case Role.FEE:
                result.fees.setdefault(key.owner, []).append(record)
            case Role.USE:
                result.uses.setdefault(key.owner, []).append(record)
            case Role.GIVEN:
                result.given.append(record)
            case _:
                result.loose.append(record)
    return result


@dataclass(slots=True)
class MoneyClassifier:
    """Puts money of both ends in its class and says why.

    Attributes:
        settles: What each settlement pays: the source's ids of invoices, by its own.
    """

    documents: MatchedDocuments
    log_view: LogView
    terms: ComparisonTerms
    settles: Mapping[str, Sequence[str]]

    def transaction(self, record: Record, rows: Sequence[Record]) -> list[Item]:
        """Classify a transaction of the source against its shares in the target.

        A share that is rightly missing is an item of its own, so that each has one class.
        """
        if not rows:
            verdict, family = self.absent(record)
            return [self.item(record, verdict, family=family)]
        value = self.worth(rows, record)
        if isinstance(value, Wrong):
            return [self.item(record, _differs(value.why), rows)]
        if value == record.net:
            return [self.item(record, self._on_its_day(record, rows), rows, booked=value)]
        rest = record.net - value
        partly = bool(value) and (value.amount > 0) == (rest.amount > 0) == (record.net.amount > 0)
        verdict, family = self.absent(record) if partly else (MATCHED, "")
        whole = family and self._is_there(family) and verdict.standing in UNEXPLAINED
        if not partly or whole:
            why = f"{value} of it is in the books instead of {record.net}"
            return [self.item(record, _differs(why), rows, booked=value)]
        return [
            self.item(replace(record, net=value), MATCHED, rows, booked=value),
            self.item(replace(record, net=rest), verdict, family=family),
        ]

    def fee(self, record: Record, rows: Sequence[Record]) -> list[Item]:
        """Classify the fee of a transaction against the target's rows for it."""
        if not record.fee:
            return []
        cut = replace(record, net=-record.fee)
        if rows:
            value = self.worth(rows, cut)
            if isinstance(value, Wrong) or value != cut.net:
                why = value.why if isinstance(value, Wrong) else f"it is {value}, not {cut.net}"
                booked = None if isinstance(value, Wrong) else value
                return [self.item(cut, _differs(why), rows, kind=ItemKind.FEE, booked=booked)]
            return [self.item(cut, MATCHED, rows, kind=ItemKind.FEE, booked=value)]
        found = self.unbooked(record)
        apart = self.terms.fees.get(record.account)
        if found is None and apart:
            what = f"{apart.rule.rule}: {apart.rule.value}"
            found = Verdict(MatchClass.SKIPPED, "fees_apart", what), self.family(record)
        verdict, family = found or self._missing(record)
        return [self.item(cut, verdict, family=family, kind=ItemKind.FEE)]

    def worth(self, rows: Sequence[Record], record: Record) -> Money | Wrong:
        """Return what these rows are worth in the record's currency."""
        return worth(rows, record, self.log_view, self.terms.base_currency, self.terms.label)

    def _on_its_day(self, record: Record, rows: Sequence[Record]) -> Verdict:
        for row in rows:
            link = self.log_view.link(key_of(row.token, self.terms.label))
            sent = days_sent(link, {record.date}, self.terms)
            if row.date not in self.terms.allowed(record.date) | sent:
                return _differs(f"its day is {row.date} instead of {record.date}")
        return MATCHED

    # Why it is not there -----------------------------------------------------------------------

    def absent(self, record: Record) -> tuple[Verdict, str]:
        """Return why a transaction, or a share of it, is not in the target, and its family."""
        if not record.net:
            return Verdict(MatchClass.SKIPPED, "no_money", "it moved nothing"), self.family(record)
        if not record.document:
            what = "it stands on no invoice: not for bridge to book"
            return Verdict(MatchClass.SKIPPED, "no_document", what), self.family(record)
        found = self.unbooked(record)
        if found:
            return found
        feed = self.terms.receipts.get(record.account)
        if feed:
            what = f"{feed.rule.rule}: {feed.rule.value}"
            return Verdict(MatchClass.SKIPPED, "bank_feed", what), self.family(record)
        return self._missing(record)

    def unbooked(self, record: Record) -> tuple[Verdict, str] | None:
        """Return why the first unbooked invoice that this money pays is not booked, and its id."""
        number = invoice_id(record.document, self.terms.label)
        if not number:
            return None
        for each in (number, *self.settles.get(number, ())):
            verdict = self.of_invoice(each)
            container = each == number and number in self.settles
            if verdict and not (container and verdict.standing is MatchClass.SKIPPED):
                return self._by_own_day(record, verdict), each
        return None

    def _by_own_day(self, record: Record, verdict: Verdict) -> Verdict:
        """Test money by its own day: that of an invoice from before the start may be later."""
        start = self.terms.policy.start_date
        if verdict.standing is not MatchClass.BEFORE_START or record.date < start:
            return verdict
        return Verdict(
            MatchClass.HELD,
            Reason.OPENING_ITEM.value,
            f"it moved on {record.date}, after the start, on an invoice from before it",
            "book it by hand with the opening balances",
        )

    def of_invoice(self, number: str) -> Verdict | None:
        """Return why an invoice's money is not expected in the books; None where it is."""
        item = self.documents.by_invoice.get(number)
        entry = self.log_view.entries.get(number)
        told = of_entry(entry) if entry else None
        if item is None:
            unseen = Verdict(MatchClass.ONLY_SOURCE, "not_seen", "no run has seen its invoice")
            return told if entry else unseen
        if self._is_there(number):
            return told if told and told.standing in _ON_ITS_WAY else None
        if item.standing is MatchClass.ONLY_SOURCE:
            return replace(item.verdict, what="its invoice is not in the target")
        return item.verdict

    def _is_there(self, number: str) -> bool:
        """Return whether the books have what this invoice's money is booked on."""
        item = self.documents.by_invoice.get(number)
        if item is None:
            return False
        return item.standing in {MatchClass.MATCHED, MatchClass.DIFFERS} or (
            bool(item.targets) or item.verdict.reason == "prepayment"
        )

    def _missing(self, record: Record) -> tuple[Verdict, str]:
        fresh = self.terms.is_fresh(record.date)
        verdict = Verdict(
            MatchClass.WAITING if fresh else MatchClass.ONLY_SOURCE,
            "not_seen" if fresh else "",
            "the books do not show it, although its invoice is there",
            "run `bridge sync`, then reconcile again; if it stays, `bridge explain` the invoice",
        )
        return verdict, self.family(record)

    # Items -------------------------------------------------------------------------------------

    def family(self, record: Record) -> str:
        """Return the family of a transaction: its invoice, or itself."""
        number = invoice_id(record.document, self.terms.label)
        return number or f"transaction {key_of(record.token, self.terms.label).owner}"

    def item(
        self,
        record: Record,
        verdict: Verdict,
        rows: Sequence[Record] = (),
        *,
        family: str = "",
        kind: ItemKind | None = None,
        booked: Money | None = None,
    ) -> Item:
        """Return an item of a transaction of the source."""
        days = (row.date for row in rows if row.date in self.terms.days)
        return Item(
            kind=kind or _KINDS[record.record_class],
            verdict=verdict,
            family=family or self.family(record),
            token=record.token,
            number=record.number,
            client=record.client,
            day=next(days, record.date),
            billed=record.net,
            booked=booked,
            targets=tuple(row.number for row in rows),
            account=rows[0].account if rows else record.account,
        )

    def foreign(self, row: Record, verdict: Verdict, family: str, key: Key) -> Item:
        """Return an item of money that is only in the target."""
        kind = _KINDS.get(row.record_class, ItemKind.MOVEMENT)
        if key.role is Role.FEE:
            kind = ItemKind.FEE
        elif key.role is Role.USE:
            kind = ItemKind.BALANCE_USE
        return Item(
            kind=kind,
            verdict=verdict,
            family=family,
            token=row.token,
            number=row.number,
            client=row.client,
            day=row.date,
            billed=None,
            booked=row.net,
            targets=(row.number,),
            account=row.account,
        )


def _differs(why: str) -> Verdict:
    remedy = "find out which side is right and correct the other"
    return Verdict(MatchClass.DIFFERS, "", why, remedy)


# Credit notes of the target --------------------------------------------------------------------


def match_notes(money_rows: MoneyRows, classifier: MoneyClassifier) -> None:
    """Classify every credit note that carries our key, and those that are gone.

    The source has refunds and no credit notes, so a note is billed as what it credits.
    """
    documents = classifier.documents
    for refund, notes in documents.notes.items():
        source = money_rows.source.get(refund)
        family = classifier.family(source) if source else str(Key(Role.NOTE, refund))
        for place, note in enumerate(notes):
            verdict = _DOUBLE_NOTE if place else _note_verdict(refund, source, note, classifier)
            item = foreign_item(note, verdict, family)
            if source and not place:
                gross = note.net + note.tax
                item = replace(item, billed=gross, billed_tax=note.tax, client=source.client)
            documents.by_number[note.number] = item
            if note.date in classifier.terms.days:
                documents.items.append(item)
    for refund, source in money_rows.source.items():
        if refund not in documents.notes and source.date in classifier.terms.days:
            _lost_note(refund, source, classifier)


def _note_verdict(
    refund: str, source: Record | None, note: Record, classifier: MoneyClassifier
) -> Verdict:
    if source is None:
        what = f"it carries the key of refund {refund}, which the source does not have"
        return Verdict(MatchClass.ONLY_TARGET, "", what, "find out who deleted the refund there")
    wrong = _note_wrong(refund, source, note, classifier)
    if not wrong:
        return MATCHED
    what = f"document {note.number}: {'; '.join(wrong)}"
    return Verdict(MatchClass.DIFFERS, "", what, "correct the credit note in the target")


def _note_wrong(
    refund: str, source: Record, note: Record, classifier: MoneyClassifier
) -> list[str]:
    terms = classifier.terms
    link = classifier.log_view.links.get(refund_ref(refund))
    payload = link.payload if link else None
    gross = note.net + note.tax
    wrong = []
    if payload and payload.net and (payload.net, payload.tax) != (note.net, note.tax):
        wrong.append(
            f"it shows {note.net} net and {note.tax} tax, sent was {payload.net} and {payload.tax}"
        )
    elif gross.currency != source.net.currency or gross < source.net:
        wrong.append(f"it credits {-gross}, and {-source.net} was refunded")
    if note.date not in terms.allowed(source.date) | days_sent(link, {source.date}, terms):
        wrong.append(f"its day is {note.date} instead of {source.date}")
    return wrong


def _lost_note(refund: str, source: Record, classifier: MoneyClassifier) -> None:
    """Report a note that the log knows and the target has no longer."""
    link = classifier.log_view.links.get(refund_ref(refund))
    if not link:
        return
    payload = link.payload
    lost = payload.net + payload.tax if payload and payload.net and payload.tax else None
    what = f"it was booked as document {link.target.id} and is not in the target any more"
    verdict = Verdict(MatchClass.ONLY_SOURCE, "", what, "find out who deleted it and why")
    item = classifier.item(source, verdict, kind=ItemKind.CREDIT_NOTE)
    classifier.documents.items.append(replace(item, billed=lost or source.net))


_DOUBLE_NOTE = Verdict(
    MatchClass.ONLY_TARGET,
    "possible_duplicate",
    "another credit note carries the same key: a duplicate",
    "look at both in the target and delete the one that should not be there",
)
