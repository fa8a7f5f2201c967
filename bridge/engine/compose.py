"""A plan in the target's own words, each part frozen, or the reason why it cannot be said."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.api import (
    Client,
    Hold,
    Nothing,
    Payload,
    Payment,
    Reason,
    Reference,
    Rule,
    Sale,
    SourceRef,
    Target,
    token_of,
)
from bridge.engine.decide import Plan


@dataclass(frozen=True, slots=True)
class Part:
    """One record to write."""

    ref: SourceRef
    payload: Payload


@dataclass(frozen=True, slots=True)
class Composed:
    """All records of one invoice, in the order in which they are written."""

    client: Part
    invoice: Part
    payments: tuple[Part, ...]
    movements: tuple[Part, ...]
    nothing: tuple[Rule, ...] = ()


def compose_client(target: Target, client: Client, label: str) -> Part | Hold:
    """The client's record."""
    payload = target.compose_client(client, Reference(token_of(label, client.ref)))
    return payload if isinstance(payload, Hold) else Part(client.ref, payload)


def compose(target: Target, plan: Plan, label: str, booked: Payload | None) -> Composed | Hold:
    """Translate a whole plan, so that an invoice is held before anything of it is written.

    `booked` is the invoice's payload where it was sent already: payments then follow that one and
    not today's settings.
    """
    client = compose_client(target, plan.sale.client, label)
    if isinstance(client, Hold):
        return client
    invoice = booked or target.compose_invoice(plan.sale)
    if isinstance(invoice, Hold):
        return invoice
    wrong = _guard(plan.sale, invoice)
    if wrong:
        return wrong
    nothing: list[Rule] = []
    payments = _payments(target, plan.payments, invoice, nothing)
    if isinstance(payments, Hold):
        return payments
    movements = _movements(target, plan, nothing)
    if isinstance(movements, Hold):
        return movements
    invoice_part = Part(plan.sale.ref, invoice)
    return Composed(client, invoice_part, tuple(payments), tuple(movements), tuple(nothing))


def _guard(sale: Sale, invoice: Payload) -> Hold | None:
    """The cent guard on the translated document: it must say what the source says."""
    if invoice.net == sale.net and invoice.tax == sale.tax:
        return None
    return Hold(
        Reason.TOTAL_MISMATCH,
        f"translated, it would show {invoice.net} net and {invoice.tax} tax instead of {sale.net}"
        f" and {sale.tax}",
        "book it by hand and report this: the translation should never differ",
    )


def _payments(
    target: Target, payments: Sequence[Payment], invoice: Payload, nothing: list[Rule]
) -> list[Part] | Hold:
    parts: list[Part] = []
    for payment in payments:
        earlier = [part.payload for part in parts]
        payload = target.compose_payment(payment, invoice, earlier)
        if isinstance(payload, Hold):
            return payload
        if isinstance(payload, Nothing):
            nothing.append(payload.rule)
        else:
            parts.append(Part(payment.ref, payload))
    return parts


def _movements(target: Target, plan: Plan, nothing: list[Rule]) -> list[Part] | Hold:
    parts: list[Part] = []
    for movement in plan.movements:
        payload = target.compose_movement(movement)
        if isinstance(payload, Hold):
            return payload
        if isinstance(payload, Nothing):
            nothing.append(payload.rule)
        else:
            parts.append(Part(movement.ref, payload))
    return parts
