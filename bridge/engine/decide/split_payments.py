"""Payments of an invoice that stands in several documents: the first is filled first. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bridge.model.keys import Key, Reference, token_of
from bridge.model.money import Money, rounded
from bridge.model.refs import SourceRef
from bridge.model.source_records import Invoice
from bridge.model.target_records import Payment


def onto_documents(
    payments: Iterable[Payment], documents: Sequence[Invoice], label: str
) -> Iterator[Payment]:
    """Each payment, cut where a document is full; the cuts sum to the payment."""
    left = [document.gross for document in documents]
    for payment in payments:
        rest, base_rest = payment.amount, payment.base_amount
        for number, document in enumerate(documents):
            part = min(rest, left[number])
            if part.amount <= 0:
                continue
            left[number] -= part
            base = base_rest if part == rest else _share(payment, part)
            yield _cut(payment, document.ref, part, base, label)
            rest -= part
            base_rest = base_rest - base if base_rest and base else None


def _share(payment: Payment, part: Money) -> Money | None:
    whole = payment.base_amount
    if whole is None:
        return None
    return rounded(whole.amount * part.amount / payment.amount.amount, whole.currency)


def _cut(
    payment: Payment, document: SourceRef, amount: Money, base: Money | None, label: str
) -> Payment:
    ref = replace(Key.of(payment.ref), on=Key.of(document)).ref
    reference = Reference(token_of(label, ref), payment.reference.detail)
    return replace(
        payment, ref=ref, reference=reference, invoice=document, amount=amount, base_amount=base
    )
