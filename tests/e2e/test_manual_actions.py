"""What a person says by hand is believed only as far as the target bears it out."""

import subprocess
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver

from bridge.api import EntryState
from tests.commands import run_bridge


def _bridge(rig: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    rig.file()
    return run_bridge(rig.place, *arguments)


def _customer(rig: Any, code: str) -> Any:
    (found,) = [each for each in rig.books.customers() if each.code == code]
    return found


def test_a_client_that_may_be_two_is_linked_to_the_one_that_is_named(rig: Any) -> None:
    invoice = rig.paid_invoice(8)
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.HELD
    linked = _bridge(rig, "link", "client", "8", "BRI01")
    assert linked.returncode == 0, linked.stderr
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    bright = _customer(rig, "BRI01")
    assert bright.fields["ExtraText20"] == "WHMCS-8"
    assert rig.ours()[f"WHMCS-{invoice}"].customer == bright.id


def test_no_such_customer_is_refused(rig: Any) -> None:
    rig.sync(limit=1)
    found = _bridge(rig, "link", "client", "8", "NOBODY")
    assert found.returncode == 2
    assert "0 clients of the target have the code or id NOBODY" in " ".join(found.stderr.split())


@pytest.fixture
def by_hand(rig: Any) -> tuple[Any, int, int]:
    """An invoice that a person entered in KashFlow without our reference."""
    invoice = rig.paid_invoice(7)
    other = rig.paid_invoice(7)
    rig.sync(other)
    line = {"description": "Hosting", "net": "100.00", "vat": "20.00", "vat_rate": "20"}
    with Driver.at(rig.place / "far") as driver:
        number = driver.add_invoice(_customer(rig, "HAR01").id, "2026-10-30", [line])
    return rig, invoice, number


def test_a_document_entered_by_hand_is_linked_and_only_paid(
    by_hand: tuple[Any, int, int],
) -> None:
    rig, invoice, number = by_hand
    rig.sync(limit=1)
    linked = _bridge(rig, "link", "invoice", str(invoice), str(number))
    assert linked.returncode == 0, linked.stderr
    before = rig.writes()
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    made = rig.writes() - before
    assert (made["InsertInvoice"], made["InsertInvoicePayment"]) == (0, 1)
    (payment,) = [each for each in rig.payments().values() if each.invoice == number]
    assert payment.amount == 120


def test_a_document_with_other_figures_is_not_linked(by_hand: tuple[Any, int, int]) -> None:
    rig, invoice, number = by_hand
    rig.sync(limit=1)
    with Driver.at(rig.place / "far") as driver:
        line = {"description": "Hosting", "net": "99.00", "vat": "19.80", "vat_rate": "20"}
        number = driver.add_invoice(_customer(rig, "HAR01").id, "2026-10-30", [line])
    found = _bridge(rig, "link", "invoice", str(invoice), str(number))
    assert found.returncode == 2
    assert "net is 99.00 GBP and should be 100.00 GBP" in " ".join(found.stderr.split())


def test_a_link_is_forgotten_only_when_its_document_is_provably_gone(rig: Any) -> None:
    invoice = rig.paid_invoice(rig.new_client())
    rig.sync(invoice)
    document = rig.ours()[f"WHMCS-{invoice}"]
    refused = _bridge(rig, "unlink", str(invoice))
    assert refused.returncode == 2
    assert "is still in the target" in " ".join(refused.stderr.split())
    with Driver.at(rig.place / "far") as driver:
        driver.delete_invoice(document.number)
    assert _bridge(rig, "unlink", str(invoice)).returncode == 0
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    again = rig.ours()[f"WHMCS-{invoice}"]
    assert again.gross == again.amount_paid == 120
