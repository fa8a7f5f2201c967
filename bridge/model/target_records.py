"""What the target is asked to write, in general terms, and what stands there already."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from bridge.model.keys import Reference
from bridge.model.money import Money, total
from bridge.model.refs import SourceRef, TargetRef
from bridge.model.source_records import Client, InvoiceState, LineKind

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line of a document to write: exact, with the tax it bears.

    Attributes:
        kind, type, product, product_group: As on the source's line; a promotion carries those
            of the line that it reduces, and its own `kind`.
        net, tax: Of the whole line. Negative on a discount and on a credit note.
        tax_rate: Percent that the source charged on this line, 0 for an untaxed one.
        tax_name: The source's name of the tax, or empty.
        reduces: The `type` of the line that this discount belongs to, or empty.
    """

    kind: LineKind
    type: str
    description: str
    net: Money
    tax: Money
    tax_rate: Decimal
    tax_name: str = ""
    product: str = ""
    product_group: str = ""
    reduces: str = ""
    taxed: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """An exchange rate.

    Attributes:
        base: ISO 4217 of the currency that one unit of is priced.
        units: How many units of the document's currency one unit of `base` buys.
        origin: Where it comes from, for the log: ``transaction 900``.
    """

    base: str
    units: Decimal
    origin: str


@dataclass(frozen=True, slots=True)
class Sale:
    """An invoice to write.

    Attributes:
        reference: ``WHMCS-501 F2026-77``.
        date: Local calendar day of the document.
        rate: The source's own rate, None in the source's base currency or when unknown.
    """

    ref: SourceRef
    reference: Reference
    client: Client
    date: dt.date
    due: dt.date | None
    currency: str
    lines: tuple[SaleLine, ...]
    rate: Rate | None = None

    @property
    def net(self) -> Money:
        """Sum of the lines without tax."""
        return total((line.net for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        """Sum of the lines' tax."""
        return total((line.tax for line in self.lines), self.currency)

    @property
    def gross(self) -> Money:
        """Net and tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A note that lowers a booked sale. `sale` has the note's own ref, date and negative lines.

    Attributes:
        original: The invoice that it credits.
        original_number: How the target numbers that invoice, for the text.
    """

    sale: Sale
    original: SourceRef
    original_number: str


class PaidFrom(StrEnum):
    """Where a payment's money comes from."""

    GATEWAY = "gateway"
    BALANCE = "balance"  # the client's prepaid credit


@dataclass(frozen=True, slots=True)
class Payment:
    """Money to set against an invoice or, with a negative amount, paid out on a credit note.

    Attributes:
        reference: ``WHMCS-T900/501 txn_A1``.
        amount: In the invoice's currency.
        base_amount: The same money in the source's base currency at the transaction's own rate,
            None when the rate is unknown.
        gateway: The source's system name of the gateway; empty when from the balance.
    """

    ref: SourceRef
    reference: Reference
    invoice: SourceRef
    date: dt.date
    amount: Money
    base_amount: Money | None
    gateway: str
    paid_from: PaidFrom = PaidFrom.GATEWAY


class MovementKind(StrEnum):
    """What a movement on an account is for."""

    FEE = "fee"
    BALANCE_IN = "balance_in"  # paid in advance onto the client's balance
    EXCESS = "excess"  # received beyond an invoice, so onto the client's balance
    BALANCE_OUT = "balance_out"  # returned from it
    BY_HAND = "by_hand"  # a balance given or taken by staff, without money
    EXCHANGE_DIFFERENCE = "exchange_difference"


@dataclass(frozen=True, slots=True)
class Movement:
    """Money on an account without an invoice.

    Attributes:
        amount: Positive is into the gateway's account, negative out of it; for ``by_hand``
            positive is onto the client's balance.
        gateway: Whose account it moves on; empty for ``by_hand``.
        client: Whose balance it is, for balance movements.
        base_amount: The same in the source's base currency, None when the rate is unknown.
        paid_in: ISO 4217 of the payment that an exchange difference belongs to, as a gateway may
            have an account for each currency; empty for others.
    """

    ref: SourceRef
    reference: Reference
    kind: MovementKind
    date: dt.date
    amount: Money
    gateway: str
    client: SourceRef | None = None
    base_amount: Money | None = None
    paid_in: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which setting or table row decided something: shown by `bridge explain`.

    Attributes:
        about: ``line 2``, ``payment T900/501``, ``client``.
        rule: ``nominals.types.Domain``, ``vat_rules uk row 3 (EU business, valid VAT number)``.
        value: What it came to, in the target's words.
    """

    about: str
    rule: str
    value: str


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A line of a document as the target shows it."""

    description: str
    net: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of the journal that an accountant would write for a record.

    Attributes:
        account: As the target names it: ``Web Hosting (4000)``.
        amount: A debit is positive, a credit negative.
    """

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Payload:
    """One write, decided and frozen: what would be sent, without credentials.

    It is stored before the call and sent from the store, so that neither a crash nor a changed
    setting between the two can alter it.

    Attributes:
        kind: ``client``, ``invoice``, ``payment``, ``credit_note`` or ``movement`` (`Kind`).
        body: The target's own fields as JSON; amounts and dates as text, never floats. The ids of
            parents (the client of an invoice, the invoice of a payment) are not in it.
        reference: The text that will stand in the target's record.
        date: The document's or payment's day as it will stand in the target.
        net, tax: What the target's own figures must show; for a payment `net` is its amount as
            the target records it and `tax` is zero.
        natural_key: A key that the target itself keeps unique (a customer code), or empty.
        guarded: Fields that must not change silently once documents are posted (country class,
            VAT number, currency), by name.
        rules: What decided each part.
        paid: Of a payment, what it settles in the invoice's currency; of a movement, its amount in
            the client's currency; else None.
        lines: What the lines of a document must show, in order, so that a difference can be named.
        difference: Of a payment: what the money was worth in the target's home currency less what
            the payment shows; the core books it as a movement of its own. None where there is none.
        journal: What an accountant would write for it; the core asks `Target.journal` and keeps
            the answer with the payload, so that the names are those of that day. Empty where the
            target does not say.
    """

    kind: str
    body: Mapping[str, Json]
    reference: str
    date: dt.date | None
    net: Money | None
    tax: Money | None
    natural_key: str = ""
    guarded: Mapping[str, str] | None = None
    rules: tuple[Rule, ...] = ()
    paid: Money | None = None
    lines: tuple[TargetLine, ...] = ()
    difference: Money | None = None
    journal: tuple[Posting, ...] = ()


@dataclass(frozen=True, slots=True)
class Nothing:
    """Rightly nothing to write: a payment that a bank feed brings, a fee booked elsewhere."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class TargetClient:
    """A client as it stands in the target.

    Attributes:
        key: The unique key (customer code).
        reference: What stands in the field where bridge marks a client as its own.
        emails: Lower case.
        body: The fields that `compose_client` would send, in the same form, so that the core can
            see what changed.
        guarded: What stands there of the fields that `compose_client` guards, by the same names
            and in the same form; one that cannot be told is left out.
    """

    ref: TargetRef
    key: str
    reference: str
    name: str
    emails: tuple[str, ...]
    tax_number: str
    currency: str
    body: Mapping[str, Json]
    guarded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TargetDocument:
    """An invoice or credit note (negative) as it stands in the target.

    Attributes:
        reference: The text of the record's reference field, whole.
        client: The target's client.
        paid: Payments set against it, in the currency that the target keeps payments in.
    """

    ref: TargetRef
    reference: str
    client: TargetRef
    date: dt.date
    currency: str
    net: Money
    tax: Money
    paid: Money
    lines: tuple[TargetLine, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetPayment:
    """A payment as it stands in the target. `note` is its whole text."""

    ref: TargetRef
    document: TargetRef
    note: str
    date: dt.date
    amount: Money
    account: str = ""


@dataclass(frozen=True, slots=True)
class TargetMovement:
    """A movement on an account as it stands in the target.

    Attributes:
        reference: The whole text that carries the key.
        amount: As the target records it; positive is into the account.
    """

    ref: TargetRef
    reference: str
    date: dt.date
    amount: Money
    account: str = ""


@dataclass(frozen=True, slots=True)
class Days:
    """A range of calendar days, both ends inside."""

    first: dt.date
    last: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day <= self.last


class RecordClass(StrEnum):
    """What a reconciliation row is."""

    INVOICE = "invoice"
    PREPAYMENT = "prepayment"  # an invoice of the source that only fills the client's balance
    SETTLEMENT = "settlement"  # an invoice of the source that only pays other invoices
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    MOVEMENT = "movement"


@dataclass(frozen=True, slots=True)
class TaxPart:
    """What of a document bears one tax code.

    Attributes:
        code: The target's own word for it: ``20 %``, ``N/A``.
        on_return: Whether it reaches the target's tax return at all.
    """

    code: str
    net: Money
    tax: Money
    on_return: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One document or movement, for reconciliation, from either end.

    What an end does not tell keeps its default, and the report says so.

    Attributes:
        token: Its key with label, ``WHMCS-501``; empty for what begins with none of ours.
        number: What people call it.
        net, tax: Of a document; for a payment or movement `net` is its amount.
        account: The gateway (source) or account (target) of a payment or movement.
        state, paid_on: Of the source's invoice.
        credit: How much of the source's invoice was paid from the balance or by another invoice.
        settles: Tokens of the invoices that a settlement pays.
        document: Of money, what it stands on: the invoice's token at the source, the document's
            number at the target; empty for money without one.
        fee: The gateway's cut of a payment, at the source.
        rate: How many units of the record's currency one unit of that end's base currency is.
        paid: What the target itself says was paid on a document.
        country: Of the client, in the target's own words.
        taxes: The target's document by tax code.
        nominal: Of the target's movement, the account on its other side, where the target tells it.
        booked_by: Of the target's movement, the setting by which bridge itself books money of this
            kind there (``client_balances``), so that one without our key is by hand; else empty.
    """

    record_class: RecordClass
    token: str
    number: str
    client: str
    date: dt.date
    net: Money
    tax: Money
    account: str = ""
    note: str = ""
    state: InvoiceState | None = None
    paid_on: dt.date | None = None
    credit: Money | None = None
    settles: tuple[str, ...] = ()
    document: str = ""
    fee: Money | None = None
    rate: Decimal | None = None
    paid: Money | None = None
    country: str = ""
    taxes: tuple[TaxPart, ...] = ()
    nominal: str = ""
    booked_by: str = ""
