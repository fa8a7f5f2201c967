"""A target that reads through to the real one and only pretends to write."""

# ruff: noqa: D102  # what each method promises stands in the contract

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from inspect import get_annotations
from itertools import chain, count
from typing import Any, Self

from bridge.contract import Target
from bridge.errors import AmbiguousMatchError
from bridge.model.keys import Reference
from bridge.model.money import Money, total
from bridge.model.reasons import Hold
from bridge.model.refs import Kind, TargetRef
from bridge.model.source_records import Client
from bridge.model.target_records import (
    Days,
    Payload,
    TargetClient,
    TargetDocument,
    TargetMovement,
    TargetPayment,
)

_MADE_UP = "dry-run-"
_MEMBERS = frozenset(
    name for name in (*vars(Target), *get_annotations(Target)) if not name.startswith("_")
)


class _Forwarded:
    """A member of the contract, read from and set on the inner target."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, outer: Any, owner: type) -> Any:
        return self if outer is None else getattr(outer.inner, self._name)

    def __set__(self, outer: Any, value: Any) -> None:
        setattr(outer.inner, self._name, value)


class ForwardingTarget(Target):
    """The base of what stands before another target and changes some of its members.

    Every public member of `Target` that a subclass does not define is the inner target's, methods
    and attributes alike, also what the contract gains later and what is set from outside.
    """

    def __init__(self, inner: Target) -> None:
        self.inner = inner

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in _MEMBERS - vars(cls).keys():
            setattr(cls, name, _Forwarded(name))

    @classmethod
    def before(cls, inner: Target) -> Self:
        """Return one that stands before `inner`, which stays the caller's to open."""
        return cls(inner)


class DryRunTarget(ForwardingTarget):
    """Passes reads to the inner target; answers each write with a made-up reference.

    The engine cannot tell it from the real one, so that a dry run walks the very path that a real
    run walks: what was "written" is listed and found. Nothing about a made-up record ever travels
    to the far side. Safe for several threads as far as no two of them write to one record.
    """

    def __init__(self, inner: Target) -> None:
        super().__init__(inner)
        self._numbers = count(1)
        self._composed: dict[str, Client] = {}
        self._clients: dict[str, TargetClient] = {}
        self._changes: dict[str, list[Callable[[TargetClient], TargetClient]]] = {}
        self._documents: dict[str, TargetDocument] = {}
        self._payments: dict[str, list[TargetPayment]] = {}
        self._movements: dict[str, TargetMovement] = {}

    # What stands there -----------------------------------------------------------------------

    def clients(self) -> Iterator[TargetClient]:
        for client in chain(self.inner.clients(), list(self._clients.values())):
            shown = client
            for change in self._changes.get(client.ref.id, ()):
                shown = change(shown)
            yield shown

    def documents(
        self, days: Sequence[Days], clients: Collection[TargetRef] = ()
    ) -> Iterator[TargetDocument]:
        real = [client for client in clients if not _is_made_up(client)]
        if days or real:
            yield from map(self._with_payments, self.inner.documents(days, real))
        for document in list(self._documents.values()):
            if any(document.date in span for span in days) or document.client in clients:
                yield self._with_payments(document)

    def payments(self, document: TargetRef) -> Iterator[TargetPayment]:
        if not _is_made_up(document):
            yield from self.inner.payments(document)
        yield from list(self._payments.get(document.id, ()))

    def movements(self, days: Sequence[Days]) -> Iterator[TargetMovement]:
        yield from self.inner.movements(days)
        for movement in list(self._movements.values()):
            if any(movement.date in span for span in days):
                yield movement

    def find_client(self, payload: Payload) -> TargetRef | None:
        return _made_by(payload, self._clients) or self.inner.find_client(payload)

    def find_invoice(
        self, reference: Reference, *, client: TargetRef, day: dt.date
    ) -> TargetDocument | None:
        found = [
            each
            for each in list(self._documents.values())
            if each.client == client and reference.heads(each.reference)
        ]
        if not _is_made_up(client):
            real = self.inner.find_invoice(reference, client=client, day=day)
            found += [real] if real else []
        return self._with_payments(found[0]) if _is_one(found, reference) else None

    def find_payment(self, reference: Reference, *, document: TargetRef) -> TargetPayment | None:
        made = self._payments.get(document.id, ())
        found = [each for each in made if reference.heads(each.note)]
        if not _is_made_up(document):
            real = self.inner.find_payment(reference, document=document)
            found += [real] if real else []
        return found[0] if _is_one(found, reference) else None

    def find_movement(self, payload: Payload) -> TargetRef | None:
        return _made_by(payload, self._movements) or self.inner.find_movement(payload)

    # Writing ---------------------------------------------------------------------------------

    def compose_client(self, client: Client, reference: Reference) -> Payload | Hold:
        """Compose as the inner target does; the name and the address are kept for the listing."""
        self._composed[str(reference)] = client
        return self.inner.compose_client(client, reference)

    def create_client(self, payload: Payload) -> TargetRef:
        ref = self._made(Kind.CLIENT)
        blank = TargetClient(ref, payload.natural_key, "", "", (), "", "", {})
        self._clients[ref.id] = self._updated(blank, payload)
        return ref

    def update_client(self, client: TargetRef, payload: Payload) -> None:
        self.before_write()
        self._change(client, lambda shown: self._updated(shown, payload))

    def adopt_client(self, client: TargetRef, payload: Payload) -> None:
        self.before_write()
        mark = {name: text for name, text in payload.body.items() if text == payload.reference}
        self._change(
            client,
            lambda shown: replace(shown, reference=payload.reference, body={**shown.body, **mark}),
        )

    def create_invoice(self, payload: Payload, *, client: TargetRef) -> TargetRef:
        return self._document(Kind.INVOICE, payload, client)

    def create_credit_note(
        self, payload: Payload, *, client: TargetRef, original: TargetRef
    ) -> TargetRef:
        del original
        return self._document(Kind.CREDIT_NOTE, payload, client)

    def create_payment(self, payload: Payload, *, document: TargetRef) -> TargetRef:
        return self._pay(document, payload.reference, *_figures(payload))

    def apply_credit_note(self, note: TargetRef, *, original: TargetRef) -> None:
        """Make up a pair of payments that sum to zero; a real note's gross is not known here."""
        self.before_write()
        made = self._documents.get(note.id)
        text = f"{note} applied to {original}"
        if made and not any(each.note == text for each in self._payments.get(note.id, ())):
            gross = made.net + made.tax
            self._pay(note, text, made.date, gross)
            self._pay(original, text, made.date, -gross)

    def create_movement(self, payload: Payload) -> TargetRef:
        ref, (day, amount) = self._made(Kind.MOVEMENT), _figures(payload)
        self._movements[ref.id] = TargetMovement(ref, payload.reference, day, amount)
        return ref

    def remove(self, ref: TargetRef, *, document: TargetRef | None = None) -> None:
        """Do nothing: no command takes anything back in a dry run."""

    # What is made up -------------------------------------------------------------------------

    def _made(self, kind: Kind) -> TargetRef:
        self.before_write()
        return TargetRef(kind, f"{_MADE_UP}{next(self._numbers)}")

    def _change(self, client: TargetRef, change: Callable[[TargetClient], TargetClient]) -> None:
        self._changes.setdefault(client.id, []).append(change)

    def _updated(self, shown: TargetClient, payload: Payload) -> TargetClient:
        client = self._composed[payload.reference]
        return replace(
            shown,
            reference=payload.reference,
            name=client.name,
            emails=(client.email.lower(),) if client.email else (),
            tax_number=client.tax_number,
            currency=client.currency,
            body={**shown.body, **payload.body},
            guarded=payload.guarded or {},
        )

    def _document(self, kind: Kind, payload: Payload, client: TargetRef) -> TargetRef:
        ref, (day, net) = self._made(kind), _figures(payload)
        nothing = Money.zero(net.currency)
        self._documents[ref.id] = TargetDocument(
            ref=ref,
            reference=payload.reference,
            client=client,
            date=day,
            currency=net.currency,
            net=net,
            tax=payload.tax or nothing,
            paid=nothing,
            lines=payload.lines,
        )
        return ref

    def _pay(self, document: TargetRef, note: str, day: dt.date, amount: Money) -> TargetRef:
        ref = self._made(Kind.PAYMENT)
        payment = TargetPayment(ref, document, note, day, amount)
        self._payments.setdefault(document.id, []).append(payment)
        return ref

    def _with_payments(self, document: TargetDocument) -> TargetDocument:
        """A target may keep payments in another currency than the document's: then in that one."""
        amounts = [each.amount for each in self._payments.get(document.ref.id, ())]
        if document.paid:
            amounts.insert(0, document.paid)
        if not amounts:
            return document
        currency = amounts[0].currency
        paid = total((each for each in amounts if each.currency == currency), currency)
        return replace(document, paid=paid)


def _is_made_up(ref: TargetRef) -> bool:
    return ref.id.startswith(_MADE_UP)


def _made_by(
    payload: Payload, made: Mapping[str, TargetClient | TargetMovement]
) -> TargetRef | None:
    found = (each.ref for each in list(made.values()) if each.reference == payload.reference)
    return next(found, None)


def _figures(payload: Payload) -> tuple[dt.date, Money]:
    """The day and the amount, which the payload of whatever is no client tells."""
    if payload.date is None or payload.net is None:
        msg = f"the {payload.kind} {payload.reference} was composed without its day or its amount"
        raise ValueError(msg)
    return payload.date, payload.net


def _is_one(found: Sequence[object], reference: Reference) -> bool:
    if len(found) > 1:
        raise AmbiguousMatchError(
            f"{len(found)} records in the target carry the key {reference.token}",
            remedy="remove or re-label all but the right one in the target",
            record=reference.token,
        )
    return bool(found)
