"""The tables of what is owed, unmatched, missing or waiting, as columns of text. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from bridge.engine.reconcile.client_balances import BalanceLine
from bridge.engine.reconcile.debtors import DebtorLine, OpenDocument
from bridge.engine.reconcile.number_gaps import Gap
from bridge.engine.reconcile.result import HeldLine
from bridge.engine.reconcile.values import Item, ItemKind, MatchClass
from bridge.model.money import Money, total
from bridge.reports.table import Row, Table, figure, month, words
from bridge.store.tables.values import RunRow


def balances(lines: Iterable[BalanceLine]) -> Table:
    """By client, with a sum for each currency."""
    told = list(lines)
    rows = [(line.client or "not told", line.currency, *_kept([line])) for line in told]
    by_code: dict[str, list[BalanceLine]] = defaultdict(list)
    for line in told:
        by_code[line.currency].append(line)
    sums = [("All", code, *_kept(some)) for code, some in sorted(by_code.items())]
    columns = (
        "Client",
        "Cur",
        ">Opening",
        ">Additions",
        ">Uses",
        ">Closing",
        ">Source's own",
        ">Difference",
    )
    return Table("By client", columns, (*rows, *sums), len(sums))


def _kept(lines: Sequence[BalanceLine]) -> Row:
    currency = lines[0].currency
    own = [line.own for line in lines if line.own is not None]
    figures = [
        total((getattr(line, name) for line in lines), currency)
        for name in ("opening", "additions", "uses", "closing")
    ]
    difference = total((line.difference for line in lines), currency)
    shown = figure(total(own, currency)) if own else "not read"
    return (*map(figure, figures), shown, figure(difference) if own else "-")


def differing(lines: Iterable[BalanceLine]) -> Table:
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
    return Table("Where the two differ", columns, tuple(rows))


def debtors(lines: Sequence[DebtorLine]) -> Table:
    """By month."""
    columns = ("Month", "Cur", ">Invoices", ">Credit notes", ">Paid", ">Open")
    rows = [(month(line.month), line.currency, *_owed([line])) for line in lines]
    by_code: dict[str, list[DebtorLine]] = defaultdict(list)
    for line in lines:
        by_code[line.currency].append(line)
    sums = [("All", code, *_owed(some)) for code, some in sorted(by_code.items())]
    return Table("", columns, (*rows, *sums), len(sums))


def _owed(lines: Sequence[DebtorLine]) -> Row:
    zero = Money.zero(lines[0].currency)
    invoices = notes = paid = zero
    for line in lines:
        invoices, notes, paid = invoices + line.invoices, notes + line.notes, paid + line.paid
    return tuple(figure(each) for each in (invoices, notes, paid, invoices + notes - paid))


def open_documents(title: str, found: Iterable[OpenDocument]) -> Table:
    """One row each, oldest first."""
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
    return Table(title, columns, tuple(rows))


def loose(title: str, items: Iterable[Item]) -> Table:
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
    return Table(title, ("Where", "Record", "Date", "Account", ">Amount", "Cur"), tuple(rows))


def gaps(found: Iterable[Gap]) -> Table:
    """One row each."""
    rows = [
        (
            each.first if each.first == each.last else f"{each.first} to {each.last}",
            f"{each.count:,}",
            each.why,
        )
        for each in found
    ]
    return Table("", ("Number", ">No.", "What is known"), tuple(rows))


def held(lines: Iterable[HeldLine]) -> Table:
    """By reason, oldest first."""
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
    return Table("By reason", columns, tuple(rows))


def waiting(items: Iterable[Item]) -> Table:
    """Each invoice that waits, with what to do."""
    columns = ("Invoice", "Client", "Date", ">Gross", "Cur", "Reason", "What to do")
    return Table("Each of them", columns, tuple(_waiting(items)))


def _waiting(items: Iterable[Item]) -> Iterator[Row]:
    kinds = {ItemKind.INVOICE, ItemKind.PREPAYMENT, ItemKind.SETTLEMENT}
    for item in sorted(items, key=lambda each: (each.day, each.family)):
        if item.kind in kinds and item.standing in {MatchClass.HELD, MatchClass.WAITING}:
            yield (
                item.number,
                item.client,
                str(item.day),
                figure(item.amount),
                item.amount.currency,
                item.verdict.reason,
                f"{item.verdict.what}. To do: {item.verdict.remedy}".rstrip(". "),
            )


def runs(rows: Iterable[RunRow]) -> Table:
    """The latest runs."""
    columns = (">Run", "Command", "Started (UTC)", ">Exit", "Settings")
    return Table(
        "Latest runs",
        columns,
        tuple(
            (
                str(run.id),
                run.command,
                f"{run.started:%Y-%m-%d %H:%M}",
                "-" if run.exit_code is None else str(run.exit_code),
                run.settings_digest[:12],
            )
            for run in rows
        ),
    )
