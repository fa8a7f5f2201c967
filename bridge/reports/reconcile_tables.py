"""The tables of differences, documents, VAT and accounts, as columns of text. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields

from bridge.engine.reconcile.accept import day_of
from bridge.engine.reconcile.tax_return import ReturnLine, TaxLine
from bridge.engine.reconcile.totals import AccountLine, MonthLine
from bridge.engine.reconcile.values import UNEXPLAINED, Difference, Item, MatchClass
from bridge.model.money import Money
from bridge.reports.table import Row, Table, by_currency, figure, month, words
from bridge.store.tables.values import AcceptanceRow

ASIDE = (MatchClass.SKIPPED, MatchClass.BEFORE_START, MatchClass.WAITING, MatchClass.ACCEPTED)


def differences(found: Sequence[Difference]) -> Table:
    """One row each, and one for each further record of it."""
    rows: list[Row] = []
    for number, each in enumerate(found, start=1):
        what = f"{each.what}. To do: {each.remedy}" if each.remedy else each.what
        rows.append((str(number), each.subject, words(each.standing), what))
        rows.extend(_member(item, number) for item in each.items[1:])
    return Table("", ("No.", "Record", "Class", "What was found"), tuple(rows))


def accepted(found: Sequence[Difference]) -> Table:
    """One row each: what it is, and who said why."""
    rows = [
        (each.subject, f"{each.what}. Accepted: {_said(each.accepted)}")
        for each in found
        if each.accepted
    ]
    return Table("Accepted", ("Record", "What was found, and who said why"), tuple(rows))


def _said(row: AcceptanceRow) -> str:
    return f"{row.because} ({row.who}, {day_of(row)})"


def _member(item: Item, number: int) -> Row:
    billed = f"{item.billed} at the source" if item.billed is not None else "not at the source"
    booked = f"{item.booked} in the target" if item.booked is not None else "not in the target"
    name = item.token.partition("-")[2] or item.number
    return (
        str(number),
        f"{item.kind.value.replace('_', ' ')} {name}",
        words(item.standing),
        f"{billed}, {booked}",
    )


def months(title: str, lines: Sequence[MonthLine]) -> Table:
    """By month and currency, with a sum for each currency."""
    columns = (
        "Month",
        "Cur",
        ">No.",
        ">Billed",
        ">Matched",
        ">Held",
        ">Aside",
        ">Unexplained",
        ">Booked",
    )
    rows = [(month(line.month), line.currency, *_month_figures([line])) for line in lines]
    by_code: dict[str, list[MonthLine]] = defaultdict(list)
    for line in lines:
        by_code[line.currency].append(line)
    sums = [("All", code, *_month_figures(some)) for code, some in sorted(by_code.items())]
    return Table(title, columns, (*rows, *sums), len(sums))


def _month_figures(lines: Sequence[MonthLine]) -> Row:
    zero = Money.zero(lines[0].currency)
    sums = [zero] * 6
    for line in lines:
        values = (
            line.billed,
            line.of(MatchClass.MATCHED),
            line.of(MatchClass.HELD),
            line.of(*ASIDE),
            line.of(*UNEXPLAINED),
            line.booked,
        )
        sums = [before + value for before, value in zip(sums, values, strict=True)]
    return (f"{sum(line.count for line in lines):,}", *(figure(each) for each in sums))


def classes(items: Iterable[Item], *, by_record: bool) -> Table:
    """How many records are in which class, and why; what is held has a table of its own."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for item in items:
        waits = item.standing is MatchClass.HELD and not by_record
        kind = item.kind.value.replace("_", " ") if by_record else ""
        reason = "see below" if waits else item.verdict.reason
        counts[words(item.standing), reason, kind] += 1
    rows = [
        (standing, reason, *([kind] if by_record else []), f"{number:,}")
        for (standing, reason, kind), number in sorted(counts.items())
    ]
    names = ("Class", "Reason", *(["Record"] if by_record else []), ">No.")
    return Table("Records by class", names, tuple(rows))


def returns(lines: Sequence[ReturnLine]) -> Table:
    """Boxes 1 and 6 by month, and of all documents together."""
    columns = ("Month", ">Box 1, ours", ">Box 6, ours", ">Box 1, others", ">Box 6, others")
    rows: list[Row] = [
        (
            month(line.month),
            figure(line.tax_due),
            figure(line.net_sales),
            figure(line.other_tax_due),
            figure(line.other_net_sales),
        )
        for line in lines
    ]
    last = 0
    if lines:
        sums = [
            by_currency(each).partition(" ")[0]
            for each in (
                [line.tax_due for line in lines],
                [line.net_sales for line in lines],
                [line.other_tax_due for line in lines],
                [line.other_net_sales for line in lines],
            )
        ]
        rows.append(("All", *sums))
        last = 1
    return Table("Expected return", columns, tuple(rows), last)


_TAX = ("Country", "Code", "Cur", "Whose", ">No.", ">Net", ">Tax", ">Gross")


def taxes(lines: Iterable[TaxLine]) -> Table:
    """By month, country and code."""
    rows = [(month(line.month), *_tax_row([line])) for line in lines]
    return Table("By country and code", ("Month", *_TAX), tuple(rows))


def taxes_of_period(lines: Iterable[TaxLine]) -> Table:
    """By country and code over the whole period."""
    groups: dict[tuple[str, str, str, bool], list[TaxLine]] = defaultdict(list)
    for line in lines:
        groups[line.country, line.code, line.currency, line.ours].append(line)
    rows = [_tax_row(some) for _, some in sorted(groups.items())]
    return Table("By country and code", _TAX, tuple(rows))


def _tax_row(lines: Sequence[TaxLine]) -> Row:
    first = lines[0]
    zero = Money.zero(first.currency)
    net = tax = zero
    for line in lines:
        net, tax = net + line.net, tax + line.tax
    return (
        first.country or "-",
        first.code,
        first.currency,
        "ours" if first.ours else "others",
        f"{sum(line.count for line in lines):,}",
        figure(net),
        figure(tax),
        figure(net + tax),
    )


_MOVED = (">Receipts", ">Refunds", ">Fees", ">Exchange", ">Other", ">Net")


def accounts(lines: Iterable[AccountLine]) -> Table:
    """By account and month."""
    rows = [(line.account, month(line.month), line.currency, *_moved([line])) for line in lines]
    return Table("By account and month", ("Account", "Month", "Cur", *_MOVED), tuple(rows))


def accounts_of_period(lines: Iterable[AccountLine]) -> Table:
    """By account over the whole period."""
    groups: dict[tuple[str, str], list[AccountLine]] = defaultdict(list)
    for line in lines:
        groups[line.account, line.currency].append(line)
    rows = [(*place, *_moved(some)) for place, some in sorted(groups.items())]
    return Table("By account", ("Account", "Cur", *_MOVED), tuple(rows))


def _moved(lines: Sequence[AccountLine]) -> Row:
    names = [field.name for field in fields(AccountLine)][3:]
    zero = Money.zero(lines[0].currency)
    sums = []
    for name in (*names, "net"):
        amount = zero
        for line in lines:
            amount += getattr(line, name)
        sums.append(figure(amount))
    return tuple(sums)
