"""Debtors, and documents without money, as the target has them. Pure."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.engine.reconcile.totals import at_home, column_sums, in_column
from bridge.engine.reconcile.values import ComparisonTerms, Item
from bridge.model.money import Money
from bridge.model.target_records import Record, RecordClass

_SALES = frozenset({RecordClass.INVOICE, RecordClass.CREDIT_NOTE})


@dataclass(frozen=True, slots=True)
class DebtorLine:
    """Our documents of one month, in the currency in which the target keeps what was paid.

    Attributes:
        paid: The target's own figure, document by document.
        open: Invoices less notes less what was paid.
    """

    month: dt.date
    currency: str
    invoices: Money
    notes: Money
    paid: Money

    @property
    def open(self) -> Money:
        """Invoices and credit notes less what was paid."""
        return self.invoices + self.notes - self.paid


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document of ours that is not settled.

    Attributes:
        age: Days since its date.
        by_feed: Whether a bank feed is to bring its money.
    """

    number: str
    target: str
    client: str
    day: dt.date
    age: int
    gross: Money
    open: Money
    by_feed: bool


def debtors(
    target: Iterable[Record],
    ours: Mapping[str, Item],
    feeds: Collection[str],
    terms: ComparisonTerms,
) -> tuple[tuple[DebtorLine, ...], tuple[OpenDocument, ...]]:
    """Return what is owed on documents of ours whose payment the target tells, and the open ones.

    Args:
        ours: The item of each document of ours, by the target's number.
        feeds: Families whose money a bank feed brings.
    """
    settled: list[tuple[tuple[dt.date, str], Sequence[Money]]] = []
    open_ones = []
    for record in target:
        item = ours.get(record.number)
        if record.record_class not in _SALES or item is None or record.paid is None:
            continue
        gross = record.net + record.tax
        due = gross if record.paid.currency == gross.currency else None
        due = due or at_home(gross, record.rate, record.paid.currency)
        if due is None:
            continue
        column = 1 if record.record_class is RecordClass.CREDIT_NOTE else 0
        documents = in_column(column, due, 2)
        place = (record.date.replace(day=1), due.currency)
        settled.append((place, (*documents, record.paid)))
        if due != record.paid:
            open_ones.append(_open(record, item, due - record.paid, feeds, terms.today))
    sums = column_sums(settled)
    lines = (DebtorLine(*place, *amounts) for place, (_, amounts) in sums.items())
    return tuple(lines), tuple(sorted(open_ones, key=lambda each: (each.day, each.target)))


def _open(
    record: Record, item: Item, left: Money, feeds: Collection[str], today: dt.date
) -> OpenDocument:
    return OpenDocument(
        number=item.number,
        target=record.number,
        client=item.client,
        day=record.date,
        age=(today - record.date).days,
        gross=record.net + record.tax,
        open=left,
        by_feed=item.family in feeds,
    )
