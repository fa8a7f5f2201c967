"""Payments of an invoice that stands in several documents: the first is filled first. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bridge.engine.keys import is_balance_use
from bridge.model.money import Money, rounded
from bridge.model.refs import Kind, Reference, SourceRef, token_of
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
    ref = _ref(payment.ref, payment.invoice, document)
    reference = Reference(token_of(label, ref), payment.reference.detail)
    return replace(
        payment, ref=ref, reference=reference, invoice=document, amount=amount, base_amount=base
    )


def _ref(payment: SourceRef, invoice: SourceRef, document: SourceRef) -> SourceRef:
    if is_balance_use(payment):
        return SourceRef(Kind.PAYMENT, f"{document.id}{payment.id.removeprefix(invoice.id)}")
    return SourceRef(Kind.PAYMENT, f"{payment.id.removesuffix(invoice.id)}{document.id}")
