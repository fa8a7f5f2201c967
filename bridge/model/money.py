"""Exact amounts of one currency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from bridge.model.currencies import CODES, PLACES


@lru_cache(maxsize=256)
def minor_digits(currency: str) -> int:
    """How many decimal places a currency has: 2 for GBP, 0 for JPY, 3 for KWD.

    Raises:
        ValueError: `currency` is not an ISO 4217 code.

    Source: Unicode CLDR.
    """
    if currency not in CODES:
        msg = f"{currency!r} is not an ISO 4217 currency code"
        raise ValueError(msg)
    return PLACES.get(currency, 2)


@lru_cache(maxsize=256)
def _minor_unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-minor_digits(currency))


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency.

    Attributes:
        amount: Major units (pounds, not pence) at the currency's own precision. Negative is owed
            the other way.
        currency: ISO 4217, upper case.

    Raises:
        TypeError: `amount` is not a Decimal. A float anywhere is a bug.
        ValueError: `amount` has more places than the currency, or the currency is not one.

    >>> Money(Decimal("12.5"), "GBP") + Money(Decimal("0.05"), "GBP")
    Money(amount=Decimal('12.55'), currency='GBP')
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not Decimal:
            msg = f"an amount must be a Decimal, not {type(self.amount).__name__}"
            raise TypeError(msg)
        unit = _minor_unit(self.currency)
        if not self.amount.is_finite():
            msg = f"{self.amount} is not an amount"
            raise ValueError(msg)
        exact = self.amount.quantize(unit, rounding=ROUND_HALF_UP)
        if exact != self.amount:
            digits = minor_digits(self.currency)
            msg = f"{self.amount} {self.currency} has more than {digits} decimal places"
            raise ValueError(msg)
        object.__setattr__(self, "amount", exact + 0)  # + 0 turns -0.00 into 0.00

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in `currency`."""
        return cls(Decimal(0), currency)

    @classmethod
    def from_minor(cls, units: int, currency: str) -> "Money":
        """The amount of `units` pence, cents or yen.

        >>> Money.from_minor(1999, "GBP")
        Money(amount=Decimal('19.99'), currency='GBP')
        """
        return _exact(Decimal(units).scaleb(-minor_digits(currency)), currency)

    def minor_units(self) -> int:
        """Whole pence, cents or yen: how the sync log keeps money."""
        return int(self.amount.scaleb(minor_digits(self.currency)))

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            msg = f"{self} and {other} are in different currencies"
            raise ValueError(msg)

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return _exact(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return _exact(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.amount), self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __gt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount > other.amount

    def __ge__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount >= other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount:.{minor_digits(self.currency)}f} {self.currency}"


def _exact(amount: Decimal, currency: str) -> Money:
    """An amount at the currency's own precision already: what is checked of others is true of it.

    Most amounts come from the log or are sums, and the checks take most of the time of making one.
    """
    made = object.__new__(Money)
    object.__setattr__(made, "amount", amount)
    object.__setattr__(made, "currency", currency)
    return made


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of `amounts`, zero in `currency` when there are none."""
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result


def rounded(amount: Decimal, currency: str) -> Money:
    """`amount` rounded half away from zero to the currency's precision.

    Only for figures that no system states exactly, such as a sterling value at a rate.
    """
    exact = amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)
    return Money(exact, currency)


def spread(amount: Money, weights: Sequence[Decimal]) -> tuple[Money, ...]:
    """Split `amount` over `weights` by largest remainder: parts sum to it exactly.

    Each part differs from its exact share by less than one minor unit. Equal remainders go to
    the earlier part, so the split is the same every time.

    Raises:
        ValueError: the weights sum to zero while there is something to split.

    >>> [str(part) for part in spread(Money(Decimal("0.08"), "GBP"), [Decimal("0.12")] * 3)]
    ['0.03 GBP', '0.03 GBP', '0.02 GBP']
    """
    units = amount.minor_units()
    if not units:
        return tuple(Money.zero(amount.currency) for _ in weights)
    whole = sum(weights, Decimal(0))
    if not whole:
        msg = f"{amount} cannot be split over weights that sum to zero"
        raise ValueError(msg)
    shares = [Decimal(units) * weight / whole for weight in weights]
    floors = [
        int(share // 1) if share >= 0 else -int(-share // 1) - (share % 1 != 0) for share in shares
    ]
    left = units - sum(floors)
    by_remainder = sorted(range(len(shares)), key=lambda i: (floors[i] - shares[i], i))
    for index in by_remainder[:left]:
        floors[index] += 1
    return tuple(Money.from_minor(floor, amount.currency) for floor in floors)
