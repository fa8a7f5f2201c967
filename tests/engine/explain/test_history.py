"""The history of one invoice, out of the log alone."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.api import EntryState, Kind, Payload, TargetRef, client_ref, invoice_ref
from bridge.engine.explain.history import (
    InvoiceHistory,
    history_of,
    in_words,
    outcome_in_words,
    target_in_words,
)
from bridge.model.run import StepState
from bridge.store.tables.values import Action, SnapshotRow, StepRow
from bridge.testing.builders import DAY, gbp
from tests.engine.reconcile.company import Company, opened_company
from tests.engine.reconcile.conftest import Paper

AT = dt.datetime(2026, 4, 1, 6, 0, tzinfo=dt.UTC)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with opened_company(tmp_path) as company:
        yield company


@pytest.fixture
def paper() -> Paper:
    return Paper()


def history_in(company: Company, invoice: int) -> InvoiceHistory:
    entry = company.log.entry(invoice_ref(invoice))
    assert entry
    return history_of(company.log, entry)


def test_a_booked_invoice_has_its_records_steps_and_rules(company: Company) -> None:
    company.bill(501)
    company.sync()
    found = history_in(company, 501)
    assert found.client
    assert found.client.ref == client_ref(1)
    assert {link.ref.kind for link in found.links} == {Kind.INVOICE, Kind.PAYMENT}
    assert {step.state for step in found.steps} == {StepState.DONE}
    assert {link.ref for link, _ in found.rules} <= {
        found.client.ref,
        *(link.ref for link in found.links),
    }
    assert found.rules
    assert found.used == found.versions[-1]
    assert found.booked is None


def test_what_belongs_to_another_invoice_is_left_out(company: Company) -> None:
    company.bill(501)
    company.bill(504)  # of the same client
    company.sync()
    found = history_in(company, 504)
    assert {step.invoice for step in found.steps} == {invoice_ref(504)}
    assert {event.invoice for event in found.events} == {invoice_ref(504)}


def version(content: str) -> SnapshotRow:
    return SnapshotRow(content, AT, 1, content, {})


@pytest.mark.parametrize(
    ("contents", "fingerprint", "booked"),
    [("", "a", None), ("a", "a", None), ("ab", "a", "a"), ("ab", None, None), ("ab", "c", None)],
)
def test_what_is_booked_is_told_where_it_is_not_what_was_used_last(
    paper: Paper, contents: str, fingerprint: str | None, booked: str | None
) -> None:
    paper.entry(501)
    entry = replace(paper.entries["501"], content_fingerprint=fingerprint)
    versions = tuple(version(content) for content in contents)
    found = InvoiceHistory(entry, None, (), (), (), (), versions)
    assert (found.booked.content if found.booked else None) == booked


@pytest.mark.parametrize("state", list(EntryState))
def test_each_state_is_a_sentence(paper: Paper, state: EntryState) -> None:
    paper.entry(501, state)
    assert in_words(paper.entries["501"]).endswith(".")


def test_a_failed_invoice_says_when_it_is_tried_again(paper: Paper) -> None:
    paper.entry(501, EntryState.FAILED)
    entry = paper.entries["501"]
    assert in_words(entry) == "Failed, and tried again from the next run."
    later = in_words(replace(entry, next_try=AT))
    assert later == "Failed, and tried again from 2026-04-01 06:00 UTC."


@pytest.mark.parametrize(
    ("permanent", "words"), [("", "1001"), ("1001", "1001"), ("77", "1001 (id 77)")]
)
def test_a_permanent_id_is_shown_where_it_is_not_the_number(permanent: str, words: str) -> None:
    assert target_in_words(TargetRef(Kind.INVOICE, "1001", permanent)) == words


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        (StepState.INTENDED, "", "no outcome is known"),
        (StepState.DONE, "", "done, 1001"),
        (StepState.REFUSED, "", "not written"),
        (StepState.REFUSED, "no such customer", "not written: no such customer"),
        (StepState.UNKNOWN, "time ran out", "outcome unknown: time ran out"),
    ],
)
def test_each_outcome_of_a_step_is_told(state: StepState, error: str, words: str) -> None:
    target = TargetRef(Kind.INVOICE, "1001") if state is StepState.DONE else None
    ref, zero = invoice_ref(501), gbp("0.00")
    payload = Payload("invoice", {}, "501", DAY, zero, zero)
    step = StepRow(1, 1, ref, ref, Action.CREATE, state, payload, None, target, error, AT, None)
    assert outcome_in_words(step) == words
