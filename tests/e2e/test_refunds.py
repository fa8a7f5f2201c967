"""Refunds as credit notes, where that was decided: to the penny, once, and found again."""

from decimal import Decimal
from typing import Any

import pytest

from bridge.api import EntryState, Reason


@pytest.fixture
def deciding(rig: Any) -> Any:
    rig.settings["books"]["price_reductions"] = "credit_note"
    return rig


def _note_and_payout(rig: Any, invoice: int) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Net, VAT and payout of each credit note of an invoice, by the refund's id."""
    rows = rig.whmcs.rows(
        "SELECT r.id FROM tblaccounts r JOIN tblaccounts p ON r.refundid = p.id"
        f" WHERE p.invoiceid = {invoice} ORDER BY r.id"
    )
    documents, payments = rig.ours(), rig.payments()
    found = []
    for row in rows:
        note = documents[f"WHMCS-R{row['id']}"]
        payout = payments[f"WHMCS-T{row['id']}/R{row['id']}"]
        assert payout.invoice == note.number
        found.append((note.net, note.vat, payout.amount))
    return found


def _refund(rig: Any, invoice: int, amount: str | None, date: str = "2026-10-31") -> None:
    """Refund the invoice's one payment, all that is left of it without an amount."""
    (row,) = rig.whmcs.rows(
        f"SELECT id FROM tblaccounts WHERE invoiceid = {invoice} ORDER BY id LIMIT 1"
    )
    more = {} if amount is None else {"amount": amount}
    rig.whmcs.do("refund", transaction=row["id"], date=date, **more)


def test_a_refund_that_is_there_from_the_start(deciding: Any) -> None:
    """100 + 20 sold, 30 returned: the note takes 25 + 5, and 30 leave the account."""
    invoice = deciding.paid_invoice(deciding.new_client())
    _refund(deciding, invoice, "30.00")
    deciding.sync(invoice)
    assert deciding.fates[str(invoice)].state is EntryState.DONE
    assert _note_and_payout(deciding, invoice) == [(Decimal(-25), Decimal(-5), Decimal(-30))]
    sale = deciding.ours()[f"WHMCS-{invoice}"]
    assert (sale.gross, sale.amount_paid) == (Decimal(120), Decimal(120))


def test_refunds_that_come_after_the_sale_was_booked(deciding: Any) -> None:
    """Three parts of it, one by one, close net and VAT exactly; nothing is booked twice."""
    invoice = deciding.paid_invoice(deciding.new_client(), "100.83")
    deciding.sync(invoice)
    for day, amount in ((28, "33.33"), (29, "41.00"), (30, None)):
        _refund(deciding, invoice, amount, date=f"2026-10-{day}")
        deciding.again(invoice)
    notes = _note_and_payout(deciding, invoice)
    assert len(notes) == 3
    (row,) = deciding.whmcs.rows(f"SELECT subtotal, tax FROM tblinvoices WHERE id = {invoice}")
    assert sum(note[0] for note in notes) == -Decimal(row["subtotal"])
    assert sum(note[1] for note in notes) == -Decimal(row["tax"])
    writes = deciding.writes()
    deciding.again(invoice)
    assert deciding.writes() == writes


def test_the_seeded_refunds_are_booked(deciding: Any) -> None:
    """A full one, one whose row names no invoice, and one from an old payment."""
    from whmcs_source.sandbox.seed import CASES

    for case in ("full_refund", "part_refund"):
        invoice = CASES[case]
        deciding.sync(invoice)
        fate = deciding.fates[str(invoice)]
        assert fate.state is EntryState.DONE, fate
        assert _note_and_payout(deciding, invoice)


def test_without_a_decision_they_wait(rig: Any) -> None:
    del rig.settings["books"]["price_reductions"]
    invoice = rig.paid_invoice(rig.new_client())
    _refund(rig, invoice, "30.00")
    rig.sync(invoice)
    assert rig.fates[str(invoice)].reason is Reason.REFUND_POLICY
    assert f"WHMCS-{invoice}" not in rig.ours()


@pytest.mark.parametrize("mode", ["lost_reply", "cut_before"])
@pytest.mark.parametrize("operation", [("InsertInvoice", 2), ("InsertInvoicePayment", 2)])
def test_a_note_and_its_payout_stand_once_whatever_happens(
    deciding: Any, mode: str, operation: tuple[str, int]
) -> None:
    invoice = deciding.paid_invoice(deciding.new_client())
    _refund(deciding, invoice, "30.00")
    name, nth = operation
    deciding.fault("kashflow", {"name": name, "nth": nth, "mode": mode})
    for _ in range(5):
        if deciding.sync(invoice).exit_code == 0:
            break
    assert _note_and_payout(deciding, invoice) == [(Decimal(-25), Decimal(-5), Decimal(-30))]
