"""A report counts everything, and keeps of it what a person can read."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.api import (
    EntryState,
    InvoiceState,
    LineKind,
    MovementKind,
    Payload,
    Reason,
    Report,
    Run,
    client_ref,
    invoice_ref,
)
from bridge.engine.context import CancelToken, Choices, Connections
from bridge.engine.write.run_report import RunCounters, summary
from bridge.model.keys import Key
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow
from bridge.testing.builders import (
    a_client,
    a_line,
    a_movement,
    a_transaction,
    an_invoice,
    gbp,
)
from bridge.testing.conformance.simulation import NullObservers
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.compose import MemoryMapping, compose_movement
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget
from tests.engine.run_engine import POLICY, run_between

NOW = dt.datetime(2026, 5, 4, 6, 0, tzinfo=dt.UTC)


def _row(number: int) -> EntryRow:
    return EntryRow(
        invoice=invoice_ref(number),
        client=client_ref(31),
        number=f"F{number}",
        status="Paid",
        source_state=InvoiceState.PAID,
        issued=NOW.date(),
        paid_on=NOW.date(),
        gross=gbp("120.00"),
        header_fingerprint=None,
        money_fingerprint=None,
        content_fingerprint=None,
        state=EntryState.PENDING,
        reason=None,
        what="",
        remedy="",
        tries=0,
        next_try=None,
        changed=NOW,
        run=1,
    )


def _counters() -> RunCounters:
    return RunCounters(Run(1, "books", "sync", NOW), NullObservers())


def _report(counters: RunCounters) -> Report:
    return counters.report(backlog=0, seconds=1, error=None, stop=CancelToken())


def test_of_very_many_held_ones_the_first_thousand_are_shown_and_all_are_counted() -> None:
    counters = _counters()
    for number in range(1, 1004):
        counters.fate(_row(number), EntryState.HELD, reason=Reason.FOREIGN_VAT)
    counters.fate(_row(2001), EntryState.FAILED)
    counters.fate(_row(2002), EntryState.UNKNOWN)
    report = _report(counters)
    held = [entry for entry in report.newly_held if entry.state is EntryState.HELD]
    assert len(held) == 1000
    assert report.outcome["held"] == 1003
    assert report.reasons == {"foreign_vat": 1003}
    others = {entry.invoice.id for entry in report.newly_held if entry not in held}
    assert others == {"2001", "2002"}
    assert report.exit_code == 4


def test_one_that_is_held_again_counts_once_although_no_more_are_kept() -> None:
    counters = _counters()
    for number in range(1, 1001):
        counters.fate(_row(number), EntryState.HELD, reason=Reason.FOREIGN_VAT)
    counters.fate(_row(1), EntryState.HELD, reason=Reason.REMOTE_MISSING)
    report = _report(counters)
    assert report.outcome["held"] == 1000
    assert report.reasons == {"foreign_vat": 999, "remote_missing": 1}


# What the created records come to ---------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SyncLog]:
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as opened:
        opened.migrate()
        yield opened


def _run(log: SyncLog, billing: MemoryBilling, books: MemoryBooks) -> Report:
    policy = replace(POLICY, choices=Choices(price_reductions="credit_note"))
    with MemoryTarget(books, takes_balances=True) as target, MemorySource(billing) as source:
        return run_between(Connections(source, target), log, policy=policy)


def _totals(report: Report) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = summary(report)["totals"]
    return told


def test_what_is_settled_in_full_is_paid_in_full_whatever_the_gateway_kept(log: SyncLog) -> None:
    money = a_transaction(900, fee=gbp("1.95"))
    billing = MemoryBilling(a_client(), an_invoice(transactions=[money]))
    report = _run(log, billing, MemoryBooks())
    assert _totals(report) == {"GBP": {"invoiced": "120.00", "paid": "120.00", "fees": "1.95"}}
    (kept,) = log.runs(1)
    assert kept.summary["totals"] == _totals(report)


def test_a_figure_without_records_is_not_told(log: SyncLog) -> None:
    report = _run(log, MemoryBilling(a_client(), an_invoice()), MemoryBooks())
    assert _totals(report) == {"GBP": {"invoiced": "120.00", "paid": "120.00"}}


def test_a_refund_is_credited_and_refunded_and_off_nothing_else(log: SyncLog) -> None:
    """In a later run it is all that there is: the invoice was counted when it was booked."""
    billing, books = MemoryBilling(a_client(), an_invoice()), MemoryBooks()
    _run(log, billing, books)
    billing.put(a_transaction(905, money_out=gbp("30.00"), refund_of="900"))
    assert _totals(_run(log, billing, books)) == {
        "GBP": {"invoiced": "0.00", "paid": "0.00", "credited": "30.00", "refunded": "30.00"}
    }


def test_money_put_on_a_balance_is_no_payment_and_no_sale(log: SyncLog) -> None:
    line = a_line(gbp("50.00"), kind=LineKind.PREPAYMENT, taxed=False)
    paid = a_transaction(900, money_in=gbp("50.00"), fee=gbp("1.00"))
    billing = MemoryBilling(a_client(), an_invoice(lines=[line], transactions=[paid]))
    assert _totals(_run(log, billing, MemoryBooks())) == {
        "GBP": {"invoiced": "0.00", "paid": "0.00", "fees": "1.00", "balance": "50.00"}
    }


def test_money_beyond_an_invoice_is_on_the_balance(log: SyncLog) -> None:
    paid = a_transaction(900, money_in=gbp("150.00"))
    billing = MemoryBilling(a_client(), an_invoice(transactions=[paid]))
    assert _totals(_run(log, billing, MemoryBooks())) == {
        "GBP": {"invoiced": "120.00", "paid": "120.00", "balance": "30.00"}
    }


def test_an_exchange_difference_has_a_figure_of_its_own() -> None:
    counters = _counters()
    movement = a_movement(kind=MovementKind.EXCHANGE_DIFFERENCE, amount=gbp("-0.37"))
    payload = compose_movement(movement, MemoryMapping())
    assert isinstance(payload, Payload)
    counters.wrote(invoice_ref(501), Key.parse("T900/501/exchange").ref, payload)
    assert _totals(_report(counters)) == {
        "GBP": {"invoiced": "0.00", "paid": "0.00", "exchange": "-0.37"}
    }


def test_what_was_written_without_an_answer_counts_where_it_is_found(log: SyncLog) -> None:
    billing, books = MemoryBilling(a_client(), an_invoice()), MemoryBooks()
    books.misbehave("create_invoice", "lost_reply")
    report = _run(log, billing, books)
    assert (report.created["invoices"], report.created["payments"]) == (1, 1)
    assert _totals(report) == {"GBP": {"invoiced": "120.00", "paid": "120.00"}}


def test_what_is_found_in_the_target_is_counted_nowhere(log: SyncLog, tmp_path: Path) -> None:
    billing, books = MemoryBilling(a_client(), an_invoice()), MemoryBooks()
    _run(log, billing, books)
    with closing(open_log("sqlite:///other.db", "kit", base=tmp_path)) as other:
        other.migrate()
        report = _run(other, billing, books)
    assert report.outcome["done"] == 1
    assert not any(report.created.values())
    assert _totals(report) == {}
