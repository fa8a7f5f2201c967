"""What a source yields: clients, invoices with their lines, the money on them, and headers."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from typing import Any

from bridge.model.money import Money
from bridge.model.reasons import Hold
from bridge.model.refs import SourceRef

WHOLE_INVOICE = "*"
"""What a discount on all lines of its invoice is related to."""


class InvoiceState(StrEnum):
    """Where an invoice stands in the source, in general terms."""

    DRAFT = "draft"
    OPEN = "open"  # issued, or a proforma; money is still due
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    REVERSED = "reversed"  # the money was taken back, or the claim is being collected


class LineKind(StrEnum):
    """What a line of an invoice is, in general terms."""

    SALE = "sale"
    DISCOUNT = "discount"
    LATE_FEE = "late_fee"
    PREPAYMENT = "prepayment"  # money put on the client's balance; never a sale
    SETTLEMENT = "settlement"  # pays another invoice: the line of a mass payment
    UNKNOWN = "unknown"


class Prices(StrEnum):
    """Whether line amounts are without tax or contain it."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"


class TransactionKind(StrEnum):
    """Which way money moved."""

    PAYMENT = "payment"
    REFUND = "refund"
    TO_BALANCE = "to_balance"  # a refund put on the client's balance: no money left
    REVERSAL = "reversal"  # a chargeback: taken back by the payer's bank
    ADJUSTMENT = "adjustment"  # a book-keeping row of the source that is not money


@dataclass(frozen=True, slots=True)
class Client:
    """Who is billed, as the source shows them now.

    Attributes:
        ref: The source's client id.
        company: Empty for a person.
        email: As the source has it; not unique.
        address: Street lines, without town, county and postcode; none empty.
        country: ISO 3166 alpha-2, upper case (Greece is GR), or empty.
        tax_number: VAT number as typed, or empty.
        tax_exempt: Whether the source charges this client no tax.
        currency: ISO 4217; every invoice of the client is in it.
        balance: Prepaid credit as the source states it, None when it was not read.
    """

    ref: SourceRef
    company: str
    first_name: str
    last_name: str
    email: str
    phone: str
    address: tuple[str, ...]
    town: str
    county: str
    postcode: str
    country: str
    tax_number: str
    tax_exempt: bool
    currency: str
    balance: Money | None = None

    @property
    def name(self) -> str:
        """The company, or the person where there is none."""
        return self.company or self.person

    @property
    def person(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class LineItem:
    """One priced line of an invoice, as stored by the source.

    Attributes:
        id: The source's own line id; that of a line added later sorts behind, shorter ones first.
        kind: What it is in general terms.
        type: The source's own word for it (``Hosting``), by which nominals are mapped.
        description: Plain text; may hold line breaks.
        amount: As stored: without tax or with it, as the invoice's `prices` says. May be negative.
        taxed: Whether the line is in the tax base.
        product: The product's name, or empty.
        product_group: The name of its group, or empty.
        related: For a settlement the id of the invoice it pays; for a discount the id of the
            thing it reduces, or `WHOLE_INVOICE`; else what the source relates it to, or empty.
    """

    id: str
    kind: LineKind
    type: str
    description: str
    amount: Money
    taxed: bool
    product: str = ""
    product_group: str = ""
    related: str = ""


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money that moved, as the source recorded it.

    Attributes:
        id: The source's own row id, never the gateway's.
        client: None for money without a client.
        invoice: The invoice it stands on, or None.
        date: Local calendar day as the source shows it.
        gateway: The gateway's system name; may be empty.
        money_in: Gross received, in the client's currency.
        money_out: Gross paid out.
        fee: The gateway's cut of `money_in`. May be negative.
        rate: Units of the client's currency for one of the source's base currency at that
            moment, or None when unknown.
        reference: The gateway's own transaction id; may be empty, is not unique.
        refund_of: Row id of the payment that this returns, or empty.
    """

    id: str
    kind: TransactionKind
    client: SourceRef | None
    invoice: SourceRef | None
    date: dt.date
    gateway: str
    money_in: Money
    money_out: Money
    fee: Money
    rate: Decimal | None
    reference: str
    refund_of: str = ""
    description: str = ""


class BalanceOrigin(StrEnum):
    """Why a client's prepaid balance moved, as far as the source tells."""

    PREPAYMENT = "prepayment"  # money put on it by an invoice of its own
    EXCESS = "excess"  # more money than an invoice asked for
    REFUND = "refund"  # a refund that stayed with us
    BY_HAND = "by_hand"  # given or taken by staff
    USE = "use"  # it paid an invoice
    RETURNED = "returned"  # it was paid back: the refund that did so stands among transactions
    SETTLEMENT = "settlement"  # a mass payment on its way to an invoice, on and off again
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BalanceEntry:
    """One movement of a client's prepaid balance, as the source recorded it.

    Attributes:
        id: The source's own row id.
        date: Local calendar day.
        amount: Positive onto the balance, negative off it; in the client's currency.
        invoice: The invoice that it pays or comes from, where the source tells.
    """

    id: str
    client: SourceRef
    date: dt.date
    amount: Money
    origin: BalanceOrigin
    description: str
    invoice: SourceRef | None = None


@dataclass(frozen=True, slots=True)
class ClientBalance:
    """A client's prepaid balance as the source itself keeps it.

    Attributes:
        amount: The source's own figure at the moment of reading, not added up from `entries`.
        entries: Everything that ever moved it, oldest first.
    """

    client: SourceRef
    amount: Money
    entries: tuple[BalanceEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill, complete: lines, the transactions on it, and the containers that paid it.

    Attributes:
        ref: The source's invoice id; the only safe key.
        number: What the client sees; the id where there is no number. Not unique.
        state: In general terms; `status` is the source's own word.
        issued: Local calendar day on the document, None when the source has none.
        paid_on: Local calendar day of full payment, None when unpaid or unknown.
        net, tax, tax2: As stored. Gross is their sum, always.
        tax_rate, tax_rate2: Percent.
        tax_name: The source's name of the tax, or empty when it does not tell.
        credit: How much of the gross was paid from the client's balance or by a container.
        prices: Whether line amounts contain tax; detected by arithmetic.
        gateway: The gateway chosen on the invoice: not proof of how it was paid.
        containers: Mass payments that name this invoice, complete, each with its own money.
        holds: What the source itself found that forbids booking (figures that fit neither
            identity, a line type it does not know). The engine holds for the first of them.
    """

    ref: SourceRef
    client: SourceRef
    number: str
    state: InvoiceState
    status: str
    issued: dt.date | None
    due: dt.date | None
    paid_on: dt.date | None
    currency: str
    net: Money
    tax: Money
    tax2: Money
    tax_rate: Decimal
    tax_rate2: Decimal
    credit: Money
    prices: Prices
    gateway: str
    lines: tuple[LineItem, ...]
    transactions: tuple[Transaction, ...]
    containers: tuple["Invoice", ...] = ()
    holds: tuple[Hold, ...] = ()
    tax_name: str = ""

    @property
    def gross(self) -> Money:
        """Net and both taxes. Never the source's own `total`, from which some subtract credit."""
        return self.net + self.tax + self.tax2

    def fingerprint(self) -> str:
        """Digest of all that could change what is booked."""
        return fingerprint(self)

    def money_fingerprint(self) -> str:
        """Digest of the transactions alone; see `money_fingerprint`."""
        return money_fingerprint(self.transactions)


@dataclass(frozen=True, slots=True)
class Header:
    """One row of a scan: an invoice that exists and may have changed.

    Attributes:
        state: In general terms; `status` is the source's own word, by which `Known` counts.
        issued, paid_on: Local calendar days, None when unset.
        gross: Net and taxes.
        fingerprint: Digest of the row; None says "read it and compare".
    """

    ref: SourceRef
    client: SourceRef
    number: str
    state: InvoiceState
    status: str
    issued: dt.date | None
    paid_on: dt.date | None
    gross: Money
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Gone:
    """An invoice that was seen before and exists no longer."""

    ref: SourceRef
    why: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that was yielded before may be forgotten by the source: go on from `cursor`.

    Attributes:
        cursor: Opaque to the core; given back to the next `scan`.
    """

    cursor: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The answer for a ref that could not be given.

    Attributes:
        why: Plain words. `gone` says that it exists no longer; otherwise it could not be read.
        gone: Whether the source says that the record does not exist.
        hold: Why it waits for a person, where reading it again would only find the same.
    """

    ref: SourceRef
    why: str
    gone: bool
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the sync log knows of an invoice.

    Attributes:
        status: The source's own word when last seen.
        fingerprint: Of the header when last seen; None when it was never given.
        money: `money_fingerprint` of the transactions when last read in full, else None.
        client: Whose it is.
        issued: The day of issue when last seen.
    """

    ref: SourceRef
    client: SourceRef
    status: str
    fingerprint: str | None
    money: str | None
    issued: dt.date | None


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_AS_IT_IS = frozenset({type(None), str, int, bool})


def _plain(value: Any) -> Any:
    kind: Any = type(value)
    return value if kind in _AS_IT_IS else _plainly(kind)(value)


@cache
def _plainly(kind: Any) -> Callable[[Any], Any]:
    """How values of this type are made plain: found out once, since there are very many values."""
    if issubclass(kind, Money):
        return _plain_money
    if issubclass(kind, SourceRef):
        return _plain_ref
    if is_dataclass(kind):
        names = tuple(field.name for field in fields(kind))
        return lambda value: {name: _plain(getattr(value, name)) for name in names}
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, Decimal):
        return lambda value: format(value.normalize(), "f")
    if issubclass(kind, dt.date):
        return lambda value: value.isoformat()
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _plain(item) for key, item in value.items()}
    if issubclass(kind, list | tuple):
        return lambda value: [_plain(item) for item in value]
    return lambda value: value


def _plain_money(money: Money) -> str:
    return f"{money.amount} {money.currency}"


def _plain_ref(ref: SourceRef) -> dict[str, str]:
    """Return a ref as a source gives it, which is never of a further document."""
    return {"kind": ref.kind.value, "id": ref.id}


def fingerprint(value: object) -> str:
    """A digest of a frozen value that is the same in every process and release.

    Numbers are compared by value: 1.50 and 1.5 give the same digest.
    """
    return hashlib.sha256(_ENCODER.encode(_plain(value)).encode()).hexdigest()[:32]


def as_plain(value: object) -> Any:
    """`value` as JSON knows it: Money as ``"12.50 GBP"``, dates in ISO form."""
    return _plain(value)


def money_fingerprint(transactions: Iterable[Transaction]) -> str:
    """A digest of the transactions of one invoice, whatever order they came in.

    A source that reads a client's transactions compares it with `Seen.money` to find a refund
    that the invoice's own row does not show.
    """
    return fingerprint(tuple(sorted(transactions, key=lambda row: (len(row.id), row.id))))
