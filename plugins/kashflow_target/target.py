"""KashFlow as bridge's target: the contract, word for word, on the modules that do the work."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from bridge.api import (
    AccessError,
    Client,
    CreditNote,
    Days,
    Finding,
    Health,
    Hold,
    Kind,
    Movement,
    Nothing,
    Payload,
    Payment,
    Posting,
    Record,
    RecordRejectedError,
    Reference,
    Sale,
    Survey,
    Target,
    TargetClient,
    TargetDocument,
    TargetMovement,
    TargetPayment,
    TargetRef,
    TransientError,
    UnreachableError,
)
from kashflow_target.account.assess import assess
from kashflow_target.account.reference_data import AccountData, read_account, resolve
from kashflow_target.account.resolved import ResolvedAccount, resolved_account
from kashflow_target.compose.client import compose_client
from kashflow_target.compose.invoice import compose_credit_note, compose_invoice
from kashflow_target.compose.journal import journal
from kashflow_target.compose.movement import compose_movement
from kashflow_target.compose.payment import compose_payment
from kashflow_target.compose.reversal import compose_reversal
from kashflow_target.records.customers import CustomerRecords
from kashflow_target.records.documents import DocumentRecords
from kashflow_target.records.movements import MovementRecords
from kashflow_target.records.reconcile import records
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.refusals import Refusals

if TYPE_CHECKING:
    from kashflow_target.settings.settings import KashFlowSettings


class KashFlowTarget(Target):
    """One KashFlow account, opened. Safe to use from several threads after `prepare`."""

    lists_movements = True
    removes_movements = False  # KashFlow's service has no call that deletes a bank transaction

    def __init__(self, settings: "KashFlowSettings") -> None:
        self._settings = settings
        self._books: ResolvedAccount | None = None
        self._kashflow = KashFlowClient(
            endpoint=settings.endpoint,
            username=settings.username,
            password=settings.password,
            timeout_s=settings.timeout_s,
            refusals=Refusals(settings.refusal_texts),
            before_write=self._before_write,
        )
        self._customers = CustomerRecords(self._kashflow, self._prepared)
        self._documents = DocumentRecords(self._kashflow, self._prepared)
        self._movements = MovementRecords(self._kashflow, self._prepared)
        self.match_clients_by = settings.customers.match
        self.takes_balances = settings.client_balances is not None

    def _before_write(self) -> None:
        """The engine sets its guard on this object after it was made."""
        self.before_write()

    def _prepared(self) -> ResolvedAccount:
        if self._books is None:
            msg = "prepare() comes before anything else but check()"
            raise RuntimeError(msg)
        return self._books

    def close(self) -> None:
        """Let go of all connections."""
        self._kashflow.close()

    def check(self) -> Health:
        """Sign in, by asking for the company's own details: one call.

        Raises:
            AccessError: also for a refusal in words that are not known, since nothing was asked
                for but to be let in.
        """
        try:
            company = self._kashflow.read("GetCompanyDetails").row
        except TransientError as error:
            raise UnreachableError(
                f"KashFlow at {self._settings.endpoint} did not answer: {error.what}",
                remedy="check target.endpoint and this machine's way to it; if KashFlow itself is"
                " down, run bridge again later",
            ) from error
        except RecordRejectedError as error:
            raise AccessError(
                f"KashFlow refused to let us in: {error.text or error.what}",
                remedy="check in KashFlow under Settings, API Settings, that the API is enabled and"
                " that this machine's address is allowed; check target.username and"
                " target.password",
            ) from error
        name = company.text("CompanyName").strip()
        return Health(f"KashFlow, {name}" if name else "KashFlow")

    def account(self) -> AccountData:
        """What the account has: seven calls."""
        return read_account(self._kashflow)

    def prepare(self) -> None:
        """Read the account's reference data and resolve the settings' names: seven calls."""
        account = read_account(self._kashflow)
        mapped = resolve(self._settings, account)
        self._books = resolved_account(self._settings, account, mapped)
        self.home_currency = account.home

    def assess(self, survey: Survey) -> Iterator[Finding]:
        """One line each for currencies, gateways, nominals and VAT rates."""
        return assess(survey, self._prepared())

    def clients(self) -> Iterator[TargetClient]:
        """Every customer, as a stream."""
        return self._customers.all()

    def documents(
        self, days: Sequence[Days], clients: Collection[TargetRef] = ()
    ) -> Iterator[TargetDocument]:
        """Invoices and credit notes: one call for each range and each client."""
        return self._documents.within(days, clients)

    def payments(self, document: TargetRef) -> Iterator[TargetPayment]:
        """Payments of one document."""
        return self._documents.payments(document)

    def find_client(self, payload: Payload) -> TargetRef | None:
        """By code."""
        return self._customers.find(payload.natural_key)

    def find_invoice(
        self, reference: Reference, *, client: TargetRef, day: dt.date
    ) -> TargetDocument | None:
        """Among the client's documents: KashFlow searches no reference. `day` is not needed."""
        del day
        return self._documents.find(reference, client)

    def find_payment(self, reference: Reference, *, document: TargetRef) -> TargetPayment | None:
        """Among the document's payments."""
        return self._documents.find_payment(reference, document)

    def movements(self, days: Sequence[Days]) -> Iterator[TargetMovement]:
        """Bank transactions: one call for each account that bridge writes to."""
        return self._movements.within(days)

    def find_movement(self, payload: Payload) -> TargetRef | None:
        """Among the bank transactions of its account, by the key in the comment."""
        return self._movements.find(payload)

    def records(self, days: Days) -> Iterator[Record]:
        """Documents, payments and bank transactions of a period."""
        return records(self._kashflow, self._customers, self._movements, self._prepared(), days)

    def compose_client(self, client: Client, reference: Reference) -> Payload | Hold:
        """See `compose_client.compose_client`."""
        return compose_client(client, reference, self._prepared())

    def compose_invoice(self, sale: Sale) -> Payload | Hold:
        """See `compose_invoice.compose_invoice`."""
        return compose_invoice(sale, self._prepared())

    def compose_payment(
        self, payment: Payment, invoice: Payload, earlier: Sequence[Payload]
    ) -> Payload | Hold | Nothing:
        """See `compose_money.compose_payment`."""
        return compose_payment(payment, invoice, earlier, self._prepared())

    def compose_credit_note(self, note: CreditNote) -> Payload | Hold:
        """See `compose_invoice.compose_credit_note`."""
        return compose_credit_note(note, self._prepared())

    def compose_reversal(
        self, booked: Payload, *, reference: Reference, date: dt.date, number: str
    ) -> Payload | Hold:
        """Pure, and asks no setting."""
        return compose_reversal(booked, reference, date, number)

    def compose_movement(self, movement: Movement) -> Payload | Hold | Nothing:
        """See `compose_movement.compose_movement`."""
        return compose_movement(movement, self._prepared())

    def journal(self, payload: Payload) -> tuple[Posting, ...]:
        """See `journal.journal`."""
        return journal(payload, self._prepared())

    def create_client(self, payload: Payload) -> TargetRef:
        """One call."""
        return self._customers.create(payload)

    def update_client(self, client: TargetRef, payload: Payload) -> None:
        """Two calls: read, and write all of it back with our fields over it."""
        self._customers.update(client, payload)

    def adopt_client(self, client: TargetRef, payload: Payload) -> None:
        """Two calls: read, and write all of it back with our key in its field."""
        self._customers.adopt(client, payload)

    def create_invoice(self, payload: Payload, *, client: TargetRef) -> TargetRef:
        """One call, lines and all."""
        return self._documents.create(payload, client, Kind.INVOICE)

    def create_payment(self, payload: Payload, *, document: TargetRef) -> TargetRef:
        """One call."""
        return self._documents.pay(payload, document)

    def create_credit_note(
        self, payload: Payload, *, client: TargetRef, original: TargetRef
    ) -> TargetRef:
        """One call; `original` is named in the note's text only."""
        del original
        return self._documents.create(payload, client, Kind.CREDIT_NOTE)

    def apply_credit_note(self, note: TargetRef, *, original: TargetRef) -> None:
        """Three calls: both documents are read for their permanent ids."""
        self._documents.apply(note, original)

    def create_movement(self, payload: Payload) -> TargetRef:
        """One call."""
        return self._movements.create(payload)

    def remove(self, ref: TargetRef, *, document: TargetRef | None = None) -> None:
        """Delete what bridge wrote, and look whether it is gone: two calls."""
        match ref.kind:
            case Kind.CLIENT:
                self._customers.remove(ref)
            case Kind.INVOICE | Kind.CREDIT_NOTE:
                self._documents.remove(ref)
            case Kind.PAYMENT if document is not None:
                self._documents.remove_payment(ref, document)
            case _:
                raise RecordRejectedError(
                    f"KashFlow's service has no call that deletes {ref}",
                    remedy="delete it by hand in KashFlow",
                    record=str(ref),
                )
