"""From WHMCS's invoices and clients to bridge's. Pure; an `Installation` has what it depends on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bridge.api import (
    WHOLE_INVOICE,
    Client,
    Hold,
    Invoice,
    InvoiceState,
    LineItem,
    LineKind,
    Prices,
    Reason,
    client_ref,
)
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.wire_models import WireClient, WireInvoice, WireItem, WireTransaction
from whmcs_source.translate.credit import credit_shown, notes_hold
from whmcs_source.translate.transactions import (
    Installation,
    client_of_id,
    invoice_of_id,
    money,
    odd_money_hold,
    transaction_of,
)

STATES: Mapping[str, InvoiceState] = {
    "Draft": InvoiceState.DRAFT,
    "Unpaid": InvoiceState.OPEN,
    "Payment Pending": InvoiceState.OPEN,
    "Paid": InvoiceState.PAID,
    "Cancelled": InvoiceState.CANCELLED,
    "Refunded": InvoiceState.REFUNDED,
    "Collections": InvoiceState.REVERSED,
}
"""Source: the official client theme's labels and GetClientsDetails; Overdue is never stored."""

_SOLD = (
    "Hosting",
    "Addon",
    "Domain",
    "DomainRegister",
    "DomainTransfer",
    "Setup",
    "Upgrade",
    "Item",
    "",
    "Merge",
)
_PROMOTIONS = ("PromoHosting", "PromoDomain")
_DISCOUNT = LineKind.DISCOUNT
# What a line of a type is when it is positive, zero and negative.
_KINDS: Mapping[str, tuple[LineKind, LineKind, LineKind]] = {
    **dict.fromkeys(_SOLD, (LineKind.SALE, LineKind.SALE, _DISCOUNT)),
    **dict.fromkeys(("GroupDiscount", *_PROMOTIONS), (LineKind.UNKNOWN, _DISCOUNT, _DISCOUNT)),
    "LateFee": (LineKind.LATE_FEE,) * 3,
    "AddFunds": (LineKind.PREPAYMENT,) * 3,
    "Invoice": (LineKind.SETTLEMENT,) * 3,
}
_UNKNOWN = (LineKind.UNKNOWN,) * 3
# A relid is an id in the table that its line type belongs to: service 12 is not domain 12.
_TABLES = {
    "Hosting": "service",
    "PromoHosting": "service",
    "Setup": "setup of service",
    "Addon": "add-on",
    "Domain": "domain",
    "DomainRegister": "domain",
    "DomainTransfer": "domain",
    "PromoDomain": "domain",
    "Upgrade": "upgrade",
    "Item": "billable item",
}
_NONE = Decimal(0)
SERVICE_TYPES = ("Hosting", "Setup", "PromoHosting")
PAID_STATES = (InvoiceState.PAID, InvoiceState.REFUNDED, InvoiceState.REVERSED)


@dataclass(frozen=True, slots=True)
class Product:
    """What a service is an instance of."""

    name: str
    group: str


def state_of(status: str, record: str) -> InvoiceState:
    """The general state for WHMCS's word.

    Raises:
        UnreadableReplyError: it is none of WHMCS's seven.
    """
    state = STATES.get(status)
    if state is None:
        raise UnreadableReplyError(
            f"its status {status!r} is not one that WHMCS documents",
            remedy="find out which add-on set it, and set one of WHMCS's own",
            record=record,
        )
    return state


def line_kind(type_: str, amount: Decimal) -> LineKind:
    """What a line is. Source: the line types that six open WHMCS modules handle."""
    above, zero, below = _KINDS.get(type_, _UNKNOWN)
    if not amount:
        return zero
    return below if amount < 0 else above


def line_of(
    wire: WireItem, currency: str, products: Mapping[int, Product], record: str
) -> LineItem:
    """A line. `products` are the client's services by id."""
    kind = line_kind(wire.type, wire.amount)
    product = products.get(wire.relid) if wire.type in SERVICE_TYPES else None
    return LineItem(
        id=str(wire.id),
        kind=kind,
        type=wire.type,
        description=wire.description,
        amount=money(wire.amount, currency, record),
        taxed=wire.taxed,
        product=product.name if product else "",
        product_group=product.group if product else "",
        related=_related(wire, kind),
    )


def _related(wire: WireItem, kind: LineKind) -> str:
    table = _TABLES.get(wire.type)
    if table and (kind is not _DISCOUNT or wire.type in _PROMOTIONS):
        return f"{table} {wire.relid}" if wire.relid else ""
    if wire.type == "GroupDiscount":
        return WHOLE_INVOICE
    # A negative line of its own reduces no other.
    return str(wire.relid) if wire.type == "Invoice" else ""


def prices_of(wire: WireInvoice) -> Prices | None:
    """Whether line amounts contain tax, by arithmetic; None when they fit neither way.

    The setting is one for the whole install and is not kept with an invoice. Source: WHMCS
    documentation, tax configuration.
    """
    lines = _sum_of_lines(wire)
    if lines == wire.subtotal:
        return Prices.EXCLUSIVE
    return Prices.INCLUSIVE if lines == wire.gross else None


def _sum_of_lines(wire: WireInvoice) -> Decimal:
    return sum([item.amount for item in wire.items], _NONE)


def totals_hold(wire: WireInvoice, books: Installation, prices: Prices | None) -> Hold | None:
    """Hold an invoice whose own figures disagree; `prices` is what `prices_of` says of it.

    WHMCS 8: net and taxes are total and credit. WHMCS 9: net and taxes are total; an invoice from
    before the update may still be as WHMCS 8 left it. Source: seen in open modules that check it.
    """
    gross = wire.gross
    fits = gross == wire.total + wire.credit
    if books.keeps_gross_total:
        fits = fits or gross == wire.total
    if not fits:
        what = (
            f"its figures disagree: subtotal {wire.subtotal} and tax {wire.tax + wire.tax2} make"
            f" {gross}, but its total is {wire.total} and its credit {wire.credit}"
        )
    elif prices is None:
        what = (
            f"its lines sum to {_sum_of_lines(wire)}, which is neither its subtotal"
            f" {wire.subtotal} nor its total with tax {gross}"
        )
    else:
        return None
    return Hold(
        Reason.TOTAL_MISMATCH,
        what,
        "open it in WHMCS and save it so that its totals are worked out again; then `bridge retry`",
    )


def invoice_of(
    wire: WireInvoice,
    currency: str,
    books: Installation,
    *,
    rows: Iterable[WireTransaction],
    products: Mapping[int, Product],
) -> Invoice:
    """An invoice, but for its containers. `rows` are the transactions that belong to it."""
    record = f"invoice {wire.id}"
    wires = tuple(rows)
    owner = wire.userid
    transactions = tuple([transaction_of(row, currency, books, client=owner) for row in wires])
    prices = prices_of(wire)
    holds = (
        totals_hold(wire, books, prices),
        odd_money_hold(transactions),
        notes_hold(wire, wires, books),
    )
    state = state_of(wire.status, record)
    return Invoice(
        ref=invoice_of_id(wire.id),
        client=client_of_id(owner),
        number=wire.invoicenum or str(wire.id),
        state=state,
        status=wire.status,
        issued=wire.date,
        due=wire.duedate,
        paid_on=wire.datepaid if state in PAID_STATES else None,
        currency=currency,
        net=money(wire.subtotal, currency, record),
        tax=money(wire.tax, currency, record),
        tax2=money(wire.tax2, currency, record),
        tax_rate=wire.taxrate,
        tax_rate2=wire.taxrate2,
        credit=money(credit_shown(wire, wires, books), currency, record),
        prices=prices or Prices.EXCLUSIVE,
        gateway=wire.paymentmethod,
        lines=tuple([line_of(item, currency, products, record) for item in wire.items]),
        transactions=transactions,
        holds=tuple(filter(None, holds)),
    )


def wants_products(wire: WireInvoice) -> bool:
    """Whether any line belongs to a service, so that its product is worth a call."""
    return any(item.type in SERVICE_TYPES and item.relid for item in wire.items)


def client_of(wire: WireClient) -> Client:
    """A client as WHMCS shows it now."""
    record = f"client {wire.id}"
    currency = wire.currency_code.upper()
    return Client(
        ref=client_ref(wire.id),
        company=wire.companyname,
        first_name=wire.firstname,
        last_name=wire.lastname,
        email=wire.email,
        phone=wire.phonenumber,
        address=tuple(line for line in (wire.address1, wire.address2) if line),
        town=wire.city,
        county=wire.state,
        postcode=wire.postcode,
        country=wire.country.upper(),
        tax_number=wire.tax_id,
        tax_exempt=wire.taxexempt,
        currency=currency,
        balance=money(wire.credit, currency, record),
    )
