"""What a run came to, in words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from bridge.cli.common import counted
from bridge.cli.console import STATE, say, say_json, table, tell_error
from bridge.reports.table import WIDTH, wrapped

if TYPE_CHECKING:
    from bridge.model.run import Entry, Report

_STATES = {
    "held": "held",
    "failed": "failed",
    "unknown": "with an unknown outcome",
    "readback_mismatch": "written but wrong",
}
FIGURES = {
    "invoiced": "Invoiced",
    "paid": "Paid",
    "credited": "Credited",
    "refunded": "Refunded",
    "fees": "Fees",
    "balance": "Balances",
    "exchange": "Exchange",
}
_FIRST = 3


def tell_run(report: "Report") -> None:
    """The closing text of a run; in quiet mode only when someone is needed."""
    from bridge.engine.write.run_report import summary

    if STATE.as_json:
        if report.error:
            tell_error(report.error)
        say_json(summary(report))
        return
    needed = bool(report.error) or report.exit_code not in (0, 130)
    if STATE.is_quiet and not needed:
        return
    _counts(report)
    _sums(report)
    if STATE.is_quiet:
        _digest(report)
    else:
        _held(report)
    if report.backlog:
        say(f"{counted(report.backlog, 'invoice')} left for the next run.")
    if report.error:
        tell_error(report.error)


def _counts(report: "Report") -> None:
    outcome = report.outcome
    name = f"Run {report.run.id} of {report.run.name}" if report.run.id else report.run.name
    say(f"{name}: {counted(outcome['done'], 'invoice')} booked.")
    written = [
        counted(number, name.removesuffix("s").replace("_", " "))
        for name, number in report.created.items()
        if number
    ]
    if written:
        say(f"Created: {', '.join(written)}.")
    changed = [
        counted(number, name.removesuffix("s").replace("_", " "))
        for name, number in report.updated.items()
        if number
    ]
    if changed:
        say(f"Updated: {', '.join(changed)}.")
    if outcome["skipped"]:
        say(f"Skipped, rightly not in the books: {outcome['skipped']:,}.")
    for state, words in _STATES.items():
        if outcome.get(state):
            say(f"{outcome[state]:,} {words}.")


def _sums(report: "Report") -> None:
    """A row a currency; the columns that a page does not hold follow below."""
    from bridge.engine.write.run_report import figures

    names = ("Currency", *report.totals)
    rows = [dict(figures(sums)) for sums in report.totals.values()]
    columns = [
        (title, *(f"{Decimal(row[key]):,}" if key in row else "" for row in rows))
        for key, title in FIGURES.items()
        if any(key in row for row in rows)
    ]
    for page in _pages(columns, WIDTH - len(names[0])):
        head, *lines = zip(names, *map(_aligned, page), strict=True)
        table(head, lines)


def _pages(columns: Sequence[Sequence[str]], room: int) -> Iterator[Sequence[Sequence[str]]]:
    page: list[Sequence[str]] = []
    left = room
    for column in columns:
        width = 2 + max(map(len, column))
        if page and width > left:
            yield page
            page, left = [], room
        page.append(column)
        left -= width
    if page:
        yield page


def _aligned(column: Sequence[str]) -> list[str]:
    width = max(map(len, column))
    return [cell.rjust(width) for cell in column]


def _held(report: "Report") -> None:
    """By reason, the most frequent first, with what to do about the first of each."""
    if not report.newly_held:
        return
    say()
    say("These wait for a person:")
    for word, number, first in _by_reason(report):
        say(f"  {word} ({number:,})")
        say(wrapped(f"{first.number}: {first.what}", 4))
        say(wrapped(f"To do: {first.remedy}", 4))
    say()
    say("`bridge status` lists them by reason, `bridge explain INVOICE` tells one's story.")


def _digest(report: "Report") -> None:
    for word, number, first in _by_reason(report)[:_FIRST]:
        say(wrapped(f"{word} ({number:,}): {first.number}: {first.what}", 2))
        say(wrapped(f"To do: {first.remedy}", 4))
        say(f"    See: bridge explain {first.invoice.id}")
    say("`bridge status` shows all of it.")


def _by_reason(report: "Report") -> list[tuple[str, int, "Entry"]]:
    """Each reason with how many it holds, of which the report may name the first only, and one."""
    groups: dict[str, list[Entry]] = {}
    for entry in report.newly_held:
        word = entry.reason.value if entry.reason else entry.state.value
        groups.setdefault(word, []).append(entry)
    found = [
        (word, max(len(some), report.reasons.get(word, 0)), some[0])
        for word, some in groups.items()
    ]
    return sorted(found, key=lambda each: (-each[1], each[0]))


def tell_dry_run(report: "Report", fates: Sequence["Entry"]) -> None:
    """What a run would do: each invoice that would be booked or held, and the totals."""
    if not STATE.is_quiet:
        booked = [entry for entry in fates if entry.state.value == "done"]
        if booked:
            say("Would be booked:")
            table(("Invoice", "Day", "Amount"), [_row(entry) for entry in booked])
            say()
        held = [entry for entry in fates if entry.state.value not in ("done", "skipped")]
        if held:
            say("Would be held:")
            table(("Invoice", "Why"), [(entry.number, _why(entry)) for entry in held])
            say()
        _skipped(fates)
    say("Nothing was written. A real run would come to this:")
    _counts(report)
    _sums(report)
    if report.backlog:
        say(f"{counted(report.backlog, 'invoice')} left for the run after it.")
    if report.error:
        tell_error(report.error)


def _skipped(fates: Sequence["Entry"]) -> None:
    reasons = Counter(
        entry.reason.value for entry in fates if entry.state.value == "skipped" and entry.reason
    )
    if reasons:
        say("Would be skipped:")
        for word, number in reasons.most_common():
            say(f"  {number:>5,}  {word}")
        say()


def _row(entry: "Entry") -> tuple[str, str, str]:
    return (
        entry.number,
        str(entry.date or ""),
        f"{entry.gross.amount:>12,} {entry.gross.currency}" if entry.gross else "",
    )


def _why(entry: "Entry") -> str:
    word = entry.reason.value if entry.reason else entry.state.value
    return f"{word}: {entry.what}"
