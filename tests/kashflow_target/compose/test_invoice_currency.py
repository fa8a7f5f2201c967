"""Currencies, their rates and their minor units on documents."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.account.reference_data import AccountData, Currency
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.invoice import compose_invoice

from bridge.api import ConfigError, Hold, Money, Payload, Rate, Reason, Sale
from bridge.testing.builders import (
    a_client,
    a_sale,
    a_sale_line,
    eur,
)

MakeBooks = Callable[..., ResolvedAccount]
MakeAccount = Callable[..., AccountData]
GERMAN = a_client(country="DE", tax_number="DE136695976", currency="EUR")


def composed(sale: Sale, books: ResolvedAccount) -> Payload:
    answer = compose_invoice(sale, books)
    assert isinstance(answer, Payload), answer
    return answer


def held(sale: Sale, books: ResolvedAccount) -> Hold:
    answer = compose_invoice(sale, books)
    assert isinstance(answer, Hold)
    assert answer.what
    assert answer.remedy
    return answer


def lines_of(payload: Payload) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = json.loads(json.dumps(payload.body["Lines"]))
    return lines


def euro_sale(rate: Rate | None = None, net: str = "100.00") -> Sale:
    line = a_sale_line(eur(net), tax_rate=Decimal(0))
    return a_sale(client=GERMAN, lines=[line], rate=rate)


def test_a_currency_that_kashflow_lacks_is_held_with_what_to_add(make_books: MakeBooks) -> None:
    line = a_sale_line(Money(Decimal(12_100), "JPY"), tax_rate=Decimal(0))
    answer = held(a_sale(client=a_client(currency="JPY"), lines=[line]), make_books())
    assert answer.reason is Reason.CURRENCY_UNKNOWN
    assert "add JPY in KashFlow" in answer.remedy


def test_a_currency_without_minor_units_carries_whole_ones(
    make_books: MakeBooks, make_account: MakeAccount
) -> None:
    """12,100 yen is 12100 and neither 121.00 nor 12100.00."""
    account = make_account(
        currencies={
            "GBP": Currency(1, "GBP", Decimal(1)),
            "EUR": Currency(2, "EUR", Decimal("1.17")),
            "JPY": Currency(4, "JPY", Decimal("190.00")),
        }
    )
    line = a_sale_line(Money(Decimal(12_100), "JPY"), tax_rate=Decimal(0))
    client = a_client(country="JP", currency="JPY")
    payload = composed(a_sale(client=client, lines=[line]), make_books(account))
    assert lines_of(payload)[0]["Rate"] == "12100"
    assert payload.body["ExchangeRate"] == "190"


def test_an_amount_finer_than_kashflow_keeps_is_held(
    make_books: MakeBooks, make_account: MakeAccount
) -> None:
    """Dinars have three decimals, and KashFlow would cut one off."""
    account = make_account(
        currencies={
            "GBP": Currency(1, "GBP", Decimal(1)),
            "EUR": Currency(2, "EUR", Decimal("1.17")),
            "KWD": Currency(4, "KWD", Decimal("0.39")),
        }
    )
    client = a_client(country="KW", currency="KWD")
    fine = a_sale_line(Money(Decimal("1.005"), "KWD"), tax_rate=Decimal(0))
    assert held(a_sale(client=client, lines=[fine]), make_books(account)).reason is (
        Reason.TOTAL_MISMATCH
    )
    coarse = a_sale_line(Money(Decimal("1.050"), "KWD"), tax_rate=Decimal(0))
    composed(a_sale(client=client, lines=[coarse]), make_books(account))


def test_the_sources_own_rate_is_used_and_named(make_books: MakeBooks) -> None:
    sale = euro_sale(Rate("GBP", Decimal("1.16500"), "transaction 900"))
    payload = composed(sale, make_books())
    assert payload.body["ExchangeRate"] == "1.165"
    assert payload.rules[0].rule == "invoice_rate source (transaction 900)"
    assert lines_of(payload)[0]["ValuesInCurrency"] == 1


@pytest.mark.parametrize("rate", [None, Rate("USD", Decimal("0.92"), "transaction 900")])
def test_a_rate_that_is_not_of_the_home_currency_is_not_used(
    make_books: MakeBooks, rate: Rate | None
) -> None:
    """KashFlow's stored one is sent then, and the rule says so."""
    payload = composed(euro_sale(rate), make_books())
    assert payload.body["ExchangeRate"] == "1.17"
    assert "KashFlow's own" in payload.rules[0].rule


def test_kashflows_rate_is_sent_where_it_is_chosen(make_books: MakeBooks) -> None:
    sale = euro_sale(Rate("GBP", Decimal("1.165"), "transaction 900"))
    payload = composed(sale, make_books(invoice_rate="kashflow"))
    assert payload.body["ExchangeRate"] == "1.17"
    assert payload.rules[0].rule == "invoice_rate kashflow"


def test_a_stored_rate_of_nought_is_held(make_books: MakeBooks, make_account: MakeAccount) -> None:
    """An invoice at rate 0 would have no sterling value."""
    account = make_account(
        currencies={
            "GBP": Currency(1, "GBP", Decimal(1)),
            "EUR": Currency(2, "EUR", Decimal(0)),
        }
    )
    answer = held(euro_sale(), make_books(account))
    assert answer.reason is Reason.CURRENCY_UNKNOWN
    assert "set the rate of EUR" in answer.remedy


def test_an_account_without_vat_stops_the_run_where_tax_is_charged(
    make_books: MakeBooks, make_account: MakeAccount
) -> None:
    """It concerns every invoice; an untaxed one is told N/A."""
    books = make_books(make_account(vat_registered=False))
    with pytest.raises(ConfigError) as caught:
        compose_invoice(a_sale(), books)
    assert "not registered" in caught.value.what
    untaxed = a_sale(lines=[a_sale_line(tax_rate=Decimal(0))])
    assert lines_of(composed(untaxed, books))[0]["VatRate"] == "-1"
