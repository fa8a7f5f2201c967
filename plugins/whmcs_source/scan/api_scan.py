"""Finding the invoices that changed, without reading them all.

WHMCS can neither filter nor sort by change or payment. So a scan reads, in this order:

1. what is new: the list goes on by id where the last scan stopped;
2. what is open: the list of each open status, compared with what the log has as open. An invoice
   that left the set was paid, cancelled or deleted, however old it is;
3. a count of each other status; where it disagrees with the log's, that status is listed;
4. every `deep_scan_days`: the whole list, and the money of the clients booked lately (`deep`).

With nothing new, 1 to 3 take a number of calls that depends on the open invoices alone.
Source: WHMCS API reference, GetInvoices (no date filter, no change filter); an open module that
runs on comparing lists and confirms each vanished id with GetInvoice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from bridge.api import (
    Checkpoint,
    Gone,
    Header,
    InvoiceState,
    Known,
    ScanPolicy,
    Seen,
    SourceRef,
    invoice_ref,
)
from whmcs_source.api.calls import Calls, OddRow, Page, Row
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.walk import Place, Stretch, walk
from whmcs_source.read import RecordReader
from whmcs_source.scan.cursor import Cursor
from whmcs_source.translate.headers import header_of, header_of_detail, odd_header

Found = Header | Gone | Checkpoint

OPEN_STATUSES = ("Unpaid", "Payment Pending", "Draft", "Collections")
CLOSED_STATUSES = ("Refunded", "Cancelled", "Paid")


class KnownIds:
    """Known invoice ids, ascending, taken in steps."""

    def __init__(self, refs: Iterable[SourceRef]) -> None:
        self._ids = (int(ref.id) for ref in refs)
        self._next = next(self._ids, None)

    def up_to(self, last: int) -> list[int]:
        """The ids not taken yet, up to and including `last`, each once."""
        taken: list[int] = []
        while self._next is not None and self._next <= last:
            if not taken or taken[-1] != self._next:
                taken.append(self._next)
            self._next = next(self._ids, None)
        return taken

    def skip(self, last: int) -> None:
        """Pass over the ids up to and including `last`."""
        while self._next is not None and self._next <= last:
            self._next = next(self._ids, None)

    def rest(self, size: int) -> Iterator[list[int]]:
        """All that are left, in pieces."""
        while self._next is not None:
            piece: list[int] = []
            while self._next is not None and len(piece) < size:
                piece.append(self._next)
                self._next = next(self._ids, None)
            yield piece


class Scan:
    """One scan. `cursor` moves on as it goes."""

    def __init__(
        self, calls: Calls, reading: RecordReader, known: Known, policy: ScanPolicy, cursor: Cursor
    ) -> None:
        self._calls = calls
        self._reading = reading
        self._known = known
        self._policy = policy
        self._closed_counts: dict[str, int] = {}
        self.cursor = cursor

    def checkpoint(self) -> Checkpoint:
        """Where to go on from."""
        return Checkpoint(self.cursor.text())

    def run(self) -> Iterator[Found]:
        """Parts 1 to 3. The first scan of a log has nothing to compare with: it is part 1 alone."""
        first = not self.cursor.complete
        yield from self._new()
        if first:
            self.cursor = replace(self.cursor, complete=True, deep_done=self._policy.today)
            yield self.checkpoint()
            return
        yield from self._open()
        yield self.checkpoint()
        if self._disagreeing():
            yield from self._closed()

    # New --------------------------------------------------------------------------------------

    def _new(self) -> Iterator[Found]:
        fetch = partial(self._page, None)
        for stretch in walk(fetch, self.cursor.newest):
            yield from self.changed(stretch.rows)
            if stretch.place != self.cursor.newest:
                self.cursor = replace(self.cursor, newest=stretch.place)
                yield self.checkpoint()

    def _page(self, status: str | None, offset: int) -> Page[Row]:
        return self._calls.page(offset=offset, status=status)

    # A status ---------------------------------------------------------------------------------

    def _open(self) -> Iterator[Found]:
        for status in OPEN_STATUSES:
            yield from self._compare(status)

    def _compare(self, status: str) -> Iterator[Found]:
        """List one status and compare it with what the log has in it."""
        ours = KnownIds(self._known.refs(status))
        for stretch in walk(partial(self._page, status), Place()):
            yield from self.changed(stretch.rows)
            yield from self.left(absent(ours, stretch))
        for piece in ours.rest(self._calls.page_size):
            yield from self.left(piece)

    def _closed(self) -> Iterator[Found]:
        """List the statuses whose counts disagree, the smaller first: it may explain the larger.

        First all is looked at once more, since an invoice may have been paid between two lists.
        """
        yield from self._new()
        yield from self._open()
        yield self.checkpoint()
        disagreeing = self._disagreeing()
        for status in sorted(disagreeing, key=lambda status: self._closed_counts[status]):
            if self._excess()[status] == self.cursor.excess.get(status, 0):
                continue
            yield from self._compare(status)
            yield self.checkpoint()
            self._closed_counts[status] = self._calls.count(status)
            self._keep_excess(status)
        yield self.checkpoint()

    def _disagreeing(self) -> list[str]:
        self._closed_counts = {status: self._calls.count(status) for status in CLOSED_STATUSES}
        excess = self._excess()
        kept = self.cursor.excess
        return [status for status, number in excess.items() if number != kept.get(status, 0)]

    def _excess(self) -> dict[str, int]:
        ours = self._known.counts()
        return {
            status: theirs - ours.get(status, 0) for status, theirs in self._closed_counts.items()
        }

    def _keep_excess(self, status: str) -> None:
        excess = {**self.cursor.excess, status: self._excess()[status]}
        kept = {status: number for status, number in excess.items() if number}
        self.cursor = replace(self.cursor, excess=kept)

    # Rows -------------------------------------------------------------------------------------

    def changed(self, rows: Sequence[Row]) -> Iterator[Header | Gone]:
        """Headers of the rows that the log has otherwise, or not at all.

        One that was refunded or reversed may be a mass payment: what it paid follows.
        """
        headers = [self._header(row) for row in rows]
        seen = self._known.seen([header.ref for header in headers])
        for header in headers:
            before = seen.get(header.ref)
            if before is None or before.fingerprint != header.fingerprint:
                yield header
                yield from self._targets(before, header)

    def _targets(self, before: Seen | None, header: Header) -> Iterator[Header | Gone]:
        """What a mass payment paid, if its money went back since it was seen; else nothing."""
        returned = header.state in (InvoiceState.REFUNDED, InvoiceState.REVERSED)
        if returned and before is not None and before.status != header.status:
            found = self.read_with_targets(int(header.ref.id))
            next(found)
            yield from found

    def _header(self, row: Row) -> Header:
        if isinstance(row, OddRow):
            return odd_header(row, self._reading.books())
        try:
            currency = row.currencycode.upper() or self._reading.currency_of(row.userid)
            if currency:
                self._reading.remember_currency(row.userid, currency)
            return header_of(row, currency or self._reading.books().base_currency)
        except UnreadableReplyError as error:
            odd = OddRow(row.id, row.userid, row.status, error.what)
            return odd_header(odd, self._reading.books())

    def left(self, ids: Sequence[int]) -> Iterator[Header | Gone]:
        """What became of invoices that the log has and a list has not.

        The list of their client still has them, unless they were deleted or moved to another.
        """
        seen = self._known.seen([invoice_ref(number) for number in ids])
        by_client: dict[int, list[int]] = {}
        for number in ids:
            before = seen.get(invoice_ref(number))
            by_client.setdefault(int(before.client.id) if before else 0, []).append(number)
        for client, numbers in by_client.items():
            rows = self._rows_of_client(client, numbers) if client else {}
            for number in numbers:
                if number not in rows:
                    yield self.read_apart(number)
                    continue
                header = self._header(rows[number])
                yield header
                yield from self._targets(seen.get(header.ref), header)

    def _rows_of_client(self, client: int, numbers: Sequence[int]) -> dict[int, Row]:
        fetch = partial(self._client_page, client)
        found: dict[int, Row] = {}
        for stretch in walk(fetch, Place()):
            found.update((row.id, row) for row in stretch.rows if row.id in numbers)
            if stretch.place.last >= max(numbers):
                break
        return found

    def _client_page(self, client: int, offset: int) -> Page[Row]:
        return self._calls.page(offset=offset, client=client)

    def read_apart(self, number: int) -> Header | Gone:
        """An invoice as GetInvoice has it, to be read and compared; or its end."""
        return next(self.read_with_targets(number))

    def read_with_targets(self, number: int) -> Iterator[Header | Gone]:
        """As `read_apart`; after a mass payment also the invoices that it paid.

        Only "not found" proves that an invoice was deleted.
        """
        books = self._reading.books()
        try:
            wire = self._calls.invoice(number)
            if wire is None:
                yield Gone(invoice_ref(number), "WHMCS has it no longer: it was deleted or merged")
                return
            currency = self._reading.currency_of(wire.userid) or books.base_currency
            header = header_of_detail(wire, currency)
        except UnreadableReplyError as error:
            yield odd_header(OddRow(number, 0, "", error.what), books)
            return
        yield header
        for item in wire.items:
            if item.type == "Invoice" and item.relid:
                yield self.read_apart(item.relid)


def absent(ours: KnownIds, stretch: Stretch[Row]) -> list[int]:
    """Ids the log has in the range of a stretch, and the stretch has not."""
    listed = {row.id for row in stretch.rows}
    known = ours.up_to(stretch.place.last)
    return [number for number in known if number > stretch.after and number not in listed]
