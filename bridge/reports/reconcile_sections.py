"""The report as numbered sections of sentences and tables: the same on a terminal and on a page."""

import datetime as dt
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from bridge.engine.reconcile.result import Reconciliation
from bridge.engine.reconcile.values import Difference, ItemKind, MatchClass
from bridge.reports import reconcile_tables as tables
from bridge.reports.table import WIDTH, ReportTable, by_currency, text_of_table


class Detail(Enum):
    """How much of the report is shown."""

    SHORT = "short"  # a terminal: the period added up where months would be many lines
    FULL = "full"  # a page: by month, and each invoice that waits


@dataclass(frozen=True, slots=True)
class ReportSection:
    """One part of the report.

    Attributes:
        says: Sentences before the tables.
    """

    title: str
    says: tuple[str, ...] = ()
    tables: tuple[ReportTable, ...] = ()


def as_text(report: Reconciliation) -> Iterator[str]:
    """Yield the report on a terminal, piped or not, line by line."""
    yield from headline(report)
    for number, section in enumerate(sections(report, Detail.SHORT), start=1):
        yield ""
        yield f"{number}. {section.title}"
        for sentence in section.says:
            yield from textwrap.wrap(sentence, WIDTH, break_on_hyphens=False)
        for table in section.tables:
            yield ""
            yield from text_of_table(table)


def verdict(report: Reconciliation) -> str:
    """Return whether both sides agree, in one sentence."""
    number = len(report.differences)
    if not number:
        told = "Both sides agree: every record is matched or explained."
    elif number == 1:
        told = "1 difference is unexplained."
    else:
        told = f"{number} differences are unexplained."
    return f"{told} Accepted by hand: {len(report.accepted)}." if report.accepted else told


def sections(report: Reconciliation, detail: Detail) -> tuple[ReportSection, ...]:
    """Return the report's sections, in the order in which a bookkeeper asks."""
    full = detail is Detail.FULL
    return (
        _differences(report, full=full),
        _documents(report, full=full),
        _tax(report, full=full),
        _accounts(report, full=full),
        _balances(report),
        _debtors(report),
        _unmatched(report),
        _gaps(report),
        _held(report, full=full),
        _read(report),
    )


def _says(*sentences: str) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)


def _differences(report: Reconciliation, *, full: bool) -> ReportSection:
    told = ["None."]
    shown = []
    if full and report.differences:
        told = ["Each is one matter; further records that it concerns stand below it.", _ACCEPT]
        shown = [tables.differences(report.differences)]
    elif report.differences:
        told = [_told(number, each) for number, each in enumerate(report.differences, start=1)]
        told.append(_ACCEPT)
    if report.accepted:
        shown.append(tables.accepted(report.accepted))
    return ReportSection("Differences", _says(*told), tuple(shown))


_ACCEPT = (
    "What is right as it stands is accepted with `bridge reconcile --accept NUMBER --because TEXT`."
)


def _told(number: int, difference: Difference) -> str:
    words = difference.standing.value.replace("_", " ")
    more = len(difference.items) - 1
    records = "" if not more else f" {more} more of its records {'is' if more == 1 else 'are'} so."
    remedy = f" To do: {difference.remedy}." if difference.remedy else ""
    return f"({number}) {difference.subject}, {words}: {difference.what}.{records}{remedy}"


def _documents(report: Reconciliation, *, full: bool) -> ReportSection:
    says = _says(
        "Billed = matched + held + aside + unexplained. Aside is what is rightly not booked:"
        " unpaid, cancelled, before the start date, waiting for the next run, or a difference that"
        " somebody accepted. Booked is what the target has of ours, what is unexplained there"
        " included."
    )
    shown = [tables.months("Sales by month and currency", report.documents)]
    if full:
        shown.append(tables.months("Money by month and currency", report.money))
    shown.append(tables.classes(report.items, by_record=full))
    return ReportSection("Documents and money", says, tuple(shown))


def _tax(report: Reconciliation, *, full: bool) -> ReportSection:
    untold = (
        f"The target gave no lines or no exchange rate with {report.untold} of its documents: they"
        " are not in these figures."
    )
    says = _says(
        f"Boxes 1 and 6 of the return in {report.home_currency} by date of document: what the"
        " target should show on an invoice basis. A return on a cash basis counts by day of payment"
        " instead. Box 6 goes to the return in whole pounds.",
        untold if report.untold else "",
    )
    shown = (tables.returns(report.returns), tables.taxes(report.taxes, by_month=full))
    return ReportSection("VAT", says, shown)


def _accounts(report: Reconciliation, *, full: bool) -> ReportSection:
    says = _says(
        "What moved on the target's accounts, to hold against their statements. Other is what"
        " carries no key of ours, such as what a bank feed brought; it is as complete as the target"
        " tells it.",
        "The account of client balances shows here only what was paid from it; part 5 has all."
        if report.takes_balances
        else "",
    )
    return ReportSection("Accounts", says, (tables.accounts(report.accounts, by_month=full),))


def _balances(report: Reconciliation) -> ReportSection:
    held = [
        item
        for item in report.items
        if item.kind in {ItemKind.BALANCE_USE, ItemKind.PREPAYMENT}
        and item.standing is MatchClass.HELD
    ]
    amounts = by_currency(item.billed for item in held if item.billed is not None)
    waiting = f"Held of what moves balances: {len(held)}, {amounts}." if held else "None is held."
    if not report.takes_balances and not report.balances:
        says = _says(
            "The settings do not say where client balances go, so none is booked and there is"
            " nothing to compare with the source's own figures. Money put on a balance, and balance"
            f" that paid invoices, wait. {waiting}"
        )
        return ReportSection("Client balances", says)
    says = _says(
        "Opening is what the source kept on the eve of the period, closing what the books make of"
        " it with their additions and uses; the source's own is what it kept at the end.",
        _opening(report),
        waiting,
    )
    shown = (tables.balances(report.balances), tables.differing(report.balances))
    return ReportSection("Client balances", says, tuple(each for each in shown if each.rows))


def _opening(report: Reconciliation) -> str:
    """Return what stood on balances before the period, and who books it."""
    first, opening = report.days.first, [line.opening for line in report.balances if line.opening]
    if not opening:
        return f"Nothing stood there before {first}."
    told = f"Of before {first}: {by_currency(opening)}."
    if first > report.start_date:
        return told
    return (
        f"{told} bridge books nothing of before the start date: an opening entry on the account of"
        " balances has to show what stood there then."
    )


def _debtors(report: Reconciliation) -> ReportSection:
    says = _says(
        "Our documents in the currency in which the target keeps payments. Paid is the target's own"
        " figure, so open is what its own list of debtors shows for them."
    )
    return ReportSection("Debtors", says, (tables.debtors(report.debtors),))


def _unmatched(report: Reconciliation) -> ReportSection:
    feed = [each for each in report.open_documents if each.by_feed]
    rest = [each for each in report.open_documents if not each.by_feed]
    shown = (
        tables.open_documents("Waiting for the bank feed", feed),
        tables.open_documents("Not paid in full otherwise", rest),
        tables.loose("Money without an invoice", report.loose),
    )
    kept = tuple(each for each in shown if each.rows)
    says = _says(
        "" if kept else "Nothing.",
        "Money that the source ties to no client is here only if the source lists it.",
    )
    return ReportSection("Unmatched", says, kept)


def _gaps(report: Reconciliation) -> ReportSection:
    if not report.gaps:
        return ReportSection("Number sequence", ("No number is missing.",))
    says = _says("Numbers between the lowest and the highest of each series that no invoice bears.")
    return ReportSection("Number sequence", says, (tables.gaps(report.gaps),))


def _held(report: Reconciliation, *, full: bool) -> ReportSection:
    if not report.held:
        return ReportSection("Held and waiting", ("Nothing.",))
    shown = [tables.held(report.held)]
    if full:
        shown.append(tables.waiting(report.items))
    says = _says("VAT is what stays off the return until they are booked. Oldest is in days.")
    return ReportSection("Held and waiting", says, tuple(shown))


def _read(report: Reconciliation) -> ReportSection:
    says = _says(
        f"Read from {_time(report.began)} to {_time(report.ended)}: {report.source} and"
        f" {report.target}. bridge {report.version}, settings {report.settings[:12]}."
    )
    return ReportSection("Read when", says, (tables.runs(report.runs),))


def _time(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def headline(report: Reconciliation) -> Sequence[str]:
    """Return who was compared with whom, over which days, and the verdict."""
    return (
        f"{report.source} against {report.target}",
        f"{report.days.first} to {report.days.last}",
        verdict(report),
    )
