"""Clients' balances: as the books have them, against the source's own figure."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bridge.api import (
    BalanceEntry,
    BalanceOrigin,
    ClientBalance,
    Days,
    Hold,
    Kind,
    Reason,
    RecordClass,
    client_ref,
)
from bridge.engine.reconcile.client_balances import BalanceLine, balance_lines, unexplained
from bridge.engine.reconcile.match import differences, match
from bridge.engine.reconcile.outside_period import Rows
from bridge.engine.reconcile.values import ComparisonTerms, Item
from tests.engine.reconcile.conftest import DAY, money

Paper = Any
ALL_OF_TIME = Days(dt.date(2026, 1, 1), dt.date(2026, 4, 1))
BEFORE = dt.date(2025, 12, 31)


def entry(
    number: int,
    amount: str,
    origin: BalanceOrigin = BalanceOrigin.UNKNOWN,
    day: dt.date = DAY,
) -> BalanceEntry:
    return BalanceEntry(str(number), client_ref(7), day, money(amount), origin, "")


def kept(amount: str, *entries: BalanceEntry) -> list[ClientBalance]:
    return [ClientBalance(client_ref(7), money(amount), entries)]


def terms_of(paper: Paper, **changes: Any) -> ComparisonTerms:
    terms: ComparisonTerms = paper.terms()
    return replace(terms, reads_balances=True, **changes)


def items_of(
    paper: Paper, balances: list[ClientBalance], terms: ComparisonTerms
) -> tuple[Item, ...]:
    return match(paper.source, paper.target, paper.log_view(), terms, balances)


def line_of(paper: Paper, balances: list[ClientBalance], terms: ComparisonTerms) -> BalanceLine:
    rows = Rows(paper.source, paper.target)
    items = items_of(paper, balances, terms)
    [line] = balance_lines(rows, balances, items, paper.log_view(), terms)
    return line


def classes_of(items: tuple[Item, ...]) -> list[tuple[str, str]]:
    return [(item.standing.value, item.verdict.reason) for item in items if item.kind == "movement"]


@pytest.fixture
def prepaid(paper: Paper) -> Paper:
    """Client 7 paid 240.00 in advance and used 120.00 of it on invoice 501."""
    paper.bill(501, client="7")
    paper.entry(501)
    document = paper.document("WHMCS-501")
    paper.link(Kind.INVOICE, "501", document.number)
    paper.source[-1] = replace(paper.source[-1], credit=money("120.00"))
    paper.bill(600, "240.00", "0.00", client="7", record_class=RecordClass.PREPAYMENT)
    paper.entry(600)
    paper.pay(900, "240.00", 600, client="7")
    paper.row("WHMCS-T900/balance", "240.00")
    paper.row("WHMCS-501/credit/120.00", "120.00", document)
    return paper


ONTO = entry(1, "240.00", BalanceOrigin.PREPAYMENT)
USED = entry(2, "-120.00", BalanceOrigin.USE)


def test_a_balance_opens_as_the_source_kept_it_and_closes_as_the_books_move_it(
    prepaid: Paper,
) -> None:
    old = entry(0, "50.00", day=BEFORE)
    line = line_of(prepaid, kept("170.00", old, ONTO, USED), terms_of(prepaid))
    assert (line.opening, line.additions, line.uses) == (
        money("50.00"),
        money("240.00"),
        money("-120.00"),
    )
    assert line.closing == line.own == money("170.00")
    assert not line.difference


def test_what_moved_after_the_period_is_no_part_of_it(prepaid: Paper) -> None:
    later = entry(3, "30.00", day=dt.date(2026, 4, 1))
    line = line_of(prepaid, kept("150.00", ONTO, USED, later), terms_of(prepaid))
    assert line.own == line.closing == money("120.00")


def test_the_sources_own_figure_counts_and_not_the_sum_of_its_movements(prepaid: Paper) -> None:
    """Somebody set the client's credit without a movement: over all of time that is in opening."""
    terms = terms_of(prepaid, days=ALL_OF_TIME)
    balances = kept("125.00", ONTO, USED)
    line = line_of(prepaid, balances, terms)
    assert (line.opening, line.own) == (money("5.00"), money("125.00"))


def test_a_difference_that_no_record_explains_is_one(prepaid: Paper) -> None:
    """The source took 20.00 off and calls it a use, and no invoice shows it."""
    terms = terms_of(prepaid, days=ALL_OF_TIME)
    balances = kept("100.00", ONTO, USED, entry(3, "-20.00", BalanceOrigin.USE))
    line = line_of(prepaid, balances, terms)
    assert (line.difference, line.why) == (money("20.00"), ())
    [item] = unexplained([line], terms)
    assert (item.booked, item.family) == (money("20.00"), "balance of client 7")
    [difference] = differences([item])
    assert difference.subject == "balance of client 7"
    assert list(unexplained([line], terms_of(prepaid))) == []  # of one month, days may differ


def test_a_difference_that_a_held_record_explains_is_none(prepaid: Paper) -> None:
    why = Hold(Reason.UNFUNDED_CREDIT, "it was put on by hand", "decide")
    terms = terms_of(prepaid, days=ALL_OF_TIME, given=why)
    line = line_of(prepaid, kept("150.00", ONTO, USED, entry(3, "30.00")), terms)
    assert (line.difference, line.why) == (money("-30.00"), ("held: unfunded_credit",))
    assert list(unexplained([line], terms)) == []


def test_balance_by_hand_is_in_exactly_one_class(paper: Paper) -> None:
    """Booked, not used yet, before the start, held, changed, gone from the source."""
    terms = terms_of(paper, days=ALL_OF_TIME)
    assert classes_of(items_of(paper, kept("5.00", entry(3, "5.00")), terms)) == [
        ("skipped", "not_used_yet")
    ]
    why = Hold(Reason.UNFUNDED_CREDIT, "it was put on by hand", "decide")
    held = replace(terms, given=why)
    assert classes_of(items_of(paper, kept("5.00", entry(3, "5.00")), held)) == [
        ("held", "unfunded_credit")
    ]
    paper.row("WHMCS-C3/given", "-5.00")
    assert classes_of(items_of(paper, kept("5.00", entry(3, "5.00")), terms)) == [("matched", "")]
    assert classes_of(items_of(paper, kept("6.00", entry(3, "6.00")), terms)) == [("differs", "")]
    assert classes_of(items_of(paper, [], terms)) == [("only_in_target", "")]
    line = line_of(paper, kept("5.00", entry(3, "5.00")), terms)
    assert (line.client, line.additions, line.difference) == ("7", money("5.00"), money("0.00"))


def test_balance_in_a_foreign_currency_counts_as_what_was_sent(paper: Paper) -> None:
    """The target keeps it in pounds; the log knows the client's euros."""
    paper.pay(900, "60.00 EUR", 600, client="7")
    paper.row("WHMCS-T900/excess", "51.19")
    paper.link(Kind.MOVEMENT, "T900/excess", "9", net="51.19", paid="60.00 EUR")
    onto = replace(entry(1, "60.00 EUR"), origin=BalanceOrigin.EXCESS)
    line = line_of(paper, kept("60.00 EUR", onto), terms_of(paper))
    assert (line.currency, line.additions, line.difference) == (
        "EUR",
        money("60.00 EUR"),
        money("0.00 EUR"),
    )
