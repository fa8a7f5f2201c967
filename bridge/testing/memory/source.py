"""The source that reads a billing system in memory."""

# ruff: noqa: D102  # what each method promises stands in the contract

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from functools import partial

from bridge.api import (
    BalanceEntry,
    Checkpoint,
    Client,
    ClientBalance,
    Days,
    Gone,
    Header,
    Health,
    Invoice,
    InvoiceState,
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
    invoice_ref,
    payment_ref,
    refund_ref,
    token_of,
    total,
    transaction_ref,
)
from bridge.testing.builders import LABEL, a_header
from bridge.testing.memory.billing import MemoryBilling

__all__ = ["MemoryBilling", "MemorySource"]

_CLASSES = {
    LineKind.SETTLEMENT: RecordClass.SETTLEMENT,
    LineKind.PREPAYMENT: RecordClass.PREPAYMENT,
}


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

    def balances(self, clients: Sequence[SourceRef]) -> Iterator[BalanceEntry]:
        rows = self._billing.reading("balances", self._billing.all_balances)
        for client in clients:
            yield from (row for row in rows if row.client == client)

    def client_balances(self) -> Iterator[ClientBalance]:
        entries: dict[SourceRef, list[BalanceEntry]] = {}
        for row in self._billing.reading("balances", self._billing.all_balances):
            entries.setdefault(row.client, []).append(row)
        for client, own in entries.items():
            amount = total((row.amount for row in own), own[0].amount.currency)
            yield ClientBalance(client, amount, tuple(own))

    def client_balances_cost(self) -> int:
        return 1

    def records(self, days: Days) -> Iterator[Record]:
        invoices = self._billing.reading("records", self._billing.all_invoices)
        for invoice in invoices:
            if invoice.issued is None or invoice.state is InvoiceState.DRAFT:
                continue
            if any(day in days for day in (invoice.issued, invoice.paid_on) if day):
                yield self._document(invoice, invoice.issued)
        for row in self._billing.all_transactions():
            if row.date in days and row.kind is not TransactionKind.ADJUSTMENT:
                yield self._money(row)

    def _document(self, invoice: Invoice, issued: dt.date) -> Record:
        kinds = {line.kind for line in invoice.lines}
        only = kinds.pop() if len(kinds) == 1 else LineKind.SALE
        return Record(
            record_class=_CLASSES.get(only, RecordClass.INVOICE),
            token=token_of(self.label, invoice.ref),
            number=invoice.number,
            client=invoice.client.id,
            date=issued,
            net=invoice.net,
            tax=invoice.tax + invoice.tax2,
            note=invoice.status,
            state=invoice.state,
            paid_on=invoice.paid_on,
            credit=invoice.credit,
            settles=tuple(
                token_of(self.label, invoice_ref(line.related))
                for line in invoice.lines
                if line.kind is LineKind.SETTLEMENT and line.related
            ),
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
            document=token_of(self.label, row.invoice) if row.invoice else "",
            fee=row.fee,
            rate=row.rate,
        )

    def _class_of(self, row: Transaction) -> tuple[RecordClass, SourceRef]:
        if row.kind is not TransactionKind.PAYMENT:
            return RecordClass.REFUND, refund_ref(row.id)
        if row.invoice is None:
            return RecordClass.MOVEMENT, transaction_ref(row.id)
        return RecordClass.PAYMENT, payment_ref(row.id, row.invoice.id)

    def records_cost(self, days: Days) -> int:  # noqa: ARG002  # one pass, whatever the period
        return 1
