"""Countries: their names, and what is none."""

import pytest
from babel import Locale
from kashflow_target.vat.countries import country_name, is_country


def test_every_country_has_the_name_that_unicode_gives_it() -> None:
    for code, name in Locale("en").territories.items():
        if len(code) == 2:
            assert country_name(code) == name


@pytest.mark.parametrize("code", ["", "EU", "ZZ", "UN", "XI", "gb", "GBR", "001"])
def test_what_is_no_country_is_told_from_one(code: str) -> None:
    assert not is_country(code)
    assert is_country("GB")


def test_an_unknown_code_is_its_own_name() -> None:
    assert country_name("Q1") == "Q1"
