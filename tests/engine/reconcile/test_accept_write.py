"""Accepting a difference, and taking that back, in the log."""

import pytest

from bridge.api import UsageError
from bridge.engine.context import Operator
from bridge.engine.reconcile.accept import named
from bridge.engine.reconcile.accept_write import accept, unaccept
from bridge.engine.reconcile.read_books import BooksSnapshot
from bridge.engine.reconcile.result import Reconciliation, reconciled
from tests.engine.reconcile.company import NOW, Company


def hands_of(company: Company) -> Operator:
    run = company.log.start_run("accept", version="test", settings_digest="abc")
    return Operator(company.log, run, None, "jo@books", lambda: NOW)


def report_of(found: BooksSnapshot) -> Reconciliation:
    return reconciled(found, version="test", settings="abc")


def accepted(company: Company) -> BooksSnapshot:
    """Invoice 501 is not in the books, and jo says why."""
    company.bill(501)
    found = company.read()
    difference = named(report_of(found).differences, "501")
    return accept(hands_of(company), found, difference, "agreed")


def test_an_accepted_difference_counts_no_more_at_once_and_later(company: Company) -> None:
    assert report_of(accepted(company)).exit_code == 0
    later = company.reconcile()
    assert later.exit_code == 0
    [difference] = later.accepted
    assert difference.accepted
    assert (difference.accepted.who, difference.accepted.because) == ("jo@books", "agreed")
    assert difference.accepted.at == NOW


def test_an_acceptance_is_an_event_with_what_was_shown(company: Company) -> None:
    accepted(company)
    [event] = [event for event in company.log.events() if event.code == "by_hand"]
    assert event.message.startswith("accepted by jo@books: invoice 501")
    assert event.message.endswith("because: agreed")
    assert "MEM-501 of client" in str(event.data["shown"])


def test_taking_it_back_counts_it_again(company: Company) -> None:
    found = unaccept(hands_of(company), accepted(company), "501")
    assert report_of(found).exit_code == 5
    assert company.log.acceptances() == []
    assert company.reconcile().exit_code == 5
    messages = [event.message for event in company.log.events() if event.code == "by_hand"]
    assert messages[-1] == "no longer accepted, says jo@books: 501 (was: agreed, jo@books)"


def test_what_was_not_accepted_cannot_be_taken_back(company: Company) -> None:
    found = accepted(company)
    with pytest.raises(UsageError, match="502 was not accepted"):
        unaccept(hands_of(company), found, "502")
    assert len(company.log.acceptances()) == 1
