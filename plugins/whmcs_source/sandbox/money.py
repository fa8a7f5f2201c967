"""Arithmetic of an invoice as WHMCS does it: decimal text in, decimal text out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_CENT = Decimal("0.01")

Amount = Decimal | str | int


class AmountError(ValueError):
    """A text that is no amount."""


def exact(amount: Amount) -> Decimal:
    """`amount` as a number; never from a float. Raises AmountError."""
    try:
        number = Decimal(amount)
    except InvalidOperation:
        raise AmountError(f"{amount!r} is no amount") from None
    if not number.is_finite():
        raise AmountError(f"{amount!r} is no amount")
    return number


def cents(amount: Amount) -> Decimal:
    """`amount` rounded half up to two places."""
    return exact(amount).quantize(_CENT, rounding=ROUND_HALF_UP)


def money(amount: Amount) -> str:
    """`amount` as the tables hold it: two places."""
    return str(cents(amount))


@dataclass(frozen=True, slots=True)
class Taxes:
    """The tax rule of one invoice.

    Attributes:
        rate, rate2: Percent; level 2 is charged on level 1 too when `compound`.
        inclusive: Line amounts contain the tax.
        each_line: Tax is rounded line by line, not on the sum.
    """

    rate: Decimal = Decimal(0)
    rate2: Decimal = Decimal(0)
    inclusive: bool = False
    compound: bool = False
    each_line: bool = False


@dataclass(frozen=True, slots=True)
class Sums:
    """What an invoice comes to. `gross` is net and taxes, before any credit."""

    subtotal: Decimal
    tax: Decimal
    tax2: Decimal

    @property
    def gross(self) -> Decimal:
        """Subtotal and both taxes."""
        return self.subtotal + self.tax + self.tax2


def sums(lines: Sequence[tuple[Decimal, bool]], taxes: Taxes) -> Sums:
    """Add up (amount, taxed) lines.

    Exclusive: tax = base x rate / 100. Inclusive: tax = gross x rate / (100 + rate), and
    `subtotal` is net (WHMCS documentation, Tax Configuration).
    """
    taxed = [amount for amount, is_taxed in lines if is_taxed]
    untaxed = sum((amount for amount, is_taxed in lines if not is_taxed), Decimal(0))
    parts = taxed if taxes.each_line else [sum(taxed, Decimal(0))]
    total = Sums(untaxed, Decimal(0), Decimal(0))
    for part in parts:
        one = _taxed(part, taxes)
        total = Sums(total.subtotal + one.subtotal, total.tax + one.tax, total.tax2 + one.tax2)
    return Sums(cents(total.subtotal), total.tax, total.tax2)


def _taxed(amount: Decimal, taxes: Taxes) -> Sums:
    share = taxes.rate / 100
    share2 = taxes.rate2 / 100 * (1 + share if taxes.compound else 1)
    if not taxes.inclusive:
        return Sums(amount, cents(amount * share), cents(amount * share2))
    net = amount / (1 + share + share2)
    tax, tax2 = cents(net * share), cents(net * share2)
    return Sums(amount - tax - tax2, tax, tax2)
