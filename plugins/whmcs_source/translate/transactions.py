"""WHMCS's transactions: what each one is, and which invoice it belongs to. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from bridge.api import (
    Hold,
    Money,
    Reason,
    Transaction,
    TransactionKind,
    client_ref,
    invoice_ref,
    minor_digits,
)
from whmcs_source.api.reply_errors import OddAmountError, UnreadableReplyError
from whmcs_source.api.wire_models import WireTransaction

_FIRST_NUMBER = re.compile(r"\d+")
_REVERSAL = re.compile(r"reversal|reversed|charge-?\s?back|disputed?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Installation:
    """What WHMCS says of itself.

    Attributes:
        version: ``8.13.1``.
        base_currency: Of the install; transactions' rates are relative to it.
        currencies: Codes by WHMCS's currency id.
        major: The version's first number; 0 when it has none.
        keeps_gross_total: Whether `total` is the whole document (WHMCS 9) or what credit left of
            it (8).
    """

    version: str
    base_currency: str
    currencies: Mapping[int, str]
    major: int = field(init=False)
    keeps_gross_total: bool = field(init=False)

    def __post_init__(self) -> None:
        number = _FIRST_NUMBER.search(self.version)
        major = int(number.group()) if number else 0
        object.__setattr__(self, "major", major)
        object.__setattr__(self, "keeps_gross_total", major >= 9)


# The same few prices stand on most lines, and Money never changes: one object will do for all.
_exact = lru_cache(maxsize=4096)(Money)
_zero = lru_cache(maxsize=64)(Money.zero)  # most amounts, and found without hashing a Decimal


# An invoice and its transactions name each other and their client.
client_of_id = lru_cache(maxsize=64)(client_ref)
invoice_of_id = lru_cache(maxsize=64)(invoice_ref)


def money(amount: Decimal, currency: str, record: str) -> Money:
    """An amount of WHMCS.

    Raises:
        OddAmountError: the currency is none, or has fewer places than the amount. WHMCS keeps two
            places of every currency, and what is typed, charged or taxed may use them.
    """
    try:
        return _exact(amount, currency) if amount else _zero(currency)
    except ValueError:
        raise _odd(amount, currency, record) from None


def _odd(amount: Decimal, currency: str, record: str) -> OddAmountError:
    try:
        places = minor_digits(currency)
    except ValueError:
        return OddAmountError(
            f"{record} is in {currency!r}, which is no currency",
            remedy="correct the currency's code in WHMCS under Configuration > Currencies",
            record=record,
            reason=Reason.CURRENCY_UNKNOWN,
        )
    return OddAmountError(
        f"{record} shows {amount} {currency}, and {currency} has {places or 'no'} decimals",
        remedy="correct the amount in WHMCS, and the currency's format under Configuration >"
        " Currencies, so that no more of them come; or book it by hand, then `bridge skip` it with"
        " the reason",
        record=record,
        reason=Reason.TOTAL_MISMATCH,
    )


_NOTE_ROW = "invoice_billing_adjustment"


def is_note_row(wire: WireTransaction, books: Installation) -> bool:
    """Whether a row is of a WHMCS 9 billing note: book-keeping, not money.

    Seen in open modules: no gateway, no transid, a text like "Applied Credit Note", and where they
    are shown `billingnoteid` and `type`.
    """
    nameless = not wire.gateway and not wire.transid
    applied = nameless and wire.description.startswith("Applied Credit Note")
    told = wire.billingnoteid > 0 or wire.type.startswith(_NOTE_ROW)
    return told or (applied and books.keeps_gross_total)


def is_credit_note_row(wire: WireTransaction, books: Installation) -> bool:
    """Whether a note row settles part of its invoice: a credit note that was applied to it."""
    return (
        is_note_row(wire, books)
        and wire.type in ("", f"{_NOTE_ROW}_credit")
        and wire.amountin > 0
        and not wire.amountout
    )


def is_unnamed_refund(wire: WireTransaction, books: Installation) -> bool:
    """Whether a refund went through no gateway: recorded by hand, or put on the balance.

    Source: seen in an open module (a refund to credit has an empty transid); WHMCS documentation,
    transactions, for the three ways of a refund.
    """
    return transaction_kind(wire, books) is TransactionKind.REFUND and not wire.transid


def transaction_kind(wire: WireTransaction, books: Installation) -> TransactionKind:
    """Which way the money moved, from the row alone.

    A row of a WHMCS 9 billing note is not money (seen in open modules). A chargeback may come
    without the id of what it takes back; only its words tell. Money out on an invoice that names
    no payment is taken for one, since that is the reading that books nothing.
    """
    if is_note_row(wire, books):
        return TransactionKind.ADJUSTMENT
    if not wire.amountout or wire.amountin:
        return TransactionKind.PAYMENT
    if _REVERSAL.search(wire.description):
        return TransactionKind.REVERSAL
    return (
        TransactionKind.REFUND if wire.refundid or not wire.invoiceid else TransactionKind.REVERSAL
    )


def transaction_of(
    wire: WireTransaction, currency: str, books: Installation, *, client: int = 0
) -> Transaction:
    """A transaction in this currency; `client` is whose it is where the row does not say.

    Its rate is left out where it cannot be right: zero, or one to one in a foreign currency, as
    rows made by hand have it.
    """
    record = f"transaction {wire.id}"
    if wire.date is None:
        raise UnreadableReplyError(
            "it has no date", remedy=f"set the date of {record} in WHMCS", record=record
        )
    rate = wire.rate if wire.rate > 0 else None
    if currency != books.base_currency and rate == 1:
        rate = None
    owner = wire.userid or client
    return Transaction(
        id=str(wire.id),
        kind=transaction_kind(wire, books),
        client=client_of_id(owner) if owner else None,
        invoice=invoice_of_id(wire.invoiceid) if wire.invoiceid else None,
        date=wire.date,
        gateway=wire.gateway,
        money_in=money(wire.amountin, currency, record),
        money_out=money(wire.amountout, currency, record),
        fee=money(wire.fees, currency, record),
        rate=rate,
        reference=wire.transid,
        refund_of=str(wire.refundid) if wire.refundid else "",
        description=wire.description,
    )


def to_balance(row: Transaction, ids: Collection[int]) -> Transaction:
    """The transaction; as one put on the client's balance if it is among these."""
    return replace(row, kind=TransactionKind.TO_BALANCE) if int(row.id) in ids else row


def rows_of_invoice(
    invoice_id: int, client_rows: Iterable[WireTransaction]
) -> tuple[WireTransaction, ...]:
    """The rows that belong to an invoice, among all of its client, by id.

    A refund belongs where its payment stands, wherever the refund's own row was put (seen in an
    open module: its invoice may be another one, or none).
    """
    every = tuple(client_rows)
    invoice_by_row = {row.id: row.invoiceid for row in every}
    return tuple(
        row
        for row in sorted(every, key=lambda row: row.id)
        if (invoice_by_row.get(row.refundid) or row.invoiceid) == invoice_id
    )


def strays_of(client_rows: Iterable[WireTransaction]) -> tuple[WireTransaction, ...]:
    """A client's refunds that stand elsewhere than their payments, and those payments.

    With these and an invoice's own rows, `rows_of_invoice` is as right as with all of the client's.
    """
    by_id = {row.id: row for row in client_rows}
    found: dict[int, WireTransaction] = {}
    for row in by_id.values():
        payment = by_id.get(row.refundid)
        if payment and payment.invoiceid and payment.invoiceid != row.invoiceid:
            found[row.id] = row
            found[payment.id] = payment
    return tuple(found.values())


def odd_money_hold(rows: Collection[Transaction]) -> Hold | None:
    """Hold an invoice with a transaction that goes both ways, or a negative one."""
    for row in rows:
        if (row.money_in and row.money_out) or row.money_in.amount < 0 or row.money_out.amount < 0:
            return Hold(
                Reason.UNREADABLE,
                f"its transaction {row.id} has {row.money_in} in and {row.money_out} out",
                f"correct transaction {row.id} in WHMCS so that money goes one way; then"
                " `bridge retry`",
            )
    return None
