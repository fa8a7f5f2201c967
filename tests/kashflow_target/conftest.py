"""A KashFlow account as settings and reference data, without one that runs."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.account.reference_data import AccountData, Currency, resolve
from kashflow_target.account.resolved import ResolvedAccount, resolved_account
from kashflow_target.settings.names import AccountItem, Register
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


def an_account(**changes: Any) -> AccountData:
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
                AccountItem(83101, "BACS"),
                AccountItem(83103, "Credit Card"),
                AccountItem(83104, "PayPal"),
                AccountItem(83106, "Client balance"),
            ),
        ),
        "accounts": Register(
            "bank account",
            (
                AccountItem(310450, "Current Account", 1200),
                AccountItem(310451, "Card Clearing", 1210),
                AccountItem(310452, "PayPal", 1220),
                AccountItem(310453, "PayPal EUR", 1221),
                AccountItem(310455, "Client Balances", 2210),
            ),
        ),
        "nominals": Register(
            "sales type or nominal",
            (
                AccountItem(18685811, "Web Hosting", 4000),
                AccountItem(18685812, "Domain Names", 4010),
                AccountItem(18685813, "Resale", 4020),
                AccountItem(18685814, "Servers", 4030),
                AccountItem(18685816, "Late Fees", 4900),
                AccountItem(18685803, "Card Clearing", 1210),
                AccountItem(18685810, "Client Balances", 2210),
                AccountItem(18685817, "Goodwill", 7600),
                AccountItem(18685818, "Card Fees", 7901),
                AccountItem(18685819, "Exchange Differences", 7906),
                AccountItem(18685820, "OSS VAT", 2220),
            ),
        ),
        "vat_rates": frozenset({Decimal(20), Decimal(5), Decimal(0)}),
        "vat_registered": True,
    }
    return AccountData(**{**fields, **changes})


MakeBooks = Callable[..., ResolvedAccount]


@pytest.fixture(scope="session")
def make_books() -> MakeBooks:
    """Books by settings and what is different about the account."""

    def make(account: AccountData | None = None, **settings: Any) -> ResolvedAccount:
        chosen = KashFlowSettings.model_validate({**SETTINGS, **settings})
        here = account or an_account()
        mapped = resolve(chosen, here)
        return resolved_account(chosen, here, mapped)

    return make


@pytest.fixture(scope="session")
def make_account() -> Callable[..., AccountData]:
    return an_account


@pytest.fixture(scope="session")
def account_settings() -> dict[str, Any]:
    """Settings that map what the account has, without an endpoint."""
    return dict(SETTINGS)
