"""Which lines a credit note takes back: exact to the penny, or for a person to say."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from bridge.api import Hold, Money, Reason, Sale, SaleLine, total
from bridge.engine.decide.credit_note_lines import note_lines
from bridge.testing.builders import a_sale, a_sale_line, gbp

NOTHING = gbp("0.00")
MIXED = [
    a_sale_line(gbp("100.00"), description="Hosting"),
    a_sale_line(gbp("12.00"), tax_rate=Decimal(0), type="Domain", description="Domain"),
]


def _note(sale: Sale, amount: str, before: Money = NOTHING) -> Sequence[SaleLine]:
    lines = note_lines(sale, gbp(amount), before, "Refund")
    assert not isinstance(lines, Hold), lines
    return lines


def _sums(lines: Sequence[SaleLine]) -> tuple[Money, Money]:
    return (
        total((line.net for line in lines), "GBP"),
        total((line.tax for line in lines), "GBP"),
    )


def test_a_full_refund_takes_back_every_line_as_it_was() -> None:
    sale = a_sale(lines=MIXED)
    lines = _note(sale, "132.00")
    assert [(line.description, line.net, line.tax) for line in lines] == [
        ("Hosting", gbp("-100.00"), gbp("-20.00")),
        ("Domain", gbp("-12.00"), gbp("0.00")),
    ]


def test_of_one_tax_class_the_share_is_taken_from_each_nominal() -> None:
    sale = a_sale(
        lines=[a_sale_line(gbp("75.00")), a_sale_line(gbp("25.00"), type="Domain", product="")]
    )
    lines = _note(sale, "12.00")
    assert [(line.type, line.net, line.tax) for line in lines] == [
        ("Hosting", gbp("-7.50"), gbp("-1.50")),
        ("Domain", gbp("-2.50"), gbp("-0.50")),
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 50_000), min_size=1, max_size=4),
    st.lists(st.integers(1, 1_000_000), min_size=1, max_size=5),
)
def test_several_refunds_of_all_take_back_all_to_the_penny(
    nets: list[int], cuts: list[int]
) -> None:
    sale = a_sale(
        lines=[
            a_sale_line(Money.from_minor(net, "GBP"), type=f"Type{number}")
            for number, net in enumerate(nets)
        ]
    )
    gross = sale.gross.minor_units()
    ends = sorted({cut % gross for cut in cuts} - {0} | {gross})
    credited: list[SaleLine] = []
    before = 0
    for end in ends:
        lines = note_lines(
            sale, Money.from_minor(end - before, "GBP"), Money.from_minor(before, "GBP"), "Refund"
        )
        assert not isinstance(lines, Hold)
        net, tax = _sums(lines)
        assert (net + tax).minor_units() == before - end
        credited.extend(lines)
        before = end
    assert _sums(credited) == (-sale.net, -sale.tax)


def test_an_amount_that_fits_one_set_of_lines_takes_back_those() -> None:
    [line] = _note(a_sale(lines=MIXED), "12.00")
    assert (line.description, line.net, line.tax) == ("Domain", gbp("-12.00"), NOTHING)


@pytest.mark.parametrize(
    ("lines", "amount", "before"),
    [
        (MIXED, "11.00", NOTHING),
        (MIXED, "12.00", gbp("1.00")),
        ([*MIXED, a_sale_line(gbp("10.00"))], "12.00", NOTHING),
        ([*MIXED, *[a_sale_line(gbp("1.00"))] * 13], "12.00", NOTHING),
    ],
    ids=["no set fits", "refunded before", "two sets fit", "too many lines to try"],
)
def test_lines_of_different_taxes_are_not_guessed(
    lines: Sequence[SaleLine], amount: str, before: Money
) -> None:
    held = note_lines(a_sale(lines=lines), gbp(amount), before, "Refund")
    assert isinstance(held, Hold)
    assert held.reason is Reason.REFUND_ALLOCATION


def test_more_than_was_billed_is_held() -> None:
    held = note_lines(a_sale(), gbp("20.01"), gbp("100.00"), "Refund")
    assert isinstance(held, Hold)
    assert held.reason is Reason.REFUND_EXCEEDS_INVOICE
    assert held.what == "120.01 GBP was refunded on an invoice of 120.00 GBP"
