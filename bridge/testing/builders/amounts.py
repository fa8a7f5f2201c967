"""Money and the day that all builders share."""

import datetime as dt
from decimal import Decimal

from bridge.api import InvoiceState, Money, rounded

DAY = dt.date(2026, 4, 15)
"""The day on which everything happens unless a test says otherwise."""

LABEL = "MEM"
"""Prefix of references."""

STATUSES = {
    InvoiceState.DRAFT: "Draft",
    InvoiceState.OPEN: "Unpaid",
    InvoiceState.PAID: "Paid",
    InvoiceState.CANCELLED: "Cancelled",
    InvoiceState.REFUNDED: "Refunded",
    InvoiceState.REVERSED: "Collections",
}


def gbp(amount: str) -> Money:
    """Pounds: ``gbp("12.00")``."""
    return Money(Decimal(amount), "GBP")


def eur(amount: str) -> Money:
    """Euros."""
    return Money(Decimal(amount), "EUR")


def usd(amount: str) -> Money:
    """US dollars."""
    return Money(Decimal(amount), "USD")


def tax_on(net: Money, rate: Decimal) -> Money:
    """Tax at `rate` percent, rounded to the minor unit."""
    return rounded(net.amount * rate / 100, net.currency)
