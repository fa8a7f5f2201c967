"""Whatever goes wrong at the wire, each record comes to stand in the books exactly once."""

import time
from collections import Counter
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver

WRITES = ("InsertCustomer", "InsertInvoice", "InsertInvoicePayment")
MODES = (
    "cut_before",
    "lost_reply",
    "half_reply",
    "garbage",
    "html",
    "http_500",
    "http_500_after",
    "http_503",
    "http_429",
    "late_commit",
    "refuse",
    "slow",
)
PLACES = {"first": 1, "middle": 2, "last": 3}


def _three(rig: Any) -> list[int]:
    """Three new clients with a paid invoice each; one is paid in two parts."""
    made = [rig.paid_invoice(rig.new_client()) for _ in range(2)]
    client = rig.new_client()
    lines = [{"type": "Hosting", "description": "Hosting", "amount": "50.00", "taxed": True}]
    invoice = int(rig.whmcs.do("create_invoice", client=client, lines=lines, date="2026-10-30"))
    for part, amount in enumerate(("20.00", "40.00")):
        rig.whmcs.do(
            "pay",
            invoice=invoice,
            amount=amount,
            gateway="stripe",
            transid=f"part_{invoice}_{part}",
            date="2026-10-30",
        )
    return [*made, invoice]


def _until_quiet(rig: Any, invoices: list[int]) -> None:
    for _ in range(8):
        if rig.sync(*invoices).exit_code == 0:
            return
        time.sleep(0.05)
    pytest.fail(f"it never came to rest: {rig.fates}")


def _each_once(rig: Any, invoices: list[int]) -> None:
    """Exactly one customer, one document, and each payment once, with the right sums."""
    customers = Counter(each.fields.get("ExtraText20") for each in rig.books.customers())
    documents, payments = rig.ours(), rig.payments()
    assert len(documents) == len(invoices)
    for invoice in invoices:
        (row,) = rig.whmcs.rows(f"SELECT * FROM tblinvoices WHERE id = {invoice}")
        assert customers[f"WHMCS-{row['userid']}"] == 1
        document = documents[f"WHMCS-{invoice}"]
        assert f"{document.gross:.2f}" == row["total"]
        assert document.gross == document.amount_paid
    rows = rig.whmcs.rows(
        f"SELECT id, invoiceid FROM tblaccounts WHERE invoiceid IN ({','.join(map(str, invoices))})"
    )
    assert set(payments) == {f"WHMCS-T{row['id']}/{row['invoiceid']}" for row in rows}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("mode", MODES)
def test_each_record_once_whatever_happens_to_a_write(
    rig: Any, mode: str, operation: str, place: str
) -> None:
    invoices = _three(rig)
    rig.settings["sync"]["settle_delay_s"] = 1 if mode == "late_commit" else 0
    rig.settings["target"]["timeout_s"] = 5
    fault = {"name": operation, "nth": PLACES[place], "mode": mode, "seconds": 0.3}
    rig.fault("kashflow", fault)
    report = rig.sync(*invoices)
    if mode == "late_commit":
        assert report.exit_code in {0, 4}  # it may have been found before the run was over
        time.sleep(1.1)
    _until_quiet(rig, invoices)
    _each_once(rig, invoices)


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("mode", ["cut_before", "lost_reply"])
def test_each_record_once_where_one_of_four_workers_meets_a_fault(
    rig: Any, mode: str, operation: str
) -> None:
    """The others finish their steps; what may have been done is looked up and not done again."""
    invoices = [*_three(rig), *_three(rig)]
    rig.settings["sync"] |= {"settle_delay_s": 0, "workers": 4}
    rig.fault("kashflow", {"name": operation, "nth": 3, "mode": mode, "seconds": 0.3})
    rig.sync(*invoices)
    _until_quiet(rig, invoices)
    _each_once(rig, invoices)


@pytest.mark.parametrize("end", ["whmcs", "kashflow"])
@pytest.mark.parametrize("mode", ["cut_before", "half_reply", "garbage", "html", "http_500"])
def test_a_read_that_fails_once_is_read_again_in_the_same_run(
    rig: Any, end: str, mode: str
) -> None:
    invoices = _three(rig)
    name = "GetInvoice" if end == "whmcs" else "GetInvoicesByDateRange"
    rig.fault(end, {"name": name, "nth": 1, "mode": mode})
    assert rig.sync(*invoices).exit_code == 0
    _each_once(rig, invoices)


def test_a_lost_log_makes_no_duplicates(rig: Any) -> None:
    """A new log finds everything where it stands and writes nothing."""
    rig.sync(limit=60)
    for file in rig.place.glob("bridge.db*"):
        file.unlink()
    while rig.sync(limit=60).outcome["done"]:
        pass
    documents = rig.ours()
    assert rig.writes()["InsertInvoice"] == len(documents)
    assert rig.writes()["InsertInvoicePayment"] == len(rig.payments())
    customers = Counter(
        key for each in rig.books.customers() if (key := each.fields.get("ExtraText20"))
    )
    assert set(customers.values()) == {1}


def test_a_number_that_looks_like_a_key_is_none(rig: Any) -> None:
    """WHMCS's own numbers may begin with the very word that begins our keys."""
    invoices = [rig.paid_invoice(rig.new_client(), fees="1.95") for _ in range(6)]
    for place, invoice in enumerate(invoices):
        number = {"invoicenum": f"WHMCS-{5001 + place}"}
        rig.whmcs.do("edit_invoice", invoice=invoice, fields=number)
    assert rig.sync(*invoices).outcome["done"] == 6
    written = rig.writes()
    for file in rig.place.glob("bridge.db*"):
        file.unlink()
    assert rig.sync(*invoices).outcome["done"] == 6
    assert rig.writes() - written == Counter(GetInvoicePayment=6)
    assert {document.reference for document in rig.ours().values()} == {
        f"WHMCS-{invoice} WHMCS-{5001 + place}" for place, invoice in enumerate(invoices)
    }


def test_a_restored_log_makes_no_duplicates_even_where_a_date_moved(rig: Any) -> None:
    rig.sync(limit=20)
    kept = {file: file.read_bytes() for file in rig.place.glob("bridge.db*")}
    rig.sync(limit=20)
    written = rig.writes()
    for file in rig.place.glob("bridge.db*"):
        file.unlink()
    for file, content in kept.items():
        file.write_bytes(content)
    last = max(int(token.removeprefix("WHMCS-")) for token in rig.ours())
    rig.whmcs.do("edit_invoice", invoice=last, fields={"datepaid": "2026-09-09 10:00:00"})
    rig.sync(limit=20)
    rig.sync(limit=20)
    assert rig.writes()["InsertInvoice"] == len(rig.ours()) >= written["InsertInvoice"]


def test_what_a_person_entered_with_our_reference_is_adopted(rig: Any) -> None:
    """The same figures: linked. The payment is then the only thing that is written."""
    invoice = rig.paid_invoice(rig.new_client())
    rig.sync(invoice)
    (document,) = rig.ours().values()
    other = rig.paid_invoice(
        int(rig.whmcs.rows(f"SELECT userid FROM tblinvoices WHERE id = {invoice}")[0]["userid"])
    )
    line = {"description": "Hosting", "net": "100.00", "vat": "20.00", "vat_rate": "20"}
    with Driver.at(rig.place / "far") as driver:
        driver.add_invoice(document.customer, "2026-10-30", [line], reference=f"WHMCS-{other}")
    before = rig.writes()
    assert rig.sync(other).outcome["done"] == 1
    assert rig.writes() - before == {"InsertInvoicePayment": 1, "GetInvoicePayment": 1}
