"""A small billing history that is booked into a target under test, and what must stand there."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bridge.api import (
    Client,
    Days,
    Invoice,
    InvoiceState,
    Reference,
    Target,
    TargetDocument,
    Transaction,
    payment_ref,
    token_at,
    token_of,
)
from bridge.model.keys import Key, Role
from bridge.testing.builders import DAY, a_transaction, an_invoice
from bridge.testing.conformance.target_writer import LABEL, TargetWriter, payload_of
from bridge.testing.memory.source import MemoryBilling

FIRST_DAY = DAY - dt.timedelta(days=10)
"""Nothing of a scenario is older."""


@dataclass(slots=True)
class Scenario:
    """Three clients, five invoices, one of them paid in two parts, and a client who moves.

    Where the target lists movements, the gateway kept a fee of each first payment.

    The third client stands in the target before, made by hand, where the target recognises
    clients by e-mail. All ids are new, so that many scenarios can be run against one far side.
    """

    writer: TargetWriter
    billing: MemoryBilling = field(default_factory=MemoryBilling)
    first: Client = field(init=False)
    second: Client = field(init=False)
    third: Client = field(init=False)
    told: list[Invoice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.billing.base_currency = self.writer.stand.currency
        self.first = self.writer.a_client()
        self.second = self.writer.a_client(company="Bright Pixel Studio")
        self.third = self.writer.a_client(company="Stood There Before Ltd")
        if "email" in self.writer.target.match_clients_by:
            by_hand = Reference(token_of("BYHAND", self.third.ref))
            self.writer.target.create_client(
                payload_of(self.writer.target.compose_client(self.third, by_hand))
            )

    def begin(self) -> None:
        """What is billed at first."""
        self.billing.put(self.first, self.second)
        self._bill(self.first, "100.00", "50.00")
        self._bill(self.first, "33.33")
        self._bill(self.second, "0.05")

    def go_on(self) -> None:
        """Later the first client moves and is billed again, and the third one is billed."""
        self.first = replace(self.first, town="York", postcode="YO1 7HH")
        self.billing.put(self.first, self.third)
        self._bill(self.first, "12.34")
        self._bill(self.third, "77.00")

    def _bill(self, client: Client, net: str, first_part: str = "") -> None:
        stand = self.writer.stand
        number = self.writer.new_id()
        sale = self.writer.a_line(net)
        invoice = an_invoice(
            number,
            client=client.ref.id,
            net=sale.net,
            tax_rate=stand.tax_rate,
            gateway=stand.gateway,
            transactions=(),
            state=InvoiceState.PAID,
        )
        lines = tuple(replace(line, type=stand.line_type) for line in invoice.lines)
        invoice = replace(invoice, lines=lines)
        invoice = replace(invoice, transactions=self._money(invoice, first_part))
        self.billing.put(invoice)
        self.told.append(invoice)

    def _money(self, invoice: Invoice, first_part: str) -> tuple[Transaction, ...]:
        amounts = [invoice.gross]
        if first_part:
            part = self.writer.money(first_part)
            amounts = [part, invoice.gross - part]
        fee = self.writer.money("0.20" if self.writer.target.lists_movements else "0.00")
        return tuple(
            a_transaction(
                self.writer.new_id(),
                client=invoice.client.id,
                invoice=invoice.ref.id,
                money_in=amount,
                gateway=self.writer.stand.gateway,
                fee=fee if first else fee - fee,
            )
            for first, amount in zip((True, False), amounts, strict=False)
        )

    # What must stand there -------------------------------------------------------------------

    def wrong_in(self, target: Target) -> list[str]:
        """What is missing, doubled or different at the far side; empty when all is well."""
        documents = self._documents(target)
        wrong = self._clients_wrong(target)
        for invoice in self.told:
            found = documents.get(token_of(LABEL, invoice.ref), [])
            if len(found) != 1:
                wrong.append(f"{invoice.ref} stands there {len(found)} times")
                continue
            wrong += self._document_wrong(target, invoice, found[0])
        if target.lists_movements:
            wrong += self._movements_wrong(target)
        return wrong

    def _movements_wrong(self, target: Target) -> list[str]:
        rows = {row.ref.id: row for row in target.movements([Days(FIRST_DAY, DAY)])}
        found = Counter(token_at(row.reference) for row in rows.values())
        fees = [
            Key(Role.FEE, row.id).token(LABEL)
            for invoice in self.told
            for row in invoice.transactions
            if row.fee
        ]
        return [f"the fee {fee} stands there {found[fee]} times" for fee in fees if found[fee] != 1]

    def _clients_wrong(self, target: Target) -> list[str]:
        billed = {invoice.client for invoice in self.told}
        rows = list(target.clients())
        tokens = Counter(token_at(row.reference) for row in rows)
        emails = Counter(email for row in rows for email in row.emails)
        wrong: list[str] = []
        for client in (self.first, self.second, self.third):
            times = (tokens[token_of(LABEL, client.ref)], emails[client.email])
            if client.ref in billed and times != (1, 1):
                wrong.append(f"{client.ref} has its key {times[0]} times, its email {times[1]}")
        return wrong

    def _documents(self, target: Target) -> dict[str, list[TargetDocument]]:
        rows = {row.ref.id: row for row in target.documents([Days(FIRST_DAY, DAY)])}
        found: dict[str, list[TargetDocument]] = {}
        for row in rows.values():
            found.setdefault(token_at(row.reference), []).append(row)
        return found

    def _document_wrong(
        self, target: Target, invoice: Invoice, found: TargetDocument
    ) -> Sequence[str]:
        wrong: list[str] = []
        if (found.net, found.tax) != (invoice.net, invoice.tax):
            wrong.append(f"{invoice.ref} shows {found.net} net and {found.tax} tax")
        notes = Counter(token_at(row.note) for row in target.payments(found.ref))
        due = Counter(
            token_of(LABEL, payment_ref(row.id, invoice.ref.id)) for row in invoice.transactions
        )
        if notes != due:
            wrong.append(f"{invoice.ref} has payments {dict(notes)} and should have {dict(due)}")
        return wrong
