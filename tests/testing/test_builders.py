"""Builders give valid records, and follow what they are given."""

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from bridge.api import InvoiceState, Money, Prices
from bridge.testing.builders import (
    a_credit_note,
    a_header,
    a_line,
    a_payment,
    a_sale,
    a_transaction,
    an_invoice,
    eur,
    gbp,
)


def test_the_default_story_adds_up() -> None:
    """100 and 20 % tax, paid in full by card."""
    invoice = an_invoice()
    assert (invoice.net, invoice.tax, invoice.gross) == (gbp("100"), gbp("20"), gbp("120"))
    assert [row.money_in for row in invoice.transactions] == [invoice.gross]
    assert a_sale().gross == invoice.gross == a_payment().amount
    assert a_credit_note().sale.gross == gbp("-30.00")


@given(
    amounts=st.lists(st.integers(1, 10_000_000), min_size=1, max_size=6),
    taxed=st.booleans(),
    prices=st.sampled_from(Prices),
)
def test_an_invoice_of_any_lines_satisfies_its_identity(
    amounts: list[int], taxed: bool, prices: Prices
) -> None:
    """Lines sum to the net, or with inclusive prices to the gross."""
    lines = [a_line(Money.from_minor(units, "EUR"), taxed=taxed) for units in amounts]
    invoice = an_invoice(lines=lines, prices=prices)
    stated = invoice.net if prices is Prices.EXCLUSIVE else invoice.gross
    assert stated.minor_units() == sum(amounts)
    assert sum(row.money_in.minor_units() for row in invoice.transactions) == (
        invoice.gross.minor_units()
    )


def test_an_unpaid_invoice_has_no_money_and_no_day_of_payment() -> None:
    invoice = an_invoice(state=InvoiceState.OPEN)
    assert (invoice.transactions, invoice.paid_on, invoice.status) == ((), None, "Unpaid")


def test_credit_is_not_paid_by_card() -> None:
    invoice = an_invoice(credit=gbp("20.00"))
    assert [row.money_in for row in invoice.transactions] == [gbp("100.00")]


def test_currency_follows_the_lines() -> None:
    invoice = an_invoice(net=eur("10.00"), tax_rate=Decimal(0))
    assert invoice.currency == "EUR"
    assert invoice.gross == eur("10.00")


def test_a_transaction_with_money_out_is_a_refund() -> None:
    refund = a_transaction(905, money_out=gbp("30.00"), refund_of="900")
    assert (refund.kind, refund.money_in) == ("refund", gbp("0"))


def test_a_header_carries_the_invoices_own_fingerprint() -> None:
    invoice = an_invoice()
    assert a_header(invoice).fingerprint == invoice.fingerprint()
    assert a_header(invoice, fingerprint=None).fingerprint is None


@pytest.mark.parametrize(
    "module",
    ["builders", "faults", "memory.known", "memory.source", "memory.target", "memory.plugin"],
)
def test_builders_and_fakes_need_no_pytest(module: str) -> None:
    """A program that only wants the fakes loads neither pytest nor any engine."""
    code = f"import sys, bridge.testing.{module}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pytest", "pydantic", "sqlalchemy", "zeep"} & set(done.stdout.split())
