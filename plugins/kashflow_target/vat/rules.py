"""Which KashFlow VAT rate a line bears. Pure: a table of rows, of which exactly one must fit.

Tax is known by country and rate, never by rate alone: 20 % of a French consumer is French VAT, and
sent as UK 20 % it would be paid to the wrong state. 0 % reaches KashFlow's VAT return and N/A (-1)
reaches none of its reports (KashFlow knowledge base, "0% and N/A VAT"), so a wrong choice is
silent; what fits no row is held.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bridge.api import Client, Hold, LineKind, Reason, Rule, SaleLine
from kashflow_target.vat.countries import (
    CountryClass,
    country_class,
    country_name,
    is_country,
    is_vat_number,
)

NOT_APPLICABLE = Decimal(-1)


class VatNumber(StrEnum):
    """What a row asks of the client's VAT number."""

    VALID = "valid"
    NONE = "none"  # absent, or not valid in form for the client's country
    ANY = "any"


@dataclass(frozen=True, slots=True)
class VatRow:
    """One row of a VAT table.

    Attributes:
        name: How `bridge explain` names it.
        classes, countries: Where the client is; both empty is everywhere.
        vat_number: What the client's VAT number must be.
        exempt: What the client's exempt flag must be, or None.
        line_types: The source's line types it is for; empty is all.
        charged: Percent on the line that it is for; None is any rate above zero.
        first, last: Days of the document that it is for, both inside.
        rate: What KashFlow is told: percent, or -1 for N/A; None tells it the charged rate.
        foreign: Whether the tax is another state's, and so none of the UK VAT return.
        hold: Why lines that fit are held, instead of a rate.
    """

    name: str
    classes: frozenset[CountryClass] = frozenset()
    countries: frozenset[str] = frozenset()
    vat_number: VatNumber = VatNumber.ANY
    exempt: bool | None = None
    line_types: frozenset[str] = frozenset()
    charged: Decimal | None = None
    first: dt.date = dt.date.min
    last: dt.date = dt.date.max
    rate: Decimal | None = None
    foreign: bool = False
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class VatTable:
    """A table and what the account itself says about VAT.

    Attributes:
        name: ``uk``, or ``vat_rules`` for rows of the operator's own.
        account_rates: What the account's list of VAT rates holds, percent.
        registered: Whether the account is VAT registered.
    """

    name: str
    rows: tuple[VatRow, ...]
    account_rates: frozenset[Decimal]
    registered: bool = True


@dataclass(frozen=True, slots=True)
class VatDecision:
    """A rate for KashFlow, and the row that decided.

    Attributes:
        foreign: Whether the tax goes on a line of its own, since it is another state's.
    """

    rate: Decimal
    rule: Rule
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class _Case:
    """What rows are compared with."""

    client: Client
    where: CountryClass
    number: VatNumber
    line: SaleLine
    day: dt.date


def _fits(row: VatRow, case: _Case) -> bool:
    charged = case.line.tax_rate
    return (
        (not row.classes or case.where in row.classes)
        and (not row.countries or case.client.country in row.countries)
        and row.vat_number in {VatNumber.ANY, case.number}
        and row.exempt in {None, case.client.tax_exempt}
        and (not row.line_types or case.line.type in row.line_types)
        and (charged > 0 if row.charged is None else charged == row.charged)
        and row.first <= case.day <= row.last
    )


def decide_vat(
    client: Client, line: SaleLine, day: dt.date, table: VatTable, about: str
) -> VatDecision | Hold:
    """The VAT rate that KashFlow is told for `line`, or why nobody can be sure.

    Args:
        client: Who is billed; country, VAT number and exempt flag count.
        line: What is billed; its type, charged rate and tax count.
        day: Of the document.
        table: The rules in force.
        about: How the line is called in the rule: ``line 2``.
    """
    odd = _inconsistent(client, line, about)
    if odd:
        return odd
    if not table.registered and not line.tax_rate:
        rule = Rule(about, "the account is not VAT registered", "N/A")
        return VatDecision(NOT_APPLICABLE, rule)
    number = _number_of(client)
    case = _Case(client, country_class(client.country, day), number, line, day)
    rows = [(place, row) for place, row in enumerate(table.rows, start=1) if _fits(row, case)]
    if len(rows) != 1:
        return _not_one([row for _, row in rows], case, about)
    place, row = rows[0]
    if row.hold:
        return Hold(row.hold.reason, f"{_said(case, about)}: {row.hold.what}", row.hold.remedy)
    rate = line.tax_rate if row.rate is None else row.rate
    if rate > 0 and rate not in table.account_rates:
        return _rate_unknown(rate, table, about)
    shown = "N/A" if rate == NOT_APPLICABLE else f"{percent(rate)} %"
    if row.foreign:
        shown = f"{shown}, its tax on a line of its own"
    rule = Rule(about, f"vat_rules {table.name} row {place} ({row.name})", shown)
    return VatDecision(rate, rule, foreign=row.foreign)


def _number_of(client: Client) -> VatNumber:
    valid = is_vat_number(client.tax_number, client.country)
    return VatNumber.VALID if valid else VatNumber.NONE


def percent(rate: Decimal) -> str:
    """A rate without needless noughts: ``20``, ``17.5``."""
    return f"{rate.normalize():f}"


def _inconsistent(client: Client, line: SaleLine, about: str) -> Hold | None:
    if not is_country(client.country) and client.country != "XI":
        shown = f"the country {client.country!r}, which is none" if client.country else "no country"
        return Hold(
            Reason.VAT_RULE_MISSING,
            f"the client has {shown}, and without one no VAT rule can be chosen",
            "enter the client's country in the source",
        )
    if line.tax and not line.tax_rate:
        return Hold(
            Reason.TAX_RATE_UNKNOWN,
            f"{about} bears tax of {line.tax} but no rate is known for it",
            "correct the invoice in the source, or book it by hand",
        )
    return None


def _said(case: _Case, about: str) -> str:
    country = country_name(case.client.country) if case.client.country else "no country"
    number = "a valid VAT number" if case.number is VatNumber.VALID else "no valid VAT number"
    tax = f"{percent(case.line.tax_rate)} % tax" if case.line.tax_rate else "no tax"
    return f"{about} ({case.line.type or 'no type'}) bears {tax}; client in {country}, {number}"


def _not_one(rows: Sequence[VatRow], case: _Case, about: str) -> Hold:
    if rows:
        names = ", ".join(row.name for row in rows)
        return Hold(
            Reason.VAT_RULE_AMBIGUOUS,
            f"{_said(case, about)}: more than one VAT rule fits: {names}",
            "narrow the rows under target.vat_rules until one fits",
        )
    return Hold(
        Reason.VAT_RULE_MISSING,
        f"{_said(case, about)}: no VAT rule fits",
        "correct the client or the invoice in the source, or write a row for it under"
        " target.vat_rules",
    )


def _rate_unknown(rate: Decimal, table: VatTable, about: str) -> Hold:
    known = ", ".join(f"{percent(each)} %" for each in sorted(table.account_rates, reverse=True))
    return Hold(
        Reason.TAX_RATE_UNKNOWN,
        f"{about} bears {percent(rate)} % tax, which the KashFlow account does not have: {known}",
        "add the VAT rate in KashFlow, or correct the invoice in the source",
    )


def untaxed_discount(lines: Sequence[SaleLine]) -> Hold | None:
    """Hold an untaxed discount on taxed lines: it would misstate the tax of what it reduces."""
    sold = [line for line in lines if line.kind is not LineKind.DISCOUNT]
    for line in lines:
        if line.kind is not LineKind.DISCOUNT or line.tax_rate or not line.net:
            continue
        reduced = [each for each in sold if each.type == line.reduces] if line.reduces else sold
        taxed = [each for each in reduced if each.tax_rate]
        if taxed and (not line.reduces or len(taxed) == len(reduced)):
            return Hold(
                Reason.DISCOUNT_VAT,
                f"a discount of {line.net} bears no tax, but what it reduces is taxed",
                "correct the discount's tax in the source, or book the invoice by hand",
            )
    return None
