"""From clients to KashFlow customers."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.client import compose_client, folded

from bridge.api import Hold, Payload, Reason, Reference
from bridge.testing.builders import a_client

MakeBooks = Callable[..., ResolvedAccount]
KEY = Reference("WHMCS-31")


def composed(books: ResolvedAccount, **changes: Any) -> Payload:
    answer = compose_client(a_client(**changes), KEY, books)
    assert isinstance(answer, Payload)
    return answer


def test_a_client_becomes_the_customer_that_kashflow_shows(make_books: MakeBooks) -> None:
    """Every field that is sent; the code is the natural key and not among them."""
    payload = composed(make_books())
    assert payload.body == {
        "Name": "Acme Widgets Ltd",
        "Contact": "Ada Archer",
        "Telephone": "+44 20 7946 0000",
        "Email": "accounts@client31.example",
        "Address1": "1 High Street",
        "Address2": "Floor 2",
        "Address3": "Leeds",
        "Address4": "West Yorkshire",
        "CountryName": "United Kingdom",
        "CountryCode": "GB",
        "Postcode": "LS1 1AA",
        "EC": 0,
        "OutsideEC": 0,
        "CurrencyID": 1,
        "ContactFirstName": "Ada",
        "ContactLastName": "Archer",
        "VATNumber": "",
        "ExtraText20": "WHMCS-31",
    }
    assert (payload.natural_key, payload.reference) == ("WHMCS31", "WHMCS-31")


@pytest.mark.parametrize(
    ("changes", "code", "name", "flags", "where"),
    [
        ({"country": "IM"}, "IM", "Isle of Man", (0, 0), "uk"),
        ({"country": "IE", "tax_number": "IE6388047V"}, "IE", "Ireland", (1, 0), "eu"),
        ({"country": "GR", "tax_number": "EL094259216"}, "EL", "Greece", (1, 0), "eu"),
        ({"country": "FR"}, "FR", "France", (0, 0), "eu"),
        ({"country": "JE"}, "JE", "Jersey", (0, 1), "world"),
        ({"country": "US"}, "US", "United States", (0, 1), "world"),
    ],
)
def test_country_and_ec_flags_follow_the_country_class(
    make_books: MakeBooks,
    changes: dict[str, str],
    code: str,
    name: str,
    flags: tuple[int, int],
    where: str,
) -> None:
    """EC only with a VAT number that is valid in form; Greece is EL."""
    payload = composed(make_books(), **changes)
    assert (payload.body["CountryCode"], payload.body["CountryName"]) == (code, name)
    assert (payload.body["EC"], payload.body["OutsideEC"]) == flags
    assert payload.guarded is not None
    assert payload.guarded["country class"] == where


def test_what_must_not_change_silently_is_guarded(make_books: MakeBooks) -> None:
    """Country class, EC flags, VAT number and currency; a new telephone number is no matter."""
    books = make_books()
    before = composed(books).guarded
    assert composed(books, phone="1", email="new@client31.example").guarded == before
    for changes in ({"country": "US"}, {"tax_number": "GB999999973"}, {"currency": "EUR"}):
        assert composed(books, **changes).guarded != before


def test_a_currency_is_matched_by_code(make_books: MakeBooks) -> None:
    assert composed(make_books(), currency="USD").body["CurrencyID"] == 3
    answer = compose_client(a_client(currency="JPY"), KEY, make_books())
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.CURRENCY_UNKNOWN
    assert "add JPY in KashFlow" in answer.remedy


def test_the_key_stands_in_the_field_that_was_chosen(make_books: MakeBooks) -> None:
    books = make_books(customers={"reference_field": "ExtraText3"})
    payload = composed(books)
    assert payload.body["ExtraText3"] == "WHMCS-31"
    assert "ExtraText20" not in payload.body


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"company": ""}, "Ada Archer"),
        ({"company": "", "first_name": "", "last_name": ""}, "accounts@client31.example"),
        ({"company": "", "first_name": "", "last_name": "", "email": ""}, "WHMCS-31"),
    ],
)
def test_a_customer_always_has_a_name(
    make_books: MakeBooks, changes: dict[str, str], name: str
) -> None:
    assert composed(make_books(), **changes).body["Name"] == name


words = st.text(alphabet="abc ,", max_size=12).map(str.strip)


@given(st.lists(words, max_size=9), words, words)
def test_no_line_of_an_address_is_lost(street: list[str], town: str, county: str) -> None:
    """Four lines hold all of it, in order, town and county on lines of their own."""
    lines = folded(street, town, county)
    assert len(lines) == 4
    said = [line for line in (*street, town, county) if line]
    assert ", ".join(line for line in lines if line) == ", ".join(said)
    if town:
        assert town in lines
    if county:
        assert county in lines
