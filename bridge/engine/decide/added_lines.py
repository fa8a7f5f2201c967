"""Lines that were added to an invoice after it was booked: a second document. Pure.

DESIGN and the bookkeeper want both: the added lines are a document of their own, and it is held.
So what was booked goes on as it was, payments up to its gross included; the second document is
worked out and waits, since whether a late fee is consideration or compensation (and so bears VAT)
is not the source's to say. `bridge answer INVOICE book-added` releases it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.engine.decide.answers import Answers, Given
from bridge.engine.decide.content import content_fingerprint
from bridge.model.keys import Key, Reference, Role, token_of
from bridge.model.money import Money, rounded, total
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import Kind, SourceRef
from bridge.model.source_records import Invoice, LineItem
from bridge.model.target_records import Payload, Payment
from bridge.store.tables.values import LinkRow


@dataclass(frozen=True, slots=True)
class DocumentSplit:
    """An invoice as documents.

    Attributes:
        documents: The first as it was booked; the last may be one that waits. Empty where the
            invoice is one document.
        waits: The question, where the last one is not to be booked yet.
    """

    documents: tuple[Invoice, ...] = ()
    waits: Hold | None = None


UNSPLIT = DocumentSplit()


def divide(
    invoice: Invoice, content: str | None, links: Mapping[SourceRef, LinkRow], answers: Answers
) -> DocumentSplit | None:
    """The documents of a booked invoice; None where it was changed otherwise than by lines added.

    `content` is the digest of what was booked last.
    """
    groups = _released(answers)
    if content != content_fingerprint(invoice):
        new = added_lines(invoice, content, links)
        if not new:
            return None
        fresh = {line.id for line in new}
        if not groups or not fresh <= set(groups[-1].about):
            documents = _documents(invoice, links, [*map(_ids, groups), frozenset(fresh)])
            return DocumentSplit(documents, _question(invoice, new, documents[-1]))
    if not groups:
        return UNSPLIT
    documents = _documents(invoice, links, [_ids(one) for one in groups])
    day = groups[-1].day
    return DocumentSplit((*documents[:-1], replace(documents[-1], issued=day, paid_on=day)))


def added_lines(
    invoice: Invoice, content: str | None, links: Mapping[SourceRef, LinkRow]
) -> tuple[LineItem, ...]:
    """The lines that are new since this content was booked, proved by its digest; else none.

    Only while the books show it unpaid: a line added to what was settled is another change.
    """
    booked = _sums(links)
    if booked is None or not _is_open(booked, links):
        return ()
    net, tax = booked
    order = sorted(invoice.lines, key=lambda line: (len(line.id), line.id))
    for count in range(1, len(order)):
        old = {line.id for line in order[:count]}
        kept = tuple(line for line in invoice.lines if line.id in old)
        if content_fingerprint(replace(invoice, lines=kept, net=net, tax=tax)) == content:
            return tuple(order[count:])
    return ()


def split_payments(
    payments: Iterable[Payment], documents: Sequence[Invoice], label: str
) -> Iterator[Payment]:
    """Yields each payment, cut where a document is full; the cuts sum to the payment."""
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


def _released(answers: Answers) -> list[Given]:
    """One answer a document; a later one that is about more lines takes the earlier one's place."""
    groups: list[Given] = []
    for one in answers.added():
        if groups and set(groups[-1].about) <= set(one.about):
            groups.pop()
        groups.append(one)
    return groups


def _ids(given: Given) -> frozenset[str]:
    return frozenset(given.about)


def _payloads(links: Mapping[SourceRef, LinkRow]) -> dict[SourceRef, Payload]:
    return {
        ref: link.payload
        for ref, link in links.items()
        if ref.kind is Kind.INVOICE and link.payload
    }


def _sums(links: Mapping[SourceRef, LinkRow]) -> tuple[Money, Money] | None:
    documents = list(_payloads(links).values())
    nets = [one.net for one in documents if one.net is not None]
    taxes = [one.tax for one in documents if one.tax is not None]
    if not nets or len(nets) != len(documents) or len(taxes) != len(documents):
        return None
    currency = nets[0].currency
    return total(nets, currency), total(taxes, currency)


def _is_open(booked: tuple[Money, Money], links: Mapping[SourceRef, LinkRow]) -> bool:
    net, tax = booked
    paid = [
        link.payload.paid
        for ref, link in links.items()
        if ref.kind is Kind.PAYMENT and link.payload and link.payload.paid
    ]
    return total(paid, net.currency) < net + tax


def _documents(
    invoice: Invoice, links: Mapping[SourceRef, LinkRow], groups: Sequence[frozenset[str]]
) -> tuple[Invoice, ...]:
    """Each document with its lines; what is booked keeps its sums, the last has the rest."""
    later = frozenset[str]().union(*groups)
    first = frozenset(line.id for line in invoice.lines) - later
    payloads = _payloads(links)
    net, tax = invoice.net, invoice.tax
    result: list[Invoice] = []
    members = [first, *groups]
    for number, ids in enumerate(members):
        ref = Key(Role.INVOICE, invoice.ref.id, part=number).ref
        booked = payloads.get(ref)
        own_net, own_tax = net, tax
        if number < len(members) - 1:
            if booked is None or booked.net is None or booked.tax is None:
                msg = f"{ref} should have been booked before its invoice grew"
                raise LookupError(msg)
            own_net, own_tax = booked.net, booked.tax
        net, tax = net - own_net, tax - own_tax
        lines = tuple(line for line in invoice.lines if line.id in ids)
        result.append(replace(invoice, ref=ref, lines=lines, net=own_net, tax=own_tax))
    return tuple(result)


def _question(invoice: Invoice, new: Sequence[LineItem], document: Invoice) -> Hold:
    told = "; ".join(f"'{line.description.partition(chr(10))[0]}' {line.amount}" for line in new)
    booked = invoice.gross - document.gross
    return Hold(
        Reason.CHANGED_AFTER_WRITE,
        f"it was booked with {booked} and is {invoice.gross} now: lines were added ({told}), which"
        f" would be a second document, {Key.of(document.ref)}, of {document.net} and"
        f" {document.tax} tax",
        f"`bridge answer {invoice.ref.id} book-added --because ...` books it; if it is not to be"
        " charged, take the lines off in the source",
    )


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
