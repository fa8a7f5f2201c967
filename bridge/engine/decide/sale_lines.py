"""From the source's lines to the lines of a document, discounts included. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from bridge.engine.decide.tax import TaxedLine
from bridge.model.money import Money, spread
from bridge.model.reasons import Hold, Reason
from bridge.model.source_records import WHOLE_INVOICE, Invoice, LineKind
from bridge.model.target_records import SaleLine


def sale_lines(invoice: Invoice, lines: Sequence[TaxedLine]) -> tuple[SaleLine, ...] | Hold:
    """The document's lines.

    A promotion takes the nominal and the tax class of the line it reduces; a discount on the whole
    invoice is spread over what it reduces, by net; any other negative line stands for itself.
    """
    wrong = _discount_of_other_class(invoice, lines)
    if wrong:
        return wrong
    result: list[SaleLine] = []
    for line in lines:
        if line.item.kind is LineKind.DISCOUNT:
            result.extend(_discount(invoice, line, lines))
        else:
            result.append(_plain(invoice, line))
    return tuple(result)


def _discount_of_other_class(invoice: Invoice, lines: Sequence[TaxedLine]) -> Hold | None:
    """A discount whose tax class differs from what it reduces would misstate the tax."""
    sold = [line.item.taxed for line in lines if line.item.kind is not LineKind.DISCOUNT]
    for line in lines:
        if line.item.kind is not LineKind.DISCOUNT or not line.item.amount:
            continue
        own = _reduced_by(line, lines)
        classes = {own.item.taxed} if own else set(sold)
        if invoice.tax and classes and classes != {line.item.taxed}:
            word = "bears no tax" if not line.item.taxed else "bears tax"
            return Hold(
                Reason.DISCOUNT_VAT,
                f"the discount '{_first_line(line.item.description)}' of {line.item.amount} {word},"
                " unlike what it reduces",
                "correct the discount's tax in the source, or book the invoice by hand",
            )
    return None


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:60]


def _reduced_by(discount: TaxedLine, lines: Sequence[TaxedLine]) -> TaxedLine | None:
    if not discount.item.related:
        return None
    for line in lines:
        if line.item.kind is not LineKind.DISCOUNT and line.item.related == discount.item.related:
            return line
    return None


def _plain(invoice: Invoice, line: TaxedLine) -> SaleLine:
    return SaleLine(
        kind=line.item.kind,
        type=line.item.type,
        description=line.item.description,
        net=line.net,
        tax=line.tax,
        tax_rate=_rate(invoice, taxed=line.item.taxed),
        tax_name=invoice.tax_name if line.item.taxed else "",
        product=line.item.product,
        product_group=line.item.product_group,
        taxed=line.item.taxed and bool(invoice.tax_rate),
    )


def _rate(invoice: Invoice, *, taxed: bool) -> Decimal:
    return invoice.tax_rate if taxed else Decimal(0)


def _part(invoice: Invoice, discount: TaxedLine, of: TaxedLine, net: Money, tax: Money) -> SaleLine:
    return SaleLine(
        kind=LineKind.DISCOUNT,
        type=of.item.type,
        description=discount.item.description,
        net=net,
        tax=tax,
        tax_rate=_rate(invoice, taxed=discount.item.taxed),
        tax_name=invoice.tax_name if discount.item.taxed else "",
        product=of.item.product,
        product_group=of.item.product_group,
        reduces=of.item.type,
        taxed=discount.item.taxed and bool(invoice.tax_rate),
    )


def _discount(invoice: Invoice, discount: TaxedLine, lines: Sequence[TaxedLine]) -> list[SaleLine]:
    own = _reduced_by(discount, lines)
    if own:
        return [_part(invoice, discount, own, discount.net, discount.tax)]
    if discount.item.related != WHOLE_INVOICE:
        return [_plain(invoice, discount)]
    groups: dict[tuple[str, str, str], TaxedLine] = {}
    weights: dict[tuple[str, str, str], Decimal] = {}
    for line in lines:
        if line.item.kind is LineKind.DISCOUNT or line.net.amount <= 0:
            continue
        key = (line.item.type, line.item.product, line.item.product_group)
        groups.setdefault(key, line)
        weights[key] = weights.get(key, Decimal(0)) + line.net.amount
    if not groups:
        return [_plain(invoice, discount)]
    nets = spread(discount.net, list(weights.values()))
    taxes = spread(discount.tax, list(weights.values()))
    return [
        _part(invoice, discount, of, net, tax)
        for of, net, tax in zip(groups.values(), nets, taxes, strict=True)
        if net or tax
    ]
