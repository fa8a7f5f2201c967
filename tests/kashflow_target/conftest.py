"""A KashFlow account as settings and reference data, without one that runs."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.account.reference_data import Account, Currency, resolve
from kashflow_target.account.resolved import Books, books
from kashflow_target.settings.names import Known, Register
from kashflow_target.settings.settings import KashFlowSettings

SETTINGS: dict[str, Any] = {
    "username": "northwind",
    "password": "a-password",
    "gateways": {
        "stripe": {"method": "Credit Card", "account": "Card Clearing"},
        "paypal": {
            "method": "PayPal",
            "account": {"code": 1220},
            "currencies": {"EUR": "PayPal EUR"},
        },
        "banktransfer": "bank_feed",
    },
    "nominals": {
        "default": "Web Hosting",
        "types": {"Domain": "Domain Names", "LateFee": "Late Fees"},
        "groups": {"Servers": "Servers"},
        "products": {"Reseller Gold": {"code": 4020}},
        "discounts": "Web Hosting",
    },
    "fees": {"nominal": "Card Fees"},
    "client_balances": {"method": "Client balance", "account": "Client Balances"},
    "exchange_differences": {"nominal": "Exchange Differences"},
    "manual_credits": {"nominal": "Goodwill"},
    "invoice_rate": "source",
}


def an_account(**changes: Any) -> Account:
    """The sandbox's account, as it would be read."""
    fields: dict[str, Any] = {
        "home": "GBP",
        "currencies": {
            "GBP": Currency(1, "GBP", Decimal(1)),
            "EUR": Currency(2, "EUR", Decimal("1.1700")),
            "USD": Currency(3, "USD", Decimal("1.2700")),
        },
        "methods": Register(
            "payment method",
            (
                Known(83101, "BACS"),
                Known(83103, "Credit Card"),
                Known(83104, "PayPal"),
                Known(83106, "Client balance"),
            ),
        ),
        "accounts": Register(
            "bank account",
            (
                Known(310450, "Current Account", 1200),
                Known(310451, "Card Clearing", 1210),
                Known(310452, "PayPal", 1220),
                Known(310453, "PayPal EUR", 1221),
                Known(310455, "Client Balances", 2210),
            ),
        ),
        "nominals": Register(
            "sales type or nominal",
            (
                Known(18685811, "Web Hosting", 4000),
                Known(18685812, "Domain Names", 4010),
                Known(18685813, "Resale", 4020),
                Known(18685814, "Servers", 4030),
                Known(18685816, "Late Fees", 4900),
                Known(18685803, "Card Clearing", 1210),
                Known(18685810, "Client Balances", 2210),
                Known(18685817, "Goodwill", 7600),
                Known(18685818, "Card Fees", 7901),
                Known(18685819, "Exchange Differences", 7906),
                Known(18685820, "OSS VAT", 2220),
            ),
        ),
        "vat_rates": frozenset({Decimal(20), Decimal(5), Decimal(0)}),
        "vat_registered": True,
    }
    return Account(**{**fields, **changes})


MakeBooks = Callable[..., Books]


@pytest.fixture(scope="session")
def make_books() -> MakeBooks:
    """Books by settings and what is different about the account."""

    def make(account: Account | None = None, **settings: Any) -> Books:
        chosen = KashFlowSettings.model_validate({**SETTINGS, **settings})
        here = account or an_account()
        mapped = resolve(chosen, here)
        return books(chosen, here, mapped)

    return make


@pytest.fixture(scope="session")
def make_account() -> Callable[..., Account]:
    return an_account


@pytest.fixture(scope="session")
def account_settings() -> dict[str, Any]:
    """Settings that map what the account has, without an endpoint."""
    return dict(SETTINGS)
