"""Stable names of records at both ends, and the text that ties one to the other."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a record is, at either end."""

    CLIENT = "client"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    MOVEMENT = "movement"


@dataclass(frozen=True, slots=True, order=True)
class SourceRef:
    """A record of the source by its own, never re-used id: the idempotency key.

    Attributes:
        kind: What it becomes in the target.
        id: ``31`` for a client, ``501`` for an invoice, ``T900/501`` for transaction 900 as a
            payment of invoice 501, ``R905`` for a credit note that refund 905 made,
            ``T900/excess`` and the like for movements.
    """

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.id}"


def client_ref(client_id: str | int) -> SourceRef:
    """The ref of a client."""
    return SourceRef(Kind.CLIENT, str(client_id))


def invoice_ref(invoice_id: str | int) -> SourceRef:
    """The ref of an invoice."""
    return SourceRef(Kind.INVOICE, str(invoice_id))


def payment_ref(transaction_id: str | int, invoice_id: str | int) -> SourceRef:
    """The ref of one transaction's share that pays one invoice."""
    return SourceRef(Kind.PAYMENT, f"T{transaction_id}/{invoice_id}")


@dataclass(frozen=True, slots=True)
class TargetRef:
    """A record of the target.

    Attributes:
        kind: What it is.
        id: What the target's own calls take: a customer id, an invoice number, a payment id.
        internal_id: The permanent id, where `id` might be given again after a deletion. Empty
            until a read-back has learnt it.
    """

    kind: Kind
    id: str
    internal_id: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.id}"


@dataclass(frozen=True, slots=True)
class Reference:
    """The text that carries a SourceRef inside the target's own record.

    Attributes:
        token: The key with its label, ``WHMCS-501``. Matched as a whole word.
        detail: What a person recognises: the invoice's number, the gateway's transaction id.

    >>> str(Reference("WHMCS-501", "F2026-77"))
    'WHMCS-501 F2026-77'
    """

    token: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.token} {self.detail}".strip()


def token_of(label: str, ref: SourceRef) -> str:
    """The key of `ref` as it stands in the target: ``WHMCS-T900/501``."""
    return f"{label}-{ref.id}"


def tokens_in(text: str, label: str) -> tuple[str, ...]:
    """Every token with this label that stands in `text` as a whole word.

    >>> tokens_in("F2026-77 (WHMCS-501)", "WHMCS")
    ('WHMCS-501',)
    >>> tokens_in("MYWHMCS-501, WHMCS-501x", "WHMCS")
    ()
    """
    pattern = rf"(?<![\w/+-]){re.escape(label)}-(?:[TRC]?\d+(?:[/+][\w.]+)*)(?![\w/+-])"
    return tuple(re.findall(pattern, text))
