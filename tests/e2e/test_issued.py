"""Booked on issue: the sale first, its money when it comes, each once."""

from decimal import Decimal
from typing import Any

import pytest

from bridge.api import EntryState, Reason


@pytest.fixture
def issuing(rig: Any) -> Any:
    rig.switch("whmcs", proforma="off")
    rig.settings["sync"].update(book_when="issued", unpaid_documents="vat_invoice")
    return rig


def open_invoice(rig: Any, *amounts: str, date: str = "2026-10-28") -> int:
    lines = [
        {"type": "Hosting", "description": "Starter Hosting", "amount": amount, "taxed": True}
        for amount in amounts or ("100.00",)
    ]
    client = rig.new_client()
    return int(rig.whmcs.do("create_invoice", client=client, lines=lines, date=date))


def _standing(rig: Any, invoice: int) -> tuple[str, Decimal, Decimal]:
    """Day, gross and what was paid of a document."""
    found = rig.ours()[f"WHMCS-{invoice}"]
    return found.date[:10], found.gross, found.amount_paid


def test_it_is_booked_on_its_day_of_issue_and_paid_when_it_is_paid(issuing: Any) -> None:
    invoice = open_invoice(issuing)
    issuing.sync(invoice)
    assert issuing.fates[str(invoice)].state is EntryState.DONE
    assert _standing(issuing, invoice) == ("2026-10-28", Decimal(120), Decimal(0))

    issuing.whmcs.do("pay", invoice=invoice, amount="50.00", gateway="stripe", date="2026-10-29")
    issuing.again(invoice)
    assert _standing(issuing, invoice) == ("2026-10-28", Decimal(120), Decimal(50))

    before = issuing.writes()
    issuing.whmcs.do("pay", invoice=invoice, gateway="stripe", date="2026-10-30")
    issuing.sync(invoice)
    assert issuing.fates[str(invoice)].state is EntryState.DONE
    assert _standing(issuing, invoice) == ("2026-10-28", Decimal(120), Decimal(120))
    assert issuing.writes() - before == {"GetInvoicePayment": 1, "InsertInvoicePayment": 1}
    number = issuing.ours()[f"WHMCS-{invoice}"].number
    paid = [each for each in issuing.payments().values() if each.invoice == number]
    assert [each.date[:10] for each in paid] == ["2026-10-29", "2026-10-30"]


def test_a_whole_history_is_booked_once_by_day_of_issue(issuing: Any) -> None:
    first = issuing.sync()
    assert first.outcome["unknown"] == first.outcome["failed"] == 0
    issued = {
        f"WHMCS-{row['id']}": row["date"]
        for row in issuing.whmcs.rows("SELECT id, date FROM tblinvoices")
    }
    sales = {token: found for token, found in issuing.ours().items() if token in issued}
    assert len(sales) > 200
    assert {token: found.date[:10] for token, found in sales.items()} == {
        token: issued[token] for token in sales
    }
    unpaid = issuing.whmcs.rows("SELECT id FROM tblinvoices WHERE status = 'Unpaid'")
    booked = [row["id"] for row in unpaid if f"WHMCS-{row['id']}" in sales]
    assert booked
    writes = issuing.writes()
    second = issuing.sync()
    assert second.exit_code == 0
    assert issuing.writes() == writes


def test_what_was_issued_before_the_start_stays_out(issuing: Any) -> None:
    invoice = open_invoice(issuing, date="2025-08-28")
    issuing.sync(invoice)
    assert issuing.fates[str(invoice)].reason is Reason.BEFORE_START_DATE
