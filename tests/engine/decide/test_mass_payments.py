"""One payment for several invoices is shared out to the penny, or proves nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bridge.api import Hold, Invoice, InvoiceState, LineKind, Money, Reason, Transaction, client_ref
from bridge.engine.decide.mass_payments import PaymentShare, container_shares, merged
from bridge.testing.builders import a_line, a_transaction, an_invoice, gbp

FEE = gbp("1.95")


def _container(
    shares: Sequence[tuple[str, int]], rows: Sequence[Transaction], **changes: Any
) -> Invoice:
    lines = [
        a_line(
            gbp(amount), line=number, kind=LineKind.SETTLEMENT, taxed=False, related=str(related)
        )
        for number, (amount, related) in enumerate(shares)
    ]
    return replace(an_invoice(590, lines=lines, transactions=rows), **changes)


def _invoice(*containers: Invoice, credit: Money | None = None) -> Invoice:
    credit = gbp("120.00") if credit is None else credit
    return an_invoice(containers=containers, credit=credit, transactions=[])


def _amounts(shares: Sequence[PaymentShare] | Hold) -> list[tuple[str, Money, bool]]:
    assert not isinstance(shares, Hold), shares
    return [(share.row.id, share.amount, share.bears_fee) for share in shares]


def test_each_invoice_gets_what_its_line_says_and_the_first_bears_the_fee() -> None:
    paid = a_transaction(900, money_in=gbp("200.00"), fee=FEE)
    container = _container([("80.00", 502), ("120.00", 501)], [paid])
    assert _amounts(container_shares(_invoice(container))) == [("900", gbp("120.00"), False)]
    other = replace(container, lines=tuple(reversed(container.lines)))
    assert _amounts(container_shares(_invoice(other))) == [("900", gbp("120.00"), True)]


def test_a_line_is_filled_from_several_payments() -> None:
    rows = [
        a_transaction(901, money_in=gbp("150.00")),
        a_transaction(900, money_in=gbp("50.00")),
    ]
    container = _container([("80.00", 502), ("120.00", 501)], rows)
    assert _amounts(container_shares(_invoice(container))) == [("901", gbp("120.00"), False)]
    first = replace(container, lines=tuple(reversed(container.lines)))
    assert _amounts(container_shares(_invoice(first))) == [
        ("900", gbp("50.00"), True),
        ("901", gbp("70.00"), True),
    ]


def test_balance_that_the_container_used_goes_to_its_first_lines() -> None:
    paid = a_transaction(900, money_in=gbp("100.00"))
    container = _container([("120.00", 501), ("80.00", 502)], [paid], credit=gbp("100.00"))
    assert _amounts(container_shares(_invoice(container))) == [("900", gbp("20.00"), True)]


def test_shares_beyond_the_credit_that_the_invoice_shows_prove_nothing() -> None:
    container = _container([("120.00", 501)], [a_transaction(900, money_in=gbp("120.00"))])
    held = container_shares(_invoice(container, credit=gbp("119.99")))
    assert isinstance(held, Hold)
    assert held.reason is Reason.MASS_PAY_UNPROVEN


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client": client_ref(32)}, "belongs to another client"),
        ({"state": InvoiceState.OPEN, "status": "Unpaid"}, "is unpaid"),
        ({"tax": gbp("1.00")}, "bears tax"),
        ({"containers": (an_invoice(591),)}, "was itself paid by another mass payment"),
        ({"credit": gbp("-5.00")}, "of credit"),
        ({"net": gbp("130.00")}, "has lines that do not sum to its total"),
        ({"credit": gbp("5.00")}, "received 120.00 GBP and 5.00 GBP of balance for 120.00 GBP"),
        ({"transactions": ()}, "received 0.00 GBP"),
    ],
)
def test_a_container_that_does_not_add_up_proves_nothing(
    changes: dict[str, Any], words: str
) -> None:
    paid = a_transaction(900, money_in=gbp("120.00"))
    held = container_shares(_invoice(_container([("120.00", 501)], [paid], **changes)))
    assert isinstance(held, Hold)
    assert held.reason is Reason.MASS_PAY_UNPROVEN
    assert words in held.what


def test_a_container_that_sells_or_returned_money_proves_nothing() -> None:
    paid = a_transaction(900, money_in=gbp("120.00"))
    plain = _container([("120.00", 501)], [paid])
    sells = replace(plain, lines=(replace(plain.lines[0], kind=LineKind.SALE),))
    returned = replace(plain, transactions=(paid, a_transaction(901, money_out=gbp("1.00"))))
    for container in (sells, returned):
        assert isinstance(container_shares(_invoice(container)), Hold)


def test_shares_of_one_transaction_become_one_payment() -> None:
    row, other = a_transaction(900), a_transaction(901)
    shares = [
        PaymentShare(row, gbp("30.00"), bears_fee=False),
        PaymentShare(other, gbp("5.00")),
        PaymentShare(row, gbp("20.00")),
    ]
    assert _amounts(merged(shares)) == [("900", gbp("50.00"), True), ("901", gbp("5.00"), True)]
