"""The key grammar: the names by which the target and the sync log know what became of a record.

A key is the source's own id of what a record belongs to, and what the record is of that:
docs/internals/keys.md has every form. An id of digits stands as it is; any other as ``~`` and its
UTF-8 bytes, those but letters, digits and ``_.-~`` as ``%2F``. So a key tells an id from its own
words, and no two keys are written alike but those of a client and an invoice with one id, which
stand in fields of their own. Nothing else in bridge takes a key apart.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import quote, unquote

from bridge.errors import RecordRejectedError
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import Kind, SourceRef

MOST = 191
"""Characters of the longest token that is made: the sync log looks up no longer text."""

_TOKEN = re.compile(r"\s*([A-Za-z0-9]+)-([\w/+~%.-]+)")
_PART = re.compile(r"\+([1-9][0-9]*)")
_COUNT = re.compile(r"(undone)?([1-9][0-9]*)")
_AMOUNT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class UnusableIdError(RecordRejectedError):
    """An id that no key can carry: it is empty, or with it the key would be too long."""

    def __init__(self, what: str) -> None:
        remedy = "give it another id in the source; or book it by hand, then `bridge skip` it"
        super().__init__(what, remedy=remedy, reason=Reason.UNREADABLE.value)

    @property
    def hold(self) -> Hold:
        """Return the hold of an invoice that has such an id."""
        return Hold(Reason.UNREADABLE, self.what, self.remedy)


class Role(StrEnum):
    """What a record is of that to which it belongs. The value is the word for it in a key."""

    CLIENT = "client"
    INVOICE = "invoice"
    UNDONE = "undone"  # the document of an invoice that an undo reversed, in the log alone
    NOTE = "note"  # the credit note of a refund
    CANCELLED = "cancelled"  # the credit note of what was not supplied
    REVERSED = "reversed"  # the credit note by which an undo takes an invoice back
    PAYMENT = "payment"  # a transaction's share that pays an invoice, or goes out on a note
    USE = "credit"  # balance used on an invoice
    TO_BALANCE = "to_balance"  # a refund that went onto the client's balance
    TRANSACTION = "transaction"  # money at the source that stands on no invoice
    FEE = "fee"  # a gateway's cut of a transaction
    EXCESS = "excess"  # what of a transaction went beyond its invoice, onto the balance
    PREPAID = "balance"  # a transaction that was paid onto the balance
    RETURNED = "returned"  # a transaction that was returned from the balance
    EXCHANGE = "exchange"  # the exchange difference of a payment
    GIVEN = "given"  # balance that staff gave or took
    NONE = "none"  # no key of ours


_FORMS: Mapping[Role, str] = MappingProxyType(
    {
        Role.CLIENT: "{own}",
        Role.INVOICE: "{own}{part}{again}",
        Role.UNDONE: "{own}/undone{booking}",
        Role.NOTE: "R{own}",
        Role.CANCELLED: "{own}/cancelled",
        Role.REVERSED: "{own}{again}/reversed",
        Role.PAYMENT: "T{own}/{on}",
        Role.USE: "{on}/credit/{amount}",
        Role.TO_BALANCE: "R{own}/credit/0",
        Role.TRANSACTION: "T{own}",
        Role.FEE: "T{own}/fee",
        Role.EXCESS: "T{own}/excess",
        Role.PREPAID: "T{own}/balance",
        Role.RETURNED: "T{own}/returned",
        Role.EXCHANGE: "{on}/exchange",
        Role.GIVEN: "C{own}/given",
        Role.NONE: "",
    }
)
_MOVED = frozenset({Role.FEE, Role.EXCESS, Role.PREPAID, Role.RETURNED})
_PAYMENTS = frozenset({Role.PAYMENT, Role.USE, Role.TO_BALANCE})
_NOTES = frozenset({Role.NOTE, Role.CANCELLED, Role.REVERSED})
_FOUNDED = frozenset({Role.USE, Role.EXCHANGE, Role.NONE})
"""Roles of keys without an id of their own."""

_PAID = frozenset({Role.INVOICE, Role.NOTE})
MONEY = frozenset(
    {Role.PAYMENT, Role.TO_BALANCE, Role.TRANSACTION, Role.EXCESS, Role.PREPAID, Role.RETURNED}
)
"""Roles of what is a share of a transaction."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, in its parts. `str` writes it, `parse` reads it.

    Attributes:
        id: The source's id of the client, invoice, refund, transaction or balance movement;
            empty where `on` has it.
        on: What a payment or a use of balance stands on, an invoice's or a note's key; of an
            exchange difference its payment's.
        part: Which further document of an invoice it is, from 1; 0 for its first.
        booking: Which booking of an invoice it is, from 1: an undo may have reversed earlier ones.
        amount: Of a use of balance, how much of it was used on the invoice up to this one.

    >>> str(Key(Role.PAYMENT, "900", on=Key(Role.INVOICE, "501", part=1)))
    'T900/501+1'
    >>> str(Key(Role.FEE, "ch_77")), Key.parse("T~ch_77/fee").owner
    ('T~ch_77/fee', 'ch_77')
    >>> Key.parse("501/2/reversed").booking, Key.parse("PO-4471").role.value
    (2, 'none')
    """

    role: Role
    id: str = ""
    on: "Key | None" = None
    part: int = 0
    booking: int = 1
    amount: str = ""

    def __str__(self) -> str:
        """Return the key as text. Raises UnusableIdError where an id is empty."""
        if not self.id and self.role not in _FOUNDED:
            raise UnusableIdError(f"the source's id of its {self.role.value} is empty")
        return _FORMS[self.role].format(
            own=written(self.id),
            on=self.on,
            part=f"+{self.part}" if self.part else "",
            again=f"/{self.booking}" if self.booking > 1 else "",
            booking=self.booking,
            amount=self.amount,
        )

    @staticmethod
    def parse(text: str, kind: Kind | None = None) -> "Key":
        """Return the key that is written so; NO_KEY for what is none, or of another kind.

        A client's key is read where that kind is asked for.
        """
        return _parse(text, kind)

    @staticmethod
    def of(ref: SourceRef) -> "Key":
        """Return the key of a record; NO_KEY for a ref that is none."""
        if ref.kind is Kind.CLIENT:
            return Key(Role.CLIENT, ref.id)
        if ref.kind is Kind.INVOICE and not ref.suffix:
            return Key(Role.INVOICE, ref.id)
        return _parse(text_of(ref), ref.kind)

    @property
    def ref(self) -> SourceRef:
        """Return the ref by which the log knows the record; booked again, an invoice has its first.

        Raises:
            ValueError: it is no key.
        """
        if self.kind is None:
            raise ValueError(self)
        if self.kind not in {Kind.CLIENT, Kind.INVOICE}:
            return SourceRef(self.kind, str(self))
        first = self.again(1) if self.role is Role.INVOICE else self
        return SourceRef(self.kind, self.id, str(first).removeprefix(written(self.id)))

    @property
    def kind(self) -> Kind | None:
        """Return of what kind of record it is the key; None of no key."""
        return _KINDS.get(self.role)

    @property
    def owner(self) -> str:
        """Return the source's id of what it belongs to; a use of balance belongs to its invoice."""
        return self.on.owner if self.on and self.role in _FOUNDED else self.id

    @property
    def document(self) -> "Key | None":
        """Return the key of the document that a payment stands on."""
        if self.role is Role.TO_BALANCE:
            return Key(Role.NOTE, self.id)
        return self.on if self.role in _PAYMENTS else None

    @property
    def invoice(self) -> str:
        """Return the source's id of the invoice that a transaction's share pays, else nothing."""
        is_share = self.role is Role.PAYMENT and self.on and self.on.role is Role.INVOICE
        return self.on.id if self.on and is_share else ""

    @property
    def is_undone(self) -> bool:
        """Return whether an undo reversed what it names, or made it to reverse that."""
        return self.role in {Role.UNDONE, Role.REVERSED}

    @property
    def is_balance_use(self) -> bool:
        """Return whether its payment came from the client's balance, or went onto it."""
        return self.role in {Role.USE, Role.TO_BALANCE}

    @property
    def is_money_back(self) -> bool:
        """Return whether its money was returned."""
        document = self.document
        return self.role is Role.RETURNED or (document is not None and document.role is Role.NOTE)

    def again(self, booking: int) -> "Key":
        """Return the key that an invoice's document bears when it is booked once more."""
        return replace(self, booking=booking)

    def token(self, label: str) -> str:
        """Return the key with its label. Raises as `token_of`."""
        return _token(label, str(self))


NO_KEY = Key(Role.NONE)

_KINDS: Mapping[Role, Kind] = MappingProxyType(
    {
        Role.CLIENT: Kind.CLIENT,
        **dict.fromkeys((Role.INVOICE, Role.UNDONE), Kind.INVOICE),
        **dict.fromkeys(_NOTES, Kind.CREDIT_NOTE),
        **dict.fromkeys(_PAYMENTS, Kind.PAYMENT),
        **dict.fromkeys((*_MOVED, Role.TRANSACTION, Role.EXCHANGE, Role.GIVEN), Kind.MOVEMENT),
    }
)


@lru_cache(maxsize=4096)
def _parse(text: str, kind: Kind | None) -> Key:
    if len(text) > MOST:
        return NO_KEY
    try:
        key = Key(Role.CLIENT, _read(text)) if kind is Kind.CLIENT else _loosely(text)
        fits = (kind is None or key.kind is kind) and str(key) == text
    except ValueError:
        return NO_KEY
    return key if fits else NO_KEY


def _loosely(text: str) -> Key:
    """Return the only key that may be written so. Raises ValueError for what is none."""
    head, slash, last = text.rpartition("/")
    if not slash:
        return _whole(text)
    if last == "exchange":
        return Key(Role.EXCHANGE, on=_one_of(_PAYMENTS, _loosely(head)))
    if head.endswith("/credit"):
        return _of_balance(_one_of(_PAID, _whole(head.removesuffix("/credit"))), last)
    if head.startswith("T") and last not in _MOVED:
        return Key(Role.PAYMENT, _read(head[1:]), on=_one_of(_PAID, _whole(last)))
    if head.startswith(("C", "T")):
        return Key(Role(last), _read(head[1:]))
    count = _COUNT.fullmatch(last)
    invoice = _one_of({Role.INVOICE}, _loosely(head))
    if count is None:
        return replace(invoice, role=Role(last))
    role = Role.UNDONE if count[1] else Role.INVOICE
    return replace(invoice, role=role, booking=int(count[2]))


def _whole(text: str) -> Key:
    """Return a key that has no word of ours behind its id."""
    if text.startswith(("R", "T")):
        return Key(Role.NOTE if text.startswith("R") else Role.TRANSACTION, _read(text[1:]))
    part = _PART.search(text)
    if part is None:
        return Key(Role.INVOICE, _read(text))
    return Key(Role.INVOICE, _read(text[: part.start()]), part=int(part[1]))


def _of_balance(on: Key, amount: str) -> Key:
    if on.role is Role.NOTE:
        return Key(Role.TO_BALANCE, on.id)
    if not _AMOUNT.fullmatch(amount):
        raise ValueError(amount)
    return Key(Role.USE, on=on, amount=amount)


def _one_of(roles: Collection[Role], key: Key) -> Key:
    if key.role not in roles:
        raise ValueError(key.role)
    return key


# Ids and refs as text ------------------------------------------------------------------------


def written(source_id: str) -> str:
    """Return an id of the source as a key writes it.

    >>> written("501"), written("in_1NabC"), written("501/2")
    ('501', '~in_1NabC', '~501%2F2')
    """
    if source_id.isdigit() and source_id.isascii():
        return source_id
    return "~" + quote(source_id, safe="", errors="surrogatepass")


def _read(text: str) -> str:
    """Return the id that is written so. Raises ValueError for what is none."""
    if text.isdigit() and text.isascii():
        return text
    if not text.startswith("~") or text == "~":
        raise ValueError(text)
    return unquote(text[1:], errors="surrogatepass")


def text_of(ref: SourceRef) -> str:
    """Return the key of a record as the sync log keeps it."""
    if ref.kind in {Kind.CLIENT, Kind.INVOICE}:
        return written(ref.id) + ref.suffix
    return ref.id


def ref_from(text: str, kind: Kind) -> SourceRef:
    """Return the record whose key the sync log keeps as `text`."""
    if text.isdigit() and text.isascii():
        return SourceRef(kind, text)
    key = Key.parse(text, kind)
    return SourceRef(kind, text) if key.role is Role.NONE else key.ref


def payment_ref(transaction_id: str | int, invoice_id: str | int) -> SourceRef:
    """Return the ref of one transaction's share that pays one invoice."""
    invoice = Key(Role.INVOICE, str(invoice_id))
    return Key(Role.PAYMENT, str(transaction_id), on=invoice).ref


def refund_ref(refund_id: str | int) -> SourceRef:
    """Return the ref of the credit note that a refund makes."""
    return Key(Role.NOTE, str(refund_id)).ref


def transaction_ref(transaction_id: str | int) -> SourceRef:
    """Return the ref of money that stands on no invoice."""
    return Key(Role.TRANSACTION, str(transaction_id)).ref


def document_of(payment: SourceRef) -> SourceRef:
    """Return the document that a payment stands on, by its key.

    Raises:
        ValueError: it is not the ref of a payment.

    >>> str(document_of(payment_ref(900, 501)))
    'invoice 501'
    """
    document = Key.of(payment).document
    if document is None:
        raise ValueError(payment)
    return document.ref


def bookings(refs: Iterable[SourceRef]) -> int:
    """Return the number of an invoice's current or next booking, by the refs of its links."""
    return 1 + sum(Key.of(ref).role is Role.UNDONE for ref in refs)


# Tokens: keys with their label, as the target shows them --------------------------------------


@dataclass(frozen=True, slots=True)
class Reference:
    """The text that carries a key inside the target's own record.

    Attributes:
        token: The key with its label, ``WHMCS-501``: the first word.
        detail: What a person recognises: the invoice's number, the gateway's transaction id.

    >>> str(Reference("WHMCS-501", "F2026-77"))
    'WHMCS-501 F2026-77'
    """

    token: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.token} {self.detail}".strip()

    def heads(self, text: str) -> bool:
        """Return whether `text` begins with this token. What stands further on is no token."""
        return bool(self.token) and token_at(text) == self.token


def _token(label: str, key: str) -> str:
    token = f"{label}-{key}"
    if len(token) > MOST:
        raise UnusableIdError(
            f"its key in the target would be of {len(token)} characters ({token[:40]}...), and"
            f" {MOST} are the most"
        )
    return token


def token_of(label: str, ref: SourceRef) -> str:
    """Return the key of `ref` as it stands in the target: ``WHMCS-T900/501``.

    Raises:
        UnusableIdError: the source's id is empty, or too long for a key.
    """
    if not ref.id:
        raise UnusableIdError(f"the source's id of its {ref.kind.value} is empty")
    return _token(label, text_of(ref))


def token_at(text: str, label: str = "") -> str:
    """Return the token that `text` begins with, of this label or of any; else nothing.

    >>> token_at("WHMCS-501 WHMCS-5001"), token_at("for WHMCS-501")
    ('WHMCS-501', '')
    """
    found = _TOKEN.match(text)
    if found is None or (label and found[1] != label):
        return ""
    for key in (found[2], found[2].rstrip(".")):  # which may end a sentence
        if Key.parse(key).role is not Role.NONE:
            return f"{found[1]}-{key}"
    return ""


def tokens_in(text: str, label: str) -> tuple[str, ...]:
    """Return `token_at` as a sequence of one or none."""
    return tuple(filter(None, (token_at(text, label),)))


def key_of(token: str, label: str) -> Key:
    """Return the key in a token with this label; NO_KEY for what is not ours."""
    head, body = _divided(token)
    return Key.parse(body) if head == label else NO_KEY


def invoice_id(token: str, label: str) -> str:
    """Return the source's id in the token of an invoice, else nothing."""
    key = key_of(token, label)
    return key.owner if key.role is Role.INVOICE else ""


def label_of(token: str) -> str:
    """Return the label of a token."""
    return _divided(token)[0]


def key_text(token: str) -> str:
    """Return a token without its label, as people name the record."""
    return _divided(token)[1]


def _divided(token: str) -> tuple[str, str]:
    label, _, key = token.partition("-")
    return label, key


def code_of(token: str) -> str:
    """Return a token in letters and digits alone, for targets whose own keys take no more.

    An id that is no number gives a digest of 60 bits: no two ids differ in letter case alone, and
    the code of one is never that of a number.

    >>> code_of("WHMCS-31"), code_of("WHMCS-~cus_9f")
    ('WHMCS31', 'WHMCSXWOI4KTTIZWUZ')
    """
    label, key = _divided(token)
    if key.isdigit():
        return label + key
    digest = base64.b32encode(hashlib.sha256(key.encode()).digest())
    return f"{label}X{digest[:12].decode()}"
