"""Money is exact, refuses what it cannot hold, and splits without losing a penny."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from bridge.api import Money, minor_digits, rounded, spread, total

pence = st.integers(min_value=-(10**12), max_value=10**12)
currencies = st.sampled_from(["GBP", "EUR", "USD", "JPY", "KWD"])


@given(pence, currencies)
def test_minor_units_come_back_as_they_went(units: int, currency: str) -> None:
    assert Money.from_minor(units, currency).minor_units() == units


@given(pence, pence, currencies)
def test_addition_is_that_of_whole_pence(one: int, two: int, currency: str) -> None:
    both = Money.from_minor(one, currency) + Money.from_minor(two, currency)
    assert both.minor_units() == one + two


@given(
    st.integers(min_value=-(10**9), max_value=10**9),
    st.lists(st.integers(min_value=0, max_value=10**7), min_size=1, max_size=120),
)
def test_spread_loses_nothing_and_is_fair(units: int, weights: list[int]) -> None:
    """Parts sum to the whole, and none is a penny or more from its exact share."""
    amount = Money.from_minor(units, "GBP")
    whole = sum(weights)
    if not whole:
        return
    parts = spread(amount, [Decimal(weight) for weight in weights])
    assert total(parts, "GBP") == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor_units() - Decimal(units) * weight / whole) < 1


@given(
    st.integers(min_value=1, max_value=10**9),
    st.lists(st.integers(min_value=-(10**6), max_value=10**7), min_size=1, max_size=40),
)
def test_spread_over_discounts_too_loses_nothing(units: int, weights: list[int]) -> None:
    if sum(weights) <= 0:
        return
    amount = Money.from_minor(units, "GBP")
    assert total(spread(amount, [Decimal(weight) for weight in weights]), "GBP") == amount


def test_nothing_spreads_over_anything() -> None:
    assert spread(Money.zero("GBP"), [Decimal(0), Decimal(0)]) == (Money.zero("GBP"),) * 2


def test_something_does_not_spread_over_nothing() -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        spread(Money(Decimal("0.01"), "GBP"), [Decimal(0)])


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="must be a Decimal"):
        Money(0.1, "GBP")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "currency"), [("1.005", "GBP"), ("1.5", "JPY"), ("NaN", "GBP"), ("1", "XXZ")]
)
def test_what_a_currency_cannot_hold_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Money(Decimal(amount), currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="different currencies"):
        Money(Decimal(1), "GBP") + Money(Decimal(1), "EUR")


def test_yen_have_no_decimals_and_dinars_three() -> None:
    assert [minor_digits(code) for code in ("GBP", "JPY", "KWD")] == [2, 0, 3]


def test_rounding_is_half_away_from_zero() -> None:
    assert rounded(Decimal("0.125"), "GBP") == Money(Decimal("0.13"), "GBP")
    assert rounded(Decimal("-0.125"), "GBP") == Money(Decimal("-0.13"), "GBP")


def test_there_is_no_negative_zero() -> None:
    assert str(Money(Decimal("-0.00"), "GBP")) == "0.00 GBP"
