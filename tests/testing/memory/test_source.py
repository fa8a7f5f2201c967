"""The in-memory source keeps the contract that it stands in for."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from bridge.api import InvoiceState, LineKind, Prices, SourceRef, Transaction, invoice_ref
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


def a_small_company(the: Callable[[int], str]) -> MemoryBilling:
    """Thirty paid invoices and one of each other kind; `the` makes ids of numbers."""
    first, second = the(31), the(32)
    billing = MemoryBilling(a_client(first), a_client(second, currency="EUR"))
    settlement = a_line(
        gbp("120.00"), kind=LineKind.SETTLEMENT, type="Invoice", taxed=False, related=the(541)
    )
    billing.put(
        *(
            an_invoice(
                the(501 + place),
                client=first,
                issued=DAY + dt.timedelta(days=place),
                net=gbp(f"{501 + place}.37"),
            )
            for place in range(30)
        ),
        an_invoice(the(540), client=second, net=eur("99.99")),
        an_invoice(the(541), client=first, credit=gbp("120.00")),
        an_invoice(the(542), client=first, lines=[settlement]),
        an_invoice(the(543), client=first, state=InvoiceState.OPEN),
        an_invoice(the(544), client=first, state=InvoiceState.DRAFT, issued=None),
        an_invoice(the(545), client=first, state=InvoiceState.CANCELLED),
        an_invoice(the(546), client=first, prices=Prices.INCLUSIVE, lines=[a_line(gbp("119.99"))]),
    )
    paid = billing.all_invoices()[0].transactions[0]
    billing.put(
        replace(a_transaction(the(2000), money_out=gbp("12.00"), refund_of=paid.id), **_of(paid)),
        a_balance_entry(the(70), client=first),
        a_balance_entry(the(71), client=first, amount=gbp("-120.00")),
        a_transaction(the(2001), client=first, invoice=None, money_in=gbp("5.00")),
    )
    return billing


def _of(paid: Transaction) -> dict[str, Any]:
    return {"client": paid.client, "invoice": paid.invoice}


def on_check(mode: str) -> MemoryBilling:
    billing = MemoryBilling()
    billing.faults.append(Fault("check", mode))
    return billing


class TestMemorySource(SourceSuite):
    exempt: ClassVar = {"test_no_secret_is_ever_shown": "A fake in memory has no secrets."}

    @pytest.fixture
    def stand(self) -> SourceStand:
        return self.with_ids(str)

    def with_ids(self, the: Callable[[int], str]) -> SourceStand:
        billing = a_small_company(the)

        def add() -> SourceRef:
            billing.put(an_invoice(the(1600), client=the(31)))
            return invoice_ref(the(1600))

        def change() -> SourceRef:
            open_one = billing.invoice(invoice_ref(the(543)))
            assert open_one is not None
            paid = replace(open_one, state=InvoiceState.PAID, status="Paid", paid_on=DAY)
            billing.put(paid, a_transaction(the(2002), client=the(31), invoice=the(543)))
            return paid.ref

        def delete() -> SourceRef:
            billing.remove(invoice_ref(the(510)))
            return invoice_ref(the(510))

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


class TestMemorySourceWithAnyIds(TestMemorySource):
    """Ids that are no numbers, and such as might be taken for keys."""

    @pytest.fixture(params=["in_{}NabC", "R{}", "T{} /+1 %é"])
    def stand(self, request: pytest.FixtureRequest) -> SourceStand:
        return self.with_ids(request.param.format)
