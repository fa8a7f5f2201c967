"""What a run costs, counted at the wire."""

from typing import Any


def test_a_paid_invoice_of_a_known_client_costs_two_calls(settled: Any) -> None:
    invoice = settled.paid_invoice(1)
    before = settled.writes()
    report = settled.sync()
    assert report.outcome["done"] == 1
    assert settled.fates[str(invoice)].state == "done"
    assert settled.writes() - before == {"InsertInvoice": 1, "InsertInvoicePayment": 1}


def test_one_of_a_new_client_costs_three(settled: Any) -> None:
    settled.paid_invoice(settled.new_client())
    before = settled.writes()
    assert settled.sync().outcome["done"] == 1
    assert settled.writes() - before == {
        "InsertCustomer": 1,
        "InsertInvoice": 1,
        "InsertInvoicePayment": 1,
    }


def test_look_ups_and_read_back_of_a_batch_are_a_few_calls(settled: Any) -> None:
    for day in range(10, 25):
        settled.paid_invoice(2, paid=f"2026-10-{day}")
    before = settled.calls()
    assert settled.sync().outcome["done"] == 15
    made = settled.calls() - before
    assert sum(made.values()) - 2 * 15 <= 4


def test_a_run_with_nothing_new_writes_nothing_and_costs_the_same_whatever_was_synced(
    settled: Any,
) -> None:
    settled.sync()
    counts = []
    for _ in range(2):
        ours, theirs = settled.calls(), settled.whmcs_calls()
        settled.sync()
        counts.append((settled.calls() - ours, settled.whmcs_calls() - theirs))
        for _ in range(30):
            settled.paid_invoice(3)
        settled.sync()
    assert counts[0] == counts[1]
    assert not counts[0][0]
    assert counts[0][1] < 25
