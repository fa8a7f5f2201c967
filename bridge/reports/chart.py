"""Booked against billed, month by month, as rectangles of a chart. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bridge.engine.reconcile.totals import MonthLine
from bridge.engine.reconcile.values import UNEXPLAINED, Standing
from bridge.model.money import Money
from bridge.reports.reconcile_tables import ASIDE
from bridge.reports.table import figure

HEIGHT = 180
LEFT = 70
TOP = 12
_MONTH = 54
_BAR = 19
_STEPS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle.

    Attributes:
        kind: What it shows: ``matched``, ``held``, ``aside``, ``unexplained`` or ``booked``.
        title: What a reader who points at it, or cannot see it, is told.
    """

    kind: str
    title: str
    x: int
    y: Decimal
    height: Decimal
    width: int = _BAR


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale, or the name of a month, at a place."""

    text: str
    at: Decimal


@dataclass(frozen=True, slots=True)
class Chart:
    """One currency: for each month what was billed, in its parts, beside what was booked."""

    currency: str
    width: int
    bars: tuple[Bar, ...]
    scale: tuple[Tick, ...]
    months: tuple[Tick, ...]


def charts(lines: Iterable[MonthLine], home: str) -> tuple[Chart, ...]:
    """One chart a currency, the home currency first."""
    by_code: dict[str, list[MonthLine]] = defaultdict(list)
    for line in lines:
        by_code[line.currency].append(line)
    ordered = sorted(by_code.items(), key=lambda item: (item[0] != home, item[0]))
    return tuple(_chart(code, some) for code, some in ordered)


def _chart(currency: str, lines: Sequence[MonthLine]) -> Chart:
    top = _round_up(max((max(_height(line)) for line in lines), default=Decimal(0)))
    bars = [
        bar
        for place, line in enumerate(lines)
        for bar in _bars(line, LEFT + place * _MONTH + 6, HEIGHT / top)
    ]
    scale = [
        Tick(f"{(top * part).normalize():,f}", TOP + HEIGHT - HEIGHT * part)
        for part in (Decimal(step) / _STEPS for step in range(_STEPS + 1))
    ]
    months = [
        Tick(f"{line.month:%Y-%m}", Decimal(LEFT + place * _MONTH + 6 + _BAR))
        for place, line in enumerate(lines)
    ]
    width = LEFT + max(len(lines), 6) * _MONTH + 6
    return Chart(currency, width, tuple(bars), tuple(scale), tuple(months))


def _parts(line: MonthLine) -> tuple[tuple[str, Money], ...]:
    return (
        ("matched", line.of(Standing.MATCHED)),
        ("held", line.of(Standing.HELD)),
        ("aside", line.of(*ASIDE)),
        ("unexplained", line.of(*UNEXPLAINED)),
    )


def _height(line: MonthLine) -> tuple[Decimal, Decimal]:
    """How high the two bars of a month are; what is below zero takes no room."""
    billed = sum((_drawn(amount) for _, amount in _parts(line)), Decimal(0))
    return billed, _drawn(line.booked)


def _drawn(amount: Money) -> Decimal:
    return max(amount.amount, Decimal(0))


def _bars(line: MonthLine, x: int, unit: Decimal) -> Iterator[Bar]:
    """`unit` is pixels for one of the currency."""
    month, code = f"{line.month:%Y-%m}", line.currency
    base = Decimal(TOP + HEIGHT)
    for kind, amount in _parts(line):
        height = _drawn(amount) * unit
        if height:
            base -= height
            yield Bar(kind, f"{month}, billed, {kind}: {figure(amount)} {code}", x, base, height)
    height = _drawn(line.booked) * unit
    if height:
        title = f"{month}, booked: {figure(line.booked)} {code}"
        yield Bar("booked", title, x + _BAR + 1, TOP + HEIGHT - height, height)


def _round_up(value: Decimal) -> Decimal:
    """The next round figure, so that the scale reads well."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(value.adjusted())
    return next(power * step for step in (1, 2, 4, 6, 8, 10) if power * step >= value)
