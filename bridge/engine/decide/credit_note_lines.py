"""Refunds as credit notes: which lines, to the penny, or not at all. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bridge.model.money import Money, rounded, spread
from bridge.model.reasons import Hold, Reason
from bridge.model.source_records import Transaction
from bridge.model.target_records import Sale, SaleLine

_MOST_SUBSETS = 1 << 14


@dataclass(frozen=True, slots=True)
class Reduction:
    """A refund, or what of one lowers the price.

    Attributes:
        before: What earlier refunds took off already.
        to_balance: It was put on the client's balance instead of being paid out.
    """

    row: Transaction
    amount: Money
    before: Money
    to_balance: bool


def note_lines(sale: Sale, amount: Money, before: Money, words: str) -> tuple[SaleLine, ...] | Hold:
    """The negative lines of the credit note of `amount`, after notes of `before`.

    Certain are only a full refund, an invoice of one tax class, and an amount that fits exactly
    one set of lines. For one class the share is cumulative, so that the last of several refunds
    closes net and tax exactly.
    """
    after = before + amount
    if after > sale.gross:
        return Hold(
            Reason.REFUND_EXCEEDS_INVOICE,
            f"{after} was refunded on an invoice of {sale.gross}",
            "look at its refunds in the source; book the rest by hand",
        )
    if not before and after == sale.gross:
        return tuple(_negated(line) for line in sale.lines)
    if len({_tax_class(line) for line in sale.lines}) == 1:
        return tuple(_shares(sale, amount, before, words))
    chosen = _fitting(sale.lines, amount) if not before else None
    if chosen is not None:
        return tuple(_negated(line) for line in chosen)
    return Hold(
        Reason.REFUND_ALLOCATION,
        f"{amount} is to be credited on an invoice whose lines bear different taxes, and it"
        " does not say on which",
        "ask which lines it was for and book the credit note by hand, then `bridge skip` it with"
        " the reason",
    )


def _tax_class(line: SaleLine) -> tuple[bool, Decimal, str]:
    return line.taxed, line.tax_rate, line.tax_name


def _negated(line: SaleLine) -> SaleLine:
    return _line(line, line.description, -line.net, -line.tax)


def _line(like: SaleLine, description: str, net: Money, tax: Money) -> SaleLine:
    return SaleLine(
        kind=like.kind,
        type=like.type,
        description=description,
        net=net,
        tax=tax,
        tax_rate=like.tax_rate,
        tax_name=like.tax_name,
        product=like.product,
        product_group=like.product_group,
        reduces=like.reduces,
        taxed=like.taxed,
    )


def _shares(sale: Sale, amount: Money, before: Money, words: str) -> list[SaleLine]:
    """A line for each nominal: the cumulative share so far, less what was credited before."""
    groups: dict[tuple[str, str, str], SaleLine] = {}
    weights: dict[tuple[str, str, str], Decimal] = {}
    for line in sale.lines:
        key = (line.type, line.product, line.product_group)
        groups.setdefault(key, line)
        weights[key] = weights.get(key, Decimal(0)) + line.net.amount
    after = before + amount
    net_before, net_after = _net_of(sale, before), _net_of(sale, after)
    shares = list(weights.values())
    nets = _growth(net_before, net_after, shares)
    taxes = _growth(before - net_before, after - net_after, shares)
    return [
        _line(like, words, -net, -tax)
        for like, net, tax in zip(groups.values(), nets, taxes, strict=True)
        if net or tax
    ]


def _growth(before: Money, after: Money, weights: Sequence[Decimal]) -> list[Money]:
    """How each group's share of an amount grows when the amount does."""
    shares = zip(spread(after, weights), spread(before, weights), strict=True)
    return [new - old for new, old in shares]


def _net_of(sale: Sale, part: Money) -> Money:
    if part == sale.gross:
        return sale.net
    return rounded(part.amount * sale.net.amount / sale.gross.amount, sale.currency)


def _fitting(lines: Sequence[SaleLine], amount: Money) -> list[SaleLine] | None:
    """The one set of lines whose gross is this amount, or None where there are none or several."""
    if 1 << len(lines) > _MOST_SUBSETS:
        return None
    units = [(line.net + line.tax).minor_units() for line in lines]
    wanted = amount.minor_units()
    found: list[int] = []
    for chosen in range(1, 1 << len(lines)):
        if sum(unit for index, unit in enumerate(units) if chosen >> index & 1) == wanted:
            found.append(chosen)
            if len(found) > 1:
                return None
    if not found:
        return None
    return [line for index, line in enumerate(lines) if found[0] >> index & 1]
