"""Stable names of records at both ends."""

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

    `client_ref` and `invoice_ref` make the refs that a source gives. The core makes the others, of
    what a record becomes in the target: see `bridge.model.keys`.

    Attributes:
        kind: What it becomes in the target.
        id: Of a client or an invoice the source's own id, any text: ``31``, ``in_1NabC``. Of what
            else becomes of it the key: ``T900/501`` for transaction 900 as a payment of invoice
            501, ``R905`` for the credit note that refund 905 made.
        suffix: Which document of its invoice it is, where that is not the first: ``+1``.
    """

    kind: Kind
    id: str
    suffix: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value} {self.id}{self.suffix}"


def client_ref(client_id: str | int) -> SourceRef:
    """Return the ref of a client, by the source's own id."""
    return SourceRef(Kind.CLIENT, str(client_id))


def invoice_ref(invoice_id: str | int) -> SourceRef:
    """Return the ref of an invoice, by the source's own id."""
    return SourceRef(Kind.INVOICE, str(invoice_id))


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
