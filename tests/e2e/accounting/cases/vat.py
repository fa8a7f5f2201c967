"""VAT by country, number, exemption, rate and line."""

from typing import Any

from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story, story_alone

IRISH = "IE1000111Q"


def sold_to(stage: Stage, country: str, *lines: Any, taxrate: str | None = None, **of: Any) -> None:
    """One invoice to a client of that country, at that rate or the one WHMCS would take."""
    stage.client(country=country, **of)
    more: dict[str, Any] = {} if taxrate is None else {"taxrate": taxrate}
    stage.sold("A", *lines, **more)


@story
def uk_reduced_rate(stage: Stage) -> None:
    sold_to(stage, "GB", taxrate="5")


@story
def isle_of_man(stage: Stage) -> None:
    sold_to(stage, "IM")


@story
def jersey(stage: Stage) -> None:
    sold_to(stage, "JE")


@story
def guernsey(stage: Stage) -> None:
    sold_to(stage, "GG")


@story
def uk_without_vat(stage: Stage) -> None:
    sold_to(stage, "GB", {"amount": "100.00", "taxed": False})


@story
def uk_exempt(stage: Stage) -> None:
    sold_to(stage, "GB", taxexempt=1)


@story
def uk_exempt_by_own_row(stage: Stage) -> None:
    sold_to(stage, "GB", taxexempt=1)


@story
def uk_partly_taxed(stage: Stage) -> None:
    sold_to(stage, "GB", "100.00", {"amount": "20.00", "taxed": False})


@story
def uk_rate_that_the_account_lacks(stage: Stage) -> None:
    sold_to(stage, "GB", taxrate="17.5")


@story
def eu_business(stage: Stage) -> None:
    sold_to(stage, "IE", tax_id=IRISH)


@story
def eu_business_in_greece(stage: Stage) -> None:
    sold_to(stage, "GR", tax_id="EL090001110")


@story
def eu_business_charged_vat(stage: Stage) -> None:
    sold_to(stage, "IE", taxrate="23", tax_id=IRISH)


@story
def eu_number_of_another_country(stage: Stage) -> None:
    sold_to(stage, "FR", taxrate="0", tax_id=IRISH)


@story
def eu_consumer_charged_vat(stage: Stage) -> None:
    sold_to(stage, "FR")


@story
def eu_consumer_without_vat(stage: Stage) -> None:
    sold_to(stage, "DE")


@story
def world_consumer(stage: Stage) -> None:
    sold_to(stage, "US")


@story
def world_business(stage: Stage) -> None:
    sold_to(stage, "CH", tax_id="CHE-100.000.006 MWST")


@story
def world_charged_vat(stage: Stage) -> None:
    sold_to(stage, "US", taxrate="20")


@story
def two_taxes(stage: Stage) -> None:
    stage.sold("A", taxrate="10", taxrate2="5", compound=False)


@story
def two_taxes_compound(stage: Stage) -> None:
    stage.sold("A", taxrate="10", taxrate2="5", compound=True)


@story
def prices_that_contain_vat(stage: Stage) -> None:
    stage.sold("A", "120.00", prices="inclusive")


@story
def tax_rounded_on_the_sum(stage: Stage) -> None:
    """Three times 0.12 at 20 %: 0.07 on the sum. Line by line it would be 0.06."""
    stage.sold("A", "0.12", "0.12", "0.12")


@story_alone
def tax_rounded_by_line(stage: Stage) -> None:
    stage.rig.whmcs.switch(tax_rounding="line")
    stage.sold("A", "0.12", "0.12", "0.12")


@story
def promotion(stage: Stage) -> None:
    domain = {"amount": "20.00", "type": "Domain", "relid": 7}
    stage.sold("A", {"amount": "100.00", "relid": 5}, domain, promo="50")


@story
def group_discount(stage: Stage) -> None:
    stage.sold(
        "A",
        "100.00",
        {"amount": "20.00", "type": "Domain"},
        {"amount": "-12.00", "type": "GroupDiscount"},
    )


@story
def discount_by_hand(stage: Stage) -> None:
    stage.sold("A", "100.00", {"amount": "-10.00", "type": ""})


@story
def discount_without_nominal(stage: Stage) -> None:
    stage.sold("A", "100.00", {"amount": "-10.00", "type": ""})


@story
def discount_without_tax(stage: Stage) -> None:
    stage.sold("A", "100.00", {"amount": "-10.00", "type": "GroupDiscount", "taxed": False})


@story
def line_of_unknown_type(stage: Stage) -> None:
    stage.sold("A", {"amount": "100.00", "type": "LicenseAddon"})


@story
def nominal_by_type(stage: Stage) -> None:
    stage.sold("A", {"amount": "12.00", "type": "Domain"}, {"amount": "80.00", "type": "Setup"})


@story
def tax_stored_a_cent_off(stage: Stage) -> None:
    stage.bill("A")
    stage.do("edit_invoice", invoice=stage.names["A"], fields={"tax": "20.01", "total": "120.01"})
    stage.pay("A")


@story
def lines_that_miss_the_total(stage: Stage) -> None:
    stage.bill("A")
    fields = {"subtotal": "100.01", "total": "120.01"}
    stage.do("edit_invoice", invoice=stage.names["A"], fields=fields)
    stage.pay("A")


@story
def eu_consumer_vat_apart(stage: Stage) -> None:
    sold_to(stage, "FR", taxrate="20")


@story_alone
def eu_consumer_vat_where_lists_lack_lines(stage: Stage) -> None:
    stage.rig.switch("kashflow", list_lines="off")
    sold_to(stage, "FR", taxrate="20")
    stage.client(country="US")
    stage.sold("B")


@story
def eu_consumer_vat_off_the_return(stage: Stage) -> None:
    sold_to(stage, "FR", taxrate="20")


@story
def eu_consumer_vat_with_discount(stage: Stage) -> None:
    """Two lines and a discount over both: still one line of German VAT."""
    sold_to(
        stage,
        "DE",
        "100.00",
        {"amount": "20.00", "type": "Domain"},
        {"amount": "-12.00", "type": "GroupDiscount"},
        taxrate="19",
    )


@story
def eu_consumer_vat_in_euros(stage: Stage) -> None:
    stage.client(country="FR", currency=2)
    stage.sold("A", "117.00", taxrate="20", rate="1.17000")


@story
def eu_consumer_vat_price_reduction(stage: Stage) -> None:
    stage.client(country="FR")
    paid = stage.sold("A", taxrate="20")
    stage.sync()
    stage.do("refund", transaction=paid, amount="30.00", date="2026-10-20")
    stage.sync(late=True)


@story
def foreign_vat_by_own_row(stage: Stage) -> None:
    """A business of Ireland, charged Irish VAT until its number is confirmed."""
    sold_to(stage, "IE", taxrate="23", tax_id=IRISH)


UNTAXED_DOMAIN = {"amount": "20.00", "type": "Domain", "taxed": False, "relid": 7}


@story
def group_discount_over_different_vat(stage: Stage) -> None:
    off = {"amount": "-12.00", "type": "GroupDiscount"}
    stage.sold("A", "100.00", UNTAXED_DOMAIN, off)


@story
def promotion_over_different_vat(stage: Stage) -> None:
    """It reduces the taxed line alone, and so does its VAT."""
    stage.sold("A", {"amount": "100.00", "relid": 5}, UNTAXED_DOMAIN, promo="50")


@story
def vat_rules_by_date(stage: Stage) -> None:
    stage.client(country="JE")
    stage.sold("A", date="2026-09-28")
    stage.sold("B", date="2026-10-12")


@story
def vat_rules_that_overlap(stage: Stage) -> None:
    sold_to(stage, "GB")


@story
def tax_exempt_business_abroad(stage: Stage) -> None:
    sold_to(stage, "US", taxexempt=1)
