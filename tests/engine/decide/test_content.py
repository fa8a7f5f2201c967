"""A digest of what was sold sees each change of the sale, and nothing else."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.api import Invoice, InvoiceState, client_ref
from bridge.engine.decide.content import content_fingerprint, snapshot_of
from bridge.testing.builders import DAY, a_client, a_line, a_transaction, an_invoice, gbp

SOLD = an_invoice()


@pytest.mark.parametrize(
    "later",
    [
        replace(SOLD, state=InvoiceState.REFUNDED, status="Refunded"),
        replace(SOLD, number="INV-2026-9"),
        replace(SOLD, paid_on=DAY.replace(year=2027), gateway="paypal"),
        replace(SOLD, transactions=(*SOLD.transactions, a_transaction(905, money_out=gbp("5.00")))),
        replace(SOLD, lines=(replace(SOLD.lines[0], product="Renamed Hosting"),)),
    ],
)
def test_money_state_number_and_product_names_are_no_part_of_it(later: Invoice) -> None:
    assert content_fingerprint(later) == content_fingerprint(SOLD)


@pytest.mark.parametrize(
    "later",
    [
        replace(SOLD, client=client_ref(32)),
        replace(SOLD, net=gbp("90.00")),
        replace(SOLD, tax=gbp("19.99")),
        replace(SOLD, tax_rate=Decimal(19)),
        replace(SOLD, lines=(replace(SOLD.lines[0], description="Two years"),)),
        replace(SOLD, lines=(replace(SOLD.lines[0], amount=gbp("99.99")),)),
        replace(SOLD, lines=(replace(SOLD.lines[0], related="hosting-7"),)),
        replace(SOLD, lines=(*SOLD.lines, a_line(gbp("0.00"), line=2))),
    ],
)
def test_each_change_of_the_sale_shows(later: Invoice) -> None:
    assert content_fingerprint(later) != content_fingerprint(SOLD)


def test_a_snapshot_is_told_apart_by_all_that_was_used() -> None:
    """Its digest sees more than its content: the client, the state, the money."""
    first = snapshot_of(SOLD, a_client())
    assert first == snapshot_of(SOLD, a_client())
    assert (first.invoice, first.content) == (SOLD.ref, content_fingerprint(SOLD))
    moved = snapshot_of(SOLD, a_client(town="York"))
    refunded = snapshot_of(replace(SOLD, state=InvoiceState.REFUNDED), a_client())
    assert first.content == moved.content == refunded.content
    assert len({first.digest, moved.digest, refunded.digest}) == 3
