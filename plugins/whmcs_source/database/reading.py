"""Invoices and clients in full, many in a few statements."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from bridge.api import Client, Hold, Invoice, Missing, RecordRejectedError, SourceRef, Transaction
from whmcs_source.api.reply_errors import UnreadableReplyError, missing
from whmcs_source.api.wire_models import WireClient, WireInvoice, WireTransaction
from whmcs_source.balances.evidence import CreditEvidence
from whmcs_source.balances.load import BalanceReader
from whmcs_source.balances.mass_payments import Clientele, Containers, Rows, bill_of
from whmcs_source.database import people
from whmcs_source.database.batch import Batch, special
from whmcs_source.database.connection import Snapshot
from whmcs_source.database.numbers import PIECE
from whmcs_source.database.people import ServiceRow
from whmcs_source.database.queries import Tables
from whmcs_source.database.setup import Setup
from whmcs_source.read import RecordReader
from whmcs_source.settings import Products
from whmcs_source.translate.invoice import SERVICE_TYPES, Product, client_of

_KEPT = 16 * PIECE
ValueT = TypeVar("ValueT")
_NOBODY = 0  # no record has this id
_NOT_THERE = "WHMCS has no such invoice"


class BulkContainers(Containers):
    """Finds mass payments with one list of a client, and reads no invoice that cannot be one."""

    def __init__(self, tables: Tables, rows: Rows) -> None:
        super().__init__(tables, rows)
        self._tables = tables

    def _list(self, client_id: int) -> Clientele:
        bills = (bill_of(row) for row in self._tables.of_client(client_id))
        return Clientele(bills={bill.id: bill for bill in bills})

    def look_into(self, clientele: Clientele, numbers: Iterable[int]) -> Hold | None:
        """As in API mode, after the lines told which of them are mass payments or add funds."""
        unread = {
            number
            for number in numbers
            if number not in clientele.read and clientele.bills[number].may_be_container
        }
        wanted = special(self._tables.asked, unread)
        clientele.read.update(dict.fromkeys(unread - wanted))
        return super().look_into(clientele, wanted)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was read for a piece of what was asked.

    Attributes:
        since: When reading it began, by the monotonic clock.
    """

    refs: Sequence[SourceRef]
    batch: Batch
    since: float


class DatabaseReader(RecordReader):
    """Reads many records at once, with what was learnt in this run. Safe for several threads."""

    def __init__(self, tables: Tables, *, products: Products) -> None:
        super().__init__(tables, products=products)
        self._tables = tables
        self._services: dict[int, ServiceRow | None] = {}
        self._codes: dict[int, str | None] = {}
        containers = BulkContainers(tables, self._rows_of)
        self._proofs = CreditEvidence(containers, BalanceReader(tables, containers, self._money_of))

    # Invoices ---------------------------------------------------------------------------------

    def invoice(self, ref: SourceRef) -> Invoice | Missing:
        """An invoice, or why not."""
        [answer] = self.invoices([ref])
        return answer

    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        """One answer for each, in the order asked.

        Of many, the next are read while those before are put together: the database works on a
        core of its own.
        """
        parts = [refs[start : start + PIECE] for start in range(0, len(refs), PIECE)]
        if len(parts) < 2:
            for part in parts:
                yield from self._answers(self._read(part))
            return
        with ThreadPoolExecutor(1, thread_name_prefix="whmcs-ahead") as pool:
            ahead = pool.submit(self._read, parts[0])
            for part in parts[1:]:
                piece, ahead = ahead.result(), pool.submit(self._read, part)
                yield from self._answers(piece)
            yield from self._answers(ahead.result())

    def _read(self, refs: Sequence[SourceRef]) -> _Piece:
        since = time.monotonic()
        numbers = [number for ref in refs if (number := number_in(ref)) is not None]
        setup = self._tables.asked.setup()
        with self._tables.database.snapshot() as snapshot:
            batch = Batch(setup, snapshot, sorted(set(numbers)) or [_NOBODY])
            self._learn_currencies(setup, snapshot, batch.clients())
            self._learn_services(setup, snapshot, batch.related(SERVICE_TYPES))
        return _Piece(refs, batch, since)

    def _answers(self, piece: _Piece) -> Iterator[Invoice | Missing]:
        for ref in piece.refs:
            number = number_in(ref)
            answer = None if number is None else piece.batch.get(number)
            yield self._answer(ref, answer, piece.since)

    def _answer(
        self, ref: SourceRef, answer: WireInvoice | UnreadableReplyError | None, since: float
    ) -> Invoice | Missing:
        """An invoice's own figures are of one moment; what else decides may have been older."""
        if answer is None:
            return Missing(ref, _NOT_THERE, gone=True)
        try:
            if isinstance(answer, UnreadableReplyError):
                raise answer
            found = self._complete(answer, since)
            if isinstance(found, Missing) or not found.holds:
                return found
            if self._proofs.forget_older(found, since):
                return self._attempt(ref, answer.id, since)
            return found
        except (UnreadableReplyError, RecordRejectedError) as error:
            return missing(ref, error)

    def _rows_of(self, wire: WireInvoice) -> Sequence[WireTransaction]:
        """`Tables` gave it all that belong to it."""
        return wire.transactions

    # What goes with them ----------------------------------------------------------------------

    def currency_of(self, client_id: int) -> str | None:
        """As in API mode; clients who are gone are asked for once, since they are many."""
        try:
            return self._codes[client_id]
        except KeyError:
            code = super().currency_of(client_id)
            _keep(self._codes, {client_id: code})
            return code

    def _learn_currencies(self, setup: Setup, snapshot: Snapshot, clients: Iterable[int]) -> None:
        unknown = [client for client in clients if client not in self._codes]
        if unknown:
            found = setup.codes_of(snapshot, unknown)
            _keep(self._codes, {client: code.upper() for client, code in found.items() if code})

    def _learn_services(self, setup: Setup, snapshot: Snapshot, wanted: Collection[int]) -> None:
        if self._reads_products:
            unknown = set(wanted) - self._services.keys()
            found = people.services(setup, snapshot, unknown)
            _keep(self._services, {number: found.get(number) for number in unknown})

    def _products_of(self, wire: WireInvoice) -> dict[int, Product]:
        """Products of the client's own services, as the API lists them by client."""
        if not self._reads_products:
            return {}
        found = dict[int, Product]()
        for item in wire.items:
            number = item.relid
            if not number or item.type not in SERVICE_TYPES:
                continue
            if number not in self._services:
                self._learn_services_of(wire)
            service = self._services.get(number)
            if service is not None and service.client == wire.userid:
                found[number] = service.product
        return found

    def _learn_services_of(self, wire: WireInvoice) -> None:
        numbers = [item.relid for item in wire.items if item.type in SERVICE_TYPES]
        with self._tables.database.snapshot() as snapshot:
            self._learn_services(self._tables.asked.setup(), snapshot, numbers)

    # Clients ----------------------------------------------------------------------------------

    def clients(self, refs: Sequence[SourceRef]) -> Iterator[Client | Missing]:
        """One answer for each, in the order asked."""
        numbers = [number for ref in refs if (number := number_in(ref)) is not None]
        wires = self._tables.clients(numbers)
        for ref in refs:
            number = number_in(ref)
            wire = None if number is None else wires.get(number)
            if wire is None:
                yield Missing(ref, "WHMCS has no such client", gone=True)
            elif isinstance(wire, UnreadableReplyError):
                yield missing(ref, wire)
            else:
                yield _client(ref, wire)

    def money(self, clients: Sequence[SourceRef]) -> Iterator[Transaction]:
        """All money of these clients, oldest row first per client."""
        numbers = [number for ref in clients if (number := number_in(ref)) is not None]
        for start in range(0, len(numbers), PIECE):
            part = numbers[start : start + PIECE]
            money = people.money_of(self._tables.asked, part)
            with self._tables.database.snapshot() as snapshot:
                self._learn_currencies(self._tables.asked.setup(), snapshot, part)
            for number in part:
                rows = money[number]
                if isinstance(rows, UnreadableReplyError):
                    raise rows
                currency = self._codes.get(number) or self.books().base_currency
                yield from self.translated(number, rows, currency)


def _client(ref: SourceRef, wire: WireClient) -> Client | Missing:
    try:
        return client_of(wire)
    except UnreadableReplyError as error:
        return missing(ref, error)


def number_in(ref: SourceRef) -> int | None:
    """WHMCS's id in a ref; None where it can be none."""
    return int(ref.id) if ref.id.isascii() and ref.id.isdigit() else None


def _keep(memory: dict[int, ValueT], more: Mapping[int, ValueT]) -> None:
    """Keep values for this run. A full memory is emptied: what it had is asked for again."""
    if len(memory) + len(more) > _KEPT:
        memory.clear()
    memory.update(more)
