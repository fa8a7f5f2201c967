"""A run of an earlier day is reversed by credit notes, exactly once, where no money stands."""

import datetime as dt
import json
import sqlite3
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver

from bridge.api import EntryState, Reason
from tests.e2e.conftest import NOON
from tests.e2e.test_undo import _bridge

pytestmark = pytest.mark.usefixtures("at_noon")

DAY = dt.timedelta(days=1) // dt.timedelta(microseconds=1)
TODAY = NOON.date().isoformat()


def yesterday(rig: Any, run: int) -> int:
    """As if it had been so."""
    log = sqlite3.connect(rig.place / "bridge.db")
    log.execute("UPDATE bridge_run SET started = started - ? WHERE id = ?", [DAY, run])
    log.commit()
    log.close()
    return run


def undo(rig: Any, run: int, *more: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code, and the lines of JSON."""
    found = _bridge(
        rig, "undo", "--run", str(run), "--credit-notes", "--because", "wrong nominal", "--json",
        *(more or ("--yes",)),
    )  # fmt: skip
    assert "Traceback" not in found.stderr, found.stderr
    return found.returncode, [json.loads(line) for line in found.stdout.splitlines()]


@pytest.fixture
def booked(rig: Any) -> tuple[Any, int, int]:
    """An invoice that a bank feed is to pay, booked by a run of yesterday."""
    rig.settings["sync"]["start_date"] = "2026-10-29"
    invoice = rig.paid_invoice(rig.new_client(), "100.00", "9.99", gateway="banktransfer")
    return rig, invoice, yesterday(rig, rig.sync(invoice).run.id)


def _pair(rig: Any, invoice: int, booking: str = "") -> tuple[Any, Any]:
    """A reversed document and its note: together nothing, on each nominal and in VAT."""
    document = rig.ours()[f"WHMCS-{invoice}{booking}"]
    note = rig.ours()[f"WHMCS-{invoice}{booking}/reversed"]
    shown = [[(line.nominal, line.net, line.vat, line.vat_rate) for line in one.lines]
             for one in (document, note)]  # fmt: skip
    assert shown[1] == [(name, -net, -vat, rate) for name, net, vat, rate in shown[0]]
    assert note.gross == -document.gross
    assert (document.amount_paid, note.amount_paid) == (document.gross, note.gross)
    assert note.customer == document.customer
    return document, note


def test_it_is_offered_shown_and_asked_for_before_anything_is_written(
    booked: tuple[Any, int, int],
) -> None:
    rig, invoice, run = booked
    writes = len(rig.books.invoices()), len(rig.books.payments())
    refused = _bridge(rig, "undo", "--run", str(run), "--because", "x", "--yes")
    assert refused.returncode == 2
    assert f"bridge undo --run {run} --credit-notes" in " ".join(refused.stderr.split())
    arguments = ("undo", "--run", str(run), "--credit-notes", "--because", "x")
    shown = _bridge(rig, *arguments, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    number = rig.ours()[f"WHMCS-{invoice}"].number
    words = " ".join(shown.stdout.split())
    assert f"reverse document {number} by a credit note of {TODAY}" in words
    assert "net -109.99 GBP, tax -22.00 GBP" in words
    asked = _bridge(rig, *arguments)
    assert asked.returncode == 2
    assert "nobody can be asked here" in asked.stderr
    assert (len(rig.books.invoices()), len(rig.books.payments())) == writes


def test_a_note_reverses_it_once_as_it_was_booked(booked: tuple[Any, int, int]) -> None:
    """On the nominals of that day, whatever the settings say by now."""
    rig, invoice, run = booked
    rig.settings["target"]["nominals"]["default"] = "Servers"
    code, lines = undo(rig, run)
    assert code == 0, lines
    document, note = _pair(rig, invoice)
    assert lines[-1]["notes"] == {str(invoice): str(note.number)}
    assert {line.nominal for line in note.lines} == {"Web Hosting"}
    assert note.lines[0].description.startswith(f"Credit for invoice {document.number}: ")
    assert note.date[:10] == TODAY

    assert undo(rig, run) == (0, [{**lines[-1], "notes": {}}])
    _pair(rig, invoice)


def test_it_stays_out_until_a_person_wants_it_again(booked: tuple[Any, int, int]) -> None:
    rig, invoice, run = booked
    assert undo(rig, run)[0] == 0
    for _ in range(2):
        rig.sync()
    assert f"WHMCS-{invoice}/2" not in rig.ours()
    story = _bridge(rig, "explain", str(invoice)).stdout
    assert "was undone by credit note" in " ".join(story.split())
    agreed = _bridge(rig, "reconcile", "--json")
    assert agreed.returncode == 0, agreed.stdout[-2000:]

    rig.settings["target"]["nominals"]["default"] = "Servers"
    assert _bridge(rig, "retry", str(invoice)).returncode == 0
    second = rig.sync(invoice).run.id
    assert rig.fates[str(invoice)].state is EntryState.DONE
    again = rig.ours()[f"WHMCS-{invoice}/2"]
    assert again.gross == Decimal("131.99")
    assert {line.nominal for line in again.lines} == {"Servers"}
    _pair(rig, invoice)
    rig.again(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    assert _bridge(rig, "reconcile").returncode == 0

    assert undo(rig, yesterday(rig, second))[0] == 0  # and that one too
    _pair(rig, invoice)
    _pair(rig, invoice, "/2")
    assert _bridge(rig, "reconcile").returncode == 0


def _paid(rig: Any) -> int:
    return int(rig.paid_invoice(rig.new_client()))


def _with_fee(rig: Any) -> int:
    return int(rig.paid_invoice(rig.new_client(), fees="1.95"))


def _prepaid(rig: Any) -> int:
    lines = [{"type": "AddFunds", "description": "Funds", "amount": "50.00", "taxed": False}]
    invoice = rig.whmcs.do(
        "create_invoice", client=rig.new_client(), lines=lines, date="2026-10-30"
    )
    rig.whmcs.do("pay", invoice=invoice, gateway="stripe", transid="ch_f", date="2026-10-30")
    return int(invoice)


@pytest.mark.parametrize(
    ("story", "why"),
    [
        (_paid, "120.00 GBP was paid on it"),
        (_with_fee, "-1.95 GBP moved on an account for it, which stays moved"),
        (_prepaid, "50.00 GBP moved on an account for it, which stays moved"),
    ],
)
def test_what_money_stands_on_stays_whole_and_says_why(rig: Any, story: Any, why: str) -> None:
    """KashFlow cannot delete a bank transaction; a note alone would leave money with nobody."""
    invoice = story(rig)
    run = yesterday(rig, rig.sync(invoice).run.id)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    writes = rig.writes()
    code, lines = undo(rig, run)
    assert (code, lines[-1]["notes"]) == (3, {})
    assert why in lines[-1]["stays"][str(invoice)]
    assert "refund or cancel it in the source" in lines[-1]["stays"][str(invoice)]
    assert rig.writes() == writes
    rig.again(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE


def test_what_a_feed_has_paid_since_stays_whole(booked: tuple[Any, int, int]) -> None:
    rig, invoice, run = booked
    with Driver.at(rig.place / "far") as driver:
        driver.add_payment(rig.ours()[f"WHMCS-{invoice}"].number, "2026-11-01", "131.99")
    code, lines = undo(rig, run)
    assert code == 3
    assert "bears a payment that this run did not make" in lines[-1]["stays"][str(invoice)]


def test_a_closed_day_moves_the_note_or_keeps_it(booked: tuple[Any, int, int]) -> None:
    rig, invoice, run = booked
    rig.settings["books"]["books_closed_to"] = TODAY
    code, lines = undo(rig, run)
    assert code == 3
    assert "in a closed period" in lines[-1]["stays"][str(invoice)]
    rig.settings["books"]["when_closed"] = "first_open_day"
    assert undo(rig, run)[0] == 0
    _, note = _pair(rig, invoice)
    assert note.date[:10] > TODAY
    assert note.reference.endswith(f"of {TODAY}")


@pytest.mark.parametrize("name", ["InsertInvoice", "applyCreditNoteToInvoice"])
@pytest.mark.parametrize("mode", ["lost_reply", "cut_before"])
def test_a_lost_reply_is_found_out_and_the_undo_goes_on(
    booked: tuple[Any, int, int], name: str, mode: str
) -> None:
    rig, invoice, run = booked
    rig.fault("kashflow", {"name": name, "nth": 1, "mode": mode})
    codes: list[int] = []
    while len(codes) < 4 and codes[-1:] != [0]:
        codes.append(undo(rig, run)[0])
        rig.sync(1001)  # a run in between neither books it again nor gives up the undo
    assert codes == [4, 0], codes
    _pair(rig, invoice)
    log = sqlite3.connect(rig.place / "bridge.db")
    state = log.execute("SELECT state, reason FROM bridge_entry WHERE invoice = ?", [invoice])
    assert state.fetchone() == (EntryState.HELD.value, Reason.SKIPPED_BY_USER.value)
    log.close()


def test_a_log_that_was_lost_books_nothing_of_it_again(booked: tuple[Any, int, int]) -> None:
    rig, invoice, run = booked
    assert undo(rig, run)[0] == 0
    (rig.place / "bridge.db").unlink()
    rig.sync(invoice)
    fate = rig.fates[str(invoice)]
    assert (fate.state, fate.reason) == (EntryState.HELD, Reason.POSSIBLE_DUPLICATE)
    assert "an undo that this log does not know" in fate.what
    _pair(rig, invoice)
