"""Lines that are added to an invoice in the books: a second document, once a person says so."""

from decimal import Decimal
from typing import Any

import pytest

from bridge.api import EntryState, Reason
from tests.commands import run_bridge


@pytest.fixture
def grown(rig: Any) -> tuple[Any, int]:
    """100 + 20 booked on issue and unpaid, then a late fee of 5.00 without VAT."""
    rig.switch("whmcs", proforma="off")
    rig.settings["sync"].update(book_when="issued", unpaid_documents="vat_invoice")
    lines = [{"type": "Hosting", "description": "Hosting", "amount": "100.00", "taxed": True}]
    client = rig.new_client(country="US", state="TX")
    invoice = int(rig.whmcs.do("create_invoice", client=client, lines=lines, date="2026-10-20"))
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE, rig.fates
    rig.whmcs.do("add_late_fee", invoice=invoice, amount="5.00", date="2026-10-28")
    return rig, invoice


def _answer(rig: Any, invoice: int) -> int:
    rig.file()
    command = ["answer", str(invoice), "book-added", "--because", "terms, clause 7"]
    return run_bridge(rig.place, *command).returncode


def _gross(rig: Any, invoice: int) -> dict[str, tuple[Decimal, Decimal]]:
    """Gross and paid of the documents of an invoice."""
    return {
        token: (found.gross, found.amount_paid)
        for token, found in rig.ours().items()
        if token.partition("+")[0] == f"WHMCS-{invoice}"
    }


def test_it_is_held_with_both_versions_and_payments_go_on(grown: tuple[Any, int]) -> None:
    rig, invoice = grown
    (line,) = rig.whmcs.rows(f"SELECT total FROM tblinvoices WHERE id = {invoice}")
    booked = Decimal(line["total"]) - 5
    assert rig.sync(invoice).exit_code == 3
    fate = rig.fates[str(invoice)]
    assert (fate.state, fate.reason) == (EntryState.HELD, Reason.CHANGED_AFTER_WRITE)
    assert "Late Fee" in fate.what
    assert f"{booked} GBP" in fate.what
    assert f"{booked + 5} GBP" in fate.what
    rig.whmcs.do("pay", invoice=invoice, gateway="stripe", date="2026-10-30")
    assert rig.sync(invoice).exit_code == 3
    assert _gross(rig, invoice) == {f"WHMCS-{invoice}": (booked, booked)}


def test_released_it_is_booked_once_and_paid_from_what_is_left(grown: tuple[Any, int]) -> None:
    rig, invoice = grown
    rig.sync(invoice)
    booked = _gross(rig, invoice)[f"WHMCS-{invoice}"][0]
    assert _answer(rig, invoice) == 0
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE, rig.fates
    five, none = Decimal(5), Decimal(0)
    documents = {f"WHMCS-{invoice}": (booked, none), f"WHMCS-{invoice}+1": (five, none)}
    assert _gross(rig, invoice) == documents
    rig.whmcs.do("pay", invoice=invoice, gateway="stripe", date="2026-10-30")
    rig.sync(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE, rig.fates
    paid = {f"WHMCS-{invoice}": (booked, booked), f"WHMCS-{invoice}+1": (five, five)}
    assert _gross(rig, invoice) == paid
    writes = rig.writes()["InsertInvoice"], rig.writes()["InsertInvoicePayment"]
    rig.again(invoice)
    assert rig.fates[str(invoice)].state is EntryState.DONE
    assert (rig.writes()["InsertInvoice"], rig.writes()["InsertInvoicePayment"]) == writes


@pytest.mark.parametrize("mode", ["lost_reply", "refuse"])
def test_the_second_document_stands_once_whatever_happens(
    grown: tuple[Any, int], mode: str
) -> None:
    rig, invoice = grown
    rig.sync(invoice)
    assert _answer(rig, invoice) == 0
    rig.fault("kashflow", {"name": "InsertInvoice", "nth": 1, "mode": mode})
    for _ in range(4):
        if rig.sync(invoice).exit_code == 0:
            break
    assert _gross(rig, invoice)[f"WHMCS-{invoice}+1"] == (Decimal(5), Decimal(0))


def test_any_other_change_is_no_added_line(grown: tuple[Any, int]) -> None:
    rig, invoice = grown
    (line,) = rig.whmcs.rows(
        f"SELECT id FROM tblinvoiceitems WHERE invoiceid = {invoice} ORDER BY id LIMIT 1"
    )
    rig.whmcs.do("edit_invoice", invoice=invoice, change={str(line["id"]): {"amount": "90.00"}})
    rig.sync(invoice)
    assert rig.fates[str(invoice)].reason is Reason.CHANGED_AFTER_WRITE
    assert "second document" not in rig.fates[str(invoice)].what
    assert _answer(rig, invoice) == 2
