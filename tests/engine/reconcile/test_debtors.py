"""Debtors and documents without money, as the target shows them."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from bridge.engine.reconcile.debtors import DebtorLine, debtors
from bridge.testing.builders import gbp
from tests.engine.reconcile.conftest import Paper


def test_a_debtor_is_what_the_target_itself_shows_unpaid(paper: Paper) -> None:
    paid = replace(paper.sold(501), paid=gbp("120.00"))
    fed = replace(paper.sold(502, gateway="banktransfer"), paid=gbp("0.00"))
    foreign = replace(
        paper.document("WHMCS-503", "120.00 EUR", "0.00"),
        paid=gbp("40.00"),
        rate=Decimal("1.2"),
    )
    paper.bill(503, "120.00 EUR", "0.00")
    ours = {number: item for item in paper.items() for number in item.targets}
    [line], found = debtors([paid, fed, foreign], ours, {"502"}, paper.terms())
    assert (line.invoices, line.paid, line.open) == (gbp("340.00"), gbp("160.00"), gbp("180.00"))
    assert [(each.number, str(each.open), each.by_feed, each.age) for each in found] == [
        ("F-502", "120.00 GBP", True, 22),
        ("F-503", "60.00 GBP", False, 22),
    ]


def lines_of(paper: Paper) -> tuple[DebtorLine, ...]:
    ours = {number: item for item in paper.items() for number in item.targets}
    return debtors(paper.target, ours, (), paper.terms())[0]


def test_a_credit_note_lowers_what_is_owed(paper: Paper) -> None:
    paper.bill(501)
    paper.document("WHMCS-501", paid=gbp("0.00"))
    paper.document("WHMCS-R905", "-25.00", "-5.00", paid=gbp("0.00"))
    paper.pay(905, "-30.00")
    [line] = lines_of(paper)
    assert (line.invoices, line.notes, line.open) == (gbp("120.00"), gbp("-30.00"), gbp("90.00"))


def test_what_cannot_be_told_is_left_out(paper: Paper) -> None:
    """One whose payment is not told, and one in a currency without rate."""
    paper.bill(501)
    paper.bill(502, "50.00 EUR", "0.00")
    paper.document("WHMCS-501")
    paper.document("WHMCS-502", "50.00 EUR", "0.00", paid=gbp("0.00"))
    assert lines_of(paper) == ()


def test_open_documents_come_oldest_first(paper: Paper) -> None:
    for ref, day in ((501, 20), (502, 5)):
        paper.bill(ref, date=dt.date(2026, 3, day))
        paper.document(f"WHMCS-{ref}", date=dt.date(2026, 3, day), paid=gbp("0.00"))
    ours = {number: item for item in paper.items() for number in item.targets}
    _, found = debtors(paper.target, ours, (), paper.terms())
    assert [(each.number, each.age) for each in found] == [("F-502", 27), ("F-501", 12)]
