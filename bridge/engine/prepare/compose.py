"""A plan in the target's own words, each part frozen, or the reason why it cannot be said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bridge.contract import Target
from bridge.engine.decide.plan import Plan
from bridge.model.keys import Key, Reference, Role, token_of
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import SourceRef
from bridge.model.source_records import Client
from bridge.model.target_records import (
    CreditNote,
    Movement,
    MovementKind,
    Nothing,
    Payload,
    Payment,
    Rule,
    Sale,
)


@dataclass(frozen=True, slots=True)
class ComposedRecord:
    """One record to write.

    Attributes:
        document: The document that a payment stands on, or that a credit note credits.
        is_applied: Of a credit note: whether it is set against that document.
    """

    ref: SourceRef
    payload: Payload
    document: SourceRef | None = None
    is_applied: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """All records of one invoice, in the order in which they are written.

    Attributes:
        billed: The source's client.
        client, invoice: None where nothing is sold.
        parts: Balance given by hand, payments, movements, credit notes with their payouts.
        remark: What a person should hear of although it is booked.
    """

    billed: Client
    client: ComposedRecord | None
    invoice: ComposedRecord | None
    parts: tuple[ComposedRecord, ...]
    nothing: tuple[Rule, ...] = ()
    remark: Hold | None = None


Answer = TypeVar("Answer")


class _HoldFound(Exception):  # carries an answer
    def __init__(self, hold: Hold) -> None:
        super().__init__(hold.what)
        self.hold = hold


def compose(
    target: Target, plan: Plan, label: str, booked: Mapping[SourceRef, Payload]
) -> Composed | Hold:
    """Translate a whole plan, so that an invoice is held before anything of it is written.

    `booked` are the payloads of what was sent already: later parts follow those and not today's
    settings.
    """
    try:
        return _Composer(target, label, booked).all(plan)
    except _HoldFound as held:
        return held.hold


def compose_client(target: Target, client: Client, label: str) -> ComposedRecord | Hold:
    """The client's record."""
    payload = target.compose_client(client, Reference(token_of(label, client.ref)))
    return payload if isinstance(payload, Hold) else ComposedRecord(client.ref, payload)


@dataclass(slots=True)
class _Composer:
    target: Target
    label: str
    booked: Mapping[SourceRef, Payload]
    parts: list[ComposedRecord] = field(default_factory=list)
    nothing: list[Rule] = field(default_factory=list)

    def all(self, plan: Plan) -> Composed:
        client = invoice = None
        for movement in plan.given:
            self._movement(movement)
        if plan.sale:
            client = _sure(compose_client(self.target, plan.client, self.label))
            payload = self._document(plan.sale.ref, plan.sale)
            invoice = ComposedRecord(plan.sale.ref, payload)
            self._payments(_on(plan, plan.sale.ref), payload)
        for sale in plan.added:
            payload = self._document(sale.ref, sale)
            self.parts.append(ComposedRecord(sale.ref, payload))
            self._payments(_on(plan, sale.ref), payload)
        for movement in plan.movements:
            self._movement(movement)
        for refund in plan.refunds:
            payload = self._note(refund.note)
            self.parts.append(ComposedRecord(refund.note.sale.ref, payload, refund.note.original))
            self._payments([refund.payout], payload)
        if plan.cancellation:
            note = plan.cancellation
            part = ComposedRecord(note.sale.ref, self._note(note), note.original, is_applied=True)
            self.parts.append(part)
        return Composed(
            plan.client, client, invoice, tuple(self.parts), tuple(self.nothing), plan.remark
        )

    def _note(self, note: CreditNote) -> Payload:
        payload = self.booked.get(note.sale.ref) or self._entered(
            _sure(self.target.compose_credit_note(note))
        )
        _guard(note.sale, payload)
        return payload

    def _document(self, ref: SourceRef, sale: Sale) -> Payload:
        payload = self.booked.get(ref) or self._entered(_sure(self.target.compose_invoice(sale)))
        _guard(sale, payload)
        return payload

    def _payments(self, payments: Sequence[Payment], document: Payload) -> None:
        earlier: list[Payload] = []
        for payment in payments:
            payload = self._kept(
                self.booked.get(payment.ref)
                or self.target.compose_payment(payment, document, earlier)
            )
            if payload is None:
                continue
            earlier.append(payload)
            self.parts.append(ComposedRecord(payment.ref, payload, payment.invoice))
            if payload.difference:
                self._difference(payment, payload)

    def _difference(self, payment: Payment, payload: Payload) -> None:
        """What the money was worth beyond what the payment shows, on the same account and day."""
        if not payload.difference:
            return
        ref = Key(Role.EXCHANGE, on=Key.of(payment.ref)).ref
        self._movement(
            Movement(
                ref=ref,
                reference=Reference(token_of(self.label, ref), payment.reference.detail),
                kind=MovementKind.EXCHANGE_DIFFERENCE,
                date=payload.date or payment.date,
                amount=payload.difference,
                gateway=payment.gateway,
                base_amount=payload.difference,
                paid_in=payment.amount.currency,
            )
        )

    def _movement(self, movement: Movement) -> None:
        payload = self._kept(
            self.booked.get(movement.ref) or self.target.compose_movement(movement)
        )
        if payload:
            self.parts.append(ComposedRecord(movement.ref, payload))

    def _kept(self, answer: Payload | Hold | Nothing) -> Payload | None:
        if isinstance(answer, Hold):
            raise _HoldFound(answer)
        if isinstance(answer, Nothing):
            self.nothing.append(answer.rule)
            return None
        return answer if answer.journal else self._entered(answer)

    def _entered(self, payload: Payload) -> Payload:
        """With the journal that an accountant would write, in the account names of this day."""
        return replace(payload, journal=self.target.journal(payload))


def _on(plan: Plan, document: SourceRef) -> list[Payment]:
    return [payment for payment in plan.payments if payment.invoice == document]


def _sure(answer: Answer | Hold) -> Answer:
    if isinstance(answer, Hold):
        raise _HoldFound(answer)
    return answer


def _guard(sale: Sale, payload: Payload) -> None:
    """The cent guard on a translated document: it must say what the source says."""
    if payload.net == sale.net and payload.tax == sale.tax:
        return
    raise _HoldFound(
        Hold(
            Reason.TOTAL_MISMATCH,
            f"translated, it would show {payload.net} net and {payload.tax} tax instead of"
            f" {sale.net} and {sale.tax}",
            "book it by hand and report this: the translation should never differ",
        )
    )
