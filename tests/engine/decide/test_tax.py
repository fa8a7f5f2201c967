"""Stored tax is spread over the lines that bear it, and never recomputed."""

from decimal import Decimal

from hypothesis import given, strategies as st

from bridge.api import Hold, Invoice, Money, Prices, Reason, rounded, total
from bridge.engine.decide.tax import TaxedLine, allocate_tax, guard_totals
from bridge.testing.builders import a_line, an_invoice, gbp


def _allocated(invoice: Invoice) -> tuple[TaxedLine, ...]:
    lines = allocate_tax(invoice)
    assert not isinstance(lines, Hold)
    return lines


def test_tax_on_the_sum_gives_its_odd_penny_to_the_first_line() -> None:
    """Three lines of 0.12 at 21 %: 0.09 by line, 0.08 on the sum; the stored one counts."""
    lines = [a_line(gbp("0.12"), line=number) for number in range(3)]
    for stored, expected in (("0.09", ["0.03"] * 3), ("0.08", ["0.03", "0.03", "0.02"])):
        invoice = an_invoice(lines=lines, net=gbp("0.36"), tax=gbp(stored), tax_rate=Decimal(21))
        assert [str(line.tax.amount) for line in _allocated(invoice)] == expected


def test_inclusive_lines_lose_their_tax() -> None:
    invoice = an_invoice(
        lines=[a_line(gbp("121.00")), a_line(gbp("20.00"), line=2, taxed=False)],
        tax_rate=Decimal(21),
        prices=Prices.INCLUSIVE,
    )
    assert [(line.net, line.tax) for line in _allocated(invoice)] == [
        (gbp("100.00"), gbp("21.00")),
        (gbp("20.00"), gbp("0.00")),
    ]


def test_a_promotion_with_inclusive_prices_keeps_the_stored_figures() -> None:
    """4.94 less 2.47 at 19 % is stored as 2.07 and 0.40, not 2.08 and 0.39."""
    invoice = an_invoice(
        lines=[a_line(gbp("4.94")), a_line(gbp("-2.47"), line=2)],
        net=gbp("2.07"),
        tax=gbp("0.40"),
        tax_rate=Decimal(19),
        prices=Prices.INCLUSIVE,
    )
    lines = _allocated(invoice)
    assert guard_totals(invoice, lines) is None


def test_two_taxes_are_held() -> None:
    answer = allocate_tax(an_invoice(tax2=gbp("5.00"), tax_rate2=Decimal(5)))
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.TAX_RATE_UNKNOWN


def test_a_tax_that_its_rate_does_not_explain_is_held() -> None:
    answer = allocate_tax(an_invoice(net=gbp("100.00"), tax=gbp("5.00")))
    assert isinstance(answer, Hold)
    assert "5.00 GBP is not 20 %" in answer.what


def test_tax_without_a_taxed_line_is_held() -> None:
    invoice = an_invoice(lines=[a_line(taxed=False)], net=gbp("100.00"), tax=gbp("20.00"))
    answer = allocate_tax(invoice)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.TOTAL_MISMATCH


def test_lines_that_miss_the_total_by_a_penny_are_held() -> None:
    invoice = an_invoice(lines=[a_line(gbp("99.99"))], net=gbp("100.00"), tax=gbp("20.00"))
    answer = guard_totals(invoice, _allocated(invoice))
    assert isinstance(answer, Hold)
    assert "99.99 GBP net" in answer.what


amounts = st.lists(
    st.tuples(st.integers(min_value=1, max_value=10**6), st.booleans()), min_size=1, max_size=120
)


@given(
    amounts, st.sampled_from(["20", "5", "21", "7.5"]), st.sampled_from(list(Prices)), st.booleans()
)
def test_any_invoice_keeps_net_and_tax_to_the_penny(
    rows: list[tuple[int, bool]], rate: str, prices: Prices, by_line: bool
) -> None:
    """However the source rounded, by line or on the sum, its stored figures come out."""
    lines = [
        a_line(Money.from_minor(units, "GBP"), line=number, taxed=taxed)
        for number, (units, taxed) in enumerate(rows)
    ]
    taxed_amounts = [line.amount for line in lines if line.taxed]
    percent = Decimal(rate)
    share = percent / (100 + percent) if prices is Prices.INCLUSIVE else percent / 100
    if by_line:
        tax = total((rounded(amount.amount * share, "GBP") for amount in taxed_amounts), "GBP")
    else:
        tax = rounded(total(taxed_amounts, "GBP").amount * share, "GBP")
    whole = total((line.amount for line in lines), "GBP")
    net = whole - tax if prices is Prices.INCLUSIVE else whole
    invoice = an_invoice(lines=lines, net=net, tax=tax, tax_rate=percent, prices=prices)
    assert guard_totals(invoice, _allocated(invoice)) is None
