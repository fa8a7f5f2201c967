"""Invoices and credit notes of both ends, matched. Pure."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bridge.engine.context import BookWhen
from bridge.engine.reconcile.log_view import LogView, is_ended, of_document
from bridge.engine.reconcile.match_reversals import lost_reversals, reversals
from bridge.engine.reconcile.values import (
    UNEXPLAINED,
    ComparisonTerms,
    Item,
    ItemKind,
    MatchClass,
    Verdict,
)
from bridge.model.keys import Role, invoice_id, key_of
from bridge.model.money import total
from bridge.model.refs import client_ref, invoice_ref
from bridge.model.source_records import InvoiceState
from bridge.model.target_records import Record, RecordClass
from bridge.store.tables.values import LinkRow

_KINDS = {
    RecordClass.INVOICE: ItemKind.INVOICE,
    RecordClass.PREPAYMENT: ItemKind.PREPAYMENT,
    RecordClass.SETTLEMENT: ItemKind.SETTLEMENT,
}
MATCHED = Verdict(MatchClass.MATCHED)


@dataclass(slots=True)
class MatchedDocuments:
    """Documents in their classes, and which of the target's are ours.

    Attributes:
        items: One each, in the period.
        by_invoice: The item of an invoice by the source's id, also outside the period.
        by_number: The item of a document by the target's number.
        notes: Our credit notes in the target, by the source's id of the refund; they are judged
            with the refund's money.
    """

    items: list[Item] = field(default_factory=list)
    by_invoice: dict[str, Item] = field(default_factory=dict)
    by_number: dict[str, Item] = field(default_factory=dict)
    notes: dict[str, list[Record]] = field(default_factory=dict)


def match_documents(
    source: Iterable[Record], target: Iterable[Record], log_view: LogView, terms: ComparisonTerms
) -> MatchedDocuments:
    """Put every document in its class.

    Rows of the source that neither fall into the period nor meet one of the target's are left out.
    """
    matcher = _Matcher(log_view, terms)
    matcher.sort(target)
    for record in source:
        matcher.one(record)
    matcher.leftovers()
    return matcher.result


@dataclass(slots=True)
class _Matcher:
    log_view: LogView
    terms: ComparisonTerms
    ours: dict[str, list[Record]] = field(default_factory=dict)
    unkeyed: dict[str, Record] = field(default_factory=dict)
    undone: list[Record] = field(default_factory=list)
    result: MatchedDocuments = field(default_factory=MatchedDocuments)

    def sort(self, target: Iterable[Record]) -> None:
        for record in target:
            key = key_of(record.token, self.terms.label)
            match key.role:
                case Role.INVOICE:
                    self.ours.setdefault(key.owner, []).append(record)
                case Role.NOTE:
                    self.result.notes.setdefault(key.owner, []).append(record)
                case Role.CANCELLED if is_ended(self.log_view.entries.get(key.owner)):
                    self._apart(record, key.owner, MATCHED)
                case Role.REVERSED:
                    self.undone.append(record)
                case _:
                    self.unkeyed[record.number] = record
        self._sort_undone()

    def _sort_undone(self) -> None:
        there = {note.token for note in self.undone}
        self.result.items.extend(lost_reversals(there, self.log_view, self.terms))
        for note, document in list(reversals(self.ours, self.undone, self.log_view, self.terms)):
            self._reversed(note, document)
        for note in self.undone:
            self._foreign(note, _ODD_REVERSAL, family=key_of(note.token, self.terms.label).owner)

    def _reversed(self, note: Record, document: Record | None) -> None:
        """Set a reversed document and its note apart: the invoice counts as not booked."""
        owner = key_of(note.token, self.terms.label).owner
        self.undone.remove(note)
        self._apart(note, owner, _REVERSED)
        if document:
            self.ours[owner].remove(document)
            self._apart(document, owner, _REVERSED)

    def _apart(self, record: Record, number: str, verdict: Verdict) -> None:
        """Keep a document that the source has none of, billed as what it is or what it credits."""
        gross = record.net + record.tax
        item = replace(foreign_item(record, verdict, number), billed=gross, billed_tax=record.tax)
        self.result.by_number[record.number] = item
        if record.date in self.terms.days:
            self.result.items.append(item)

    # One document of the source ----------------------------------------------------------------

    def one(self, record: Record) -> None:
        number = invoice_id(record.token, self.terms.label)
        chosen, doubles = self._there(number)
        judged = self._compare(record, number, chosen) if chosen else None
        verdict = judged or self._absent(record, number)
        item = self._item(record, number, chosen, verdict)
        self.result.by_invoice[number] = item
        for each in chosen:
            self.result.by_number[each.number] = item
        shown = [each.date for each in chosen]
        if any(day in self.terms.days for day in (item.day, *shown)):
            self.result.items.append(item)
        for double in doubles:
            self._foreign(double, _double(chosen[0]), family=f"document {double.number}")

    def _there(self, number: str) -> tuple[list[Record], list[Record]]:
        """Return the target's documents of an invoice, one a token, and those of the same token."""
        link = self.log_view.links.get(invoice_ref(number))
        by_token: dict[str, list[Record]] = {}
        for each in self.ours.pop(number, []):
            by_token.setdefault(each.token, []).append(each)
        chosen: list[Record] = []
        doubles: list[Record] = []
        for group in by_token.values():
            linked = [each for each in group if link and each.number == link.target.id]
            first = (linked or group)[0]
            chosen.append(first)
            doubles.extend(each for each in group if each is not first)
        if not chosen and link and link.target.id in self.unkeyed:
            chosen.append(self.unkeyed.pop(link.target.id))
        return sorted(chosen, key=lambda each: each.token), doubles

    def _compare(self, record: Record, number: str, docs: Sequence[Record]) -> Verdict:
        wrong = self._wrong(record, number, docs)
        if not wrong:
            return MATCHED
        told = of_document(record, self.log_view.entries.get(number), self.terms)
        words = f"{_named(docs)}: {'; '.join(wrong)}"
        if told and told.standing in {MatchClass.HELD, MatchClass.WRITTEN_WRONG}:
            return Verdict(told.standing, told.reason, f"{told.what}; {words}", told.remedy)
        return Verdict(
            MatchClass.DIFFERS,
            "",
            words,
            "find out which side is right and correct the other; `bridge explain` and the target's"
            " own history tell what was sent",
        )

    def _wrong(self, record: Record, number: str, docs: Sequence[Record]) -> list[str]:
        if record.record_class is not RecordClass.INVOICE:
            return ["the source sells nothing with it, and the target has a document for it"]
        currency = record.net.currency
        if any(each.net.currency != currency for each in docs):
            return [f"it is in {docs[0].net.currency} instead of {currency}"]
        wrong = [
            f"{name} is {shown} instead of {due}"
            for name, shown, due in (
                ("net", total((each.net for each in docs), currency), record.net),
                ("tax", total((each.tax for each in docs), currency), record.tax),
            )
            if shown != due
        ]
        return [*wrong, *self._elsewhere(record, number, docs[0]), *self._unsold(record, number)]

    def _elsewhere(self, record: Record, number: str, doc: Record) -> list[str]:
        link = self.log_view.links.get(invoice_ref(number))
        wrong = []
        due = self.terms.due_day(record)
        told = {record.date, record.paid_on}
        if doc.date not in self.terms.allowed(due) | days_sent(link, told, self.terms):
            wrong.append(f"its day is {doc.date} instead of {due}")
        client = self.log_view.links.get(client_ref(record.client))
        if client and doc.client and doc.client != client.target.id:
            wrong.append(f"it stands on customer {doc.client} instead of {client.target.id}")
        return wrong

    def _unsold(self, record: Record, number: str) -> list[str]:
        if record.state is InvoiceState.CANCELLED and is_ended(self.log_view.entries.get(number)):
            return []
        states = {InvoiceState.CANCELLED, InvoiceState.DRAFT}
        if self.terms.policy.book_when is BookWhen.PAID:
            states.add(InvoiceState.OPEN)
        return [f"the source says it is {record.note.lower()}"] if record.state in states else []

    def _absent(self, record: Record, number: str) -> Verdict:
        verdict = of_document(record, self.log_view.entries.get(number), self.terms)
        lacking = verdict is None or verdict.standing in UNEXPLAINED | {MatchClass.WAITING}
        if record.record_class is RecordClass.SETTLEMENT and lacking:
            return Verdict(MatchClass.SKIPPED, "mass_pay_container", "it only pays other invoices")
        if verdict is not None:
            return verdict
        if record.record_class is RecordClass.PREPAYMENT:
            return Verdict(MatchClass.SKIPPED, "prepayment", "it only fills the client's balance")
        link = self.log_view.links.get(invoice_ref(number))
        where = f" as document {link.target.id}" if link else ""
        return Verdict(
            MatchClass.ONLY_SOURCE,
            "",
            f"it was booked{where} and is not in the target any more",
            "find out who deleted it and why; if it should be there, `bridge unlink` it and"
            " `bridge retry` it",
        )

    def _item(self, record: Record, number: str, docs: Sequence[Record], verdict: Verdict) -> Item:
        due = self.terms.due_day(record)
        day = next((each.date for each in docs if each.date in self.terms.days), due)
        currency = record.net.currency
        same = bool(docs) and all(each.net.currency == currency for each in docs)
        return Item(
            kind=_KINDS[record.record_class],
            verdict=verdict,
            family=number,
            token=record.token,
            number=record.number,
            client=record.client,
            day=day,
            billed=record.net + record.tax,
            billed_tax=record.tax,
            booked=total((each.net + each.tax for each in docs), currency) if same else None,
            booked_tax=total((each.tax for each in docs), currency) if same else None,
            targets=tuple(each.number for each in docs),
        )

    # What is only in the target ----------------------------------------------------------------

    def leftovers(self) -> None:
        for number, records in self.ours.items():
            for record in records:
                self._foreign(record, _unknown(number), family=number)
        for record in self.unkeyed.values():
            ours = record.client in self.log_view.clients
            verdict = _by_hand(self.log_view.clients[record.client]) if ours else _OTHER
            self._foreign(record, verdict, family=f"document {record.number}")

    def _foreign(self, record: Record, verdict: Verdict, *, family: str) -> None:
        item = foreign_item(record, verdict, family)
        self.result.by_number[record.number] = item
        if record.date in self.terms.days:
            self.result.items.append(item)


def foreign_item(record: Record, verdict: Verdict, family: str) -> Item:
    """Return the item of a document that is only in the target."""
    is_note = record.record_class is RecordClass.CREDIT_NOTE
    return Item(
        kind=ItemKind.CREDIT_NOTE if is_note else ItemKind.INVOICE,
        verdict=verdict,
        family=family,
        token=record.token,
        number=record.number,
        client=record.client,
        day=record.date,
        billed=None,
        booked=record.net + record.tax,
        booked_tax=record.tax,
        targets=(record.number,),
    )


def days_sent(
    link: LinkRow | None, told: Collection[dt.date | None], terms: ComparisonTerms
) -> set[dt.date | None]:
    """Return the days that a record may bear because it was sent so.

    A day that the source tells no more is none, unless it was moved to an open day or stood there
    before: then a setting or a person chose it. `told` are the days that the source tells.
    """
    if link is None:
        return set()
    sent = {link.day, link.payload.date if link.payload else None}
    chosen = link.adopted or terms.policy.choices.when_closed == "first_open_day"
    return sent if chosen else sent & set(told)


def _named(docs: Sequence[Record]) -> str:
    numbers = " and ".join(each.number for each in docs)
    return f"document{'s' if len(docs) > 1 else ''} {numbers}"


_OTHER = Verdict(MatchClass.OTHER, "other_sales")
_REVERSED = Verdict(
    MatchClass.MATCHED,
    "reversed",
    "an undo took it back: the document and its note are together nil",
)
_ODD_REVERSAL = Verdict(
    MatchClass.ONLY_TARGET,
    "",
    "it carries the key of a credit note by which an undo reverses a document, and it does not"
    " reverse one to the penny, or another does so already",
    "compare it with the document of that key in the target; correct it there or delete it",
)


def _double(first: Record) -> Verdict:
    return Verdict(
        MatchClass.ONLY_TARGET,
        "possible_duplicate",
        f"it carries the same key {first.token} as document {first.number}: a duplicate",
        "look at both in the target and delete the one that should not be there",
    )


def _unknown(number: str) -> Verdict:
    return Verdict(
        MatchClass.ONLY_TARGET,
        "",
        f"it carries the key of invoice {number}, which the source does not have",
        "find out whether the invoice was deleted or merged in the source, or whether the key was"
        " typed by hand",
    )


def _by_hand(client: str) -> Verdict:
    return Verdict(
        MatchClass.ONLY_TARGET,
        "no_reference",
        f"it stands on the customer of client {client} and carries no key of ours: it was entered"
        " by hand",
        "if it is a bill of its own, bill it in the source instead or move it to another customer;"
        " if it doubles an invoice of the source, delete one of the two",
    )
