"""The shipped VAT table, row by row, and tables of the operator's own."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.vat.countries import CountryClass, country_class, is_vat_number
from kashflow_target.vat.rules import VatDecision, VatTable, decide_vat, untaxed_discount
from kashflow_target.vat.uk import UK_TABLE, uk_table

from bridge.api import Client, Hold, LineKind, Reason, SaleLine
from bridge.testing.builders import DAY, a_client, a_sale_line, gbp

UK = VatTable("uk", UK_TABLE, frozenset({Decimal(20), Decimal(5), Decimal(0)}))

GB = a_client(country="GB")
GB_EXEMPT = a_client(country="GB", tax_exempt=True)
MAN = a_client(country="IM")
JERSEY = a_client(country="JE")
IRISH_BUSINESS = a_client(country="IE", tax_number="IE6388047V")
GREEK_BUSINESS = a_client(country="GR", tax_number="EL094259216")
WRONG_CHECK_DIGIT = a_client(country="IE", tax_number="IE6388047W")
OTHERS_NUMBER = a_client(country="DE", tax_number="IE6388047V")
FRENCH_CONSUMER = a_client(country="FR")
AMERICAN = a_client(country="US", tax_number="12-3456789")
NOWHERE = a_client(country="")
NO_COUNTRY = a_client(country="ZZ")


def line(rate: str, **changes: Any) -> SaleLine:
    return a_sale_line(gbp("100.00"), tax_rate=Decimal(rate), **changes)


def decide(client: Client, sold: SaleLine, table: VatTable = UK) -> VatDecision | Hold:
    return decide_vat(client, sold, DAY, table, "line 1")


@pytest.mark.parametrize(
    ("client", "charged", "rate", "row"),
    [
        (GB, "20", "20", "uk row 1 "),
        (GB, "5", "5", "uk row 1 "),
        (MAN, "20", "20", "uk row 1 "),
        (IRISH_BUSINESS, "0", "0", "uk row 3 "),
        (GREEK_BUSINESS, "0", "0", "uk row 3 "),
        (AMERICAN, "0", "0", "uk row 7 "),
        (JERSEY, "0", "0", "uk row 7 "),
    ],
)
def test_a_line_that_one_row_fits_bears_its_rate(
    client: Client, charged: str, rate: str, row: str
) -> None:
    """What the row says reaches KashFlow, and `bridge explain` names the row."""
    decision = decide(client, line(charged))
    assert isinstance(decision, VatDecision)
    assert decision.rate == Decimal(rate)
    assert row in decision.rule.rule


@pytest.mark.parametrize(
    ("client", "charged", "reason"),
    [
        (GB, "0", Reason.VAT_RULE_MISSING),
        (GB_EXEMPT, "0", Reason.VAT_RULE_MISSING),
        (GB, "17.5", Reason.TAX_RATE_UNKNOWN),
        (IRISH_BUSINESS, "23", Reason.VAT_RULE_MISSING),
        (FRENCH_CONSUMER, "20", Reason.FOREIGN_VAT),
        (FRENCH_CONSUMER, "0", Reason.VAT_RULE_MISSING),
        (WRONG_CHECK_DIGIT, "0", Reason.VAT_RULE_MISSING),
        (OTHERS_NUMBER, "0", Reason.VAT_RULE_MISSING),
        (AMERICAN, "20", Reason.VAT_RULE_MISSING),
        (NOWHERE, "0", Reason.VAT_RULE_MISSING),
        (NO_COUNTRY, "0", Reason.VAT_RULE_MISSING),
    ],
)
def test_what_is_not_certain_is_held(client: Client, charged: str, reason: Reason) -> None:
    """A wrong class would be silent, so none is guessed."""
    answer = decide(client, line(charged))
    assert isinstance(answer, Hold)
    assert answer.reason is reason
    assert "line 1" in answer.what or "country" in answer.what
    assert answer.remedy


def test_twenty_percent_of_a_french_consumer_is_not_uk_vat() -> None:
    """The same rate on the same line means another state's tax."""
    assert isinstance(decide(GB, line("20")), VatDecision)
    french = decide(FRENCH_CONSUMER, line("20"))
    assert isinstance(french, Hold)
    assert "not UK VAT" in french.what


def test_every_case_of_the_shipped_table_fits_exactly_one_row() -> None:
    """No gap that books, no overlap: each class, number and tax meets one row."""
    for client in (GB, GB_EXEMPT, MAN, JERSEY, IRISH_BUSINESS, FRENCH_CONSUMER, AMERICAN):
        for charged in ("0", "5", "20"):
            answer = decide(client, line(charged))
            assert not isinstance(answer, Hold) or answer.reason is not Reason.VAT_RULE_AMBIGUOUS
            assert not isinstance(answer, Hold) or "no VAT rule fits" not in answer.what


def test_tax_without_a_rate_is_held() -> None:
    """An amount of tax that no rate explains is no tax class."""
    answer = decide(GB, line("0", tax=gbp("20.00")))
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.TAX_RATE_UNKNOWN


def test_an_account_that_is_not_registered_is_told_not_applicable() -> None:
    """It makes no VAT return, so there is nothing that -1 could hide."""
    table = VatTable("uk", UK_TABLE, frozenset(), registered=False)
    decision = decide(GB, line("0"), table)
    assert isinstance(decision, VatDecision)
    assert decision.rate == -1


def own(make_books: Callable[..., ResolvedAccount], *rows: dict[str, Any]) -> VatTable:
    table: VatTable = make_books(vat_rules=list(rows), eu_consumer_vat={"nominal": "OSS VAT"}).vat
    return table


def test_a_table_of_ones_own_decides(make_books: Callable[..., ResolvedAccount]) -> None:
    """Class, exempt flag, line type, days and rate are all looked at."""
    table = own(
        make_books,
        {"name": "exempt", "class": "uk", "exempt": True, "rate": 0, "kashflow": 0},
        {"name": "French", "country": ["fr"], "rate": 20, "kashflow": -1, "foreign_vat": True},
        {
            "name": "late fees",
            "class": "uk",
            "exempt": False,
            "line_types": ["LateFee"],
            "rate": 0,
            "kashflow": -1,
            "from": "2026-01-01",
            "to": "2026-12-31",
        },
    )
    assert isinstance(decide(GB_EXEMPT, line("0"), table), VatDecision)
    french = decide(FRENCH_CONSUMER, line("20"), table)
    assert isinstance(french, VatDecision)
    assert french.rate == -1
    assert french.rule.rule == "vat_rules of your own row 2 (French)"
    assert isinstance(decide(GB, line("0", type="LateFee"), table), VatDecision)
    assert isinstance(decide(GB, line("0", type="Hosting"), table), Hold)
    before = decide_vat(GB, line("0", type="LateFee"), dt.date(2025, 12, 31), table, "line 1")
    assert isinstance(before, Hold)
    assert isinstance(decide(GB, line("20"), table), Hold)


def test_two_rows_that_fit_are_ambiguous(make_books: Callable[..., ResolvedAccount]) -> None:
    """Neither is picked, and both are named."""
    table = own(
        make_books,
        {"name": "one", "class": "uk", "rate": 20, "kashflow": 20},
        {"name": "two", "country": ["GB"], "rate": 20, "kashflow": 5},
    )
    answer = decide(GB, line("20"), table)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.VAT_RULE_AMBIGUOUS
    assert "one, two" in answer.what


def test_the_uk_is_no_member_and_monaco_is_france() -> None:
    """The day counts: Croatia joined, the UK left."""
    assert country_class("GB", dt.date(2019, 1, 1)) is CountryClass.UK
    assert country_class("HR", dt.date(2013, 6, 30)) is CountryClass.WORLD
    assert country_class("HR", dt.date(2013, 7, 1)) is CountryClass.EU
    assert country_class("MC", DAY) is CountryClass.EU
    assert country_class("GG", DAY) is CountryClass.WORLD
    assert country_class("XI", DAY) is CountryClass.UK


@pytest.mark.parametrize(
    ("number", "country", "valid"),
    [
        ("IE6388047V", "IE", True),
        ("6388047V", "IE", True),
        ("EL094259216", "GR", True),
        ("GR094259216", "GR", True),
        ("DE136695976", "DE", True),
        ("DE136695977", "DE", False),
        ("FR40303265045", "MC", True),
        ("", "DE", False),
        ("not a number", "DE", False),
        ("12-3456789", "US", False),
    ],
)
def test_a_vat_number_is_checked_in_form_for_its_country(
    number: str, country: str, valid: bool
) -> None:
    assert is_vat_number(number, country) is valid


def test_only_eu_consumers_are_booked_where_their_vat_has_a_place() -> None:
    """The rest of the table stays as it is."""
    apart = VatTable("uk", uk_table(Decimal(0)), UK.account_rates)
    french = decide(FRENCH_CONSUMER, line("20"), apart)
    assert isinstance(french, VatDecision)
    assert (french.rate, french.foreign) == (Decimal(0), True)
    for client in (GB, GB_EXEMPT, MAN, JERSEY, IRISH_BUSINESS, AMERICAN):
        for charged in ("0", "5", "20"):
            assert decide(client, line(charged), apart) == decide(client, line(charged))
    assert isinstance(decide(FRENCH_CONSUMER, line("0"), apart), Hold)


def discount(rate: str, reduces: str = "") -> SaleLine:
    return line(rate, kind=LineKind.DISCOUNT, reduces=reduces)


def test_an_untaxed_discount_on_taxed_lines_is_held() -> None:
    """It would take net off without the tax that belongs to it."""
    held = untaxed_discount([line("20"), discount("0")])
    assert held is not None
    assert held.reason is Reason.DISCOUNT_VAT
    assert untaxed_discount([line("20", type="Hosting"), discount("0", "Hosting")])


def test_a_discount_of_the_class_of_what_it_reduces_passes() -> None:
    assert untaxed_discount([line("20"), discount("20")]) is None
    assert untaxed_discount([line("0"), discount("0")]) is None
    mixed = [line("20", type="Hosting"), line("0", type="Domain"), discount("0", "Domain")]
    assert untaxed_discount(mixed) is None
