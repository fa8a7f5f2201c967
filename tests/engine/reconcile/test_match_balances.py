"""Balance that paid invoices, and balance that staff gave or took."""

import datetime as dt
from dataclasses import replace

import pytest

from bridge.api import (
    BalanceEntry,
    BalanceOrigin,
    ClientBalance,
    EntryState,
    Hold,
    Kind,
    Reason,
    Record,
    RecordClass,
    client_ref,
)
from bridge.engine.reconcile.match import match
from bridge.engine.reconcile.match_balances import given_by_id
from bridge.engine.reconcile.values import Item, ItemKind
from tests.engine.reconcile.conftest import DAY, Paper, money


@pytest.fixture
def document(paper: Paper) -> Record:
    """The document of invoice 501, of which the source says that balance paid 120.00."""
    paper.bill(501, credit=money("120.00"))
    paper.entry(501)
    document = paper.document("WHMCS-501")
    paper.link(Kind.INVOICE, "501", document.number)
    return document


def use_of(paper: Paper) -> Item:
    [item] = [item for item in paper.items() if item.kind is ItemKind.BALANCE_USE]
    return item


def test_a_use_that_both_books_show_is_matched(paper: Paper, document: Record) -> None:
    paper.row("WHMCS-501/credit/120.00", "120.00", document)
    item = use_of(paper)
    assert (item.standing, item.billed, item.booked) == (
        "matched",
        money("120.00"),
        money("120.00"),
    )


def test_several_uses_of_one_invoice_are_added_up(paper: Paper, document: Record) -> None:
    paper.row("WHMCS-501/credit/100.00", "100.00", document)
    paper.row("WHMCS-501/credit/20.00", "20.00", document)
    assert (use_of(paper).standing, len(use_of(paper).targets)) == ("matched", 2)


def test_a_use_of_another_amount_differs(paper: Paper, document: Record) -> None:
    paper.row("WHMCS-501/credit/20.00", "20.00", document)
    item = use_of(paper)
    assert item.standing == "differs"
    assert item.verdict.what == "20.00 GBP of balance is booked on it instead of 120.00 GBP"


@pytest.mark.usefixtures("document")
def test_a_use_that_the_books_do_not_show_is_missing(paper: Paper) -> None:
    assert use_of(paper).standing == "only_in_source"


def test_a_use_on_an_invoice_that_is_held_is_held_with_it(paper: Paper) -> None:
    paper.bill(501, credit=money("120.00"))
    paper.entry(501, EntryState.HELD, Reason.FOREIGN_VAT)
    item = use_of(paper)
    assert (item.standing, item.verdict.reason) == ("held", "foreign_vat")


def test_credit_that_came_through_a_mass_payment_is_no_use(paper: Paper) -> None:
    """Invoice 700 pays 501: its money is booked there, and the source calls that credit."""
    paper.bill(501, credit=money("120.00"))
    paper.bill(700, settles=("WHMCS-501",), record_class=RecordClass.SETTLEMENT)
    paper.pay(900, "120.00", 700)
    paper.entry(501)
    document = paper.document("WHMCS-501")
    paper.link(Kind.INVOICE, "501", document.number)
    paper.row("WHMCS-T900/501", "120.00", document)
    assert not [item for item in paper.items() if item.kind is ItemKind.BALANCE_USE]
    assert paper.unexplained() == []


# Balance by hand -------------------------------------------------------------------------------


def by_hand(amount: str, day: dt.date = DAY) -> ClientBalance:
    entry = BalanceEntry("3", client_ref(7), day, money(amount), BalanceOrigin.BY_HAND, "")
    return ClientBalance(client_ref(7), money(amount), (entry,))


def given_to(paper: Paper, balance: ClientBalance, given: Hold | None = None) -> list[Item]:
    terms = replace(paper.terms(), reads_balances=True, given=given)
    return list(match(paper.source, paper.target, paper.log_view(), terms, [balance]))


def test_only_movements_by_hand_are_given() -> None:
    """One whose origin the source does not tell may be by hand."""
    origins = list(BalanceOrigin)
    entries = [
        BalanceEntry(origin, client_ref(7), DAY, money("1.00"), origin, "") for origin in origins
    ]
    found = given_by_id([ClientBalance(client_ref(7), money("1.00"), tuple(entries))])
    assert set(found) == {BalanceOrigin.BY_HAND, BalanceOrigin.UNKNOWN}


@pytest.mark.parametrize(
    ("booked", "standing"), [("-5.00", "matched"), ("5.00", "matched"), ("-6.00", "differs")]
)
def test_what_was_given_is_compared_whatever_the_targets_sign(
    paper: Paper, booked: str, standing: str
) -> None:
    paper.row("WHMCS-C3/given", booked)
    [item] = given_to(paper, by_hand("5.00"))
    assert (item.standing, item.family) == (standing, "balance movement 3")


def test_what_was_sent_counts_before_the_figures_alone(paper: Paper) -> None:
    """5.00 GBP was sent for 6.00 EUR: the log knows that it is right."""
    paper.row("WHMCS-C3/given", "-5.00")
    paper.link(Kind.MOVEMENT, "C3/given", "9", net="-5.00", paid="6.00 EUR")
    [item] = given_to(paper, by_hand("6.00 EUR"))
    assert item.standing == "matched"
    [item] = given_to(paper, by_hand("5.00"))
    assert item.standing == "differs"


def test_two_rows_for_one_movement_differ(paper: Paper) -> None:
    paper.row("WHMCS-C3/given", "-5.00", number="P1")
    paper.row("WHMCS-C3/given", "-5.00", number="P2")
    [item] = given_to(paper, by_hand("5.00"))
    assert "P1 of 5.00 GBP and P2 of 5.00 GBP" in item.verdict.what


def test_what_is_not_booked_says_why(paper: Paper) -> None:
    hold = Hold(Reason.UNFUNDED_CREDIT, "it was put on by hand", "decide")
    before = dt.date(2025, 12, 31)
    paper.days = replace(paper.days, first=before)
    reasons = [
        given_to(paper, by_hand("5.00", day), given)[0].verdict.reason
        for day, given in ((DAY, None), (DAY, hold), (before, None))
    ]
    assert reasons == ["not_used_yet", "unfunded_credit", "before_start_date"]


def test_a_movement_outside_the_period_is_none_of_it(paper: Paper) -> None:
    assert given_to(paper, by_hand("5.00", dt.date(2026, 2, 28))) == []
