"""A billing system in memory, and the source that reads it."""

# ruff: noqa: D102  # what each method promises stands in the contract

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import assert_never

from bridge.api import (
    Checkpoint,
    Client,
    Days,
    Gone,
    Header,
    Health,
    Invoice,
    InvoiceState,
    Kind,
    Known,
    LineKind,
    Missing,
    Money,
    Record,
    RecordClass,
    ScanPolicy,
    Source,
    SourceRef,
    Survey,
    Transaction,
    TransactionKind,
    payment_ref,
    token_of,
)
from bridge.testing.builders import LABEL, a_header
from bridge.testing.faults import FarSide


def _by_number(ref: SourceRef) -> tuple[int, str]:
    return len(ref.id), ref.id


class MemoryBilling(FarSide):
    """The remote system: what is put in may be replaced or removed between runs and during them.

    Safe for several threads.

    Attributes:
        bare: Invoices whose scan row comes without a fingerprint.
        unreadable: Invoices that are listed and cannot be read, with the reason.
        gateways: System names with how people call them.
    """

    def __init__(
        self, *records: Client | Invoice | Transaction, base_currency: str = "GBP"
    ) -> None:
        super().__init__()
        self.base_currency = base_currency
        self.bare: set[SourceRef] = set()
        self.unreadable: dict[SourceRef, str] = {}
        self.gateways = {"stripe": "Credit/Debit Card", "paypal": "PayPal"}
        self._clients: dict[SourceRef, Client] = {}
        self._invoices: dict[SourceRef, Invoice] = {}
        self._loose: dict[str, Transaction] = {}
        self.put(*records)

    def put(self, *records: Client | Invoice | Transaction) -> None:
        """Add records, or replace those with the same id.

        A transaction that names an invoice which is here is set on that invoice as well.
        """
        with self._lock:
            for record in records:
                self._put(record)

    def _put(self, record: Client | Invoice | Transaction) -> None:
        match record:
            case Client():
                self._clients[record.ref] = record
            case Invoice():
                self._invoices[record.ref] = record
            case Transaction():
                invoice = self._invoices.get(record.invoice) if record.invoice else None
                if invoice is None:
                    self._loose[record.id] = record
                    return
                others = [row for row in invoice.transactions if row.id != record.id]
                self._invoices[invoice.ref] = replace(invoice, transactions=(*others, record))
            case _:
                assert_never(record)

    def remove(self, ref: SourceRef) -> None:
        """Delete a client or an invoice, as if it had never been."""
        with self._lock:
            self._clients.pop(ref, None)
            self._invoices.pop(ref, None)

    def all_invoices(self) -> list[Invoice]:
        """Every invoice, ids ascending, with the containers that pay it."""
        with self._lock:
            return [self._complete(self._invoices[ref]) for ref in self._invoice_refs()]

    def invoice(self, ref: SourceRef) -> Invoice | None:
        """One invoice, or None."""
        with self._lock:
            found = self._invoices.get(ref)
            return None if found is None else self._complete(found)

    def client(self, ref: SourceRef) -> Client | None:
        """One client, or None."""
        with self._lock:
            return self._clients.get(ref)

    def all_transactions(self) -> list[Transaction]:
        """Every transaction, on an invoice or not, oldest row first."""
        with self._lock:
            on_invoices = chain.from_iterable(row.transactions for row in self._invoices.values())
            rows = {row.id: row for row in chain(self._loose.values(), on_invoices)}
            return sorted(rows.values(), key=lambda row: (len(row.id), row.id))

    def after(self, position: str) -> list[Invoice]:
        """Invoices with a higher id than `position`; all of them when it is empty."""
        with self._lock:
            start = (len(position), position)
            refs = [ref for ref in self._invoice_refs() if _by_number(ref) > start]
            return [self._complete(self._invoices[ref]) for ref in refs]

    def _invoice_refs(self) -> list[SourceRef]:
        return sorted(self._invoices, key=_by_number)

    def _complete(self, invoice: Invoice) -> Invoice:
        if invoice.containers:
            return invoice
        found = tuple(
            other
            for other in self._invoices.values()
            if any(
                line.kind is LineKind.SETTLEMENT and line.related == invoice.ref.id
                for line in other.lines
            )
        )
        return replace(invoice, containers=found) if found else invoice


class MemorySource(Source):
    """Reads a `MemoryBilling`. Its scan is a full pass over all headers, by id.

    Args:
        billing: The far side.
        label: Prefix of references.
        page_size: A checkpoint follows each so many headers.
    """

    def __init__(self, billing: MemoryBilling, label: str = LABEL, *, page_size: int = 50) -> None:
        self.label = label
        self._billing = billing
        self._page_size = page_size

    def check(self) -> Health:
        health = self._billing.reading("check", lambda: Health("billing in memory"))
        self.base_currency = self._billing.base_currency
        return health

    def survey(self) -> Survey:
        return self._billing.reading("survey", self._survey)

    def _survey(self) -> Survey:
        invoices = self._billing.all_invoices()
        return Survey(
            base_currency=self._billing.base_currency,
            currencies=tuple(sorted({invoice.currency for invoice in invoices})),
            gateways=dict(self._billing.gateways),
            tax_rates=tuple(sorted({str(invoice.tax_rate) for invoice in invoices})),
            unpaid_documents="proforma",
            line_types=tuple(sorted({line.type for row in invoices for line in row.lines})),
        )

    def scan(
        self,
        cursor: str | None,
        known: Known,
        policy: ScanPolicy,  # noqa: ARG002  # every pass is a full one
    ) -> Iterator[Header | Gone | Checkpoint]:
        """All headers after the cursor's position, then those that are known and not there."""
        position = json.loads(cursor)["after"] if cursor else ""
        invoices = self._billing.reading("scan", lambda: self._billing.after(position))
        for start in range(0, len(invoices), self._page_size):
            page = invoices[start : start + self._page_size]
            yield from (self._header(invoice) for invoice in page)
            yield Checkpoint(json.dumps({"after": page[-1].ref.id}))
        yield from self._gone(known)
        yield Checkpoint(json.dumps({"after": ""}))

    def _header(self, invoice: Invoice) -> Header:
        bare = invoice.ref in self._billing.bare
        return a_header(invoice, fingerprint=None if bare else "")

    def _gone(self, known: Known) -> Iterator[Gone]:
        refs = [ref for status in known.counts() for ref in known.refs(status)]
        for ref in refs:
            if self._billing.invoice(ref) is None:
                yield Gone(ref, "it was deleted from the billing system")

    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        for ref in refs:
            yield self._billing.reading("invoices", partial(self._invoice, ref))

    def _invoice(self, ref: SourceRef) -> Invoice | Missing:
        if ref in self._billing.unreadable:
            return Missing(ref, self._billing.unreadable[ref], gone=False)
        found = self._billing.invoice(ref)
        return found or Missing(ref, "the billing system has no such invoice", gone=True)

    def clients(self, refs: Sequence[SourceRef]) -> Iterator[Client | Missing]:
        for ref in refs:
            yield self._billing.reading("clients", partial(self._client, ref))

    def _client(self, ref: SourceRef) -> Client | Missing:
        found = self._billing.client(ref)
        return found or Missing(ref, "the billing system has no such client", gone=True)

    def transactions(self, clients: Sequence[SourceRef]) -> Iterator[Transaction]:
        rows = self._billing.reading("transactions", self._billing.all_transactions)
        for client in clients:
            yield from (row for row in rows if row.client == client)

    def records(self, days: Days) -> Iterator[Record]:
        invoices = self._billing.reading("records", self._billing.all_invoices)
        for invoice in invoices:
            if invoice.issued is None or invoice.state is InvoiceState.DRAFT:
                continue
            if invoice.issued in days:
                yield self._document(invoice, invoice.issued)
        for row in self._billing.all_transactions():
            if row.date in days and row.kind is not TransactionKind.ADJUSTMENT:
                yield self._money(row)

    def _document(self, invoice: Invoice, issued: dt.date) -> Record:
        return Record(
            record_class=RecordClass.INVOICE,
            token=token_of(self.label, invoice.ref),
            number=invoice.number,
            client=invoice.client.id,
            date=issued,
            net=invoice.net,
            tax=invoice.tax + invoice.tax2,
            note=invoice.status,
        )

    def _money(self, row: Transaction) -> Record:
        amount = row.money_in - row.money_out
        record_class, ref = self._class_of(row)
        return Record(
            record_class=record_class,
            token=token_of(self.label, ref),
            number=row.reference,
            client=row.client.id if row.client else "",
            date=row.date,
            net=amount,
            tax=Money.zero(amount.currency),
            account=row.gateway,
        )

    def _class_of(self, row: Transaction) -> tuple[RecordClass, SourceRef]:
        if row.kind is not TransactionKind.PAYMENT:
            return RecordClass.REFUND, SourceRef(Kind.CREDIT_NOTE, f"R{row.id}")
        if row.invoice is None:
            return RecordClass.MOVEMENT, SourceRef(Kind.MOVEMENT, f"T{row.id}")
        return RecordClass.PAYMENT, payment_ref(row.id, row.invoice.id)

    def records_cost(self, days: Days) -> int:  # noqa: ARG002  # one pass, whatever the period
        return 1
