"""Sales, their payments, fees, and invoices that are no plain sales."""

from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story, story_alone


@story
def card_sale(stage: Stage) -> None:
    stage.sold("A")


@story
def several_payments(stage: Stage) -> None:
    stage.bill("A")
    stage.pay("A", "50.00", transid="ch_1")
    stage.pay("A", "70.00", gateway="paypal", transid="PAY-2", date="2026-10-19")


@story
def paid_in_two_runs(stage: Stage) -> None:
    """The first payment alone books nothing."""
    stage.bill("A")
    stage.pay("A", "50.00", transid="ch_1")
    stage.sync()
    stage.pay("A", "70.00", transid="ch_2", date="2026-10-19")


@story
def fee_on_gateway_invoice(stage: Stage) -> None:
    stage.sold("A", fees="1.95")


@story
def fee_undecided(stage: Stage) -> None:
    stage.sold("A", fees="1.95")


@story
def bank_feed(stage: Stage) -> None:
    stage.sold("A", gateway="banktransfer", transid="FP 1")


@story
def gateway_of_the_transaction(stage: Stage) -> None:
    """The invoice says stripe, the money came through PayPal."""
    stage.bill("A", gateway="stripe")
    stage.pay("A", gateway="paypal", transid="PAY-1")


@story
def gateway_unmapped(stage: Stage) -> None:
    stage.sold("A", gateway="worldpay_old", transid="WP1")


@story
def marked_paid(stage: Stage) -> None:
    stage.bill("A")
    stage.pay("A", "50.00")
    stage.do("mark_paid", invoice=stage.names["A"])


@story_alone
def marked_paid_in_9(stage: Stage) -> None:
    stage.rig.whmcs.switch(version="9.0.5")
    stage.bill("A")
    stage.pay("A", "50.00")
    stage.do("mark_paid", invoice=stage.names["A"])


@story
def duplicate_transaction(stage: Stage) -> None:
    stage.sold("A")
    stage.pay("A", "120.00")


@story
def negative_invoice(stage: Stage) -> None:
    stage.bill("A", None, {"amount": "-100.00", "type": ""})
    stage.do("set_status", invoice=stage.names["A"], status="Paid")
    stage.rig.whmcs.do("edit_invoice", invoice=stage.names["A"], fields={"datepaid": "2026-10-12"})


@story
def zero_total(stage: Stage) -> None:
    stage.bill("A", None, "0.00")


@story
def zero_but_not_by_class(stage: Stage) -> None:
    stage.bill("A", None, "100.00", {"amount": "-120.00", "type": "", "taxed": False}, taxrate="20")


@story
def late_fee_before_payment(stage: Stage) -> None:
    stage.bill("A", date="2026-09-20")
    stage.do("add_late_fee", invoice=stage.names["A"], amount="5.00", taxed=True)
    stage.pay("A")


@story
def late_fee_untaxed(stage: Stage) -> None:
    stage.bill("A", date="2026-09-20")
    stage.do("add_late_fee", invoice=stage.names["A"], amount="5.00")
    stage.pay("A")


@story
def never_billed(stage: Stage) -> None:
    """Draft, cancelled, pending: none is a sale."""
    stage.bill("A", status="Draft")
    stage.bill("B")
    stage.do("cancel", invoice=stage.names["B"])
    stage.bill("C")
    stage.do("set_status", invoice=stage.names["C"], status="Payment Pending")
    stage.bill("D")


@story
def cancelled_after_booking(stage: Stage) -> None:
    stage.sold("A")
    stage.sync()
    stage.do("cancel", invoice=stage.names["A"], date="2026-10-20")
    stage.sync(late=True)


@story
def edited_after_booking(stage: Stage) -> None:
    transaction = stage.sold("A")
    stage.sync()
    line = stage.rig.whmcs.rows(
        "SELECT id FROM tblinvoiceitems WHERE invoiceid = ?", stage.names["A"]
    )[0]["id"]
    stage.do("edit_invoice", invoice=stage.names["A"], change={line: {"amount": "90.00"}})
    stage.do("change_transaction", transaction=transaction, amountin="108.00")
    stage.sync(late=True)


@story
def deleted_after_booking(stage: Stage) -> None:
    stage.sold("A")
    stage.sync()
    stage.do("delete_invoice", invoice=stage.names["A"])
    stage.sync(late=True)


@story
def merged_before_payment(stage: Stage) -> None:
    """A is gone into B; nothing of A was booked, so B is a plain sale of both."""
    stage.bill("A")
    stage.sync()
    stage.bill("B", None, "50.00")
    stage.do("merge", invoices=[stage.names["A"], stage.names["B"]])
    stage.pay("B")


@story
def split_before_payment(stage: Stage) -> None:
    stage.bill("A", None, "100.00", "50.00")
    stage.sync()
    lines = stage.rig.whmcs.rows(
        "SELECT id FROM tblinvoiceitems WHERE invoiceid = ? ORDER BY id", stage.names["A"]
    )
    stage.names["B"] = stage.do("split", invoice=stage.names["A"], lines=[lines[1]["id"]])
    stage.pay("A")
    stage.pay("B")


@story
def reopened_after_booking(stage: Stage) -> None:
    stage.sold("A")
    stage.sync()
    stage.do("set_status", invoice=stage.names["A"], status="Unpaid", date="2026-10-20")
    stage.sync(late=True)


@story
def duplicate_transaction_one_charge(stage: Stage) -> None:
    duplicate_transaction(stage)
    stage.sync()
    stage.answer("A", "one-charge")


@story
def duplicate_transaction_two_charges(stage: Stage) -> None:
    duplicate_transaction(stage)
    stage.sync()
    stage.answer("A", "two-charges")


@story
def fee_to_a_nominal(stage: Stage) -> None:
    stage.sold("A", fees="1.95")


@story
def issued_and_unpaid(stage: Stage) -> None:
    stage.bill("A")


@story
def issued_then_paid(stage: Stage) -> None:
    stage.bill("A")
    stage.sync()
    stage.pay("A", date="2026-10-26")


@story
def issued_then_paid_in_parts(stage: Stage) -> None:
    stage.bill("A")
    stage.sync()
    stage.pay("A", "50.00", transid="ch_1", date="2026-10-20")
    stage.sync()
    stage.pay("A", "70.00", transid="ch_2", date="2026-10-26")


@story
def late_fee_after_booking(stage: Stage) -> None:
    stage.bill("A", date="2026-09-20")
    stage.sync()
    stage.do("add_late_fee", invoice=stage.names["A"], amount="5.00", taxed=True)
    stage.sync(late=True)


@story
def cancelled_and_not_supplied(stage: Stage) -> None:
    stage.bill("A")
    stage.sync()
    stage.do("cancel", invoice=stage.names["A"], date="2026-10-20")
    stage.sync(late=True)
    stage.answer("A", "not-supplied")


@story
def cancelled_but_supplied(stage: Stage) -> None:
    stage.bill("A")
    stage.sync()
    stage.do("cancel", invoice=stage.names["A"], date="2026-10-20")
    stage.sync(late=True)
    stage.answer("A", "supplied-unpaid")


@story
def late_fee_as_a_second_document(stage: Stage) -> None:
    late_fee_after_booking(stage)
    stage.answer("A", "book-added")
    stage.sync()
    stage.pay("A", date="2026-10-26")
