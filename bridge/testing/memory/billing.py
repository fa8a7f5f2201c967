"""A billing system in memory."""

from dataclasses import replace
from itertools import chain
from typing import assert_never

from bridge.api import BalanceEntry, Client, Invoice, LineKind, SourceRef, Transaction
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
        self, *records: Client | Invoice | Transaction | BalanceEntry, base_currency: str = "GBP"
    ) -> None:
        super().__init__()
        self.base_currency = base_currency
        self.bare: set[SourceRef] = set()
        self.unreadable: dict[SourceRef, str] = {}
        self.gateways = {"stripe": "Credit/Debit Card", "paypal": "PayPal"}
        self._clients: dict[SourceRef, Client] = {}
        self._invoices: dict[SourceRef, Invoice] = {}
        self._loose: dict[str, Transaction] = {}
        self._balances: dict[str, BalanceEntry] = {}
        self.put(*records)

    def put(self, *records: Client | Invoice | Transaction | BalanceEntry) -> None:
        """Add records, or replace those with the same id.

        A transaction that names an invoice which is here is set on that invoice as well.
        """
        with self._lock:
            for record in records:
                self._put(record)

    def _put(self, record: Client | Invoice | Transaction | BalanceEntry) -> None:
        match record:
            case Client():
                self._clients[record.ref] = record
            case Invoice():
                self._invoices[record.ref] = record
            case BalanceEntry():
                self._balances[record.id] = record
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

    def all_balances(self) -> list[BalanceEntry]:
        """Every movement of a prepaid balance, oldest row first."""
        with self._lock:
            return sorted(self._balances.values(), key=lambda row: (len(row.id), row.id))

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
