"""Mass payments: the container invoices that paid others.

A container has only lines of type Invoice, bears no tax, is of the same client, younger than what
it pays, and holds the money itself. Source: WHMCS documentation, mass payments; an open module
that proves them to the penny.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.api import Hold, Invoice, LineKind, Reason, RecordRejectedError
from whmcs_source.calls import Calls, OddRow, Row
from whmcs_source.errors import UnreadableReplyError
from whmcs_source.memo import Memo
from whmcs_source.money_rows import Books
from whmcs_source.translate import invoice_of
from whmcs_source.walk import Place, walk

_NEVER_PAID = ("Draft", "Unpaid", "Payment Pending", "Cancelled")


@dataclass(slots=True)
class _Candidates:
    """A client's invoices that may be mass payments.

    Attributes:
        rows: Ids of those not looked into yet.
        found: Containers, by id.
    """

    rows: set[int] = field(default_factory=set)
    found: dict[int, Invoice] = field(default_factory=dict)


class Containers:
    """Finds the mass payments of a client; the client's list is read once a run."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._by_client: Memo[int, _Candidates] = Memo(200)

    def paying(self, invoice: Invoice, books: Books) -> tuple[Invoice, ...] | Hold:
        """The mass payments that name this invoice, by id; a Hold where not all can be read."""
        client_id = int(invoice.client.id)
        invoice_id = int(invoice.ref.id)
        candidates = self._by_client.get_or(client_id, lambda: self._list(client_id))
        for number in sorted(row for row in candidates.rows if row > invoice_id):
            try:
                self._look_into(number, candidates, invoice.currency, books)
            except (UnreadableReplyError, RecordRejectedError) as error:
                return Hold(
                    Reason.MASS_PAY_UNPROVEN,
                    f"invoice {number} of the same client may be the mass payment that paid it,"
                    f" and could not be read: {error.what}",
                    f"look at invoice {number} in WHMCS; then `bridge retry`",
                )
        named = (found for found in candidates.found.values() if _names(found, invoice))
        return tuple(sorted(named, key=lambda found: int(found.ref.id)))

    def _list(self, client_id: int) -> _Candidates:
        return _Candidates({row.id for row in self._rows(client_id) if _may_be_container(row)})

    def _rows(self, client_id: int) -> Iterator[Row]:
        for stretch in walk(
            lambda offset: self._calls.page(offset=offset, client=client_id), Place()
        ):
            yield from stretch.rows

    def _look_into(self, number: int, candidates: _Candidates, currency: str, books: Books) -> None:
        wire = self._calls.invoice(number)
        if wire is not None and any(item.type == "Invoice" for item in wire.items):
            candidates.found[number] = invoice_of(
                wire, currency, books, rows=wire.transactions, products={}
            )
        candidates.rows.discard(number)


def _may_be_container(row: Row) -> bool:
    if isinstance(row, OddRow):
        return row.status not in _NEVER_PAID
    taxed = row.tax or row.tax2
    return not taxed and row.subtotal > 0 and row.status not in _NEVER_PAID


def _names(container: Invoice, invoice: Invoice) -> bool:
    return any(
        line.kind is LineKind.SETTLEMENT and line.related == invoice.ref.id
        for line in container.lines
    )
