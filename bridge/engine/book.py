"""Booking one invoice: client, invoice, payments, movements, each at most once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.api import (
    EntryState,
    Hold,
    Kind,
    Reason,
    Target,
    TargetPayment,
    TargetRef,
    tokens_in,
)
from bridge.engine.clients import ClientDesk
from bridge.engine.match import Match
from bridge.engine.prepare import Prepared, Ready
from bridge.engine.readback import differs_from
from bridge.engine.steps import Steps, Stuck, Waits
from bridge.engine.writer import Made, Order
from bridge.store.log import SyncLog
from bridge.store.rows import Action, LinkRow, SetEntry, SightingRow


@dataclass(slots=True)
class Surroundings:
    """What is known beyond the log about the invoices of one batch.

    Attributes:
        matches: By client id, where clients may stand that the log does not know.
        there: By token, documents that stand in the target and are not linked.
    """

    matches: Mapping[str, Match] = field(default_factory=dict)
    there: Mapping[str, Sequence[SightingRow]] = field(default_factory=dict)


@dataclass(slots=True)
class Booker:
    """Carries out what was prepared, step by step."""

    target: Target
    log: SyncLog
    label: str
    steps: Steps
    desk: ClientDesk

    def book(self, job: Prepared, ready: Ready, around: Surroundings) -> LinkRow | Stuck | Waits:
        """Write what is missing of one invoice; answers its link when all is written.

        Raises:
            AccessError, UnreachableError, LockLostError: the run ends; the log is in order.
        """
        client_ref = ready.composed.client.ref
        if client_ref in self.desk.troubled:
            return Waits(self.desk.troubled[client_ref])
        client = self.desk.client(job, ready, around.matches)
        if not isinstance(client, TargetRef):
            return client
        invoice = self._invoice(job, ready, client, around)
        if not isinstance(invoice, LinkRow):
            return invoice
        stuck = self._money(job, ready, invoice)
        if stuck:
            return stuck
        self.steps.teller.written(job.row, invoice.target.id, job.money)
        return invoice

    def _invoice(
        self, job: Prepared, ready: Ready, client: TargetRef, around: Surroundings
    ) -> LinkRow | Stuck:
        if job.booked:
            return job.booked
        part = ready.composed.invoice
        there = around.there.get(token_at(part.payload.reference), ())
        if there:
            return self._adopt(job, ready, client, there)
        order = self.steps.order(
            job, part.ref, Action.CREATE, part.payload, parent=client, client=client
        )
        self.steps.writer.note(_being_booked(job, ready))
        outcome = self.steps.perform(
            job, order, lambda: self.target.create_invoice(order.payload, client=client)
        )
        if isinstance(outcome, Made):
            return self.steps.writer.link_of(order, outcome.target)
        return self.steps.setback(job, outcome)

    def _adopt(
        self, job: Prepared, ready: Ready, client: TargetRef, there: Sequence[SightingRow]
    ) -> LinkRow | Stuck:
        """Link to the document that carries our reference, if it is just what would be sent."""
        part, found = ready.composed.invoice, there[0]
        if len(there) > 1:
            numbers = ", ".join(row.target.id for row in there)
            self.steps.teller.uncertain(
                job.row,
                f"the documents {numbers} in the target all carry its reference {found.token}",
                "delete or re-label all but the right one in the target, then run again",
            )
            return Stuck()
        wrong = differs_from(part.payload, found.net, found.tax)
        if found.client != client:
            wrong.append("it belongs to another client")
        if wrong:
            self.steps.teller.hold(job.row, _possible_duplicate(found.target.id, wrong), job.money)
            return Stuck()
        # What stands there counts: its day and number may have moved at the source since.
        payload = replace(part.payload, date=found.day, reference=found.reference)
        order = self.steps.order(
            job, part.ref, Action.LINK, payload, parent=client, client=client, day=found.day
        )
        self.steps.writer.note(_being_booked(job, ready))
        self.steps.writer.tie(order, found.target)
        return self.steps.writer.link_of(order, found.target)

    def _money(self, job: Prepared, ready: Ready, invoice: LinkRow) -> Stuck | None:
        parts = ready.composed.payments + ready.composed.movements
        links = self.log.links([part.ref for part in parts]) if job.booked else {}
        standing = self._standing(job, ready, invoice)
        if isinstance(standing, Stuck):
            return standing
        for part in parts:
            if part.ref in links:
                continue
            twin = standing.get(token_at(part.payload.reference))
            action = Action.LINK if twin else Action.CREATE
            order = self.steps.order(job, part.ref, action, part.payload, parent=invoice.target)
            if twin:
                self.steps.writer.tie(order, twin.ref)
                continue
            outcome = self.steps.perform(job, order, self._call(order, invoice.target))
            if not isinstance(outcome, Made):
                return self.steps.setback(job, outcome)
        return None

    def _call(self, order: Order, document: TargetRef) -> Callable[[], TargetRef]:
        if order.ref.kind is Kind.MOVEMENT:
            return lambda: self.target.create_movement(order.payload)
        return lambda: self.target.create_payment(order.payload, document=document)

    def _standing(
        self, job: Prepared, ready: Ready, invoice: LinkRow
    ) -> dict[str, TargetPayment] | Stuck:
        """Payments of an adopted invoice that are ours; money of other origin holds it."""
        if not invoice.adopted:
            return {}
        ours: dict[str, TargetPayment] = {}
        strange: list[TargetPayment] = []
        for payment in self.target.payments(invoice.target):
            tokens = tokens_in(payment.note, self.label)
            if tokens:
                ours[tokens[0]] = payment
            else:
                strange.append(payment)
        if strange and ready.composed.payments:
            self.steps.teller.hold(job.row, _strange_money(invoice, strange[0]), job.money)
            return Stuck()
        return ours


def token_at(reference: str) -> str:
    """The token at the head of a reference text."""
    return reference.split(" ", 1)[0]


def _being_booked(job: Prepared, ready: Ready) -> SetEntry:
    """Kept with the intent: what is being booked, so that a later change shows."""
    return SetEntry(job.row.invoice, EntryState.PENDING, content_fingerprint=ready.content)


def _strange_money(invoice: LinkRow, payment: TargetPayment) -> Hold:
    return Hold(
        Reason.POSSIBLE_DUPLICATE,
        f"document {invoice.target.id} was there already with a payment of {payment.amount} on"
        f" {payment.date} that bridge did not make",
        "check whether it is the same money; if so `bridge skip` it with the reason, else delete"
        " the payment in the target and `bridge retry` it",
    )


def _possible_duplicate(number: str, wrong: Sequence[str]) -> Hold:
    return Hold(
        Reason.POSSIBLE_DUPLICATE,
        f"document {number} in the target carries its reference, but {'; '.join(wrong)}",
        "correct or delete that document in the target, then"
        " `bridge retry --reason possible_duplicate`",
    )
