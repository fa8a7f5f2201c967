"""Currencies, against the standard's own data."""

from babel.core import get_global
from babel.numbers import get_currency_precision

from bridge.model import currencies
from bridge.model.money import minor_digits


def test_every_currency_is_known_with_its_decimal_places() -> None:
    there = get_global("all_currencies")
    assert set(there) == currencies.CODES
    assert {code: minor_digits(code) for code in there} == {
        code: get_currency_precision(code) for code in there
    }
