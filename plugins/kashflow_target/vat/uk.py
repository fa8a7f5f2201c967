"""The shipped VAT table: services sold by a UK business, UK VAT.

Each row is one line of the table in docs/vat.md. Rows that hold are part of it: they are the cases
that are usually a mistake, and naming them tells the reader which.
"""

from dataclasses import replace
from decimal import Decimal

from bridge.api import Hold, Reason
from kashflow_target.vat.countries import CountryClass
from kashflow_target.vat.rules import VatNumber, VatRow

_NONE = Decimal(0)
_UK = frozenset({CountryClass.UK})
_EU = frozenset({CountryClass.EU})
_WORLD = frozenset({CountryClass.WORLD})

_FIX = "correct the client or the invoice in the source, or book it by hand"

_EU_CONSUMER = "EU consumer, taxed"

UK_TABLE: tuple[VatRow, ...] = (
    VatRow("UK, UK rate", classes=_UK),
    VatRow(
        "UK, no tax",
        classes=_UK,
        charged=_NONE,
        hold=Hold(
            Reason.VAT_RULE_MISSING,
            "a UK sale without VAT is usually a mistake",
            "check the client's exempt flag and the product's tax setting in the source; if it is"
            " right, write a row for it under target.vat_rules",
        ),
    ),
    VatRow(
        "EU business, valid VAT number, no tax",
        classes=_EU,
        vat_number=VatNumber.VALID,
        charged=_NONE,
        rate=_NONE,
    ),
    VatRow(
        "EU business, valid VAT number, taxed",
        classes=_EU,
        vat_number=VatNumber.VALID,
        hold=Hold(Reason.VAT_RULE_MISSING, "an EU business accounts for the VAT itself", _FIX),
    ),
    VatRow(
        _EU_CONSUMER,
        classes=_EU,
        vat_number=VatNumber.NONE,
        hold=Hold(
            Reason.FOREIGN_VAT,
            "that is VAT of the client's own country, not UK VAT",
            "say where such VAT goes, `eu_consumer_vat: {nominal: ...}` under target; or book it by"
            " hand in your return for that country, then `bridge skip` it with the reason",
        ),
    ),
    VatRow(
        "EU consumer, no tax",
        classes=_EU,
        vat_number=VatNumber.NONE,
        charged=_NONE,
        hold=Hold(
            Reason.VAT_RULE_MISSING,
            "an EU consumer owes the VAT of the own country, and a business needs a valid VAT"
            " number",
            "enter the client's VAT number in the source, or book it by hand",
        ),
    ),
    VatRow("rest of the world, no tax", classes=_WORLD, charged=_NONE, rate=_NONE),
    VatRow(
        "rest of the world, taxed",
        classes=_WORLD,
        hold=Hold(Reason.VAT_RULE_MISSING, "sales outside the UK and the EU bear no UK VAT", _FIX),
    ),
)


def uk_table(eu_consumers: Decimal | None) -> tuple[VatRow, ...]:
    """The table; with a rate for KashFlow, EU consumers are booked and their VAT is kept apart."""
    if eu_consumers is None:
        return UK_TABLE
    return tuple(
        replace(row, hold=None, rate=eu_consumers, foreign=True)
        if row.name == _EU_CONSUMER
        else row
        for row in UK_TABLE
    )
