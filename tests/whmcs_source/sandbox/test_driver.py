"""What an admin or a gateway does: identities hold after every verb, and WHMCS's refusals stand."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from whmcs_source.sandbox.desk import DeskError
from whmcs_source.sandbox.factory import WhmcsSandbox, sandbox
from whmcs_source.sandbox.money import Taxes, cents, sums
from whmcs_source.sandbox.seed import CASES

UK, EXEMPT = 4, 37


def invoice(whmcs: WhmcsSandbox, number: int | str) -> dict[str, Any]:
    [row] = whmcs.rows("SELECT * FROM tblinvoices WHERE id = ?", number)
    return row


def client(whmcs: WhmcsSandbox, number: int) -> dict[str, Any]:
    [row] = whmcs.rows("SELECT * FROM tblclients WHERE id = ?", number)
    return row


def issue(whmcs: WhmcsSandbox, price: str = "100.00", **more: Any) -> int:
    arguments = {"client": UK, "lines": [{"amount": price}], "date": "2026-11-01", **more}
    return int(whmcs.do("create_invoice", **arguments))


def check(whmcs: WhmcsSandbox) -> None:
    """Gross is total and credit together; a balance is the sum of its changes."""
    wrong = {CASES["one_cent_wrong"]}
    for row in whmcs.rows("SELECT * FROM tblinvoices"):
        gross = sum(Decimal(row[name]) for name in ("subtotal", "tax", "tax2"))
        if row["id"] not in wrong:
            assert gross == Decimal(row["total"]) + Decimal(row["credit"]), row["id"]
    held = {
        row["clientid"]: row["sum"]
        for row in whmcs.rows(
            "SELECT clientid, SUM(CAST(REPLACE(amount, '.', '') AS INTEGER)) AS sum"
            " FROM tblcredit GROUP BY clientid"
        )
    }
    for row in whmcs.rows("SELECT id, credit FROM tblclients"):
        assert int(Decimal(row["credit"]) * 100) == held.get(row["id"], 0), row["id"]


def test_tax_follows_the_client(whmcs: WhmcsSandbox) -> None:
    assert invoice(whmcs, issue(whmcs))["tax"] == "20.00"
    assert invoice(whmcs, issue(whmcs, client=EXEMPT))["tax"] == "0.00"
    assert invoice(whmcs, issue(whmcs, client=23))["tax"] == "0.00"
    assert invoice(whmcs, issue(whmcs, client=38))["taxrate"] == "20.000"
    assert invoice(whmcs, issue(whmcs, client=39))["taxrate"] == "0.000"


def test_inclusive_lines_hold_the_tax(whmcs: WhmcsSandbox) -> None:
    row = invoice(whmcs, issue(whmcs, "120.00", prices="inclusive"))
    assert (row["subtotal"], row["tax"], row["total"]) == ("100.00", "20.00", "120.00")


def test_a_promotion_is_a_line_that_takes_off(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs, lines=[{"type": "Hosting", "relid": 413, "amount": "50.00"}], promo="20")
    assert invoice(whmcs, number)["total"] == "48.00"
    kinds = whmcs.rows("SELECT type, amount FROM tblinvoiceitems WHERE invoiceid = ?", number)
    assert [tuple(row.values()) for row in kinds] == [
        ("Hosting", "50.00"),
        ("PromoHosting", "-10.00"),
    ]


def test_payment_in_parts_numbers_the_invoice_at_the_last(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    whmcs.do("pay", invoice=number, amount="50.00", date="2026-11-02")
    assert (invoice(whmcs, number)["status"], invoice(whmcs, number)["invoicenum"]) == (
        "Unpaid",
        "",
    )
    whmcs.do("pay", invoice=number, date="2026-11-09")
    paid = invoice(whmcs, number)
    assert paid["status"] == "Paid"
    assert paid["datepaid"] == "2026-11-09 10:00:00"
    assert paid["invoicenum"].startswith("INV-2026-")
    assert paid["date"] == "2026-11-01"
    check(whmcs)


def test_payment_can_move_the_date_of_the_invoice(whmcs: WhmcsSandbox) -> None:
    whmcs.switch(date_on_payment="on")
    number = issue(whmcs)
    whmcs.do("pay", invoice=number, date="2026-11-09")
    assert invoice(whmcs, number)["date"] == "2026-11-09"


def test_numbers_do_not_repeat(whmcs: WhmcsSandbox) -> None:
    numbers = []
    for _ in range(3):
        number = issue(whmcs)
        whmcs.do("pay", invoice=number)
        numbers.append(invoice(whmcs, number)["invoicenum"])
    assert len(set(numbers)) == 3


def test_too_much_money_and_money_told_twice_become_credit(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    whmcs.do("pay", invoice=number, amount="130.00", transid="ch_1")
    assert client(whmcs, UK)["credit"] == "10.00"
    whmcs.do("pay", invoice=number, amount="130.00", transid="ch_1")
    assert client(whmcs, UK)["credit"] == "140.00"
    check(whmcs)


def test_credit_lowers_the_total_and_settles_without_money(whmcs: WhmcsSandbox) -> None:
    whmcs.do("add_funds", client=UK, amount="200.00", gateway="stripe", transid="ch_2")
    number = issue(whmcs)
    assert whmcs.do("apply_credit", invoice=number) == "120.00"
    row = invoice(whmcs, number)
    assert (row["status"], row["total"], row["credit"]) == ("Paid", "0.00", "120.00")
    assert client(whmcs, UK)["credit"] == "80.00"
    assert not whmcs.rows("SELECT id FROM tblaccounts WHERE invoiceid = ?", number)
    check(whmcs)


def test_a_mass_payment_counts_what_was_paid_before(whmcs: WhmcsSandbox) -> None:
    first, second = issue(whmcs), issue(whmcs, "10.00")
    whmcs.do("pay", invoice=first, amount="50.00")
    container = whmcs.do("mass_pay", invoices=[first, second], gateway="stripe", transid="ch_3")
    assert invoice(whmcs, container)["total"] == "82.00"
    assert (invoice(whmcs, first)["credit"], invoice(whmcs, first)["total"]) == ("70.00", "50.00")
    assert (invoice(whmcs, second)["credit"], invoice(whmcs, second)["total"]) == ("12.00", "0.00")
    assert invoice(whmcs, first)["status"] == invoice(whmcs, second)["status"] == "Paid"
    assert client(whmcs, UK)["credit"] == "0.00"
    check(whmcs)


@pytest.mark.parametrize("to", ["gateway", "hand", "credit"])
def test_a_full_refund_shows_in_the_status_and_part_of_one_does_not(
    whmcs: WhmcsSandbox, to: str
) -> None:
    number = issue(whmcs)
    payment = whmcs.do("pay", invoice=number, transid="ch_4", date="2026-11-02")
    before = invoice(whmcs, number)
    row = whmcs.do("refund", transaction=payment, amount="30.00", to=to, date="2026-11-10")
    assert invoice(whmcs, number) == before
    [refund] = whmcs.rows("SELECT * FROM tblaccounts WHERE id = ?", row)
    assert (refund["refundid"], refund["amountout"]) == (payment, "30.00")
    assert bool(refund["transid"]) == (to == "gateway")
    assert client(whmcs, UK)["credit"] == ("30.00" if to == "credit" else "0.00")
    whmcs.do("refund", transaction=payment, to=to, date="2026-11-11")
    after = invoice(whmcs, number)
    assert (after["status"], after["date_refunded"]) == ("Refunded", "2026-11-11 10:00:00")
    check(whmcs)


def test_no_more_is_returned_than_was_taken(whmcs: WhmcsSandbox) -> None:
    payment = whmcs.do("pay", invoice=issue(whmcs))
    with pytest.raises(DeskError, match=r"120.00 of transaction"):
        whmcs.do("refund", transaction=payment, amount="120.01")


def test_a_chargeback_names_no_original(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    payment = whmcs.do("pay", invoice=number, transid="ch_5")
    [row] = whmcs.rows(
        "SELECT * FROM tblaccounts WHERE id = ?",
        whmcs.do("chargeback", transaction=payment, fees="15.00"),
    )
    assert (row["refundid"], row["amountout"], row["fees"]) == (0, "120.00", "15.00")
    assert invoice(whmcs, number)["status"] == "Collections"


def test_a_merge_keeps_the_newest_and_its_lines(whmcs: WhmcsSandbox) -> None:
    first, second = issue(whmcs), issue(whmcs, "10.00")
    assert whmcs.do("merge", invoices=[second, first]) == second
    assert invoice(whmcs, second)["total"] == "132.00"
    assert not whmcs.rows("SELECT id FROM tblinvoices WHERE id = ?", first)
    check(whmcs)


def test_a_split_shares_the_lines_out(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs, lines=[{"amount": "100.00"}, {"amount": "10.00"}])
    items = whmcs.rows("SELECT id FROM tblinvoiceitems WHERE invoiceid = ?", number)
    new = whmcs.do("split", invoice=number, lines=[items[1]["id"]])
    assert (invoice(whmcs, number)["total"], invoice(whmcs, new)["total"]) == ("120.00", "12.00")
    check(whmcs)


def test_a_paid_invoice_can_be_edited(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    whmcs.do("pay", invoice=number)
    [item] = whmcs.rows("SELECT id FROM tblinvoiceitems WHERE invoiceid = ?", number)
    whmcs.do("edit_invoice", invoice=number, change={str(item["id"]): {"amount": "90.00"}},
             add=[{"amount": "5.00"}], fields={"notes": "as agreed"})  # fmt: skip
    row = invoice(whmcs, number)
    assert (row["total"], row["status"], row["notes"]) == ("114.00", "Paid", "as agreed")
    check(whmcs)


def test_a_late_fee_grows_an_unpaid_invoice(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    whmcs.do("add_late_fee", invoice=number, amount="5.00")
    assert invoice(whmcs, number)["total"] == "125.00"
    whmcs.do("pay", invoice=number)
    with pytest.raises(DeskError, match=r"not Unpaid"):
        whmcs.do("add_late_fee", invoice=number, amount="5.00")


def test_a_draft_gets_its_date_when_it_is_published(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs, status="Draft")
    whmcs.do("publish", invoice=number, date="2026-11-20")
    row = invoice(whmcs, number)
    assert (row["status"], row["date"]) == ("Unpaid", "2026-11-20")


def test_what_is_cancelled_takes_no_money(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    whmcs.do("cancel", invoice=number, date="2026-11-20")
    assert invoice(whmcs, number)["date_cancelled"] == "2026-11-20 10:00:00"
    with pytest.raises(DeskError, match=r"invoice that is Cancelled"):
        whmcs.do("pay", invoice=number)


def test_money_outlives_its_invoice_and_its_client(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    payment = whmcs.do("pay", invoice=number)
    whmcs.do("delete_invoice", invoice=number)
    whmcs.do("delete_client", client=UK)
    [row] = whmcs.rows("SELECT * FROM tblaccounts WHERE id = ?", payment)
    assert (row["invoiceid"], row["userid"]) == (number, UK)
    assert not whmcs.rows("SELECT id FROM tblinvoices WHERE userid = ?", UK)


def test_a_deleted_id_is_not_given_again(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    whmcs.do("delete_invoice", invoice=number)
    assert issue(whmcs) > number


def test_clients_and_transactions_can_change_later(whmcs: WhmcsSandbox) -> None:
    whmcs.do("change_client", client=UK, email="x@y.example", country="IE", tax_id="IE1000111Q")
    row = client(whmcs, UK)
    assert (row["email"], row["country"], row["tax_id"]) == ("x@y.example", "IE", "IE1000111Q")
    payment = whmcs.do("pay", invoice=issue(whmcs))
    whmcs.do("change_transaction", transaction=payment, amountin="1.00", gateway="paypal")
    [money] = whmcs.rows("SELECT * FROM tblaccounts WHERE id = ?", payment)
    assert (money["amountin"], money["gateway"]) == ("1.00", "paypal")


def test_marking_paid_leaves_a_row_without_a_gateway(whmcs: WhmcsSandbox) -> None:
    number = issue(whmcs)
    whmcs.do("mark_paid", invoice=number)
    [row] = whmcs.rows("SELECT * FROM tblaccounts WHERE invoiceid = ?", number)
    assert (row["gateway"], row["transid"], row["amountin"]) == ("", "", "0.00")
    assert invoice(whmcs, number)["status"] == "Paid"


def test_unknown_verbs_records_and_arguments_are_named(whmcs: WhmcsSandbox) -> None:
    with pytest.raises(DeskError, match=r"there is no refudn; there are .*refund"):
        whmcs.do("refudn")
    with pytest.raises(DeskError, match=r"invoice 999999 does not exist"):
        whmcs.do("cancel", invoice=999999)
    with pytest.raises(DeskError, match=r"cancel: .*'invoces'"):
        whmcs.do("cancel", invoice=1001, invoces=1)


def test_a_failed_verb_changes_nothing(whmcs: WhmcsSandbox) -> None:
    before = whmcs.rows("SELECT COUNT(*) AS n FROM tblinvoices")
    with pytest.raises(DeskError):
        whmcs.do("create_invoice", client=999999, lines=[{"amount": "1.00"}])
    assert whmcs.rows("SELECT COUNT(*) AS n FROM tblinvoices") == before


@pytest.fixture
def nine(tmp_path: Path) -> Any:
    with sandbox(tmp_path / "nine", switches={"version": "9.0.1"}) as running:
        yield running


def test_nine_keeps_credit_as_a_note_that_is_not_money(nine: WhmcsSandbox) -> None:
    nine.do("add_credit", client=UK, amount="50.00")
    number = issue(nine)
    nine.do("apply_credit", invoice=number)
    row = invoice(nine, number)
    assert (row["total"], row["credit"]) == ("120.00", "0.00")
    [note] = nine.rows("SELECT * FROM tblaccounts WHERE invoiceid = ?", number)
    assert (note["gateway"], note["amountin"], note["transid"]) == ("", "50.00", "")
    assert note["billingnoteid"] > 0
    [sheet] = nine.rows("SELECT * FROM tblbillingnotes WHERE id = ?", note["billingnoteid"])
    assert (sheet["subtotal"], sheet["tax"], sheet["total"]) == ("41.67", "8.33", "50.00")
    nine.do("pay", invoice=number)
    assert invoice(nine, number)["status"] == "Paid"


def test_nine_writes_a_note_for_a_refund_and_lets_nothing_issued_be_edited(
    nine: WhmcsSandbox,
) -> None:
    number = issue(nine)
    payment = nine.do("pay", invoice=number)
    [before] = nine.rows("SELECT COUNT(*) AS n FROM tblbillingnotes")
    nine.do("refund", transaction=payment, amount="30.00")
    [after] = nine.rows("SELECT COUNT(*) AS n FROM tblbillingnotes")
    assert after["n"] == before["n"] + 1
    with pytest.raises(DeskError, match=r"9.x does not let it be edited"):
        nine.do("edit_invoice", invoice=number, fields={"notes": "x"})


def test_eight_has_no_credit_notes(whmcs: WhmcsSandbox) -> None:
    with pytest.raises(DeskError, match=r"from 9.0 on"):
        whmcs.do("credit_note", invoice=issue(whmcs), amount="1.00")


amounts = st.decimals("-500", "5000", places=2)
rates = st.sampled_from([Decimal(rate) for rate in ("0", "5", "9.975", "19", "20", "21")])


@settings(max_examples=200)
@given(st.lists(st.tuples(amounts, st.booleans()), max_size=20), rates, rates, st.booleans())
def test_inclusive_prices_always_come_to_their_own_sum(
    lines: list[tuple[Decimal, bool]], rate: Decimal, rate2: Decimal, compound: bool
) -> None:
    """Whatever the rounding of tax, gross is what the lines say."""
    for each_line in (False, True):
        taxes = Taxes(rate, rate2, inclusive=True, compound=compound, each_line=each_line)
        assert sums(lines, taxes).gross == sum((line[0] for line in lines), Decimal(0))


@settings(max_examples=200)
@given(st.lists(st.tuples(amounts, st.booleans()), max_size=20), rates)
def test_exclusive_tax_is_the_rounded_share_of_the_taxed_sum(
    lines: list[tuple[Decimal, bool]], rate: Decimal
) -> None:
    found = sums(lines, Taxes(rate))
    base = sum((amount for amount, taxed in lines if taxed), Decimal(0))
    assert found.subtotal == sum((amount for amount, _ in lines), Decimal(0))
    assert abs(found.tax - base * rate / 100) <= Decimal("0.005")
    assert found.tax == cents(found.tax)


@pytest.mark.parametrize(
    ("lines", "taxes", "expected"),
    [
        ([("100.00", True)], Taxes(Decimal(21)), ("100.00", "21.00", "0.00")),
        ([("121.00", True)], Taxes(Decimal(21), inclusive=True), ("100.00", "21.00", "0.00")),
        ([("100.00", True), ("20.00", False)], Taxes(Decimal(21)), ("120.00", "21.00", "0.00")),
        ([("121.00", True), ("20.00", False)], Taxes(Decimal(21), inclusive=True),
         ("120.00", "21.00", "0.00")),
        ([("100.00", True)], Taxes(Decimal(10), Decimal(5)), ("100.00", "10.00", "5.00")),
        ([("100.00", True)], Taxes(Decimal(10), Decimal(5), compound=True),
         ("100.00", "10.00", "5.50")),
        ([("4.94", True), ("-2.47", True)], Taxes(Decimal(19), inclusive=True, each_line=True),
         ("2.07", "0.40", "0.00")),
        ([("0.12", True)] * 3, Taxes(Decimal(21), each_line=True), ("0.36", "0.09", "0.00")),
        ([("0.12", True)] * 3, Taxes(Decimal(21)), ("0.36", "0.08", "0.00")),
    ],
)  # fmt: skip
def test_sums_are_those_of_the_worked_examples(
    lines: list[tuple[str, bool]], taxes: Taxes, expected: tuple[str, str, str]
) -> None:
    """The table of WHMCS's tax documentation, and SevDesk module's case of rounding by line."""
    found = sums([(Decimal(amount), taxed) for amount, taxed in lines], taxes)
    assert tuple(f"{value:.2f}" for value in (found.subtotal, found.tax, found.tax2)) == expected
