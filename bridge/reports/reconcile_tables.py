"""The tables of a reconciliation, as columns of text. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter

from bridge.engine.reconcile.accept import day_of
from bridge.engine.reconcile.client_balances import BalanceLine
from bridge.engine.reconcile.debtors import DebtorLine, OpenDocument
from bridge.engine.reconcile.number_gaps import Gap
from bridge.engine.reconcile.result import HeldLine
from bridge.engine.reconcile.tax_return import ReturnLine, TaxLine
from bridge.engine.reconcile.totals import AccountLine, MonthLine
from bridge.engine.reconcile.values import UNEXPLAINED, Difference, Item, ItemKind, MatchClass
from bridge.model.keys import key_text
from bridge.reports.table import ReportTable, Row, figure, month, summed_table, words
from bridge.store.tables.values import RunRow

_ASIDE = {MatchClass.SKIPPED, MatchClass.BEFORE_START, MatchClass.WAITING, MatchClass.ACCEPTED}
PARTS: Mapping[str, Collection[MatchClass]] = {
    "matched": {MatchClass.MATCHED},
    "held": {MatchClass.HELD},
    "aside": _ASIDE,
    "unexplained": UNEXPLAINED,
}
"""The classes of which each part of what was billed consists; it is the sum of them."""


def differences(found: Sequence[Difference]) -> ReportTable:
    """One row for each difference, and one for each further record of it."""
    rows: list[Row] = []
    for number, each in enumerate(found, start=1):
        what = f"{each.what}. To do: {each.remedy}" if each.remedy else each.what
        rows.append((str(number), each.subject, words(each.standing), what))
        rows.extend(_member(item, number) for item in each.items[1:])
    return ReportTable("", ("No.", "Record", "Class", "What was found"), tuple(rows))


def _member(item: Item, number: int) -> Row:
    billed = f"{item.billed} at the source" if item.billed is not None else "not at the source"
    booked = f"{item.booked} in the target" if item.booked is not None else "not in the target"
    name = key_text(item.token) or item.number
    return (
        str(number),
        f"{item.kind.value.replace('_', ' ')} {name}",
        words(item.standing),
        f"{billed}, {booked}",
    )


def accepted(found: Sequence[Difference]) -> ReportTable:
    """One row for each accepted difference: what it is, and who said why."""
    rows = [
        (each.subject, f"{each.what}. Accepted: {row.because} ({row.who}, {day_of(row)})")
        for each in found
        if (row := each.accepted)
    ]
    return ReportTable("Accepted", ("Record", "What was found, and who said why"), tuple(rows))


def months(title: str, lines: Iterable[MonthLine]) -> ReportTable:
    """What was billed and booked by month and currency, with a sum for each currency."""
    names = (">No.", ">Billed", ">Matched", ">Held", ">Aside", ">Unexplained", ">Booked")
    return summed_table(
        title,
        ("Month", "Cur", *names),
        lines,
        lambda line: (month(line.month), line.currency),
        lambda line: (
            line.count,
            line.billed,
            *(line.of(*some) for some in PARTS.values()),
            line.booked,
        ),
        totals=True,
    )


def classes(items: Iterable[Item], *, by_record: bool) -> ReportTable:
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
    return ReportTable("Records by class", names, tuple(rows))


def returns(lines: Iterable[ReturnLine]) -> ReportTable:
    """Boxes 1 and 6 by month, and of all documents together."""
    return summed_table(
        "Expected return",
        ("Month", ">Box 1, ours", ">Box 6, ours", ">Box 1, others", ">Box 6, others"),
        lines,
        lambda line: (month(line.month),),
        attrgetter("tax_due", "net_sales", "other_tax_due", "other_net_sales"),
        totals=True,
    )


def taxes(lines: Iterable[TaxLine], *, by_month: bool) -> ReportTable:
    """Net and tax by country and code, by month or over the whole period."""
    names = ("Country", "Code", "Cur", "Whose", ">No.", ">Net", ">Tax", ">Gross")
    if not by_month:
        lines = sorted(lines, key=attrgetter("country", "code", "currency", "ours"))
    return summed_table(
        "By country and code",
        ("Month", *names) if by_month else names,
        lines,
        lambda line: (
            *([month(line.month)] if by_month else []),
            line.country or "-",
            line.code,
            line.currency,
            "ours" if line.ours else "others",
        ),
        lambda line: (line.count, line.net, line.tax, line.net + line.tax),
    )


def accounts(lines: Iterable[AccountLine], *, by_month: bool) -> ReportTable:
    """What moved by account, by month or over the whole period."""
    names = ("Cur", ">Receipts", ">Refunds", ">Fees", ">Exchange", ">Other", ">Net")
    if not by_month:
        lines = sorted(lines, key=attrgetter("account", "currency"))
    return summed_table(
        "By account and month" if by_month else "By account",
        ("Account", *(["Month"] if by_month else []), *names),
        lines,
        lambda line: (
            line.account,
            *([month(line.month)] if by_month else []),
            line.currency,
        ),
        attrgetter("receipts", "refunds", "fees", "exchange", "other", "net"),
    )


# What is owed, unmatched, missing or waiting ---------------------------------------------------


def balances(lines: Iterable[BalanceLine]) -> ReportTable:
    """Clients' balances by client, with a sum for each currency."""
    names = (">Opening", ">Additions", ">Uses", ">Closing", ">Source's own", ">Difference")
    return summed_table(
        "By client",
        ("Client", "Cur", *names),
        lines,
        lambda line: (line.client or "not told", line.currency),
        lambda line: (
            line.opening,
            line.additions,
            line.uses,
            line.closing,
            *(("not read", "-") if line.own is None else (line.own, line.difference)),
        ),
        totals=True,
    )


def differing(lines: Iterable[BalanceLine]) -> ReportTable:
    """Clients whose balance is not the source's own, and why."""
    rows = [
        (
            line.client,
            figure(line.difference),
            line.currency,
            ", ".join(line.why) or "no record explains it",
        )
        for line in lines
        if line.difference
    ]
    columns = ("Client", ">Difference", "Cur", "Its records that are not in both books alike")
    return ReportTable("Where the two differ", columns, tuple(rows))


def debtors(lines: Iterable[DebtorLine]) -> ReportTable:
    """What is owed by month and currency, with a sum for each currency."""
    return summed_table(
        "",
        ("Month", "Cur", ">Invoices", ">Credit notes", ">Paid", ">Open"),
        lines,
        lambda line: (month(line.month), line.currency),
        attrgetter("invoices", "notes", "paid", "open"),
        totals=True,
    )


def open_documents(title: str, found: Iterable[OpenDocument]) -> ReportTable:
    """One row for each document that is not settled, oldest first."""
    columns = ("Invoice", "Target", "Client", "Date", ">Age", ">Gross", ">Open", "Cur")
    rows = [
        (
            each.number,
            each.target,
            each.client,
            str(each.day),
            str(each.age),
            f"{figure(each.gross)} {each.gross.currency}",
            figure(each.open),
            each.open.currency,
        )
        for each in found
    ]
    return ReportTable(title, columns, tuple(rows))


def loose(title: str, items: Iterable[Item]) -> ReportTable:
    """Money that stands on no invoice, or on none of ours."""
    rows = [
        (
            "target" if item.billed is None else "source",
            item.number or item.token,
            str(item.day),
            item.account,
            figure(item.amount),
            item.amount.currency,
        )
        for item in items
    ]
    return ReportTable(title, ("Where", "Record", "Date", "Account", ">Amount", "Cur"), tuple(rows))


def gaps(found: Iterable[Gap]) -> ReportTable:
    """One row for each hole in a series of numbers."""
    rows = [
        (
            each.first if each.first == each.last else f"{each.first} to {each.last}",
            f"{each.count:,}",
            each.why,
        )
        for each in found
    ]
    return ReportTable("", ("Number", ">No.", "What is known"), tuple(rows))


def held(lines: Iterable[HeldLine]) -> ReportTable:
    """What is held or waits, by reason, oldest first."""
    rows = [
        (
            line.reason,
            words(line.standing),
            f"{line.count:,}",
            figure(line.gross),
            figure(line.tax),
            line.currency,
            str(line.oldest),
        )
        for line in lines
    ]
    columns = ("Reason", "Class", ">No.", ">Gross", ">VAT", "Cur", ">Oldest")
    return ReportTable("By reason", columns, tuple(rows))


def waiting(items: Iterable[Item]) -> ReportTable:
    """Each invoice that waits, with what to do."""
    kinds = {ItemKind.INVOICE, ItemKind.PREPAYMENT, ItemKind.SETTLEMENT}
    rows = [
        (
            item.number,
            item.client,
            str(item.day),
            figure(item.amount),
            item.amount.currency,
            item.verdict.reason,
            f"{item.verdict.what}. To do: {item.verdict.remedy}".rstrip(". "),
        )
        for item in sorted(items, key=lambda each: (each.day, each.family))
        if item.kind in kinds and item.standing in {MatchClass.HELD, MatchClass.WAITING}
    ]
    columns = ("Invoice", "Client", "Date", ">Gross", "Cur", "Reason", "What to do")
    return ReportTable("Each of them", columns, tuple(rows))


def runs(rows: Iterable[RunRow]) -> ReportTable:
    """The latest runs."""
    cells = [
        (
            str(run.id),
            run.command,
            f"{run.started:%Y-%m-%d %H:%M}",
            "-" if run.exit_code is None else str(run.exit_code),
            run.settings_digest[:12],
        )
        for run in rows
    ]
    columns = (">Run", "Command", "Started (UTC)", ">Exit", "Settings")
    return ReportTable("Latest runs", columns, tuple(cells))
