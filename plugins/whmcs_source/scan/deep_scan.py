"""The deep scan: the whole list, and the money of the clients booked lately.

It finds what no count shows: an edit of a closed invoice, a deletion that a new invoice of the
same status made up for, and a refund of a part, after which the list row stays as it was.
"""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta
from heapq import merge

from bridge.api import Known, ScanPolicy, Seen, SourceRef, invoice_ref, money_fingerprint
from whmcs_source.api.calls import Calls, Page, Row
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.walk import Place, walk
from whmcs_source.api.wire_models import WireTransaction
from whmcs_source.read import RecordReader
from whmcs_source.scan.api_scan import Found, KnownIds, Scan, absent
from whmcs_source.scan.cursor import Deep
from whmcs_source.translate.transactions import (
    Installation,
    rows_of_invoice,
    to_balance,
    transaction_of,
)

_CLIENTS_A_CHECKPOINT = 20


class DeepScan:
    """Goes on with a deep scan that was interrupted, or begins one that is due."""

    def __init__(
        self,
        scan: Scan,
        calls: Calls,
        reading: RecordReader,
        known: Known,
        policy: ScanPolicy,
    ) -> None:
        self._scan = scan
        self._calls = calls
        self._reading = reading
        self._known = known
        self._policy = policy
        self._since = policy.today - timedelta(days=policy.refund_days)

    def run(self) -> Iterator[Found]:
        """Nothing where none is due."""
        cursor = self._scan.cursor
        if cursor.deep is Deep.IDLE:
            done = cursor.deep_done
            days = timedelta(days=self._policy.deep_scan_days)
            if done is not None and self._policy.today - done < days:
                return
            self._scan.cursor = replace(
                self._scan.cursor, deep=Deep.LIST, deep_place=Place(), deep_client=0
            )
        if self._scan.cursor.deep is Deep.LIST:
            yield from self._list()
            self._scan.cursor = replace(self._scan.cursor, deep=Deep.MONEY, deep_client=0)
            yield self._scan.checkpoint()
        yield from self._money()
        self._scan.cursor = replace(self._scan.cursor, deep=Deep.IDLE, deep_done=self._policy.today)
        yield self._scan.checkpoint()

    # The list ---------------------------------------------------------------------------------

    def _list(self) -> Iterator[Found]:
        place = self._scan.cursor.deep_place
        ours = KnownIds(self._known_refs())
        ours.skip(place.last)
        for stretch in walk(self._page, place):
            yield from self._scan.changed(stretch.rows)
            yield from self._scan.left(absent(ours, stretch))
            self._scan.cursor = replace(self._scan.cursor, deep_place=stretch.place)
            yield self._scan.checkpoint()
        for piece in ours.rest(self._calls.page_size):
            yield from self._scan.left(piece)

    def _page(self, offset: int) -> Page[Row]:
        return self._calls.page(offset=offset)

    def _known_refs(self) -> Iterator[SourceRef]:
        """All that the log has, ids ascending, as a stream."""
        by_status = [self._known.refs(status) for status in self._known.counts()]
        return merge(*by_status, key=lambda ref: int(ref.id))

    # Money ------------------------------------------------------------------------------------

    def _money(self) -> Iterator[Found]:
        booked = itertools.groupby(self._known.booked(self._since), key=lambda pair: pair[0])
        resumed = self._scan.cursor.deep_client
        done = 0
        for client, pairs in booked:
            number = int(client.id)
            if number <= resumed:
                continue
            yield from self._client_money(number, [invoice for _, invoice in pairs])
            self._scan.cursor = replace(self._scan.cursor, deep_client=number)
            done += 1
            if done % _CLIENTS_A_CHECKPOINT == 0:
                yield self._scan.checkpoint()

    def _client_money(self, client: int, invoices: list[SourceRef]) -> Iterator[Found]:
        rows = self._calls.transactions(client)
        if self._reading.keep_strays(client, rows):
            self._scan.cursor = self._scan.cursor.with_stray(client)
            self._reading.stray_clients = self._scan.cursor.strays
        on_balance = self._reading.on_balance(client, rows)
        for invoice, before in self._with_money(invoices, rows):
            own = rows_of_invoice(int(invoice.id), rows)
            if before is None or before.money not in self._digests(own, client, on_balance):
                yield from self._scan.read_with_targets(int(invoice.id))

    def _with_money(
        self, invoices: list[SourceRef], rows: tuple[WireTransaction, ...]
    ) -> Iterator[tuple[SourceRef, Seen | None]]:
        """What of a client's was booked, and what was read in full without being booked itself.

        Such are mass payments: a refund of one concerns the invoices that it paid.
        """
        seen = self._known.seen(invoices)
        for invoice in invoices:
            yield invoice, seen.get(invoice)
        others = {invoice_ref(row.invoiceid) for row in rows if row.invoiceid} - set(invoices)
        returned = self._returned_lately(rows)
        for invoice, before in sorted(
            self._known.seen(list(others)).items(), key=lambda pair: int(pair[0].id)
        ):
            in_part = before.status == "Paid" and int(invoice.id) in returned
            if before.money is not None or in_part:
                yield invoice, before

    def _returned_lately(self, rows: tuple[WireTransaction, ...]) -> set[int]:
        """Invoices whose money went back of late.

        One that was never read may be of before the start. A refund of all of it changes its
        status, a partial one nothing that the list tells (seen in open modules).
        """
        places = {row.id: row.invoiceid for row in rows}
        return {
            places.get(row.refundid) or row.invoiceid
            for row in rows
            if row.amountout and row.date and row.date >= self._since
        }

    def _digests(
        self, rows: tuple[WireTransaction, ...], client: int, on_balance: Collection[int]
    ) -> set[str]:
        """What the log would hold for these rows.

        GetTransactions does not tell the client's currency. Rather than ask for each client, try
        each currency there is: the log's digest fits one of them or none.
        """
        books = self._reading.books()
        found: set[str] = set()
        for currency in set(books.currencies.values()):
            digest = _digest(rows, currency, books, client, on_balance)
            if digest:
                found.add(digest)
        return found


def _digest(
    rows: tuple[WireTransaction, ...],
    currency: str,
    books: Installation,
    client: int,
    on_balance: Collection[int],
) -> str | None:
    try:
        translated = [
            to_balance(transaction_of(row, currency, books, client=client), on_balance)
            for row in rows
        ]
    except UnreadableReplyError:
        return None  # amounts with more places than this currency has
    return money_fingerprint(translated)
