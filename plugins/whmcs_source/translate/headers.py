"""Rows of the invoice list as headers of a scan. Pure."""

from bridge.api import Header, InvoiceState, Money, client_ref, fingerprint, invoice_ref
from whmcs_source.api.calls import OddRow
from whmcs_source.api.wire_models import WireInvoice, WireRow
from whmcs_source.translate.invoice import PAID_STATES, state_of
from whmcs_source.translate.transactions import Installation, money

# Fixed: a field more would mean that every invoice is read again.
_MARKED = (
    "userid",
    "invoicenum",
    "date",
    "duedate",
    "datepaid",
    "date_refunded",
    "date_cancelled",
    "subtotal",
    "credit",
    "tax",
    "tax2",
    "total",
    "taxrate",
    "taxrate2",
    "status",
    "paymentmethod",
    "currencycode",
    "updated_at",
)


def header_of(row: WireRow, currency: str) -> Header:
    """A list row as a header."""
    record = f"invoice {row.id}"
    state = state_of(row.status, record)
    return Header(
        ref=invoice_ref(row.id),
        client=client_ref(row.userid),
        number=row.invoicenum or str(row.id),
        state=state,
        status=row.status,
        issued=row.date,
        paid_on=row.datepaid if state in PAID_STATES else None,
        gross=money(row.gross, currency, record),
        fingerprint=row_fingerprint(row),
    )


def header_of_detail(wire: WireInvoice, currency: str) -> Header:
    """An invoice that was read apart from the list, as a header that says: read and compare."""
    record = f"invoice {wire.id}"
    state = state_of(wire.status, record)
    return Header(
        ref=invoice_ref(wire.id),
        client=client_ref(wire.userid),
        number=wire.invoicenum or str(wire.id),
        state=state,
        status=wire.status,
        issued=wire.date,
        paid_on=wire.datepaid if state in PAID_STATES else None,
        gross=money(wire.gross, currency, record),
        fingerprint=None,
    )


def odd_header(row: OddRow, books: Installation) -> Header:
    """A list row that makes no sense, as a header by which the invoice is read and held.

    Its state says paid, since by any other it would be passed over unread.
    """
    return Header(
        ref=invoice_ref(row.id),
        client=client_ref(row.userid),
        number=str(row.id),
        state=InvoiceState.PAID,
        status=row.status,
        issued=None,
        paid_on=None,
        gross=Money.zero(books.base_currency),
        fingerprint=fingerprint(["odd", row.userid, row.status, row.why]),
    )


def row_fingerprint(row: WireRow) -> str:
    """Digest of what a list row says of the invoice itself.

    A failed card attempt moves `last_capture_attempt` and a client's new name shows on old rows:
    neither is a change of the invoice. `updated_at` is a hint that is worth a second reading.
    """
    return fingerprint([getattr(row, name) for name in _MARKED])
