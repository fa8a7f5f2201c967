"""The in-memory source keeps the contract that it stands in for."""

import datetime as dt
from dataclasses import replace
from typing import ClassVar

import pytest

from bridge.api import InvoiceState, LineKind, Prices, SourceRef, invoice_ref
from bridge.testing.builders import (
    DAY,
    a_balance_entry,
    a_client,
    a_line,
    a_transaction,
    an_invoice,
    eur,
    gbp,
)
from bridge.testing.conformance.fixtures import SourceStand
from bridge.testing.faults import Fault
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.source_suite import SourceSuite


def a_small_company() -> MemoryBilling:
    """Thirty paid invoices and one of each other kind."""
    billing = MemoryBilling(a_client(31), a_client(32, currency="EUR"))
    for number in range(501, 531):
        day = DAY + dt.timedelta(days=number - 501)
        billing.put(an_invoice(number, issued=day, net=gbp(f"{number}.37")))
    settlement = a_line(
        gbp("120.00"), kind=LineKind.SETTLEMENT, type="Invoice", taxed=False, related="541"
    )
    billing.put(
        an_invoice(540, client=32, net=eur("99.99")),
        an_invoice(541, credit=gbp("120.00")),
        an_invoice(542, lines=[settlement]),
        an_invoice(543, state=InvoiceState.OPEN),
        an_invoice(544, state=InvoiceState.DRAFT, issued=None),
        an_invoice(545, state=InvoiceState.CANCELLED),
        an_invoice(546, prices=Prices.INCLUSIVE, net=None, lines=[a_line(gbp("119.99"))]),
        a_transaction(2000, invoice=501, money_out=gbp("12.00"), refund_of="900"),
        a_balance_entry(70),
        a_balance_entry(71, amount=gbp("-120.00")),
        a_transaction(2001, invoice=None, money_in=gbp("5.00")),
    )
    return billing


def on_check(mode: str) -> MemoryBilling:
    billing = MemoryBilling()
    billing.faults.append(Fault("check", mode))
    return billing


class TestMemorySource(SourceSuite):
    exempt: ClassVar = {"test_no_secret_is_ever_shown": "A fake in memory has no secrets."}

    @pytest.fixture
    def stand(self) -> SourceStand:
        billing = a_small_company()

        def add() -> SourceRef:
            billing.put(an_invoice(1600))
            return invoice_ref(1600)

        def change() -> SourceRef:
            open_one = billing.invoice(invoice_ref(543))
            assert open_one is not None
            paid = replace(open_one, state=InvoiceState.PAID, status="Paid", paid_on=DAY)
            billing.put(paid, a_transaction(2002, invoice=543))
            return paid.ref

        def delete() -> SourceRef:
            billing.remove(invoice_ref(510))
            return invoice_ref(510)

        return SourceStand(
            open=lambda: MemorySource(billing, page_size=7),
            misbehave=billing.misbehave,
            add=add,
            change=change,
            delete=delete,
            calls=lambda: sorted(billing.calls.elements()),
            locked_out=lambda: MemorySource(on_check("access")),
            nobody_there=lambda: MemorySource(on_check("unreachable")),
        )
