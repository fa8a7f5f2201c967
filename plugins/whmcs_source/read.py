"""Invoices and clients in full.

What is read when: GetInvoice once for each invoice, once more if its figures disagree. For each
client of the batch, and kept for the run: GetClientsDetails, since GetInvoice does not tell the
currency, unless a list row told it; GetClientsProducts, if a line belongs to a service; the
client's own invoice list and what may be a mass payment in it, if an invoice of theirs was not
paid by its own transactions; GetTransactions, if a refund of theirs stands elsewhere than its
payment - which shows in the refund's own invoice, or was found by a deep scan; GetCredits, if a
refund names no gateway's payment, or an invoice shows credit that no mass payment explains. Where
GetCredits has movements that matter, GetTransactions and the client's list are read, too.
"""

import datetime as dt
import time
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from bridge.api import (
    BalanceEntry,
    Client,
    Invoice,
    Missing,
    Reason,
    RecordRejectedError,
    SourceRef,
    Transaction,
    invoice_ref,
)
from whmcs_source.api.calls import Calls
from whmcs_source.api.lru import LruCache
from whmcs_source.api.reply_errors import ActionNotAllowedError, UnreadableReplyError, missing
from whmcs_source.api.wire_models import WireClient, WireInvoice, WireTransaction
from whmcs_source.balances.evidence import CreditEvidence
from whmcs_source.balances.load import BalanceReader
from whmcs_source.balances.mass_payments import Containers
from whmcs_source.settings import Products
from whmcs_source.translate.invoice import Product, client_of, invoice_of, wants_products
from whmcs_source.translate.transactions import (
    Installation,
    rows_of_invoice,
    strays_of,
    to_balance,
    transaction_of,
)

_SOON = dt.timedelta(days=2)


class RecordReader:
    """Reads single records, with what was learnt in this run.

    Attributes:
        stray_clients: Clients of whom a refund is known to stand elsewhere; None for anyone.
        today: Local calendar day of the run.
    """

    def __init__(self, calls: Calls, *, products: Products) -> None:
        self._calls = calls
        self._reads_products = products is Products.READ
        self._books: Installation | None = None
        self._currencies: LruCache[int, str] = LruCache(20_000)
        self._clients: LruCache[int, WireClient] = LruCache(500)
        self._products: LruCache[int, dict[int, Product]] = LruCache(200)
        self._strays: LruCache[int, tuple[WireTransaction, ...]] = LruCache(20_000)
        containers = Containers(calls, self._rows_of)
        self._proofs = CreditEvidence(containers, BalanceReader(calls, containers, self._money_of))
        self.stray_clients: Collection[int] | None = frozenset()
        self.today = dt.datetime.now().astimezone().date()

    def books(self) -> Installation:
        """Version and currencies; two calls on first use."""
        if self._books is None:
            currencies = self._calls.currencies()
            base = [wire for wire in currencies if wire.rate == 1] or list(currencies)
            if not base:
                raise UnreadableReplyError(
                    "WHMCS named no currency",
                    remedy="set one up in WHMCS under Configuration > System Settings > Currencies",
                )
            self._books = Installation(
                version=self._calls.version(),
                base_currency=base[0].code.upper(),
                currencies={wire.id: wire.code.upper() for wire in currencies},
            )
        return self._books

    # Clients ----------------------------------------------------------------------------------

    def remember_currency(self, client_id: int, currency: str) -> None:
        """Keep what a list row told."""
        self._currencies.put(client_id, currency)

    def currency_of(self, client_id: int) -> str | None:
        """A client's currency; None when there is no such client.

        A client read for this is kept for `client`, which hands it out once.
        """
        known = self._currencies.get(client_id)
        if known:
            return known
        wire = self._calls.client(client_id)
        if wire is None:
            return None
        self._clients.put(client_id, wire)
        currency = wire.currency_code.upper()
        self._currencies.put(client_id, currency)
        return currency

    def client(self, ref: SourceRef) -> Client | Missing:
        """A client, or why not."""
        number = _number(ref)
        try:
            wire = None
            if number is not None:
                wire = self._clients.take(number) or self._calls.client(number)
            if wire is None:
                return Missing(ref, "WHMCS has no such client", gone=True)
            return client_of(wire)
        except (UnreadableReplyError, RecordRejectedError) as error:
            return missing(ref, error)

    # Invoices ---------------------------------------------------------------------------------

    def invoice(self, ref: SourceRef) -> Invoice | Missing:
        """An invoice, or why not. Read twice before it is held or given up."""
        number = _number(ref)
        if number is None:
            return Missing(ref, "WHMCS has no such invoice", gone=True)
        since = time.monotonic()
        first = self._attempt(ref, number, since)
        if _is_sound(first) or (isinstance(first, Invoice) and not self._may_differ(first, since)):
            return first
        return self._attempt(ref, number, since)

    def _may_differ(self, invoice: Invoice, since: float) -> bool:
        """Whether another reading may clear a hold: of figures, or by what was read before."""
        figures = any(hold.reason is Reason.TOTAL_MISMATCH for hold in invoice.holds)
        return self._proofs.forget_older(invoice, since) or figures

    def _attempt(self, ref: SourceRef, number: int, since: float) -> Invoice | Missing:
        try:
            wire = self._calls.invoice(number)
            if wire is None:
                return Missing(ref, "WHMCS has no such invoice", gone=True)
            return self._complete(wire, since)
        except (UnreadableReplyError, RecordRejectedError) as error:
            return missing(ref, error)

    def _complete(self, wire: WireInvoice, since: float) -> Invoice | Missing:
        currency = self.currency_of(wire.userid)
        if currency is None:
            why = f"WHMCS has no client {wire.userid}, to whom it belongs"
            return Missing(invoice_ref(wire.id), why, gone=False)
        invoice = invoice_of(
            wire,
            currency,
            self.books(),
            rows=self._rows_of(wire),
            products=self._products_of(wire),
        )
        return self._proofs.complete(invoice, self.books(), since)

    def _rows_of(self, wire: WireInvoice) -> Sequence[WireTransaction]:
        own = {row.id: row for row in wire.transactions}
        strays: tuple[WireTransaction, ...] = ()
        if any(row.refundid and row.refundid not in own for row in wire.transactions):
            strays = self._read_strays(wire.userid)
        elif self._may_have_strays(wire):
            strays = self._strays.get_or(wire.userid, partial(self._read_strays, wire.userid))
        return rows_of_invoice(wire.id, ({row.id: row for row in strays} | own).values())

    def _may_have_strays(self, wire: WireInvoice) -> bool:
        if self.stray_clients is None or wire.userid in self.stray_clients:
            return True
        return (
            wire.status == "Paid"
            and wire.datepaid is not None
            and self.today - wire.datepaid > _SOON
        )

    def _read_strays(self, client_id: int) -> tuple[WireTransaction, ...]:
        self._money_of(client_id)
        return self._strays.get(client_id) or ()

    def _money_of(self, client_id: int) -> tuple[WireTransaction, ...]:
        rows = self._calls.transactions(client_id)
        self.keep_strays(client_id, rows)
        return rows

    def keep_strays(
        self, client_id: int, rows: Sequence[WireTransaction]
    ) -> tuple[WireTransaction, ...]:
        """Keep what of a client's money stands elsewhere than it belongs, and answer it."""
        strays = strays_of(rows)
        self._strays.put(client_id, strays)
        return strays

    def _products_of(self, wire: WireInvoice) -> dict[int, Product]:
        if not self._reads_products or not wants_products(wire):
            return {}
        return self._products.get_or(wire.userid, lambda: self._read_products(wire.userid))

    def _read_products(self, client_id: int) -> dict[int, Product]:
        try:
            return {
                service.id: Product(service.name, service.groupname)
                for service in self._calls.services(client_id)
            }
        except ActionNotAllowedError:
            self._reads_products = False  # `check` says so; nominals go by line type
            return {}

    # Money ------------------------------------------------------------------------------------

    def transactions(self, client_id: int) -> Iterator[Transaction]:
        """All money of a client, oldest row first.

        What a deleted client left behind is given in the base currency, since WHMCS tells no other.
        """
        rows = self._calls.transactions(client_id)
        if rows:
            books = self.books()
            currency = self.currency_of(client_id) or books.base_currency
            yield from self.translated(client_id, rows, currency)

    def translated(
        self, client_id: int, rows: Sequence[WireTransaction], currency: str
    ) -> Iterator[Transaction]:
        """A client's transactions, those put on the balance told apart from other refunds.

        The balance is read only where a refund names no gateway's payment.
        """
        books = self.books()
        on_balance = self.on_balance(client_id, rows)
        for row in rows:
            yield to_balance(transaction_of(row, currency, books, client=client_id), on_balance)

    def on_balance(self, client_id: int, rows: Sequence[WireTransaction]) -> Collection[int]:
        """Which of a client's refunds were put on the balance, by row id."""
        return self._proofs.on_balance(client_id, rows, self.books())

    def balance(self, client_id: int) -> Iterator[BalanceEntry]:
        """Movements of a client's balance, oldest first; none for a client who is gone.

        Raises:
            ActionNotAllowedError: the role lacks GetCredits.
        """
        currency = self.currency_of(client_id)
        return self._proofs.entries(client_id, currency, self.books()) if currency else iter(())


def _number(ref: SourceRef) -> int | None:
    return int(ref.id) if ref.id.isascii() and ref.id.isdigit() else None


def _is_sound(answer: Invoice | Missing) -> bool:
    if isinstance(answer, Missing):
        return answer.gone
    doubts = {
        Reason.TOTAL_MISMATCH,
        Reason.MASS_PAY_UNPROVEN,
        Reason.CREDIT_UNMAPPED,
        Reason.REFUND_TO_BALANCE,
    }
    return not doubts.intersection(hold.reason for hold in answer.holds)
