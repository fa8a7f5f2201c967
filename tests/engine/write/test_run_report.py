"""A report counts everything, and keeps of it what a person can read."""

import datetime as dt

from bridge.api import EntryState, InvoiceState, Reason, Run, client_ref, invoice_ref
from bridge.engine.context import Stop
from bridge.engine.write.run_report import Tally
from bridge.store.tables.values import EntryRow
from bridge.testing.builders import gbp
from bridge.testing.conformance.target_crashes import Nobody

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


def _tally() -> Tally:
    return Tally(Run(1, "books", "sync", NOW), Nobody())


def test_of_very_many_held_ones_the_first_thousand_are_shown_and_all_are_counted() -> None:
    tally = _tally()
    for number in range(1, 1004):
        tally.fate(_row(number), EntryState.HELD, reason=Reason.FOREIGN_VAT)
    tally.fate(_row(2001), EntryState.FAILED)
    tally.fate(_row(2002), EntryState.UNKNOWN)
    report = tally.report(backlog=0, seconds=1, error=None, stop=Stop())
    held = [entry for entry in report.newly_held if entry.state is EntryState.HELD]
    assert len(held) == 1000
    assert report.outcome["held"] == 1003
    assert report.reasons == {"foreign_vat": 1003}
    others = {entry.invoice.id for entry in report.newly_held if entry not in held}
    assert others == {"2001", "2002"}
    assert report.exit_code == 4


def test_one_that_is_held_again_counts_once_although_no_more_are_kept() -> None:
    tally = _tally()
    for number in range(1, 1001):
        tally.fate(_row(number), EntryState.HELD, reason=Reason.FOREIGN_VAT)
    tally.fate(_row(1), EntryState.HELD, reason=Reason.REMOTE_MISSING)
    report = tally.report(backlog=0, seconds=1, error=None, stop=Stop())
    assert report.outcome["held"] == 1000
    assert report.reasons == {"foreign_vat": 999, "remote_missing": 1}
