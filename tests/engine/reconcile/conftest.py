"""Two books on paper: rows of both ends, written down one by one, and what the log says of them."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge.api import (
    Days,
    EntryState,
    InvoiceState,
    Kind,
    Money,
    Nothing,
    Payload,
    Reason,
    Record,
    RecordClass,
    Rule,
    SourceRef,
    TargetRef,
    client_ref,
    invoice_ref,
)
from bridge.engine.context import Choices, Policy, UnpaidDocuments
from bridge.engine.reconcile.log_view import LogView
from bridge.engine.reconcile.match import differences, match
from bridge.engine.reconcile.values import ComparisonTerms, Item, MatchClass
from bridge.store.tables.values import EntryRow, LinkRow
from tests.engine.reconcile.company import Company, opened_company

DAY = dt.date(2026, 3, 10)
FEED = Nothing(Rule("payment", "gateways.banktransfer", "bank_feed"))
APART = Nothing(Rule("movement", "fees", "on_gateway_invoice"))


def money(text: str) -> Money:
    """``"12.50"`` is of GBP, ``"12.50 EUR"`` of EUR."""
    amount, _, currency = text.partition(" ")
    return Money(Decimal(amount), currency or "GBP")


@dataclass
class Paper:
    """Both books and the log. Every method writes one row."""

    source: list[Record] = field(default_factory=list)
    target: list[Record] = field(default_factory=list)
    entries: dict[str, EntryRow] = field(default_factory=dict)
    links: dict[SourceRef, LinkRow] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)
    accounts: dict[SourceRef, set[str]] = field(default_factory=dict)
    days: Days = field(default_factory=lambda: Days(dt.date(2026, 3, 1), dt.date(2026, 3, 31)))
    choices: Choices = field(default_factory=Choices)
    seen_until: dt.date | None = dt.date(2026, 3, 31)
    number: int = 1000
    start: dt.date = dt.date(2026, 1, 1)

    def bill(self, ref: int, net: str = "100.00", tax: str = "20.00", **values: Any) -> Record:
        """An invoice of the source, paid on the day."""
        fields: dict[str, Any] = {
            "record_class": RecordClass.INVOICE,
            "token": f"WHMCS-{ref}",
            "number": f"F-{ref}",
            "client": "31",
            "date": DAY,
            "net": money(net),
            "tax": money(tax) if " " in tax or " " not in net else money(f"{tax} {net[-3:]}"),
            "note": "Paid",
            "state": InvoiceState.PAID,
            "paid_on": DAY,
        }
        record = Record(**(fields | values))
        self.source.append(record)
        return record

    def pay(self, ref: int, amount: str, invoice: int | None = 501, **values: Any) -> Record:
        """A transaction of the source; below zero it is a refund."""
        gross = money(amount)
        back = gross.amount < 0
        stands = f"/{invoice}" if invoice and not back else ""
        fields: dict[str, Any] = {
            "record_class": RecordClass.REFUND if back else RecordClass.PAYMENT,
            "token": f"WHMCS-{'R' if back else 'T'}{ref}{stands}",
            "number": f"ch_{ref}",
            "client": "31",
            "date": DAY,
            "net": gross,
            "tax": Money.zero(gross.currency),
            "account": "stripe",
            "document": f"WHMCS-{invoice}" if invoice else "",
        }
        record = Record(**(fields | values))
        self.source.append(record)
        return record

    def document(
        self, token: str, net: str = "100.00", tax: str = "20.00", **values: Any
    ) -> Record:
        """A document of the target."""
        self.number += 1
        gross = money(net)
        fields: dict[str, Any] = {
            "record_class": (RecordClass.CREDIT_NOTE if gross.amount < 0 else RecordClass.INVOICE),
            "token": token,
            "number": str(self.number),
            "client": "C31",
            "date": DAY,
            "net": gross,
            "tax": Money(Decimal(tax), gross.currency),
        }
        record = Record(**(fields | values))
        self.target.append(record)
        return record

    def row(self, token: str, amount: str, on: Record | None = None, **values: Any) -> Record:
        """A payment or movement of the target."""
        self.number += 1
        value = money(amount)
        kind = RecordClass.REFUND if value.amount < 0 else RecordClass.PAYMENT
        fields: dict[str, Any] = {
            "record_class": kind if on else RecordClass.MOVEMENT,
            "token": token,
            "number": f"P{self.number}",
            "client": "",
            "date": DAY,
            "net": value,
            "tax": Money.zero(value.currency),
            "account": "Card Clearing",
            "document": on.number if on else "",
        }
        record = Record(**(fields | values))
        self.target.append(record)
        return record

    def entry(
        self,
        ref: int,
        state: EntryState = EntryState.DONE,
        reason: Reason | None = None,
        source_state: InvoiceState = InvoiceState.PAID,
    ) -> None:
        """What the log says of an invoice."""
        self.entries[str(ref)] = EntryRow(
            invoice=invoice_ref(ref),
            client=client_ref(31),
            number=f"F-{ref}",
            status=source_state.value,
            source_state=source_state,
            issued=DAY,
            paid_on=DAY,
            gross=money("120.00"),
            header_fingerprint=None,
            money_fingerprint=None,
            content_fingerprint=None,
            state=state,
            reason=reason,
            what="it was so",
            remedy="do something",
            tries=0,
            next_try=None,
            changed=dt.datetime(2026, 3, 31, tzinfo=dt.UTC),
            run=1,
        )

    def link(
        self,
        kind: Kind,
        ref: str,
        target: str,
        net: str = "",
        paid: str = "",
        *,
        day: dt.date = DAY,
        adopted: bool = False,
    ) -> None:
        """A record that the log tied to one of the target."""
        payload = None
        if net:
            sent, settled = money(net), money(paid) if paid else None
            zero = Money.zero(sent.currency)
            payload = Payload(kind.value, {}, ref, day, sent, zero, paid=settled)
        source = SourceRef(kind, ref)
        made = dt.datetime(2026, 3, 31, tzinfo=dt.UTC)
        target_ref = TargetRef(kind, target)
        self.links[source] = LinkRow(source, target_ref, payload, adopted, day, None, 1, made)
        if kind is Kind.CLIENT:
            self.clients[target] = ref

    def terms(self) -> ComparisonTerms:
        """What the comparison depends on: two gateways, one of them brought by a feed."""
        return ComparisonTerms(
            label="WHMCS",
            policy=Policy(self.start, UnpaidDocuments.PROFORMA, choices=self.choices),
            days=self.days,
            today=dt.date(2026, 4, 1),
            seen_until=self.seen_until,
            home_currency="GBP",
            base_currency="GBP",
            receipts={"banktransfer": FEED},
            fees={"stripe": APART},
        )

    def log_view(self) -> LogView:
        """The log's part."""
        return LogView(self.entries, self.links, self.clients, self.accounts)

    def items(self) -> tuple[Item, ...]:
        """All of it, matched."""
        return match(self.source, self.target, self.log_view(), self.terms())

    def classes(self) -> list[tuple[str, str, str]]:
        """Kind, class and reason of each item, sorted."""
        return sorted(
            (item.kind.value, item.standing.value, item.verdict.reason) for item in self.items()
        )

    def unexplained(self) -> list[tuple[str, str]]:
        """Subject and class of each difference."""
        return [(each.subject, each.standing.value) for each in differences(self.items())]

    def sold(self, ref: int = 501, *, gateway: str = "stripe") -> Record:
        """An invoice of 120.00 with its payment, booked as it should be."""
        self.bill(ref)
        self.pay(ref + 400, "120.00", ref, account=gateway)
        self.entry(ref)
        document = self.document(f"WHMCS-{ref}")
        self.link(Kind.INVOICE, str(ref), document.number)
        if gateway != "banktransfer":
            self.row(f"WHMCS-T{ref + 400}/{ref}", "120.00", document)
        return document


def only(items: Iterable[Item], standing: MatchClass) -> list[Item]:
    """The items of one class."""
    return [item for item in items if item.standing is standing]


@pytest.fixture
def paper() -> Paper:
    """Two empty books."""
    return Paper()


@pytest.fixture(scope="session")
def blank() -> Callable[[], Paper]:
    """Makes two empty books after another, for one example after another."""
    return Paper


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """A company without invoices."""
    with opened_company(tmp_path) as company:
        yield company
