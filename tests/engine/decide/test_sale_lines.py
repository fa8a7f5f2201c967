"""Discounts go where what they reduce went; the figures stay what they were."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from bridge.api import WHOLE_INVOICE, Hold, LineItem, LineKind, Reason, SaleLine, total
from bridge.engine.decide.sale_lines import sale_lines
from bridge.engine.decide.tax import allocate_tax
from bridge.testing.builders import a_line, an_invoice, gbp

HOSTING = a_line(gbp("90.00"), line=1, related="hosting-7")
DOMAIN = a_line(
    gbp("30.00"), line=2, type="Domain", product="", product_group="", related="domain-3"
)


def _discount(amount: str, *, related: str = WHOLE_INVOICE, taxed: bool = True) -> LineItem:
    return a_line(
        gbp(amount),
        line=9,
        kind=LineKind.DISCOUNT,
        type="PromoHosting",
        description="Spring sale",
        product="",
        product_group="",
        related=related,
        taxed=taxed,
    )


def _lines(*lines: LineItem) -> Sequence[SaleLine]:
    answer = _answer(*lines)
    assert not isinstance(answer, Hold), answer
    return answer


def _answer(*lines: LineItem) -> tuple[SaleLine, ...] | Hold:
    invoice = an_invoice(lines=lines, transactions=[])
    taxed = allocate_tax(invoice)
    assert not isinstance(taxed, Hold), taxed
    return sale_lines(invoice, taxed)


def _shown(lines: Sequence[SaleLine]) -> list[tuple[str, str, str]]:
    return [(line.type, line.reduces, str(line.net.amount)) for line in lines]


def test_a_line_that_is_sold_stays_as_it_is() -> None:
    [line] = _lines(HOSTING)
    assert (line.kind, line.type, line.product) == (LineKind.SALE, "Hosting", "Starter Hosting")
    assert (line.net, line.tax, line.tax_rate, line.taxed) == (
        gbp("90.00"),
        gbp("18.00"),
        Decimal(20),
        True,
    )


def test_an_untaxed_line_has_no_rate_and_no_name_of_a_tax() -> None:
    [line] = _lines(a_line(gbp("10.00"), taxed=False))
    assert (line.tax, line.tax_rate, line.tax_name, line.taxed) == (
        gbp("0.00"),
        Decimal(0),
        "",
        False,
    )


def test_a_promotion_reduces_the_line_that_it_names() -> None:
    lines = _lines(HOSTING, DOMAIN, _discount("-9.00", related="domain-3"))
    assert _shown(lines)[2] == ("Domain", "Domain", "-9.00")
    assert lines[2].description == "Spring sale"


def test_a_discount_on_the_whole_is_spread_by_what_was_sold() -> None:
    lines = _lines(HOSTING, DOMAIN, _discount("-10.01"))
    assert _shown(lines)[2:] == [("Hosting", "Hosting", "-7.51"), ("Domain", "Domain", "-2.50")]
    assert total((line.net for line in lines), "GBP") == gbp("109.99")
    assert total((line.tax for line in lines), "GBP") == gbp("22.00")


def test_a_discount_that_finds_nothing_to_reduce_stands_for_itself() -> None:
    assert _shown(_lines(HOSTING, _discount("-5.00", related="gone-1")))[1] == (
        "PromoHosting",
        "",
        "-5.00",
    )


@pytest.mark.parametrize("related", [WHOLE_INVOICE, "hosting-7"])
def test_a_discount_of_another_tax_class_is_held(related: str) -> None:
    held = _answer(HOSTING, _discount("-9.00", related=related, taxed=False))
    assert isinstance(held, Hold)
    assert held.reason is Reason.DISCOUNT_VAT
    assert "bears no tax, unlike what it reduces" in held.what


def test_the_class_of_the_line_that_a_promotion_names_counts_and_not_that_of_the_others() -> None:
    untaxed = a_line(gbp("10.00"), line=3, taxed=False, related="addon-2")
    lines = _lines(HOSTING, untaxed, _discount("-1.00", related="addon-2", taxed=False))
    assert _shown(lines)[2] == ("Hosting", "Hosting", "-1.00")
    held = _answer(HOSTING, untaxed, _discount("-1.00", related="addon-2"))
    assert isinstance(held, Hold)
