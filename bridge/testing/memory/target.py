"""The target that writes a `MemoryBooks`."""

# ruff: noqa: D102  # what each method promises stands in the contract

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bridge.api import (
    AmbiguousMatchError,
    Client,
    CreditNote,
    Days,
    Finding,
    Health,
    Hold,
    Kind,
    Level,
    Movement,
    Nothing,
    Payload,
    Payment,
    Posting,
    Record,
    Reference,
    Sale,
    Survey,
    Target,
    TargetClient,
    TargetDocument,
    TargetMovement,
    TargetPayment,
    TargetRef,
    token_at,
)
from bridge.testing.memory import compose as translate
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.compose import MemoryMapping
from bridge.testing.memory.journal import journal
from bridge.testing.memory.rows import document_record, movement_record, payment_record

Result = TypeVar("Result")
Found = TypeVar("Found")


class MemoryTarget(Target):
    """Writes a `MemoryBooks`; payments are kept in the document's currency.

    Args:
        books: The far side.
        mapping: How names are mapped; its currencies come from the books at `prepare`.
        takes_balances: Whether it is asked to keep clients' balances.
        match_clients_by: How an existing client is recognised.
    """

    lists_movements = True

    def __init__(
        self,
        books: MemoryBooks,
        *,
        mapping: MemoryMapping | None = None,
        takes_balances: bool = False,
        match_clients_by: tuple[str, ...] = ("code", "email"),
    ) -> None:
        self.takes_balances = takes_balances
        self.match_clients_by = match_clients_by
        self._books = books
        self._mapping = MemoryMapping() if mapping is None else mapping

    def check(self) -> Health:
        return self._books.reading("check", lambda: Health("books in memory"))

    def prepare(self) -> None:
        known = self._books.reading("prepare", lambda: tuple(self._books.currencies))
        self.home_currency = self._books.home_currency
        self._mapping = replace(self._mapping, currencies=known)

    def assess(self, survey: Survey) -> Iterator[Finding]:
        for gateway in survey.gateways:
            mapped = gateway not in self._mapping.unmapped
            yield _finding(f"gateway {gateway}", mapped, "add a line for it under gateways")
        for currency in survey.currencies:
            known = currency in self._mapping.currencies
            yield _finding(f"currency {currency}", known, f"add {currency} to the books")

    # What stands there -----------------------------------------------------------------------

    def clients(self) -> Iterator[TargetClient]:
        yield from self._books.reading("clients", self._books.target_clients)

    def documents(
        self, days: Sequence[Days], clients: Collection[TargetRef] = ()
    ) -> Iterator[TargetDocument]:
        ids = {client.id for client in clients}
        for document in self._books.reading("documents", self._books.target_documents):
            if document.client.id in ids or any(document.date in span for span in days):
                yield document

    def payments(self, document: TargetRef) -> Iterator[TargetPayment]:
        find = partial(self._books.target_payments, document.id)
        yield from self._books.reading("payments", find)

    def find_client(self, payload: Payload) -> TargetRef | None:
        clients = self._books.reading("find_client", self._books.target_clients)
        found = _only((row for row in clients if row.key == payload.natural_key), "customers")
        return found.ref if found else None

    def find_invoice(
        self,
        reference: Reference,
        *,
        client: TargetRef,
        day: dt.date,  # noqa: ARG002  # a client's documents are few enough
    ) -> TargetDocument | None:
        documents = self._books.reading("find_invoice", self._books.target_documents)
        mine = (row for row in documents if row.client.id == client.id)
        return _only((row for row in mine if reference.heads(row.reference)), "documents")

    def find_payment(self, reference: Reference, *, document: TargetRef) -> TargetPayment | None:
        find = partial(self._books.target_payments, document.id)
        payments = self._books.reading("find_payment", find)
        return _only((row for row in payments if reference.heads(row.note)), "payments")

    def find_movement(self, payload: Payload) -> TargetRef | None:
        reference = Reference(token_at(payload.reference))
        movements = self._books.reading("find_movement", self._books.target_movements)
        found = _only((row for row in movements if reference.heads(row.reference)), "movements")
        return found.ref if found else None

    def records(self, days: Days) -> Iterator[Record]:
        for document in self._books.reading("records", self._books.target_documents):
            if document.date in days:
                yield document_record(document)
            for payment in self._books.target_payments(document.ref.id):
                if payment.date in days:
                    yield payment_record(payment, document)
        for movement in self._books.movements.values():
            if movement.date in days:
                yield movement_record(movement)

    def movements(self, days: Sequence[Days]) -> Iterator[TargetMovement]:
        for row in self._books.reading("movements", self._books.target_movements):
            if any(row.date in span for span in days):
                yield row

    # What to write ---------------------------------------------------------------------------

    def compose_client(self, client: Client, reference: Reference) -> Payload | Hold:
        return translate.compose_client(client, reference, self._mapping)

    def compose_invoice(self, sale: Sale) -> Payload | Hold:
        return translate.compose_invoice(sale, self._mapping)

    def compose_payment(
        self,
        payment: Payment,
        invoice: Payload,  # noqa: ARG002  # payments are in the document's currency
        earlier: Sequence[Payload],  # noqa: ARG002  # so no remainder has to be closed
    ) -> Payload | Hold | Nothing:
        return translate.compose_payment(payment, self._mapping)

    def compose_credit_note(self, note: CreditNote) -> Payload | Hold:
        return translate.compose_credit_note(note, self._mapping)

    def compose_reversal(
        self, booked: Payload, *, reference: Reference, date: dt.date, number: str
    ) -> Payload | Hold:
        return translate.compose_reversal(booked, reference, date, number)

    def compose_movement(self, movement: Movement) -> Payload | Hold | Nothing:
        return translate.compose_movement(movement, self._mapping)

    def journal(self, payload: Payload) -> tuple[Posting, ...]:
        return journal(payload)

    # Writing ---------------------------------------------------------------------------------

    def _write(self, name: str, do: Callable[[], Result]) -> Result:
        self.before_write()
        return self._books.writing(name, do)

    def create_client(self, payload: Payload) -> TargetRef:
        fields = {**payload.body, "code": payload.natural_key}
        made = self._write("create_client", partial(self._books.add_client, fields))
        return TargetRef(Kind.CLIENT, made, made)

    def update_client(self, client: TargetRef, payload: Payload) -> None:
        change = partial(self._books.change_client, client.id, payload.body)
        self._write("update_client", change)

    def adopt_client(self, client: TargetRef, payload: Payload) -> None:
        mark = {"reference": payload.reference}
        self._write("adopt_client", partial(self._books.change_client, client.id, mark))

    def create_invoice(self, payload: Payload, *, client: TargetRef) -> TargetRef:
        return TargetRef(Kind.INVOICE, self._create_document("create_invoice", payload, client))

    def create_credit_note(
        self,
        payload: Payload,
        *,
        client: TargetRef,
        original: TargetRef,  # noqa: ARG002  # the books know no such tie until it is applied
    ) -> TargetRef:
        made = self._create_document("create_credit_note", payload, client)
        return TargetRef(Kind.CREDIT_NOTE, made)

    def _create_document(self, name: str, payload: Payload, client: TargetRef) -> str:
        body = payload.body
        add = partial(
            self._books.add_document,
            client.id,
            reference=translate.text(body, "reference"),
            date=translate.day(body),
            currency=translate.text(body, "currency"),
            lines=translate.lines(body),
        )
        return self._write(name, add)

    def create_payment(self, payload: Payload, *, document: TargetRef) -> TargetRef:
        body = payload.body
        add = partial(
            self._books.add_payment,
            document.id,
            note=translate.text(body, "reference"),
            date=translate.day(body),
            amount=translate.amount(body),
            account=translate.text(body, "account"),
        )
        made = self._write("create_payment", add)
        return TargetRef(Kind.PAYMENT, made, made)

    def apply_credit_note(self, note: TargetRef, *, original: TargetRef) -> None:
        self._write("apply_credit_note", partial(self._books.apply, note.id, original.id))

    def create_movement(self, payload: Payload) -> TargetRef:
        body = payload.body
        add = partial(
            self._books.add_movement,
            reference=translate.text(body, "reference"),
            date=translate.day(body),
            amount=translate.amount(body),
            account=translate.text(body, "account"),
        )
        made = self._write("create_movement", add)
        return TargetRef(Kind.MOVEMENT, made, made)

    def remove(
        self,
        ref: TargetRef,
        *,
        document: TargetRef | None = None,  # noqa: ARG002  # payment ids are unique here
    ) -> None:
        self._write("remove", partial(self._books.delete, ref.kind, ref.id))


def _only(matches: Iterable[Found], what: str) -> Found | None:
    found = list(matches)
    if len(found) > 1:
        raise AmbiguousMatchError(
            f"{len(found)} {what} carry the same key", remedy="remove or rename all but one"
        )
    return found[0] if found else None


def _finding(subject: str, known: bool, remedy: str) -> Finding:  # noqa: FBT001  # an answer
    if known:
        return Finding(Level.OK, subject, "it is mapped")
    return Finding(Level.WARNING, subject, "it is not mapped", remedy)
