"""The report as one self-contained page for a bookkeeper: nothing is fetched, nothing runs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

from bridge.engine.reconcile.result import Reconciliation
from bridge.engine.reconcile.totals import MonthLine
from bridge.model.money import Money
from bridge.reports.reconcile_sections import Detail, headline, sections
from bridge.reports.reconcile_tables import PARTS
from bridge.reports.table import figure, month

HEIGHT = 180
LEFT = 70
TOP = 12
_MONTH = 54
_BAR = 19
_STEPS = 4


def as_page(report: Reconciliation, *, name: str) -> str:
    """Return the page. `name` is the bridge's own, from bridge.yaml."""
    from jinja2 import Environment, StrictUndefined

    template = files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["coded"] = _coded
    return environment.from_string(template).render(
        name=name,
        headline=headline(report),
        agrees=not report.differences,
        sections=sections(report, Detail.FULL),
        charts=charts(report.documents, report.home_currency),
        left=LEFT,
        top=TOP,
        height=HEIGHT,
    )


def _coded(text: str) -> str:
    """Return text as markup, all of it escaped, with what stands between backticks as code."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    shown = [
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(shown)


# The chart -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a chart.

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
    """Return a chart for each currency, the home currency first."""
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
        Tick(month(line.month), Decimal(LEFT + place * _MONTH + 6 + _BAR))
        for place, line in enumerate(lines)
    ]
    width = LEFT + max(len(lines), 6) * _MONTH + 6
    return Chart(currency, width, tuple(bars), tuple(scale), tuple(months))


def _parts(line: MonthLine) -> Iterator[tuple[str, Money]]:
    return ((part, line.of(*some)) for part, some in PARTS.items())


def _height(line: MonthLine) -> tuple[Decimal, Decimal]:
    """Return how high the two bars of a month are; what is below zero takes no room."""
    billed = sum((_drawn(amount) for _, amount in _parts(line)), Decimal(0))
    return billed, _drawn(line.booked)


def _drawn(amount: Money) -> Decimal:
    return max(amount.amount, Decimal(0))


def _bars(line: MonthLine, x: int, unit: Decimal) -> Iterator[Bar]:
    """Yield a month's bars. `unit` is pixels for one of the currency."""
    day, code = month(line.month), line.currency
    base = Decimal(TOP + HEIGHT)
    for kind, amount in _parts(line):
        height = _drawn(amount) * unit
        if height:
            base -= height
            yield Bar(kind, f"{day}, billed, {kind}: {figure(amount)} {code}", x, base, height)
    height = _drawn(line.booked) * unit
    if height:
        title = f"{day}, booked: {figure(line.booked)} {code}"
        yield Bar("booked", title, x + _BAR + 1, TOP + HEIGHT - height, height)


def _round_up(value: Decimal) -> Decimal:
    """Return the next round figure, so that the scale reads well."""
    if value <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(value.adjusted())
    return next(power * step for step in (1, 2, 4, 6, 8, 10) if power * step >= value)
