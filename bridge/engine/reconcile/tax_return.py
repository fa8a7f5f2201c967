"""What the target's documents bear of tax, and what its tax return should show. Pure."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bridge.engine.reconcile.totals import at_home, column_sums
from bridge.model.money import Money
from bridge.model.target_records import Record, RecordClass

_SALES = frozenset({RecordClass.INVOICE, RecordClass.CREDIT_NOTE})


@dataclass(frozen=True, slots=True)
class TaxLine:
    """Documents of one month, country, tax code and currency.

    Attributes:
        count: How many documents bear the code.
        home_net, home_tax: In the target's home currency, at each document's own rate.
        ours: Whether bridge wrote them; else they are the target's own business.
    """

    month: dt.date
    country: str
    code: str
    currency: str
    ours: bool
    count: int
    net: Money
    tax: Money
    home_net: Money
    home_tax: Money
    on_return: bool


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """What one month adds to the return, in the home currency, by date of document.

    Attributes:
        tax_due: Box 1 of a UK return: VAT due on sales.
        net_sales: Box 6: value of sales without VAT; in pence here, whole pounds on the return.
        other_tax_due, other_net_sales: The same of documents that are not ours.
    """

    month: dt.date
    tax_due: Money
    net_sales: Money
    other_tax_due: Money
    other_net_sales: Money


def tax_lines(
    target: Iterable[Record], ours: Collection[str], home: str
) -> tuple[tuple[TaxLine, ...], int]:
    """Return tax by month, country, code and currency, and how many documents are untold.

    A document counts as untold that came without its lines, or in a foreign currency without rate.
    `ours` are the target's numbers of what bridge wrote.
    """
    lines: list[tuple[tuple[dt.date, str, str, str, bool, bool], Sequence[Money]]] = []
    untold = 0
    for record in target:
        if record.record_class not in _SALES:
            continue
        if not record.taxes:
            untold += 1
        for part in record.taxes:
            home_net = at_home(part.net, record.rate, home)
            home_tax = at_home(part.tax, record.rate, home)
            if home_net is None or home_tax is None:
                untold += 1
                break
            place = (
                record.date.replace(day=1),
                record.country,
                part.code,
                part.net.currency,
                record.number in ours,
                part.on_return,
            )
            lines.append((place, (part.net, part.tax, home_net, home_tax)))
    return tuple(
        TaxLine(*place[:5], count, net, tax, home_net, home_tax, place[5])
        for place, (count, (net, tax, home_net, home_tax)) in column_sums(lines).items()
    ), untold


def return_lines(lines: Iterable[TaxLine], home: str) -> tuple[ReturnLine, ...]:
    """Add up by month what reaches the return."""
    zero = Money.zero(home)
    sums = column_sums(
        ((line.month,), (*own, zero, zero) if line.ours else (zero, zero, *own))
        for line in lines
        if line.on_return
        for own in ((line.home_tax, line.home_net),)
    )
    return tuple(ReturnLine(*place, *amounts) for place, (_, amounts) in sums.items())
