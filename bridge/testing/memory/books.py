"""An accounting system in memory: it keeps what it is sent, and checks next to nothing.

It is as unhelpful as real ones: no reference is unique, a deleted number is given again, and the
reply to an insert holds a number and not the permanent id.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count
from types import MappingProxyType

from bridge.api import (
    Json,
    Kind,
    Money,
    RecordRejectedError,
    TargetClient,
    TargetDocument,
    TargetLine,
    TargetMovement,
    TargetPayment,
    TargetRef,
)
from bridge.testing.faults import FarSide
from bridge.testing.memory.rows import (
    ClientRow,
    DocumentRow,
    MovementRow,
    PaymentRow,
    target_client,
    target_document,
)

CURRENCIES = MappingProxyType({"GBP": "1.00", "EUR": "1.17", "USD": "1.27"})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class MemoryBooks(FarSide):
    """The remote system. Safe for several threads.

    A person at its keyboard is a test that calls the same methods, or replaces rows of
    `clients`, `documents`, `payments` and `movements`, which are keyed by id or number.

    Attributes:
        currencies: Units of each for one of the home currency.
        home_currency: ISO 4217.
    """

    def __init__(
        self,
        *,
        currencies: Mapping[str, str] = CURRENCIES,
        home_currency: str = "GBP",
    ) -> None:
        super().__init__()
        self.currencies = dict(currencies)
        self.home_currency = home_currency
        self.clients: dict[str, ClientRow] = {}
        self.documents: dict[str, DocumentRow] = {}
        self.payments: dict[str, PaymentRow] = {}
        self.movements: dict[str, MovementRow] = {}
        self._ids = count(7001)

    # Writing ---------------------------------------------------------------------------------

    def add_client(
        self, fields: Mapping[str, Json], *, foreign: Mapping[str, str] = _NOTHING
    ) -> str:
        """Make a customer.

        Raises:
            RecordRejectedError: its code is taken.
        """
        with self._lock:
            code = fields.get("code", "")
            if any(client.fields.get("code") == code for client in self.clients.values()):
                raise _refused(f"customer code {code} is not unique", "use the existing customer")
            client = ClientRow(str(next(self._ids)), dict(fields), dict(foreign))
            self.clients[client.id] = client
            return client.id

    def change_client(self, client: str, fields: Mapping[str, Json]) -> None:
        """Overwrite some fields of a customer."""
        with self._lock:
            found = self._client(client)
            self.clients[client] = replace(found, fields={**found.fields, **fields})

    def add_document(
        self,
        client: str,
        *,
        reference: str,
        date: dt.date,
        currency: str,
        lines: Iterable[TargetLine],
    ) -> str:
        """Make an invoice or credit note, numbered one above the highest."""
        with self._lock:
            self._client(client)
            number = max((document.number for document in self.documents.values()), default=0) + 1
            self.documents[str(number)] = DocumentRow(
                number=number,
                internal_id=str(next(self._ids)),
                client=client,
                reference=reference,
                date=date,
                currency=currency,
                lines=tuple(lines),
            )
            return str(number)

    def add_payment(
        self, document: str, *, note: str, date: dt.date, amount: Money, account: str
    ) -> str:
        """Set money against a document."""
        with self._lock:
            self._document(document)
            payment = PaymentRow(str(next(self._ids)), document, note, date, amount, account)
            self.payments[payment.id] = payment
            return payment.id

    def add_movement(self, *, reference: str, date: dt.date, amount: Money, account: str) -> str:
        """Move money on an account."""
        with self._lock:
            movement = MovementRow(str(next(self._ids)), reference, date, amount, account)
            self.movements[movement.id] = movement
            return movement.id

    def apply(self, note: str, original: str) -> None:
        """Set a credit note against an invoice: a pair of payments that sum to zero."""
        with self._lock:
            text = f"Credit note {note} applied to {original}"
            if any(payment.note == text for payment in self.payments.values()):
                return
            document = self._document(note)
            amount = document.net + document.tax
            self._document(original)
            self.add_payment(note, note=text, date=document.date, amount=amount, account="")
            self.add_payment(original, note=text, date=document.date, amount=-amount, account="")

    def delete(self, kind: Kind, key: str) -> None:
        """Remove a record; what hangs on it must be gone already.

        Raises:
            RecordRejectedError: it is not there, or still in use.
        """
        with self._lock:
            if key not in (shelf := self._shelf(kind)):
                raise _refused(f"{kind.value} {key} does not exist", "read the list again")
            if self._in_use(kind, key):
                raise _refused(f"{kind.value} {key} is in use", "remove what belongs to it first")
            del shelf[key]

    def _shelf(
        self, kind: Kind
    ) -> (
        dict[str, ClientRow]
        | dict[str, DocumentRow]
        | dict[str, PaymentRow]
        | dict[str, MovementRow]
    ):
        match kind:
            case Kind.CLIENT:
                return self.clients
            case Kind.INVOICE | Kind.CREDIT_NOTE:
                return self.documents
            case Kind.PAYMENT:
                return self.payments
            case Kind.MOVEMENT:
                return self.movements

    def _in_use(self, kind: Kind, key: str) -> bool:
        if kind is Kind.CLIENT:
            return any(document.client == key for document in self.documents.values())
        if kind in {Kind.INVOICE, Kind.CREDIT_NOTE}:
            return any(payment.document == key for payment in self.payments.values())
        return False

    # What stands there -----------------------------------------------------------------------

    def _client(self, key: str) -> ClientRow:
        if key not in self.clients:
            raise _refused(f"customer {key} does not exist", "read the customer list again")
        return self.clients[key]

    def _document(self, key: str) -> DocumentRow:
        if key not in self.documents:
            raise _refused(f"document {key} does not exist", "read the document list again")
        return self.documents[key]

    def target_clients(self) -> list[TargetClient]:
        """Every customer in the contract's form."""
        with self._lock:
            return [target_client(client) for client in self.clients.values()]

    def target_documents(self) -> list[TargetDocument]:
        """Every document in the contract's form, numbers ascending."""
        with self._lock:
            paid: dict[str, list[Money]] = {}
            for payment in self.payments.values():
                paid.setdefault(payment.document, []).append(payment.amount)
            return [
                target_document(document, paid.get(number, ()))
                for number, document in self.documents.items()
            ]

    def target_movements(self) -> list[TargetMovement]:
        """Every movement in the contract's form."""
        with self._lock:
            return [
                TargetMovement(
                    ref=TargetRef(Kind.MOVEMENT, row.id, row.id),
                    reference=row.reference,
                    date=row.date,
                    amount=row.amount,
                    account=row.account,
                )
                for row in self.movements.values()
            ]

    def target_payments(self, document: str) -> list[TargetPayment]:
        """The payments of one document, in the order they were made."""
        with self._lock:
            found = self._document(document)
            return [
                TargetPayment(
                    ref=TargetRef(Kind.PAYMENT, payment.id, payment.id),
                    document=TargetRef(found.kind, document, found.internal_id),
                    note=payment.note,
                    date=payment.date,
                    amount=payment.amount,
                    account=payment.account,
                )
                for payment in self.payments.values()
                if payment.document == document
            ]


def _refused(what: str, remedy: str) -> RecordRejectedError:
    return RecordRejectedError(what, remedy=remedy, text=what)
