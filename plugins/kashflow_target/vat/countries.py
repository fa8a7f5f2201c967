"""Where a client is, as UK VAT sees it: the United Kingdom, the European Union, or elsewhere."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

_ALWAYS = (dt.date.min, dt.date.max)


class CountryClass(StrEnum):
    """The three classes that VAT rules are written for."""

    UK = "uk"
    EU = "eu"
    WORLD = "world"


# The Isle of Man is part of the UK's VAT area; Jersey and Guernsey are not (HMRC, VAT Notice 700,
# section 2.6). Northern Ireland is GB to ISO 3166; "XI" is only a prefix of its VAT numbers for
# goods, and for services it is the UK.
_UK = frozenset({"GB", "IM", "XI"})

# Members of the EU's VAT area with the first and last day. Monaco is treated as part of France
# for VAT (Directive 2006/112/EC, article 7). The French overseas departments and Aland have
# country codes of their own and are outside.
_EU = MappingProxyType(
    dict.fromkeys(
        [
            *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HU", "IE"),
            *("IT", "LT", "LU", "LV", "MC", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
        ],
        _ALWAYS,
    )
    | {
        "HR": (dt.date(2013, 7, 1), dt.date.max),
        "GB": (dt.date.min, dt.date(2020, 12, 31)),
    }
)


def country_class(country: str, day: dt.date) -> CountryClass:
    """The class of an ISO 3166 alpha-2 country on a day. The UK is the UK before it is the EU."""
    if country in _UK:
        return CountryClass.UK
    first, last = _EU.get(country, (dt.date.max, dt.date.min))
    return CountryClass.EU if first <= day <= last else CountryClass.WORLD


def kashflow_code(country: str) -> str:
    """The code as KashFlow writes it: ISO 3166, but Greece is EL (KashFlow manual, Customer)."""
    return "EL" if country == "GR" else country


def iso_code(country: str) -> str:
    """The ISO 3166 code of a country as KashFlow writes it.

    >>> iso_code(kashflow_code("GR"))
    'GR'
    """
    return "GR" if country == "EL" else country


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    """English names by code. Source: Unicode CLDR, with which a test compares them."""
    text = Path(__file__).with_name("countries.txt").read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines())


def country_name(country: str) -> str:
    """The English name, or the code itself where Unicode CLDR has none."""
    return _names().get(country, country)


# Codes that Unicode CLDR lists beside countries: unions, pseudo-regions, "unknown".
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


def is_country(code: str) -> bool:
    """Whether `code` names a country at all; an unknown one must not pass as "elsewhere"."""
    return code in _names() and code not in _NO_COUNTRIES


@lru_cache(maxsize=4096)
def is_vat_number(number: str, country: str) -> bool:
    """Whether `number` is a VAT number of `country` in form, check digits included.

    Only the form: whether it is registered today is for VIES to say. A prefix is optional, but
    the prefix of another country is not.
    """
    from stdnum.exceptions import ValidationError
    from stdnum.util import get_cc_module

    module = get_cc_module("fr" if country == "MC" else country.lower(), "vat")
    if module is None or not number.strip():
        return False
    try:
        module.validate(number)
    except ValidationError:
        return False
    return True
