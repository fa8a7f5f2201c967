"""Which net and tax each line of an invoice bears, exact to the minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bridge.model.money import Money, spread, total
from bridge.model.reasons import Hold, Reason
from bridge.model.source_records import Invoice, LineItem, Prices


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """A line with its share of the invoice's stored tax."""

    item: LineItem
    net: Money
    tax: Money


def allocate_tax(invoice: Invoice) -> tuple[TaxedLine, ...] | Hold:
    """Spread the stored tax over the taxed lines by largest remainder; never recompute it.

    A source may round tax by line or on the sum, so its stored figure is the only right one. With
    inclusive prices a line's net is its amount less its share.
    """
    taxed = [line for line in invoice.lines if line.taxed and line.amount]
    if invoice.tax2:
        return Hold(
            Reason.TAX_RATE_UNKNOWN,
            f"it bears two taxes: {invoice.tax} at {invoice.tax_rate} % and {invoice.tax2}"
            f" at {invoice.tax_rate2} %",
            "book it by hand, then `bridge skip` it with the reason",
        )
    base = total((line.amount for line in taxed), invoice.currency)
    if invoice.tax and not base:
        return Hold(
            Reason.TOTAL_MISMATCH,
            f"it bears tax of {invoice.tax} but its taxed lines sum to zero",
            "look at the invoice's lines in the source; correct it there or book it by hand",
        )
    odd = _implausible(invoice, base, len(taxed))
    if odd:
        return odd
    shares = iter(_shares(invoice, taxed))
    zero = Money.zero(invoice.currency)
    lines = []
    for line in invoice.lines:
        tax = next(shares) if line.taxed and line.amount else zero
        net = line.amount - tax if invoice.prices is Prices.INCLUSIVE else line.amount
        lines.append(TaxedLine(line, net, tax))
    return tuple(lines)


def _shares(invoice: Invoice, taxed: Sequence[LineItem]) -> Sequence[Money]:
    if not invoice.tax:
        return [Money.zero(invoice.currency)] * len(taxed)
    return spread(invoice.tax, [line.amount.amount for line in taxed])


def _implausible(invoice: Invoice, base: Money, lines: int) -> Hold | None:
    """A stored tax that its own rate does not explain, rounding by line allowed for."""
    rate = invoice.tax_rate / 100
    if invoice.prices is Prices.INCLUSIVE:
        expected = base.amount * rate / (1 + rate)
    else:
        expected = base.amount * rate
    smallest = Money.from_minor(1, invoice.currency).amount
    allowed = smallest * (Decimal(lines) / 2 + 1)
    if abs(invoice.tax.amount - expected) <= allowed:
        return None
    return Hold(
        Reason.TAX_RATE_UNKNOWN,
        f"its stored tax of {invoice.tax} is not {invoice.tax_rate.normalize():f} % of its taxed"
        f" lines, which come to {base}",
        "correct the invoice in the source, or book it by hand",
    )


def guard_totals(invoice: Invoice, lines: Sequence[TaxedLine]) -> Hold | None:
    """The cent guard: lines must give the invoice's own net and tax to the minor unit."""
    net = total((line.net for line in lines), invoice.currency)
    tax = total((line.tax for line in lines), invoice.currency)
    if net == invoice.net and tax == invoice.tax:
        return None
    return Hold(
        Reason.TOTAL_MISMATCH,
        f"its lines come to {net} net and {tax} tax, its totals say {invoice.net} and"
        f" {invoice.tax}",
        "correct the invoice in the source; it is looked at again when it changes",
    )
