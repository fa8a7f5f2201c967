"""Composes and writes records: what the tests of a target do before they come to their point."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bridge.api import (
    Client,
    Days,
    Hold,
    Money,
    Nothing,
    Payload,
    Payment,
    Rate,
    Reference,
    Sale,
    SaleLine,
    Target,
    TargetClient,
    TargetDocument,
    TargetPayment,
    TargetRef,
    rounded,
    token_at,
    token_of,
)
from bridge.testing.builders import DAY, a_client, a_payment, a_sale, a_sale_line
from bridge.testing.conformance.fixtures import TargetStand

LABEL = "KIT"
_NUMBERS = itertools.count(40_001)  # never given twice, so that tests may share a far side


@dataclass(frozen=True, slots=True)
class WrittenRecord:
    """A record that was written: what was sent, and what it became."""

    payload: Payload
    ref: TargetRef


@dataclass(frozen=True, slots=True)
class WrittenClient(WrittenRecord):
    """A client that was written, with the source's side of it."""

    client: Client


@dataclass(frozen=True, slots=True)
class WrittenSale(WrittenRecord):
    """A document that was written, with the source's side of it."""

    sale: Sale
    client_ref: TargetRef


@dataclass(frozen=True, slots=True)
class WrittenPayment(WrittenRecord):
    """A payment that was written, with the source's side of it."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class TargetWriter:
    """Composes and writes through an opened target, in the terms of its stand."""

    stand: TargetStand
    target: Target

    # Values ----------------------------------------------------------------------------------

    def new_id(self) -> str:
        """An id that no other test of this process uses."""
        return self.stand.source_id(next(_NUMBERS))

    def money(self, amount: str, currency: str = "") -> Money:
        """An amount, of the home currency unless another is named."""
        return Money(Decimal(amount), currency or self.stand.currency)

    def a_client(self, **overrides: Any) -> Client:
        """A new client of the stand's country and currency."""
        terms = {"country": self.stand.country, "currency": self.stand.currency}
        return a_client(self.new_id(), **{**terms, **overrides})

    def a_line(self, net: str = "100.00", currency: str = "", **overrides: Any) -> SaleLine:
        """A line of a mapped type, taxed at the stand's rate."""
        terms = {"type": self.stand.line_type, "tax_rate": self.stand.tax_rate}
        return a_sale_line(self.money(net, currency), **{**terms, **overrides})

    def a_sale(
        self, client: Client, lines: Sequence[SaleLine] | None = None, **overrides: Any
    ) -> Sale:
        """A new sale of one line unless others are given."""
        lines = (self.a_line(currency=client.currency),) if lines is None else lines
        invoice = overrides.pop("invoice", None) or self.new_id()
        rate = self.rate() if client.currency != self.stand.currency else None
        return a_sale(
            invoice, **{"client": client, "lines": lines, "label": LABEL, "rate": rate, **overrides}
        )

    def rate(self) -> Rate:
        """The rate of the stand's foreign currency."""
        return Rate(self.stand.currency, self.stand.foreign_units, "the conformance suite")

    def a_payment(self, sale: Sale, amount: Money | None = None, **overrides: Any) -> Payment:
        """A new payment of the whole sale, unless an amount is given."""
        amount = sale.gross if amount is None else amount
        home = amount
        if amount.currency != self.stand.currency:
            home = rounded(amount.amount / self.stand.foreign_units, self.stand.currency)
        terms = {"gateway": self.stand.gateway, "base_amount": home, "label": LABEL}
        return a_payment(
            amount,
            transaction=overrides.pop("transaction", None) or self.new_id(),
            invoice=sale.ref.id,
            **{**terms, **overrides},
        )

    # Payloads --------------------------------------------------------------------------------

    def compose_client(self, client: Client) -> Payload:
        """The client's payload under its own key."""
        reference = Reference(token_of(LABEL, client.ref))
        return payload_of(self.target.compose_client(client, reference))

    def compose_sale(self, sale: Sale) -> Payload:
        """The sale's payload."""
        return payload_of(self.target.compose_invoice(sale))

    def compose_payment(
        self, payment: Payment, invoice: Payload, earlier: Sequence[Payload] = ()
    ) -> Payload:
        """The payment's payload."""
        return payload_of(self.target.compose_payment(payment, invoice, earlier))

    # Records ---------------------------------------------------------------------------------

    def create_client(self, client: Client | None = None) -> WrittenClient:
        """Write a client."""
        client = self.a_client() if client is None else client
        payload = self.compose_client(client)
        return WrittenClient(payload, self.target.create_client(payload), client)

    def create_sale(
        self,
        client: WrittenClient | None = None,
        lines: Sequence[SaleLine] | None = None,
        **overrides: Any,
    ) -> WrittenSale:
        """Write a sale, of a new client unless one is given."""
        client = self.create_client() if client is None else client
        sale = self.a_sale(client.client, lines, **overrides)
        payload = self.compose_sale(sale)
        made = self.target.create_invoice(payload, client=client.ref)
        return WrittenSale(payload, made, sale, client.ref)

    def create_payment(
        self, sale: WrittenSale, amount: Money | None = None, earlier: Sequence[Payload] = ()
    ) -> WrittenPayment:
        """Write a payment of a sale."""
        payment = self.a_payment(sale.sale, amount)
        payload = self.compose_payment(payment, sale.payload, earlier)
        made = self.target.create_payment(payload, document=sale.ref)
        return WrittenPayment(payload, made, payment)

    # What stands there, read by a target that was not there when it was written --------------

    def clients(self, token: str) -> list[TargetClient]:
        """The clients that carry this token."""
        with self._afresh() as target:
            return [each for each in target.clients() if token_at(each.reference) == token]

    def documents(self, token: str, day: dt.date = DAY) -> list[TargetDocument]:
        """The documents of a day that carry this token."""
        with self._afresh() as target:
            found = {each.ref.id: each for each in target.documents([Days(day, day)])}
            return [each for each in found.values() if token_at(each.reference) == token]

    def payments(self, document: TargetRef, token: str) -> list[TargetPayment]:
        """The payments of a document that carry this token."""
        with self._afresh() as target:
            return [each for each in target.payments(document) if token_at(each.note) == token]

    def _afresh(self) -> Target:
        target = self.stand.open()
        target.check()
        target.prepare()
        return target


def payload_of(answer: Payload | Hold | Nothing) -> Payload:
    """The payload that a target composed of something it ought to understand.

    Raises:
        AssertionError: it held it, or said that there is nothing to write.
    """
    if isinstance(answer, Payload):
        return answer
    msg = f"the target should know what to write, and answered {answer}"
    raise AssertionError(msg)
