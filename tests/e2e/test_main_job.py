"""The main job on the shipped bridge.yaml, through the real command and both real protocols."""

import json
import re
import shutil
import sqlite3
import subprocess
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from whmcs_source.sandbox.seed import PLAIN

from tests.commands import run_bridge
from tests.kashflow_target.sandbox_books import SandboxBooks

ROOT = Path(__file__).resolve().parents[2]
START = "2025-09-01"


class Bridge:
    """A directory with the shipped file, and the `bridge` command in it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        shutil.copy(ROOT / "bridge.yaml", place)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_bridge(self.place, *arguments)

    def lines(self, *arguments: str) -> list[dict[str, Any]]:
        found = self.run(*arguments, "--json")
        assert "Traceback" not in found.stderr, found.stderr
        return [json.loads(line) for line in found.stdout.splitlines()]

    def summary(self, *arguments: str) -> dict[str, Any]:
        return self.lines("sync", *arguments)[-1]

    def source(self, query: str) -> list[sqlite3.Row]:
        connection = sqlite3.connect(self.place / ".bridge" / "whmcs.db")
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    @property
    def books(self) -> SandboxBooks:
        return SandboxBooks(self.place / ".bridge")


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bridge, list[dict[str, Any]]]:
    """Three runs in a row."""
    bridge = Bridge(tmp_path_factory.mktemp("synced"))
    return bridge, [bridge.summary() for _ in range(3)]


def test_the_first_run_books_two_hundred_and_the_second_the_rest(synced: Any) -> None:
    _, (first, second, third) = synced
    # Of the 200 that were written to, one only adds to a client's balance, which is no sale, and
    # one waits for an answer: its second charge may be the first, told twice.
    assert first["created"]["invoices"] == 199
    assert first["outcome"]["done"] == 199
    assert first["backlog"] == sum(second["outcome"].values()) > 0
    assert second["backlog"] == third["backlog"] == 0
    assert second["exit_code"] == (3 if second["outcome"]["held"] else 0)
    assert (first["exit_code"], third["exit_code"]) == (3, 0)


def test_a_run_with_nothing_new_creates_nothing(synced: Any) -> None:
    _, (*_, third) = synced
    assert set(third["created"].values()) == set(third["updated"].values()) == {0}
    assert third["outcome"] == dict.fromkeys(("done", "skipped", "held", "failed", "unknown"), 0)


def test_every_plain_invoice_is_booked_and_every_other_has_a_reason(synced: Any) -> None:
    """source = booked + held + skipped, invoice by invoice."""
    bridge, _ = synced
    entries = {}
    for state in ("done", "held", "skipped"):
        for line in bridge.lines("status", "--reason", state):
            entries[int(line["invoice"])] = line
    invoices = {row["id"] for row in bridge.source("SELECT id FROM tblinvoices")}
    assert set(entries) == invoices
    assert {number for number, line in entries.items() if line["state"] == "done"} >= set(PLAIN)
    for line in entries.values():
        if line["state"] != "done":
            assert line["reason"]
            assert line["what"]


def _months() -> dict[tuple[str, str], dict[str, Decimal]]:
    return defaultdict(lambda: dict.fromkeys(("net", "tax", "count"), Decimal(0)))


def test_figures_agree_by_month_and_currency(synced: Any) -> None:
    """What KashFlow's stand-in computed from the lines is what WHMCS stored, to the penny."""
    bridge, _ = synced
    booked = {
        line["invoice"]
        for reason in ("done", "duplicate_transaction")  # the sale stands, a second charge waits
        for line in bridge.lines("status", "--reason", reason)
    }
    theirs = _months()
    for row in bridge.source(
        "SELECT i.id, i.datepaid, i.subtotal, i.tax, c.code FROM tblinvoices i"
        " JOIN tblclients p ON p.id = i.userid JOIN tblcurrencies c ON c.id = p.currency"
        " WHERE EXISTS (SELECT 1 FROM tblinvoiceitems"
        " WHERE invoiceid = i.id AND type <> 'AddFunds')"
    ):
        if str(row["id"]) in booked:
            month = theirs[row["datepaid"][:7], row["code"]]
            month["net"] += Decimal(str(row["subtotal"]))
            month["tax"] += Decimal(str(row["tax"]))
            month["count"] += 1
    ours = _months()
    for invoice in bridge.books.invoices():
        if re.match(r"WHMCS-\d", invoice.reference):
            month = ours[invoice.date[:7], invoice.currency]
            month["net"] += invoice.net
            month["tax"] += invoice.vat
            month["count"] += 1
    assert ours == theirs
    assert len({currency for _, currency in ours}) == 3


def test_the_totals_of_all_runs_are_those_of_the_books(synced: Any) -> None:
    """Each amount in one figure; what a gateway kept is off no payment."""
    bridge, summaries = synced
    told: Counter[tuple[str, str]] = Counter()
    for summary in summaries:
        for currency, sums in summary["totals"].items():
            told.update({(currency, name): Decimal(amount) for name, amount in sums.items()})
    theirs: Counter[tuple[str, str]] = Counter()
    numbers = {}
    for invoice in bridge.books.invoices():
        if "WHMCS-" in invoice.reference:
            numbers[invoice.number] = invoice.currency
            figure = "invoiced" if invoice.gross > 0 else "credited"
            theirs[invoice.currency, figure] += abs(invoice.gross)
    for payment in bridge.books.payments():
        if numbers.get(payment.invoice) == "GBP":  # others are kept in pounds too
            theirs["GBP", "paid" if payment.amount > 0 else "refunded"] += abs(payment.amount)
    assert {key: told[key] for key in theirs} == theirs
    assert told["USD", "paid"] == told["USD", "invoiced"]  # all of it through a gateway
    assert told["USD", "fees"] > 0


def test_the_fees_of_what_was_booked_are_costs(synced: Any) -> None:
    """In pounds, each at the rate of its transaction; a bank feed brings its own.

    Beyond them stand only fees of mass payments, whose own invoice is none to book.
    """
    bridge, _ = synced
    done = {line["invoice"] for line in bridge.lines("status", "--reason", "done")}
    ours = Counter(
        -each.amount for each in bridge.books.bank_transactions() if each.nominal == "Card Fees"
    )
    theirs: dict[bool, Counter[Decimal]] = {True: Counter(), False: Counter()}
    for row in bridge.source(
        "SELECT invoiceid, fees, rate FROM tblaccounts"
        " WHERE fees + 0 <> 0 AND gateway <> 'banktransfer'"
    ):
        fee = Decimal(str(row["fees"])) / Decimal(str(row["rate"]))
        theirs[str(row["invoiceid"]) in done][fee.quantize(Decimal("0.01"))] += 1
    assert theirs[True].total() >= 20
    assert theirs[True] <= ours <= theirs[True] + theirs[False]


def test_each_refund_that_lowers_a_price_is_a_credit_note(synced: Any) -> None:
    bridge, _ = synced
    notes = [each for each in bridge.books.invoices() if each.reference.startswith("WHMCS-R")]
    assert len(notes) == 7
    paid_out = {each.invoice: each.amount for each in bridge.books.payments() if each.amount < 0}
    for note in notes:
        refund = note.reference.split()[0].removeprefix("WHMCS-R")
        (row,) = bridge.source(f"SELECT amountout FROM tblaccounts WHERE id = {int(refund)}")
        assert note.gross == paid_out[note.number] == -Decimal(str(row["amountout"]))


def test_no_reference_stands_twice(synced: Any) -> None:
    bridge, _ = synced
    references = Counter(
        invoice.reference for invoice in bridge.books.invoices() if "WHMCS-" in invoice.reference
    )
    assert set(references.values()) == {1}
    notes = Counter(payment.note for payment in bridge.books.payments() if "WHMCS-" in payment.note)
    assert set(notes.values()) == {1}


def test_what_stood_there_before_is_untouched(synced: Any) -> None:
    bridge, _ = synced
    others = [each for each in bridge.books.invoices() if "WHMCS-" not in each.reference]
    assert len(others) == 3


def test_a_customer_that_was_there_is_adopted_and_keeps_its_code(synced: Any) -> None:
    bridge, _ = synced
    (harbour,) = [each for each in bridge.books.customers() if each.code == "HAR01"]
    assert harbour.fields["ExtraText20"] == "WHMCS-7"


def test_held_invoices_of_earlier_runs_cry_only_to_monitoring(synced: Any) -> None:
    bridge, _ = synced
    assert bridge.run("sync").returncode == 0
    assert bridge.run("status").returncode == 3


def test_an_old_invoice_paid_today_is_booked_today(synced: Any) -> None:
    bridge, _ = synced
    (story,) = bridge.lines("explain", _id_of(bridge, "old_paid_late"))
    assert story["state"] == "done"
    (invoice,) = [
        each for each in bridge.books.invoices() if f"WHMCS-{story['invoice']} " in each.reference
    ]
    assert invoice.date >= "2026-10"


def _id_of(bridge: Bridge, case: str) -> str:
    from whmcs_source.sandbox.seed import CASES

    return str(CASES[case])


# Dry run --------------------------------------------------------------------------------------


def _contents(place: Path) -> dict[str, list[str]]:
    found = {}
    for path in sorted(place.rglob("*.db")):
        connection = sqlite3.connect(path)
        try:
            found[str(path.relative_to(place))] = [
                line for line in connection.iterdump() if "sandbox_call" not in line
            ]
        finally:
            connection.close()
    return found


def test_a_dry_run_on_a_fresh_machine_leaves_nothing_behind(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path)
    found = bridge.run("sync", "--dry-run")
    assert found.returncode == 3, found.stderr
    assert "Nothing was written" in found.stdout
    assert "Would be held" in found.stdout
    assert not (tmp_path / "bridge.db").exists()
    assert not list(tmp_path.glob(".bridge/*.db"))


def test_a_dry_run_tells_what_the_real_run_then_does(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path)
    bridge.summary("--limit", "20")
    before = _contents(tmp_path)
    rehearsed = bridge.summary("--dry-run", "--limit", "30")
    assert _contents(tmp_path) == before
    assert _told(rehearsed) == _told(bridge.summary("--limit", "30"))


def test_a_dry_run_tells_what_the_real_run_then_does_when_the_log_is_lost(tmp_path: Path) -> None:
    """At first all is made; without the log all of it is found, movements too, and none is made."""
    bridge = Bridge(tmp_path)
    rehearsed, real = bridge.summary("--dry-run", "--all"), bridge.summary("--all")
    assert _told(rehearsed) == _told(real)
    assert real["created"]["movements"] > 0
    (tmp_path / "bridge.db").unlink()
    rehearsed, real = bridge.summary("--dry-run", "--all"), bridge.summary("--all")
    assert _told(rehearsed) == _told(real)
    assert set(real["created"].values()) == {0}


def _told(summary: dict[str, Any]) -> dict[str, Any]:
    keys = ("outcome", "created", "updated", "totals", "reasons", "backlog", "exit_code")
    return {key: summary[key] for key in keys}


def test_only_the_named_invoice_is_booked(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path)
    number = str(min(PLAIN))
    report = bridge.summary("--invoice", number)
    assert report["outcome"]["done"] == 1
    assert [each["invoice"] for each in bridge.lines("status", "--reason", "done")] == [number]


def test_quiet_says_nothing_unless_someone_is_needed(synced: Any) -> None:
    bridge, _ = synced
    found = bridge.run("--quiet", "sync")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_no_secret_is_anywhere(tmp_path: Path) -> None:
    """Neither in what is printed at any level, nor in the sync log."""
    bridge = Bridge(tmp_path)
    printed = bridge.run("--debug", "sync", "--limit", "5", "--json")
    everything = printed.stdout + printed.stderr
    everything += bridge.run("config", "show", "--json").stdout
    everything += bridge.run("log", "--level", "debug", "--format", "json").stdout
    everything += "\n".join(_contents(tmp_path)["bridge.db"])
    assert "sandbox-tidal-otter" not in everything
