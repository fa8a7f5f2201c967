"""Mass payments: the container invoices that paid others.

A container has only lines of type Invoice, bears no tax, is of the same client, younger than what
it pays, and holds the money itself. One that is open or cancelled settled nothing. Source: WHMCS
documentation, mass payments; an open module that proves them to the penny.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bridge.api import Hold, Invoice, Reason, RecordRejectedError
from whmcs_source.api.calls import Calls, OddRow, Row
from whmcs_source.api.lru import LruCache
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.walk import Place, walk
from whmcs_source.api.wire_models import WireInvoice, WireTransaction
from whmcs_source.translate.invoice import invoice_of
from whmcs_source.translate.invoice_list import ListedInvoice, took_place
from whmcs_source.translate.transactions import Installation

Rows = Callable[[WireInvoice], Sequence[WireTransaction]]


@dataclass(slots=True)
class Clientele:
    """A client's invoices as the list has them, and those of them that were read to know more.

    Attributes:
        at: When the list was read, by the monotonic clock.
        read: What was read of those without tax, by id; None where it was deleted meanwhile.
    """

    at: float = field(default_factory=time.monotonic)
    bills: dict[int, ListedInvoice] = field(default_factory=dict)
    read: dict[int, WireInvoice | None] = field(default_factory=dict)

    def special(self) -> tuple[WireInvoice, ...]:
        """Mass payments that took place and additions of funds, among what was read."""
        every = tuple(self.read.values())  # another thread may read on meanwhile
        return tuple(wire for wire in every if wire is not None and took_place(wire))


class Containers:
    """Finds the mass payments of a client; the client's list is read once a run.

    Args:
        rows: The transactions that belong to an invoice, wherever their rows stand.
    """

    def __init__(self, calls: Calls, rows: Rows) -> None:
        self._calls = calls
        self._rows = rows
        self._by_client: LruCache[int, Clientele] = LruCache(200)

    def of(self, client_id: int) -> Clientele:
        """What is known of a client's invoices; lists them on first use."""
        return self._by_client.get_or(client_id, lambda: self._list(client_id))

    def forget_older(self, client_id: int, since: float) -> bool:
        """Forget what was read of a client before a moment; answers whether there was any."""
        known = self._by_client.get(client_id)
        if known is None or known.at >= since:
            return False
        self._by_client.take(client_id)
        return True

    def paying(self, invoice: Invoice, books: Installation) -> tuple[Invoice, ...] | Hold:
        """The mass payments that name this invoice, by id; a Hold where not all can be read."""
        invoice_id = int(invoice.ref.id)
        clientele = self.of(int(invoice.client.id))
        younger = [bill.id for bill in clientele.bills.values() if bill.id > invoice_id]
        wrong = self.look_into(clientele, younger)
        if wrong:
            return wrong
        return tuple(
            invoice_of(wire, invoice.currency, books, rows=self._rows(wire), products={})
            for wire in sorted(clientele.special(), key=lambda wire: wire.id)
            if _names(wire, invoice_id)
        )

    def look_into(self, clientele: Clientele, numbers: Iterable[int]) -> Hold | None:
        """Read those of the invoices that may be mass payments; a Hold for one that cannot be."""
        for number in sorted(numbers):
            if number in clientele.read or not clientele.bills[number].may_be_container:
                continue
            try:
                wire = self._calls.invoice(number)
            except (UnreadableReplyError, RecordRejectedError) as error:
                return _unread(number, error.what)
            clientele.read[number] = wire if wire is None or _is_special(wire) else None
        return None

    def _list(self, client_id: int) -> Clientele:
        found = Clientele()
        for stretch in walk(
            lambda offset: self._calls.page(offset=offset, client=client_id), Place()
        ):
            found.bills.update((row.id, bill_of(row)) for row in stretch.rows)
        return found


def bill_of(row: Row) -> ListedInvoice:
    """A list row, made small."""
    if isinstance(row, OddRow):
        return ListedInvoice(row.id, row.status, None, None, readable=False)
    return ListedInvoice(
        id=row.id,
        status=row.status,
        issued=row.date,
        paid_on=row.datepaid,
        gross=row.gross,
        credit=row.credit,
        total=row.total,
        taxed=bool(row.tax or row.tax2),
    )


def _names(container: WireInvoice, invoice_id: int) -> bool:
    return any(item.type == "Invoice" and item.relid == invoice_id for item in container.items)


def _is_special(wire: WireInvoice) -> bool:
    return any(item.type in ("Invoice", "AddFunds") for item in wire.items)


def _unread(number: int, why: str) -> Hold:
    return Hold(
        Reason.MASS_PAY_UNPROVEN,
        f"invoice {number} of the same client may be the mass payment that paid it,"
        f" and could not be read: {why}",
        f"look at invoice {number} in WHMCS; then `bridge retry`",
    )
