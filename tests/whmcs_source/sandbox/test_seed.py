"""The seeded company: every figure adds up, and each case is what its name says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from stdnum.eu import vat
from whmcs_source.sandbox.factory import WhmcsSandbox, sandbox
from whmcs_source.sandbox.seed import CASES, PLAIN

SALES = {
    "Hosting", "Addon", "Domain", "DomainRegister", "DomainTransfer", "Setup", "Upgrade", "Item",
    "", "PromoHosting", "PromoDomain", "GroupDiscount",
}  # fmt: skip
GATEWAYS = {"stripe", "paypal", "gocardless", "banktransfer"}
START = "2025-09-01"
GONE = {"merged_away", "deleted", "left_client"}


def amount(row: dict[str, Any], *names: str) -> Decimal:
    return sum((Decimal(row[name]) for name in names), Decimal(0))


def gross(row: dict[str, Any]) -> Decimal:
    return amount(row, "subtotal", "tax", "tax2")


@pytest.fixture(scope="module")
def whmcs(shared_whmcs: WhmcsSandbox) -> WhmcsSandbox:
    return shared_whmcs


@pytest.fixture(scope="module")
def invoices(whmcs: WhmcsSandbox) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in whmcs.rows("SELECT * FROM tblinvoices")}


@pytest.fixture(scope="module")
def clients(whmcs: WhmcsSandbox) -> dict[int, dict[str, Any]]:
    found = whmcs.rows(
        "SELECT tblclients.*, code FROM tblclients"
        " JOIN tblcurrencies ON tblcurrencies.id = tblclients.currency"
    )
    return {row["id"]: row for row in found}


def lines(whmcs: WhmcsSandbox, invoice: int) -> list[dict[str, Any]]:
    return whmcs.rows("SELECT * FROM tblinvoiceitems WHERE invoiceid = ? ORDER BY id", invoice)


def money(whmcs: WhmcsSandbox, invoice: int) -> list[dict[str, Any]]:
    return whmcs.rows("SELECT * FROM tblaccounts WHERE invoiceid = ? ORDER BY id", invoice)


def test_there_is_enough_for_two_runs_and_every_case(
    invoices: dict[int, Any], clients: dict[int, Any]
) -> None:
    """A first run of 200 leaves some for a second; about 300 invoices, 43 clients."""
    assert 215 <= len(PLAIN) <= 235
    assert set(invoices) >= PLAIN
    assert len(clients) == 43
    assert 290 <= len(invoices) <= 320
    assert len(invoices) - len(PLAIN) >= 45


def test_every_figure_of_every_invoice_adds_up(
    whmcs: WhmcsSandbox, invoices: dict[int, Any]
) -> None:
    """total + credit is gross, and the lines make the subtotal, with tax in them or without."""
    for number, row in invoices.items():
        if number == CASES["one_cent_wrong"]:
            continue
        assert gross(row) == amount(row, "total", "credit"), number
        priced = sum((Decimal(line["amount"]) for line in lines(whmcs, number)), Decimal(0))
        assert priced in (Decimal(row["subtotal"]), gross(row)), number


def test_every_client_balance_is_the_sum_of_its_changes(
    whmcs: WhmcsSandbox, clients: dict[int, Any]
) -> None:
    for number, row in clients.items():
        found = whmcs.rows("SELECT amount FROM tblcredit WHERE clientid = ?", number)
        assert Decimal(row["credit"]) == sum((amount(one, "amount") for one in found), Decimal(0))


def test_every_line_relates_to_something_of_the_same_client(whmcs: WhmcsSandbox) -> None:
    tables = {
        "Hosting": "tblhosting", "Setup": "tblhosting", "PromoHosting": "tblhosting",
        "Addon": "tblhostingaddons", "Domain": "tbldomains", "DomainRegister": "tbldomains",
        "DomainTransfer": "tbldomains", "PromoDomain": "tbldomains", "Invoice": "tblinvoices",
        "Item": "tblbillableitems",
    }  # fmt: skip
    for kind, table in tables.items():
        strays = whmcs.rows(
            f"SELECT tblinvoiceitems.id FROM tblinvoiceitems LEFT JOIN {table}"
            f" ON {table}.id = relid AND {table}.userid = tblinvoiceitems.userid"
            f" WHERE tblinvoiceitems.type = ? AND relid > 0 AND {table}.id IS NULL",
            kind,
        )
        assert not strays, kind


def plainly_bookable(
    whmcs: WhmcsSandbox, row: dict[str, Any], client: dict[str, Any], base: Decimal
) -> bool:
    """The brief of the seed, written down a second time and from the tables alone."""
    items, rows = lines(whmcs, row["id"]), money(whmcs, row["id"])
    taxed = {bool(line["taxed"]) for line in items}
    country, rate = client["country"], Decimal(row["taxrate"])
    if country in ("GB", "IM"):
        tax_is_clear = rate == 20 and taxed == {True} and not client["taxexempt"]
    elif country in ("IE", "DE", "NL", "GR", "FR"):
        tax_is_clear = rate == 0 and bool(vat.is_valid(client["tax_id"]))
    else:
        tax_is_clear = rate == 0 and taxed == {False}
    currency_is_clear = client["code"] == "GBP" or (
        len(rows) == 1 and abs(Decimal(rows[0]["rate"]) / base - 1) < Decimal("0.05")
    )
    return (
        row["status"] == "Paid"
        and row["datepaid"][:10] >= START
        and all(one["date"][:10] >= START for one in rows)
        and {line["type"] for line in items} <= SALES
        and {one["gateway"] for one in rows} <= GATEWAYS
        and amount(row, "credit", "tax2", "taxrate2") == 0
        and sum((amount(one, "amountin") for one in rows), Decimal(0)) == gross(row) > 0
        and all(one["amountout"] == "0.00" and one["refundid"] == 0 for one in rows)
        and len({(one["gateway"], one["transid"]) for one in rows}) == len(rows)
        and tax_is_clear
        and currency_is_clear
        and client["code"] in ("GBP", "EUR", "USD")
        and client["id"] != 8
    )


def test_the_plain_ones_are_exactly_those_that_look_plain(
    whmcs: WhmcsSandbox, invoices: dict[int, Any], clients: dict[int, Any]
) -> None:
    """But for two, whose trouble stands elsewhere: their refunds."""
    rates = {row["code"]: Decimal(row["rate"]) for row in whmcs.rows("SELECT * FROM tblcurrencies")}
    found = {
        number
        for number, row in invoices.items()
        if plainly_bookable(
            whmcs, row, clients[row["userid"]], rates[clients[row["userid"]]["code"]]
        )
    }
    assert found - {CASES["part_refund"], CASES["refund_elsewhere"]} == PLAIN


def test_the_plain_ones_hold_every_ordinary_thing(
    whmcs: WhmcsSandbox, invoices: dict[int, Any], clients: dict[int, Any]
) -> None:
    kinds = {line["type"] for number in PLAIN for line in lines(whmcs, number)}
    assert kinds == SALES
    used = {one["gateway"] for number in PLAIN for one in money(whmcs, number)}
    assert used == GATEWAYS
    owners = {invoices[number]["userid"] for number in PLAIN}
    assert {clients[owner]["country"] for owner in owners} >= {"GB", "IM", "IE", "GR", "US", "JE"}
    assert any(Decimal(one["fees"]) > 0 for number in PLAIN for one in money(whmcs, number))
    inclusive = {
        number
        for number in PLAIN
        if sum(Decimal(line["amount"]) for line in lines(whmcs, number)) == gross(invoices[number])
        and Decimal(invoices[number]["tax"]) > 0
    }
    assert len(inclusive) == 3
    assert all(invoices[number]["date"] < "2025-10" for number in inclusive)


def test_names_and_descriptions_are_as_wild_as_real_ones(
    whmcs: WhmcsSandbox, clients: dict[int, Any]
) -> None:
    names = " ".join(f"{row['companyname']} {row['lastname']}" for row in clients.values())
    for piece in ("&amp;", "&#039;", "&uuml;", "ë", "🦊", "&lt;b&gt;", "Παππάς"):
        assert piece in names
    texts = [row["description"] for row in whmcs.rows("SELECT description FROM tblinvoiceitems")]
    assert any("\n" in text and "<br" in text and len(text) > 300 for text in texts)
    shared = [row["email"] for row in clients.values() if row["email"] == "owen@kestrel.example"]
    assert len(shared) == 2


def test_the_clients_that_the_other_end_knows_are_there(clients: dict[int, Any]) -> None:
    assert clients[7]["companyname"] == "Harbour &amp; Sons Ltd"
    assert clients[7]["email"] == "accounts@harbour-sons.example"
    assert clients[8]["companyname"] == "Bright Pixel Studio"
    assert clients[8]["email"] == "hello@brightpixel.example"


def test_every_case_exists_unless_it_is_meant_to_be_gone(invoices: dict[int, Any]) -> None:
    assert {name for name, number in CASES.items() if number not in invoices} == GONE


def test_cases_are_what_their_names_say(whmcs: WhmcsSandbox, invoices: dict[int, Any]) -> None:
    case = {name: invoices.get(number, {}) for name, number in CASES.items()}
    assert case["compound_tax"]["tax2"] == "5.50"
    assert case["half_credit"]["credit"] == case["half_credit"]["total"] == "60.00"
    assert (case["full_credit"]["total"], case["full_credit"]["credit"]) == ("0.00", "60.00")
    assert not money(whmcs, CASES["full_credit"])
    assert len(lines(whmcs, CASES["many_lines"])) == 120
    assert [one["amountin"] for one in money(whmcs, CASES["part_payments"])] == ["50.00", "71.01"]
    assert case["old_paid_late"]["date"] < "2025" < "2026-10" < case["old_paid_late"]["datepaid"]
    assert case["same_number_first"]["invoicenum"] == case["same_number_second"]["invoicenum"]
    assert case["full_refund"]["status"] == "Refunded"
    assert case["chargeback"]["status"] == "Collections"
    assert case["zero_total"]["status"] == "Paid"
    assert gross(case["zero_total"]) == 0
    assert gross(case["negative"]) == Decimal("-120.00")
    assert case["zero_datepaid"]["datepaid"].startswith("0000")
    assert case["late_fee"]["status"] == "Unpaid"
    assert [one["gateway"] for one in money(whmcs, CASES["gateway_gone"])] == ["worldpay_old"]
    assert [one["amountin"] for one in money(whmcs, CASES["mark_paid_empty"])] == ["0.00"]
    assert case["currency_unknown_1"]["total"] == "12100.00"
    statuses = {"draft": "Draft", "cancelled": "Cancelled", "payment_pending": "Payment Pending"}
    assert {name: case[name]["status"] for name in statuses} == statuses


def test_doubled_money_is_one_id_told_twice(whmcs: WhmcsSandbox) -> None:
    first, second = money(whmcs, CASES["duplicate_transaction"])
    assert first["transid"] == second["transid"] != ""
    assert first["gateway"] == second["gateway"]
    assert first["amountin"] == second["amountin"] == "120.00"


def test_a_refund_can_stand_on_no_invoice(whmcs: WhmcsSandbox) -> None:
    [payment] = money(whmcs, CASES["part_refund"])
    [row] = whmcs.rows("SELECT * FROM tblaccounts WHERE refundid = ?", payment["id"])
    assert (row["invoiceid"], row["amountout"]) == (0, "30.00")


@pytest.mark.parametrize("name", ["mass_pay", "mass_pay_part"])
def test_a_mass_payment_is_what_its_targets_were_paid_with(
    whmcs: WhmcsSandbox, invoices: dict[int, Any], name: str
) -> None:
    container = lines(whmcs, CASES[f"{name}_container"])
    assert {line["type"] for line in container} == {"Invoice"}
    for line in container:
        assert Decimal(line["amount"]) == Decimal(invoices[line["relid"]]["credit"])
    [payment] = money(whmcs, CASES[f"{name}_container"])
    assert Decimal(payment["amountin"]) == sum(Decimal(line["amount"]) for line in container)


def test_money_without_invoice_or_client_has_a_name(whmcs: WhmcsSandbox) -> None:
    known = {row["name"]: row for row in whmcs.rows("SELECT * FROM sandbox_cases")}
    [expense] = whmcs.rows("SELECT * FROM tblaccounts WHERE id = ?", known["expense"]["rowid_"])
    assert (expense["userid"], expense["invoiceid"], expense["currency"]) == (0, 0, 1)
    [orphan] = whmcs.rows(
        "SELECT * FROM tblaccounts WHERE id = ?", known["left_client paid"]["rowid_"]
    )
    assert not whmcs.rows("SELECT id FROM tblclients WHERE id = ?", orphan["userid"])
    [credit] = whmcs.rows("SELECT * FROM tblcredit WHERE id = ?", known["manual_credit"]["rowid_"])
    assert (credit["clientid"], credit["amount"]) == (44, "30.00")


def dump(directory: Path) -> Iterator[str]:
    with closing(sqlite3.connect(directory / "whmcs.db")) as database:
        yield from database.iterdump()


def test_seeding_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with sandbox(tmp_path / name):
            pass
    assert list(dump(tmp_path / "first")) == list(dump(tmp_path / "second"))


def test_what_was_changed_stays_changed_at_the_next_start(tmp_path: Path) -> None:
    with sandbox(tmp_path) as first:
        first.do("change_client", client=1, email="new@ashdown-bakery.example")
    with sandbox(tmp_path) as second:
        [row] = second.rows("SELECT email FROM tblclients WHERE id = 1")
    assert row["email"] == "new@ashdown-bakery.example"


def test_a_company_of_version_nine_keeps_its_own_identities(tmp_path: Path) -> None:
    """Total is the whole document; money and applied notes together settle it."""
    with sandbox(tmp_path, switches={"version": "9.0.1"}) as nine:
        for row in nine.rows("SELECT * FROM tblinvoices WHERE status = 'Paid'"):
            if row["id"] in {CASES["one_cent_wrong"], CASES["negative"]}:
                continue
            assert gross(row) == Decimal(row["total"]), row["id"]
            came = sum((amount(one, "amountin") for one in money(nine, row["id"])), Decimal(0))
            assert came >= Decimal(row["total"]), row["id"]
        notes = money(nine, CASES["half_credit"])
    assert sorted(one["amountin"] for one in notes) == ["60.00", "60.00"]
    assert {one["billingnoteid"] > 0 for one in notes} == {True, False}
