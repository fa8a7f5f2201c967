"""What only a person can know: asked, answered once, carried out once, and on the record."""

import json
import subprocess
from decimal import Decimal
from typing import Any

import pytest

from bridge.api import EntryState, Reason
from tests.commands import run_bridge


def bridge(rig: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real command on the rig's company."""
    rig.file()
    return run_bridge(rig.place, *arguments)


def _answer(rig: Any, invoice: int, word: str) -> subprocess.CompletedProcess[str]:
    found = bridge(rig, "answer", str(invoice), word, "--because", "Rose looked it up")
    assert found.returncode == 0, found.stderr
    return found


def _no_more(rig: Any, invoice: int) -> None:
    """Whatever is run again writes nothing more."""
    writes = {name: n for name, n in rig.writes().items() if name.startswith(("Ins", "app"))}
    rig.again(invoice)
    assert {
        name: n for name, n in rig.writes().items() if name.startswith(("Ins", "app"))
    } == writes


# One charge or two ------------------------------------------------------------------------------


@pytest.fixture
def charged_twice(rig: Any) -> tuple[Any, int, list[int]]:
    """120 due, and the same 120 told twice; its second row's id last."""
    invoice = rig.paid_invoice(rig.new_client(), transid="ch_twice")
    rig.whmcs.do(
        "pay", invoice=invoice, amount="120.00", gateway="stripe", transid="ch_twice",
        date="2026-10-31",
    )  # fmt: skip
    rows = rig.whmcs.rows(f"SELECT id FROM tblaccounts WHERE invoiceid = {invoice} ORDER BY id")
    return rig, invoice, [row["id"] for row in rows]


def _charges(rig: Any, invoice: int, rows: list[int]) -> tuple[Decimal, list[str]]:
    """What was paid on the document, and the keys of its transactions that stand anywhere."""
    document = rig.ours()[f"WHMCS-{invoice}"]
    tokens = [
        token for token in rig.payments() for row in rows if token.startswith(f"WHMCS-T{row}/")
    ]
    return document.amount_paid, tokens


def test_the_first_of_two_alike_is_booked_and_the_second_asked_about(
    charged_twice: tuple[Any, int, list[int]],
) -> None:
    rig, invoice, (first, second) = charged_twice
    report = rig.sync(invoice)
    fate = rig.fates[str(invoice)]
    assert (report.exit_code, fate.state, fate.reason) == (
        3,
        EntryState.HELD,
        Reason.DUPLICATE_TRANSACTION,
    )
    assert f"transactions {first} and {second} are alike" in fate.what
    assert _charges(rig, invoice, [first, second]) == (
        Decimal(120),
        [f"WHMCS-T{first}/{invoice}"],
    )
    status = bridge(rig, "status", "--reason", "duplicate_transaction", "--json")
    assert status.returncode == 3
    assert str(invoice) in status.stdout
    _no_more(rig, invoice)
    assert rig.fates[str(invoice)].state is EntryState.HELD


def test_one_charge_closes_it_and_stays_on_record(
    charged_twice: tuple[Any, int, list[int]],
) -> None:
    rig, invoice, rows = charged_twice
    rig.sync(invoice)
    _answer(rig, invoice, "one-charge")
    _answer(rig, invoice, "one-charge")
    assert rig.sync(invoice).exit_code == 0
    assert rig.fates[str(invoice)].state is EntryState.DONE
    assert _charges(rig, invoice, rows)[0] == 120
    _no_more(rig, invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    lines = bridge(rig, "log", "--invoice", str(invoice), "--json").stdout.splitlines()
    answers = [one for line in lines if (one := json.loads(line))["code"] == "answer"]
    (kept,) = answers
    assert kept["data"]["because"] == "Rose looked it up"
    assert "@" in kept["data"]["who"]
    assert "answered one-charge" in bridge(rig, "explain", str(invoice)).stdout


def test_two_charges_make_the_second_an_excess_which_waits_for_its_account(
    charged_twice: tuple[Any, int, list[int]],
) -> None:
    rig, invoice, rows = charged_twice
    del rig.settings["target"]["client_balances"]
    rig.sync(invoice)
    _answer(rig, invoice, "two-charges")
    rig.sync(invoice)
    assert rig.fates[str(invoice)].reason is Reason.PREPAYMENT_UNMAPPED
    assert _charges(rig, invoice, rows)[0] == 120


# Cancelled after booking ------------------------------------------------------------------------


@pytest.fixture
def called_off(rig: Any) -> tuple[Any, int]:
    """100 + 20, booked on issue and cancelled then."""
    rig.switch("whmcs", proforma="off")
    rig.settings["sync"].update(book_when="issued", unpaid_documents="vat_invoice")
    lines = [{"type": "Hosting", "description": "Hosting", "amount": "100.00", "taxed": True}]
    invoice = rig.whmcs.do(
        "create_invoice", client=rig.new_client(), lines=lines, date="2026-10-28"
    )
    rig.sync(invoice)
    rig.whmcs.do("cancel", invoice=invoice, date="2026-10-30")
    assert rig.sync(invoice).exit_code == 3
    assert rig.fates[str(invoice)].reason is Reason.CANCELLED_AFTER_BOOKING
    return rig, int(invoice)


def test_not_supplied_credits_it_once(called_off: tuple[Any, int]) -> None:
    rig, invoice = called_off
    _answer(rig, invoice, "not-supplied")
    dry = bridge(rig, "sync", "--dry-run", "--invoice", str(invoice), "--json")
    assert json.loads(dry.stdout.splitlines()[-1])["created"]["credit_notes"] == 1
    assert f"WHMCS-{invoice}/cancelled" not in rig.ours()
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    note = rig.ours()[f"WHMCS-{invoice}/cancelled"]
    assert (note.net, note.vat) == (Decimal(-100), Decimal(-20))
    rows = map(json.loads, bridge(rig, "reconcile", "--json").stdout.splitlines())
    mine = {row["class"] for row in rows if row.get("family") == str(invoice)}
    assert mine <= {"matched", "other"}, mine
    _no_more(rig, invoice)
    assert "Rose looked it up" in bridge(rig, "explain", str(invoice)).stdout
    refused = bridge(rig, "answer", str(invoice), "supplied-unpaid", "--because", "no")
    assert refused.returncode == 2


@pytest.mark.parametrize("mode", ["lost_reply", "cut_before"])
@pytest.mark.parametrize("operation", ["InsertInvoice", "applyCreditNoteToInvoice"])
def test_the_credit_note_stands_once_whatever_is_lost(
    called_off: tuple[Any, int], mode: str, operation: str
) -> None:
    rig, invoice = called_off
    _answer(rig, invoice, "not-supplied")
    rig.fault("kashflow", {"name": operation, "nth": 1, "mode": mode})
    for _ in range(5):
        if rig.sync(invoice).exit_code == 0:
            break
    note = rig.ours()[f"WHMCS-{invoice}/cancelled"]
    assert note.gross == -120
    assert rig.calls()["applyCreditNoteToInvoice"] >= 1


def test_supplied_and_unpaid_stays_a_debtor(called_off: tuple[Any, int]) -> None:
    rig, invoice = called_off
    _answer(rig, invoice, "supplied-unpaid")
    writes = rig.writes()
    assert rig.sync(invoice).exit_code == 0
    assert rig.fates[str(invoice)].state is EntryState.DONE
    assert "stays a debtor" in rig.fates[str(invoice)].what
    assert rig.writes()["InsertInvoice"] == writes["InsertInvoice"]
    document = rig.ours()[f"WHMCS-{invoice}"]
    assert document.gross - document.amount_paid == 120


def test_an_answer_that_nobody_asked_for_is_refused(rig: Any) -> None:
    invoice = rig.paid_invoice(rig.new_client())
    rig.sync(invoice)
    for word, told in (
        ("one-charge", "no two transactions that are alike"),
        ("not-supplied", "only one that was cancelled after it was booked"),
        ("maybe", "the answers are one-charge"),
    ):
        found = bridge(rig, "answer", str(invoice), word, "--because", "x")
        assert found.returncode == 2
        assert told in " ".join(found.stderr.split())
