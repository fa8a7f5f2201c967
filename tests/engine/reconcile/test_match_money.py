"""Payments, refunds, fees and balances of both books, transaction by transaction."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge.api import EntryState, Kind, Reason, RecordClass, SourceRef
from bridge.engine.reconcile.match import differences
from bridge.engine.reconcile.values import MatchClass

Paper = Any


def _sold_without_payment(paper: Paper, ref: int = 501) -> Any:
    paper.bill(ref)
    paper.entry(ref)
    return paper.document(f"WHMCS-{ref}")


def test_a_payment_that_is_missing_is_a_difference(paper: Paper) -> None:
    _sold_without_payment(paper)
    paper.pay(901, "120.00")
    assert paper.unexplained() == [("payment T901/501 (ch_901)", "only_in_source")]


def test_a_payment_of_another_amount_or_day_is_a_difference(paper: Paper) -> None:
    document = _sold_without_payment(paper)
    paper.pay(901, "60.00")
    paper.pay(902, "60.00")
    paper.row("WHMCS-T901/501", "50.00", document)
    paper.row("WHMCS-T902/501", "60.00", document, date=dt.date(2026, 3, 20))
    found = [item.verdict.what for item in paper.items() if item.standing is MatchClass.DIFFERS]
    assert found == [
        "50.00 GBP of it is in the books instead of 60.00 GBP",
        "its day is 2026-03-20 instead of 2026-03-10",
    ]
    assert len(paper.unexplained()) == 1  # one matter: the payments of one invoice


def test_the_same_payment_twice_is_a_difference(paper: Paper) -> None:
    document = paper.sold(501)
    paper.row("WHMCS-T901/501", "120.00", document)
    [item] = [item for item in paper.items() if item.standing is MatchClass.DIFFERS]
    assert "240.00 GBP of it" in item.verdict.what


def test_what_a_bank_feed_brings_is_explained_on_both_sides(paper: Paper) -> None:
    document = paper.sold(501, gateway="banktransfer")
    paper.row("", "120.00", document)
    assert paper.classes() == [
        ("invoice", "matched", ""),
        ("payment", "other", "bank_feed"),
        ("payment", "skipped", "bank_feed"),
    ]


def test_a_payment_by_hand_on_an_invoice_of_ours_is_a_difference(paper: Paper) -> None:
    document = paper.sold(501)
    paper.row("", "5.00", document)
    assert paper.unexplained() == [
        (f"payment P{paper.number} in the target on Card Clearing", "only_in_target")
    ]


def test_a_payment_on_somebody_elses_invoice_is_their_business(paper: Paper) -> None:
    document = paper.document("", client="C99")
    paper.row("", "120.00", document)
    paper.row("", "-3.00")
    assert {standing for _, standing, _ in paper.classes()} == {"other"}


def test_a_payment_on_an_invoice_by_hand_is_the_same_matter(paper: Paper) -> None:
    paper.link(Kind.CLIENT, "31", "C31")
    document = paper.document("", client="C31")
    paper.row("", "120.00", document)
    assert len(paper.unexplained()) == 1
    assert {standing for _, standing, _ in paper.classes()} == {"only_in_target"}


def test_a_fee_is_left_to_the_gateways_bill_or_booked(paper: Paper) -> None:
    _sold_without_payment(paper)
    paper.pay(901, "120.00", account="banktransfer", fee=_gbp("1.50"))
    assert ("fee", "only_in_source", "") in paper.classes()
    row = paper.row("WHMCS-T901/fee", "-1.50")
    assert ("fee", "matched", "") in paper.classes()
    paper.target[-1] = replace(row, net=_gbp("-1.40"))
    assert ("fee", "differs", "") in paper.classes()


def test_fees_that_a_person_books_are_explained(paper: Paper) -> None:
    paper.sold(501)
    paper.source[-1] = replace(paper.source[-1], fee=_gbp("1.50"))
    assert ("fee", "skipped", "fees_apart") in paper.classes()


def test_money_on_an_invoice_from_before_the_start_is_tested_by_its_own_day(paper: Paper) -> None:
    """A refund of today waits for a person, although its sale is none of bridge's business."""
    paper.bill(501)
    paper.entry(501, EntryState.SKIPPED, Reason.BEFORE_START_DATE)
    paper.start = dt.date(2026, 3, 20)
    paper.pay(901, "120.00")
    paper.pay(905, "-30.00", date=paper.start)
    told = {(kind, standing, reason) for kind, standing, reason in paper.classes()}
    assert ("payment", "before_start", "before_start_date") in told
    assert ("refund", "held", "opening_item") in told


def test_one_payment_of_several_invoices_closes_over_all_of_them(paper: Paper) -> None:
    """A held one explains its share, and nothing more than its share."""
    for ref in (501, 502):
        paper.bill(ref, credit=_gbp("120.00"))
    first = paper.document("WHMCS-501")
    paper.entry(501)
    paper.entry(502, EntryState.HELD, Reason.FOREIGN_VAT)
    paper.entry(600, EntryState.SKIPPED, Reason.MASS_PAY_CONTAINER)
    paper.bill(
        600,
        "240.00",
        "0.00",
        record_class=RecordClass.SETTLEMENT,
        settles=("WHMCS-501", "WHMCS-502"),
    )
    paper.pay(900, "240.00", 600)
    paper.row("WHMCS-T900/501", "120.00", first)
    shares = [item for item in paper.items() if item.token == "WHMCS-T900/600"]
    assert [(item.standing.value, str(item.billed)) for item in shares] == [
        ("matched", "120.00 GBP"),
        ("held", "120.00 GBP"),
    ]
    assert paper.unexplained() == []
    paper.entry(502)
    second = paper.document("WHMCS-502")
    assert len(paper.unexplained()) == 1
    paper.row("WHMCS-T900/502", "120.00", second)
    assert paper.unexplained() == []


def test_money_beyond_the_invoice_is_a_share_too(paper: Paper) -> None:
    document = _sold_without_payment(paper)
    paper.pay(901, "130.00")
    paper.row("WHMCS-T901/501", "120.00", document)
    assert len(paper.unexplained()) == 1
    paper.row("WHMCS-T901/excess", "10.00")
    assert paper.unexplained() == []


def test_a_foreign_payment_is_worth_what_the_log_says_it_settles(paper: Paper) -> None:
    paper.bill(501, "100.00 EUR", "20.00")
    paper.entry(501)
    document = paper.document("WHMCS-501", "100.00 EUR", "20.00")
    paper.pay(901, "120.00 EUR", rate=Decimal("1.2"))
    paper.row("WHMCS-T901/501", "101.00", document)
    assert len(paper.unexplained()) == 1  # the source's own rate makes 100.00 of it
    paper.link(Kind.PAYMENT, "T901/501", f"P{paper.number}", "101.00", "120.00 EUR")
    assert paper.unexplained() == []
    for sent in ("100.99", "101.01"):
        paper.link(Kind.PAYMENT, "T901/501", f"P{paper.number}", sent, "120.00 EUR")
        [item] = [item for item in paper.items() if item.standing is MatchClass.DIFFERS]
        assert f"is 101.00 GBP, sent was {sent} GBP" in item.verdict.what


def test_without_the_log_a_foreign_payment_goes_by_the_sources_rate(paper: Paper) -> None:
    paper.bill(501, "100.00 EUR", "20.00")
    paper.entry(501)
    document = paper.document("WHMCS-501", "100.00 EUR", "20.00")
    paper.pay(901, "120.00 EUR", rate=Decimal("1.2"))
    paper.row("WHMCS-T901/501", "98.00", document)
    paper.row("WHMCS-T901/501/exchange", "2.00")
    assert paper.unexplained() == []


def test_balance_that_paid_an_invoice_is_a_record(paper: Paper) -> None:
    paper.bill(501, credit=_gbp("50.00"))
    paper.entry(501)
    document = paper.document("WHMCS-501")
    assert ("balance_use", "only_in_source", "") in paper.classes()
    paper.row("WHMCS-501/credit/50.00", "50.00", document)
    assert ("balance_use", "matched", "") in paper.classes()
    paper.entry(501, EntryState.HELD, Reason.CREDIT_UNMAPPED)
    paper.target.clear()
    assert ("balance_use", "held", "credit_unmapped") in paper.classes()


def test_credit_that_came_as_a_mass_payment_is_no_balance(paper: Paper) -> None:
    paper.bill(501, credit=_gbp("120.00"))
    paper.entry(501)
    document = paper.document("WHMCS-501")
    paper.bill(600, record_class=RecordClass.SETTLEMENT, settles=("WHMCS-501",))
    paper.entry(600, EntryState.SKIPPED, Reason.MASS_PAY_CONTAINER)
    paper.pay(900, "120.00", 600)
    paper.row("WHMCS-T900/501", "120.00", document)
    assert {kind for kind, _, _ in paper.classes()} == {"invoice", "payment", "settlement"}
    assert paper.unexplained() == []
    paper.entry(501, EntryState.HELD, Reason.MASS_PAY_UNPROVEN)
    paper.target.clear()
    assert ("payment", "held", "mass_pay_unproven") in paper.classes()
    assert not [kind for kind, _, _ in paper.classes() if kind == "balance_use"]


def test_a_refund_is_a_credit_note_and_its_payout(paper: Paper) -> None:
    paper.sold(501)
    paper.pay(905, "-30.00")
    note = paper.document("WHMCS-R905", "-25.00", "-5.00")
    assert paper.unexplained() == [("refund R905 (ch_905)", "only_in_source")]
    paper.row("WHMCS-T905/R905", "-30.00", note)
    assert paper.unexplained() == []
    assert ("credit_note", "matched", "") in paper.classes()


def test_a_credit_note_of_more_than_the_refund_is_a_difference(paper: Paper) -> None:
    paper.sold(501)
    paper.pay(905, "-30.00")
    note = paper.document("WHMCS-R905", "-30.00", "-6.00")
    paper.row("WHMCS-T905/R905", "-30.00", note)
    [item] = [item for item in paper.items() if item.standing is MatchClass.DIFFERS]
    assert "it credits 36.00 GBP, and 30.00 GBP was refunded" in item.verdict.what


def test_a_credit_note_that_is_gone_is_a_difference(paper: Paper) -> None:
    paper.sold(501)
    paper.pay(905, "-30.00")
    paper.link(Kind.CREDIT_NOTE, "R905", "1099", "-25.00")
    kinds = {item.kind.value for item in paper.items() if item.standing is MatchClass.ONLY_SOURCE}
    assert kinds == {"credit_note", "refund"}
    assert len(paper.unexplained()) == 1


def test_a_note_set_against_its_invoice_cancels_out(paper: Paper) -> None:
    document = paper.sold(501)
    paper.pay(905, "-30.00")
    note = paper.document("WHMCS-R905", "-25.00", "-5.00")
    paper.row("WHMCS-T905/R905", "-30.00", note)
    for each, amount in ((note, "-30.00"), (document, "30.00")):
        paper.row("", amount, each, note="Credit note applied")
    reasons = [reason for _, standing, reason in paper.classes() if standing == "other"]
    assert reasons == ["set_off", "set_off"]


def test_a_refund_that_waits_for_a_decision_is_held(paper: Paper) -> None:
    """Its invoice is in the books, and stays matched."""
    paper.sold(501)
    paper.entry(501, EntryState.HELD, Reason.REFUND_POLICY)
    paper.pay(905, "-30.00")
    assert paper.classes() == [
        ("invoice", "matched", ""),
        ("payment", "matched", ""),
        ("refund", "held", "refund_policy"),
    ]


def test_money_without_an_invoice_is_listed_and_no_difference(paper: Paper) -> None:
    paper.pay(990, "15.00", None)
    paper.pay(991, "0.00", 501)
    assert paper.classes() == [
        ("payment", "skipped", "no_document"),
        ("payment", "skipped", "no_money"),
    ]


def test_a_payment_that_the_source_does_not_have_is_a_difference(paper: Paper) -> None:
    document = paper.sold(501)
    paper.row("WHMCS-T999/501", "1.00", document)
    [item] = [item for item in paper.items() if item.standing is MatchClass.ONLY_TARGET]
    assert "the key WHMCS-T999/501, which the source does not have" in item.verdict.what


@pytest.mark.parametrize("amount", ["10.00", "-10.00"])
def test_balance_given_by_hand_is_what_the_log_sent(paper: Paper, amount: str) -> None:
    paper.row("WHMCS-C7/given", amount)
    assert [each for _, each, _ in paper.classes()] == ["only_in_target"]
    paper.link(Kind.MOVEMENT, "C7/given", "M1", amount)
    assert [each for _, each, _ in paper.classes()] == ["matched"]


def _gbp(text: str) -> Any:
    from bridge.testing.builders import gbp

    return gbp(text)


def test_a_movement_by_hand_where_bridge_books_is_a_difference(paper: Paper) -> None:
    """Elsewhere it is the target's own business: a transfer to the bank, a bill of the gateway."""
    paper.sold(501)
    paper.row("", "-7.00")
    assert paper.unexplained() == []
    added = paper.row("", "5.00", booked_by="client_balances")
    assert paper.unexplained() == [
        (f"movement {added.number} in the target on Card Clearing", "only_in_target")
    ]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, ""),
        ({"account": "Petty Cash"}, "stands on Petty Cash"),
        ({"nominal": "Debtors Control"}, ""),
        ({"nominal": "Web Hosting"}, "stands on Web Hosting"),
    ],
)
def test_money_that_somebody_moved_to_another_account_is_a_difference(
    paper: Paper, changes: dict[str, str], wrong: str
) -> None:
    paper.sold(501)
    sent = {"Card Clearing (1210)", "Debtors Control"}
    paper.accounts[SourceRef(Kind.PAYMENT, "T901/501")] = sent
    paper.target[-1] = replace(paper.target[-1], **changes)
    found = [each.what for each in differences(paper.items())]
    assert [wrong in what for what in found] == ([True] if wrong else [])
    assert all("sent to Card Clearing (1210) and Debtors Control" in what for what in found)
