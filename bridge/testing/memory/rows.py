"""What the in-memory accounting system keeps, and how it shows it."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bridge.api import (
    Json,
    Kind,
    Money,
    Record,
    RecordClass,
    TargetClient,
    TargetDocument,
    TargetLine,
    TargetPayment,
    TargetRef,
    token_at,
    total,
)

GUARDED = ("country", "tax_number", "currency")
"""Fields of a customer that decide its VAT."""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A customer: the fields that bridge sends, and those that it does not know."""

    id: str
    fields: Mapping[str, Json]
    foreign: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """An invoice, or with negative lines a credit note."""

    number: int
    internal_id: str
    client: str
    reference: str
    date: dt.date
    currency: str
    lines: tuple[TargetLine, ...]

    @property
    def net(self) -> Money:
        """Sum of the lines without tax."""
        return total((line.net for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        """Sum of the lines' tax."""
        return total((line.tax for line in self.lines), self.currency)

    @property
    def kind(self) -> Kind:
        """A credit note is a document below zero; nothing else tells it from an invoice."""
        return Kind.CREDIT_NOTE if (self.net + self.tax).amount < 0 else Kind.INVOICE


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Money on a document."""

    id: str
    document: str
    note: str
    date: dt.date
    amount: Money
    account: str


@dataclass(frozen=True, slots=True)
class MovementRow:
    """Money on an account without a document."""

    id: str
    reference: str
    date: dt.date
    amount: Money
    account: str


def target_document(document: DocumentRow, paid: Iterable[Money]) -> TargetDocument:
    """A document in the contract's form."""
    return TargetDocument(
        ref=TargetRef(document.kind, str(document.number), document.internal_id),
        reference=document.reference,
        client=TargetRef(Kind.CLIENT, document.client, document.client),
        date=document.date,
        currency=document.currency,
        net=document.net,
        tax=document.tax,
        paid=total(paid, document.currency),
        lines=document.lines,
    )


def target_client(client: ClientRow) -> TargetClient:
    """A customer in the contract's form."""
    fields = client.fields
    email = str(fields.get("email", "")).lower()
    return TargetClient(
        ref=TargetRef(Kind.CLIENT, client.id, client.id),
        key=str(fields.get("code", "")),
        reference=str(fields.get("reference", "")),
        name=str(fields.get("name", "")),
        emails=(email,) if email else (),
        tax_number=str(fields.get("tax_number", "")),
        currency=str(fields.get("currency", "")),
        body={name: value for name, value in fields.items() if name != "code"},
        guarded={name: str(fields.get(name, "")) for name in GUARDED},
    )


def document_record(document: TargetDocument) -> Record:
    """A document as a row of reconciliation."""
    credit = document.ref.kind is Kind.CREDIT_NOTE
    return Record(
        record_class=RecordClass.CREDIT_NOTE if credit else RecordClass.INVOICE,
        token=token_at(document.reference),
        number=document.ref.id,
        client=document.client.id,
        date=document.date,
        net=document.net,
        tax=document.tax,
        note=document.reference,
        paid=document.paid,
    )


def payment_record(payment: TargetPayment, document: TargetDocument) -> Record:
    """A payment as a row of reconciliation."""
    return Record(
        record_class=RecordClass.PAYMENT,
        token=token_at(payment.note),
        number=payment.ref.id,
        client=document.client.id,
        date=payment.date,
        net=payment.amount,
        tax=Money.zero(payment.amount.currency),
        account=payment.account,
        note=payment.note,
        document=document.ref.id,
    )


def movement_record(movement: MovementRow) -> Record:
    """A movement as a row of reconciliation."""
    return Record(
        record_class=RecordClass.MOVEMENT,
        token=token_at(movement.reference),
        number=movement.id,
        client="",
        date=movement.date,
        net=movement.amount,
        tax=Money.zero(movement.amount.currency),
        account=movement.account,
        note=movement.reference,
    )
