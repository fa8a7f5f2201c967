"""Records whose other half lies outside the period that was read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bridge.contract import Source, Target
from bridge.engine.reconcile.log_view import LogView
from bridge.engine.reconcile.values import ComparisonTerms
from bridge.engine.write.readback import ranges
from bridge.model.keys import MONEY, Key, Role, key_of, refund_ref, token_of, transaction_ref
from bridge.model.refs import Kind, SourceRef, invoice_ref
from bridge.model.source_records import Invoice, LineKind, Missing, Transaction, TransactionKind
from bridge.model.target_records import Record, RecordClass

_MONEY = MONEY | {Role.NOTE, Role.FEE, Role.EXCHANGE}
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Rows:
    """Records that were read at both ends."""

    source: Sequence[Record]
    target: Sequence[Record]


def with_outside_period(
    rows: Rows, source: Source, target: Target, log_view: LogView, terms: ComparisonTerms
) -> Rows:
    """`rows` and the missing halves: what the log knows under another day, and what the target
    has of invoices that the source issued and was paid for outside the period.
    """
    known = set(refs_of(rows.target, terms.label))
    return Rows(
        [*rows.source, *_of_source(rows, source, terms)],
        [*rows.target, *_of_target(rows, target, log_view, terms, known)],
    )


def _of_target(
    rows: Rows,
    target: Target,
    log_view: LogView,
    terms: ComparisonTerms,
    known: set[SourceRef],
) -> Iterator[Record]:
    invoices = {key_of(row.token, terms.label).owner for row in rows.source}
    days = {
        day
        for ref, link in log_view.links.items()
        if ref.kind is not Kind.CLIENT and ref not in known
        for day in (link.payload.date if link.payload else link.day,)
        if day and day not in terms.days and _concerns(Key.of(ref), invoices)
    }
    numbers = {row.number for row in rows.target}
    for span in ranges(days, margin=0):
        for record in target.records(span):
            if record.number not in numbers and record.date not in terms.days:
                yield record


def _concerns(key: Key, owners: set[str]) -> bool:
    return key.owner in owners or key.invoice in owners


def _of_source(rows: Rows, source: Source, terms: ComparisonTerms) -> Iterator[Record]:
    keys = [key_of(row.token, terms.label) for row in rows.source]
    bills = {key.owner for key in keys if key.role is Role.INVOICE}
    there = {key.owner for key in keys if key.role is not Role.INVOICE}
    wanted: set[str] = set()
    for row in rows.target:
        key = key_of(row.token, terms.label)
        if key.role in {Role.INVOICE, Role.USE} and key.owner not in bills:
            wanted.add(key.owner)
        elif key.role in _MONEY and key.owner not in there and key.invoice:
            wanted.add(key.invoice)
    yield from _read(sorted(wanted), source, bills, there, terms)


def _read(
    wanted: Sequence[str], source: Source, bills: set[str], there: set[str], terms: ComparisonTerms
) -> Iterator[Record]:
    for start in range(0, len(wanted), _BATCH):
        refs = [invoice_ref(each) for each in wanted[start : start + _BATCH]]
        for answer in source.invoices(refs):
            if isinstance(answer, Missing):
                continue
            if answer.ref.id not in bills and answer.issued:
                yield invoice_record(answer, terms.label)
            for invoice in (answer, *answer.containers):
                for row in invoice.transactions:
                    if row.id not in there and row.kind is not TransactionKind.ADJUSTMENT:
                        there.add(row.id)
                        yield money_record(row, terms.label)


def invoice_record(invoice: Invoice, label: str) -> Record:
    """Return an invoice that was read in full as a row; it must have a day of issue."""
    if invoice.issued is None:
        msg = f"{invoice.ref} has no day of issue"
        raise ValueError(msg)
    kinds = {line.kind for line in invoice.lines}
    record_class = RecordClass.INVOICE
    if kinds == {LineKind.PREPAYMENT}:
        record_class = RecordClass.PREPAYMENT
    elif kinds == {LineKind.SETTLEMENT}:
        record_class = RecordClass.SETTLEMENT
    return Record(
        record_class=record_class,
        token=token_of(label, invoice.ref),
        number=invoice.number,
        client=invoice.client.id,
        date=invoice.issued,
        net=invoice.net,
        tax=invoice.tax + invoice.tax2,
        note=invoice.status,
        state=invoice.state,
        paid_on=invoice.paid_on,
        credit=invoice.credit,
        settles=tuple(
            token_of(label, invoice_ref(line.related))
            for line in invoice.lines
            if line.kind is LineKind.SETTLEMENT and line.related
        ),
    )


def money_record(row: Transaction, label: str) -> Record:
    """Return a transaction as a row."""
    back = row.kind is not TransactionKind.PAYMENT
    ref = refund_ref(row.id) if back else transaction_ref(row.id)
    amount = row.money_in - row.money_out
    record = Record(
        record_class=RecordClass.REFUND if back else RecordClass.PAYMENT,
        token=token_of(label, ref),
        number=row.reference,
        client=row.client.id if row.client else "",
        date=row.date,
        net=amount,
        tax=amount - amount,
        account=row.gateway,
        note=row.description,
        fee=row.fee,
        rate=row.rate,
    )
    return replace(record, document=token_of(label, row.invoice)) if row.invoice else record


def refs_of(rows: Iterable[Record], label: str) -> Iterator[SourceRef]:
    """Yield the references by which the log knows the records of these rows."""
    for row in rows:
        key = key_of(row.token, label)
        if key.kind:
            yield key.ref
