"""A run is taken back exactly, on its day, as far as nobody touched what it made."""

import datetime as dt
import json
import sqlite3
import subprocess
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver

from bridge.api import EntryState, Reason
from tests.commands import run_bridge

# A run is taken back on its own day, which must not end while a test runs.
pytestmark = pytest.mark.usefixtures("at_noon")


def _bridge(rig: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    rig.file()
    return run_bridge(rig.place, *arguments)


def _undo(rig: Any, run: int, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code, and the last line of JSON."""
    found = _bridge(
        rig, "undo", "--run", str(run), "--because", "wrong nominal", "--yes", "--json", *more
    )
    assert "Traceback" not in found.stderr, found.stderr
    lines = found.stdout.splitlines()
    return found.returncode, json.loads(lines[-1]) if lines else {"error": found.stderr}


@pytest.fixture
def booked(rig: Any) -> tuple[Any, int, int]:
    """A new client with one paid invoice, booked by a run of its own."""
    invoice = rig.paid_invoice(rig.new_client())
    return rig, invoice, rig.sync(invoice).run.id


def _counts(rig: Any) -> tuple[int, int, int]:
    return len(rig.books.customers()), len(rig.books.invoices()), len(rig.books.payments())


def test_it_removes_exactly_what_the_run_made_and_books_it_again_on_request(rig: Any) -> None:
    kept = rig.paid_invoice(rig.new_client())
    rig.sync(kept)
    before = _counts(rig)
    client = rig.new_client()
    invoice = rig.paid_invoice(client)
    run = rig.sync(invoice).run.id
    writes = rig.writes()

    rehearsed = _bridge(rig, "undo", "--run", str(run), "--because", "x", "--dry-run")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert f"remove invoice {invoice}:" in rehearsed.stdout
    assert not [name for name in rig.writes() - writes if name.startswith("Delete")]
    asked = _bridge(rig, "undo", "--run", str(run), "--because", "x")
    assert asked.returncode == 2
    assert "nobody can be asked here" in asked.stderr

    code, line = _undo(rig, run)
    assert (code, line["removed"]) == (0, {"payment": 1, "invoice": 1, "client": 1})
    assert _counts(rig) == before
    deleted = [name for name in rig.books.calls() if name.startswith("Delete")]
    assert [name.removesuffix("ByID") for name in deleted] == [
        "DeleteInvoicePayment",
        "DeleteInvoice",
        "DeleteCustomer",
    ]

    rig.sync()
    assert f"WHMCS-{invoice}" not in rig.ours()
    log = _bridge(rig, "log", "--invoice", str(invoice), "--json").stdout.splitlines()
    copies = [one for text in log if (one := json.loads(text))["code"] == "undone"]
    documents = [one["data"] for one in copies if one["data"]["ref"] == f"invoice {invoice}"]
    assert documents[0]["because"] == "wrong nominal"
    assert documents[0]["found"]["net"] == "100.00 GBP"
    assert documents[0]["sent"]
    assert _undo(rig, run) == (0, {**line, "removed": {}})

    assert _bridge(rig, "retry", str(invoice)).returncode == 0
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    assert rig.ours()[f"WHMCS-{invoice}"].amount_paid == 120


@pytest.mark.parametrize("name", ["DeleteInvoicePayment", "DeleteInvoiceByID", "DeleteCustomer"])
@pytest.mark.parametrize("mode", ["lost_reply", "cut_before"])
def test_a_lost_reply_is_found_out_and_the_undo_goes_on(
    booked: tuple[Any, int, int], name: str, mode: str
) -> None:
    rig, invoice, run = booked
    rig.fault("kashflow", {"name": name, "nth": 1, "mode": mode})
    codes: list[int] = []
    while len(codes) < 4 and codes[-1:] != [0]:
        codes.append(_undo(rig, run)[0])
        rig.sync(1001)  # a run in between neither books it again nor gives up the undo
    assert codes[-1] == 0, codes
    assert f"WHMCS-{invoice}" not in rig.ours()
    assert not [token for token in rig.payments() if token.endswith(f"/{invoice}")]
    log = sqlite3.connect(rig.place / "bridge.db")
    state = log.execute("SELECT state, reason FROM bridge_entry WHERE invoice = ?", [invoice])
    assert state.fetchone() == (EntryState.HELD.value, Reason.SKIPPED_BY_USER.value)
    assert not log.execute(
        "SELECT 1 FROM bridge_step WHERE state IN ('intended', 'unknown')"
    ).fetchall()
    log.close()


def test_what_was_touched_since_stays_whole(booked: tuple[Any, int, int]) -> None:
    rig, invoice, run = booked
    document = rig.ours()[f"WHMCS-{invoice}"]
    with Driver.at(rig.place / "far") as driver:
        driver.add_payment(document.number, "2026-11-01", "1.00")
    before = _counts(rig)
    code, line = _undo(rig, run)
    assert (code, line["removed"]) == (3, {})
    assert "payment that this run did not make" in line["stays"][str(invoice)]
    assert _counts(rig) == before


def test_a_bank_transaction_keeps_its_whole_invoice(rig: Any) -> None:
    """KashFlow's service has no call that deletes one (manual, list of operations)."""
    invoice = rig.paid_invoice(rig.new_client(), fees="1.95")
    plain = rig.paid_invoice(rig.new_client())
    run = rig.sync(invoice, plain).run.id
    rehearsed = _bridge(rig, "undo", "--run", str(run), "--because", "x", "--dry-run")
    assert "the target has no way to take that back" in " ".join(rehearsed.stdout.split())
    moved = len(rig.books.bank_transactions())
    code, line = _undo(rig, run)
    assert code == 3
    assert "the target has no way to take that back" in line["stays"][str(invoice)]
    assert line["removed"] == {"payment": 1, "invoice": 1, "client": 1}
    assert rig.ours()[f"WHMCS-{invoice}"].amount_paid == 120
    assert len(rig.books.bank_transactions()) == moved
    rig.again(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE


def test_a_run_of_another_day_is_not_deleted(booked: tuple[Any, int, int]) -> None:
    rig, _, run = booked
    log = sqlite3.connect(rig.place / "bridge.db")
    day = dt.timedelta(days=1) // dt.timedelta(microseconds=1)
    log.execute("UPDATE bridge_run SET started = started - ? WHERE id = ?", [day, run])
    log.commit()
    log.close()
    found = _bridge(rig, "undo", "--run", str(run), "--because", "x", "--yes")
    assert found.returncode == 2
    assert f"undo --run {run} --credit-notes" in " ".join(found.stderr.split())
    assert _bridge(rig, "undo", "--run", "999", "--because", "x", "--yes").returncode == 2


def test_a_closed_period_keeps_what_is_in_it(booked: tuple[Any, int, int]) -> None:
    rig, invoice, run = booked
    rig.settings["books"]["books_closed_to"] = "2026-10-31"
    code, line = _undo(rig, run)
    assert code == 3
    assert "in a closed period" in line["stays"][str(invoice)]
