"""What rows of the target are worth in the source's currency."""

from decimal import Decimal

import pytest

from bridge.api import Kind, SourceRef
from bridge.engine.reconcile.valuation import Wrong, elsewhere, worth
from bridge.testing.builders import eur, gbp
from tests.engine.reconcile.conftest import Paper


def test_rows_in_the_sources_currency_count_as_they_are(paper: Paper) -> None:
    source = paper.pay(900, "30.00")
    paper.row("WHMCS-T900/501", "20.00")
    paper.row("WHMCS-T900/502", "10.00")
    assert worth(paper.target, source, paper.log_view(), "GBP", "WHMCS") == gbp("30.00")


def test_a_foreign_row_counts_as_what_the_log_says_it_settles(paper: Paper) -> None:
    source = paper.pay(900, "60.00 EUR")
    paper.row("WHMCS-T900/501", "51.19")
    paper.link(Kind.PAYMENT, "T900/501", "9", net="51.19", paid="60.00 EUR")
    assert worth(paper.target, source, paper.log_view(), "GBP", "WHMCS") == eur("60.00")


def test_a_foreign_row_that_was_changed_since_it_was_sent_is_wrong(paper: Paper) -> None:
    source = paper.pay(900, "60.00 EUR")
    paper.row("WHMCS-T900/501", "50.00", number="P7")
    paper.link(Kind.PAYMENT, "T900/501", "9", net="51.19", paid="60.00 EUR")
    found = worth(paper.target, source, paper.log_view(), "GBP", "WHMCS")
    assert found == Wrong("P7 is 50.00 GBP, sent was 51.19 GBP")


@pytest.mark.parametrize(
    ("shown", "right"), [("50.00", True), ("50.01", True), ("49.99", True), ("50.02", False)]
)
def test_without_the_log_the_sources_own_rate_decides_to_a_penny_a_row(
    paper: Paper, shown: str, right: bool
) -> None:
    source = paper.pay(900, "60.00 EUR", rate=Decimal("1.2"))
    paper.row("WHMCS-T900/501", shown)
    found = worth(paper.target, source, paper.log_view(), "GBP", "WHMCS")
    if right:
        assert found == source.net
    else:
        assert found == Wrong("it shows 50.02 GBP, and 60.00 EUR was worth 50.00 GBP")


def test_the_exchange_difference_belongs_to_what_is_reckoned_by_rate(paper: Paper) -> None:
    source = paper.pay(900, "60.00 EUR", rate=Decimal("1.2"))
    paper.row("WHMCS-T900/501", "51.19")
    paper.row("WHMCS-T900/501/exchange", "-1.19")
    assert worth(paper.target, source, paper.log_view(), "GBP", "WHMCS") == source.net


def test_without_log_and_rate_nothing_can_be_said(paper: Paper) -> None:
    source = paper.pay(900, "60.00 EUR")
    paper.row("WHMCS-T900/501", "51.19")
    found = worth(paper.target, source, paper.log_view(), "GBP", "WHMCS")
    assert isinstance(found, Wrong)
    assert "knows no rate" in found.why


def test_a_row_on_another_account_than_it_was_sent_to_is_wrong(paper: Paper) -> None:
    paper.accounts[SourceRef(Kind.PAYMENT, "T900/501")] = {"Card Clearing (1210)", "Debtors"}
    source = paper.pay(900, "30.00")
    right = paper.row("WHMCS-T900/501", "30.00")
    assert elsewhere(right, paper.log_view(), "WHMCS") == ""
    moved = paper.row("WHMCS-T900/501", "30.00", account="PayPal", number="P7")
    found = worth([moved], source, paper.log_view(), "GBP", "WHMCS")
    why = "P7 stands on PayPal, and it was sent to Card Clearing (1210) and Debtors"
    assert found == Wrong(why)
