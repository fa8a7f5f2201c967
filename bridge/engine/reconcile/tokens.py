"""What a key in the target stands for. The keys themselves are made in `bridge.engine.keys`."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bridge.model.refs import Kind, SourceRef


class Role(StrEnum):
    """What a token says its record is."""

    INVOICE = "invoice"
    NOTE = "note"  # the credit note of a refund
    CANCELLED = "cancelled"  # the credit note of what was not supplied
    REVERSED = "reversed"  # the credit note by which an undo took an invoice back
    MONEY = "money"  # a share of a transaction
    EXCHANGE = "exchange"  # the exchange difference of such a share
    FEE = "fee"
    USE = "use"  # balance used on an invoice
    GIVEN = "given"  # balance given or taken by hand
    NONE = "none"  # nothing of ours


@dataclass(frozen=True, slots=True)
class Key:
    """A token, understood.

    Attributes:
        owner: The source's id of what it belongs to: an invoice for INVOICE, CANCELLED, REVERSED
            and USE, the refund for NOTE, the transaction for MONEY, EXCHANGE and FEE, the balance
            entry for GIVEN.
        ref: By which the log knows the record; None for NONE.
        document: The source's id of the invoice, or ``R905``, that a payment stands on, or empty.
    """

    role: Role
    owner: str = ""
    ref: SourceRef | None = None
    document: str = ""


NO_KEY = Key(Role.NONE)

_INVOICE = re.compile(r"(\d+)(?:\+\d+)?")
_NOTE = re.compile(r"R(\d+)")
_CANCELLED = re.compile(r"(\d+)/cancelled")
_AGAIN = re.compile(r"(\d+)/\d+")  # booked again after an undo
_REVERSED = re.compile(r"(\d+)(?:/\d+)?/reversed")
_PAYMENT = re.compile(r"T(\d+)/(R?\d+)(?:\+\d+)?")
_EXCHANGE = re.compile(r"T(\d+)/.+/exchange")
_FEE = re.compile(r"T(\d+)/fee")
_MOVED = re.compile(r"T(\d+)(?:/[a-z]+)?")
_TO_BALANCE = re.compile(r"R(\d+)/credit/.+")
_USE = re.compile(r"(\d+)(?:\+\d+)?/credit/.+")
_GIVEN = re.compile(r"C(\d+)/given")

_FORMS: tuple[tuple[re.Pattern[str], Role, Kind], ...] = (
    (_INVOICE, Role.INVOICE, Kind.INVOICE),
    (_NOTE, Role.NOTE, Kind.CREDIT_NOTE),
    (_CANCELLED, Role.CANCELLED, Kind.CREDIT_NOTE),
    (_AGAIN, Role.INVOICE, Kind.INVOICE),
    (_REVERSED, Role.REVERSED, Kind.CREDIT_NOTE),
    (_PAYMENT, Role.MONEY, Kind.PAYMENT),
    (_EXCHANGE, Role.EXCHANGE, Kind.MOVEMENT),
    (_FEE, Role.FEE, Kind.MOVEMENT),
    (_MOVED, Role.MONEY, Kind.MOVEMENT),
    (_TO_BALANCE, Role.MONEY, Kind.PAYMENT),
    (_USE, Role.USE, Kind.PAYMENT),
    (_GIVEN, Role.GIVEN, Kind.MOVEMENT),
)


def key_of(token: str, label: str) -> Key:
    """What a token with this label stands for; NO_KEY for what is not ours.

    >>> key_of("WHMCS-T900/501", "WHMCS").owner, key_of("WHMCS-T900/501", "WHMCS").document
    ('900', '501')
    >>> key_of("WHMCS-501+1", "WHMCS").role.value, key_of("WHMCS-501/credit/12.00", "WHMCS").owner
    ('invoice', '501')
    >>> key_of("WHMCS-501/2", "WHMCS").owner, key_of("WHMCS-501/2/reversed", "WHMCS").role.value
    ('501', 'reversed')
    >>> key_of("PO-4471", "WHMCS") is NO_KEY
    True
    """
    head, _, body = token.partition("-")
    if head != label:
        return NO_KEY
    for pattern, role, kind in _FORMS:
        found = pattern.fullmatch(body)
        if found:
            document = found[2] if pattern is _PAYMENT else ""
            ref = SourceRef(kind, found[1] if pattern is _AGAIN else body)
            return Key(role, found[1], ref, document)
    return NO_KEY


def invoice_id(token: str, label: str) -> str:
    """The source's id in the token of an invoice, or empty."""
    key = key_of(token, label)
    return key.owner if key.role is Role.INVOICE else ""
