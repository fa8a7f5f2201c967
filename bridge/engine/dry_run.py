"""A target that reads through to the real one and only pretends to write."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import count

from bridge.contract import Finding, Health, Survey, Target
from bridge.model.money import Money
from bridge.model.reasons import Hold
from bridge.model.refs import Kind, Reference, TargetRef
from bridge.model.source_records import Client
from bridge.model.target_records import (
    CreditNote,
    Days,
    Movement,
    Nothing,
    Payload,
    Payment,
    Record,
    Sale,
    TargetClient,
    TargetDocument,
    TargetPayment,
)

_MADE_UP = "dry-run-"


class DryRunTarget(Target):
    """Passes reads to `inner`; answers each write with a made-up reference.

    The engine cannot tell it from the real one, so a rehearsal walks the very path that a real
    run walks: what was "written" is found by the read-back. Nothing about a made-up record ever
    travels to the far side.
    """

    def __init__(self, inner: Target) -> None:
        self._inner = inner
        self._numbers = count(1)
        self._documents: dict[str, TargetDocument] = {}
        self._extra: dict[str, Money] = {}
        self.match_clients_by = inner.match_clients_by
        self.takes_balances = inner.takes_balances

    def close(self) -> None:
        """Close the real one."""
        self._inner.close()

    def check(self) -> Health:
        """As the real one."""
        return self._inner.check()

    def prepare(self) -> None:
        """As the real one."""
        self._inner.prepare()
        self.home_currency = self._inner.home_currency

    def assess(self, survey: Survey) -> Iterator[Finding]:
        """As the real one."""
        return self._inner.assess(survey)

    def clients(self) -> Iterator[TargetClient]:
        """As the real one: a made-up client is linked and need not be found."""
        return self._inner.clients()

    def documents(
        self, days: Sequence[Days], clients: Collection[TargetRef] = ()
    ) -> Iterator[TargetDocument]:
        """The real ones, then the made-up ones."""
        real = [client for client in clients if not _made_up(client)]
        if days or real:
            for document in self._inner.documents(days, real):
                extra = self._extra.get(document.ref.id)
                yield _paid(document, extra) if extra else document
        for document in list(self._documents.values()):
            if any(document.date in each for each in days) or document.client in clients:
                yield document

    def payments(self, document: TargetRef) -> Iterator[TargetPayment]:
        """As the real one; a made-up document has none to find."""
        return iter(()) if _made_up(document) else self._inner.payments(document)

    def find_client(self, payload: Payload) -> TargetRef | None:
        """As the real one."""
        return self._inner.find_client(payload)

    def find_invoice(
        self, reference: Reference, *, client: TargetRef, day: dt.date
    ) -> TargetDocument | None:
        """As the real one; a made-up client has none."""
        if _made_up(client):
            return None
        return self._inner.find_invoice(reference, client=client, day=day)

    def find_payment(self, reference: Reference, *, document: TargetRef) -> TargetPayment | None:
        """As the real one; a made-up document has none."""
        if _made_up(document):
            return None
        return self._inner.find_payment(reference, document=document)

    def find_movement(self, payload: Payload) -> TargetRef | None:
        """As the real one."""
        return self._inner.find_movement(payload)

    def records(self, days: Days) -> Iterator[Record]:
        """As the real one."""
        return self._inner.records(days)

    def compose_client(self, client: Client, reference: Reference) -> Payload | Hold:
        """As the real one."""
        return self._inner.compose_client(client, reference)

    def compose_invoice(self, sale: Sale) -> Payload | Hold:
        """As the real one."""
        return self._inner.compose_invoice(sale)

    def compose_payment(
        self, payment: Payment, invoice: Payload, earlier: Sequence[Payload]
    ) -> Payload | Hold | Nothing:
        """As the real one."""
        return self._inner.compose_payment(payment, invoice, earlier)

    def compose_credit_note(self, note: CreditNote) -> Payload | Hold:
        """As the real one."""
        return self._inner.compose_credit_note(note)

    def compose_movement(self, movement: Movement) -> Payload | Hold | Nothing:
        """As the real one."""
        return self._inner.compose_movement(movement)

    def create_client(self, payload: Payload) -> TargetRef:
        """Made up."""
        del payload
        return self._made(Kind.CLIENT)

    def update_client(self, client: TargetRef, payload: Payload) -> None:
        """Nothing is sent."""

    def adopt_client(self, client: TargetRef, payload: Payload) -> None:
        """Nothing is sent."""

    def create_invoice(self, payload: Payload, *, client: TargetRef) -> TargetRef:
        """Made up, and found by the read-back."""
        return self._document(Kind.INVOICE, payload, client)

    def create_payment(self, payload: Payload, *, document: TargetRef) -> TargetRef:
        """Made up; the made-up document shows it as paid."""
        made = self._documents.get(document.id)
        if made and payload.net:
            self._documents[document.id] = _paid(made, payload.net)
        elif payload.net:
            before = self._extra.get(document.id, Money.zero(payload.net.currency))
            self._extra[document.id] = before + payload.net
        return self._made(Kind.PAYMENT)

    def create_credit_note(
        self, payload: Payload, *, client: TargetRef, original: TargetRef
    ) -> TargetRef:
        """Made up, and found by the read-back."""
        del original
        return self._document(Kind.CREDIT_NOTE, payload, client)

    def apply_credit_note(self, note: TargetRef, *, original: TargetRef) -> None:
        """Nothing is sent."""

    def create_movement(self, payload: Payload) -> TargetRef:
        """Made up."""
        del payload
        return self._made(Kind.MOVEMENT)

    def remove(self, ref: TargetRef, *, document: TargetRef | None = None) -> None:
        """Nothing is sent."""

    def _made(self, kind: Kind) -> TargetRef:
        return TargetRef(kind, f"{_MADE_UP}{next(self._numbers)}")

    def _document(self, kind: Kind, payload: Payload, client: TargetRef) -> TargetRef:
        ref = self._made(kind)
        if payload.net is not None and payload.tax is not None and payload.date is not None:
            self._documents[ref.id] = TargetDocument(
                ref=ref,
                reference=payload.reference,
                client=client,
                date=payload.date,
                currency=payload.net.currency,
                net=payload.net,
                tax=payload.tax,
                paid=Money.zero(payload.net.currency),
                lines=payload.lines,
            )
        return ref


def _made_up(ref: TargetRef) -> bool:
    return ref.id.startswith(_MADE_UP)


def _paid(document: TargetDocument, amount: Money) -> TargetDocument:
    paid = document.paid + amount if document.paid else amount
    return replace(document, paid=paid)
