"""`bridge reconcile` on the seeded company: through both wires, as an operator types it."""

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver

from tests.commands import run_bridge
from tests.kashflow_target.sandbox_books import BookTransaction, SandboxBooks

ROOT = Path(__file__).resolve().parents[2]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or ""
needs_browser = pytest.mark.skipif(not BROWSER, reason="no chromium on this machine")


def _bridge(place: Path, *arguments: str, code: int) -> subprocess.CompletedProcess[str]:
    found = run_bridge(place, *arguments, environment={"NO_COLOR": "1"})
    assert found.returncode == code, found.stdout[-2000:] + found.stderr
    return found


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped company, all of it synced: two runs."""
    place = tmp_path_factory.mktemp("synced")
    shutil.copy(ROOT / "bridge.yaml", place)
    _bridge(place, "sync", "--quiet", code=3)
    _bridge(place, "sync", "--quiet", code=0)
    return place


@pytest.fixture
def company(synced: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may spoil."""
    place = tmp_path / "company"
    shutil.copytree(synced, place)
    return place


def _ours(place: Path) -> list[dict[str, Any]]:
    """KashFlow's invoices of ours, by number."""
    with closing(sqlite3.connect(place / ".bridge" / "kashflow.db")) as books:
        books.row_factory = sqlite3.Row
        rows = books.execute("SELECT * FROM invoice WHERE reference LIKE 'WHMCS-%' ORDER BY number")
        return [dict(row) for row in rows]


def _spoil(place: Path) -> tuple[int, int, int]:
    """Change one amount, delete one invoice, add one by hand; answers their numbers."""
    edited, deleted, other = _ours(place)[10], _ours(place)[20], _ours(place)[30]
    with Driver.at(place / ".bridge") as hands:
        hands.edit_line(edited["number"], 0, net="99.00")
        hands.delete_invoice(deleted["number"])
        added = hands.add_invoice(other["customer"], "2026-03-03", [{"net": "10", "vat": "2"}])
    return edited["number"], deleted["number"], added


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_seeded_company_agrees(company: Path) -> None:
    found = _bridge(company, "reconcile", code=0)
    assert "Both sides agree: every record is matched or explained." in found.stdout
    assert max(len(line) for line in found.stdout.splitlines()) <= 80
    assert re.search(r"about \d+ calls to the source", found.stderr)
    assert "calls to the source" not in found.stdout


def test_it_agrees_after_the_first_run_too(tmp_path: Path) -> None:
    """What the batch limit left over waits, and is no difference."""
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    _bridge(tmp_path, "sync", "--quiet", code=3)
    summary = _lines(_bridge(tmp_path, "reconcile", "--json", code=0).stdout)[-1]
    assert summary["classes"]["waiting"] > 0
    assert summary["differences"] == 0


def test_three_spoilt_invoices_are_three_differences(company: Path) -> None:
    edited, deleted, added = _spoil(company)
    lines = _lines(_bridge(company, "reconcile", "--json", code=5).stdout)
    found = [line for line in lines if line["type"] == "difference"]
    assert [line["class"] for line in found] == ["differs", "only_in_source", "only_in_target"]
    assert f"document {edited}: net is" in found[0]["what"]
    assert f"document {deleted} and is not in the target" in found[1]["what"]
    assert found[2]["record"] == f"invoice {added} in the target"
    assert lines[-1]["type"] == "summary"
    assert (lines[-1]["differences"], lines[-1]["exit_code"]) == (3, 5)


def test_four_spoilt_movements_are_four_differences(company: Path) -> None:
    """A fee changed, one on another nominal, an addition to a balance gone, one made by hand."""
    made = SandboxBooks(company / ".bridge").bank_transactions()
    fee, other_fee = [each for each in made if each.nominal == "Card Fees"][:2]
    onto = next(each for each in made if each.nominal == "Client Balances")
    before = _lines(_bridge(company, "reconcile", "--json", code=0).stdout)
    others = before[-1]["classes"]["other"]
    with Driver.at(company / ".bridge") as hands:
        hands.edit_bank_transaction(fee.id, "-0.01")
        hands.recode_bank_transaction(other_fee.id, "Web Hosting")
        hands.delete_bank_transaction(onto.id)
        added = hands.add_bank_transaction("Card Clearing", "Client Balances", "2026-03-03", "5.00")
        hands.add_bank_transaction("Card Clearing", "Goodwill", "2026-03-03", "-7.00")
    lines = _lines(_bridge(company, "reconcile", "--json", code=5).stdout)
    found = [line for line in lines if line["type"] == "difference"]
    [moved] = [line for line in found if "stands on Web Hosting" in line["what"]]
    assert moved["record"].startswith(f"fee {_of(other_fee)}/")
    changed, gone, by_hand = [line for line in found if line is not moved]
    assert "is -0.01 GBP, sent was -" in changed["what"]
    assert changed["record"].startswith(f"fee {_of(fee)}/")
    assert "of it is in the books instead of" in gone["what"]
    assert gone["record"].startswith(f"payment {_of(onto)}/")
    assert by_hand["record"] == f"movement {added} in the target on Card Clearing"
    assert "`client_balances`" in by_hand["what"]
    assert lines[-1]["classes"]["other"] == others + 1


def _of(made: BookTransaction) -> str:
    """The transaction that it belongs to, whatever invoice that stands on."""
    return made.comment.removeprefix("WHMCS-").partition("/")[0]


def test_what_a_bookkeeper_explains_counts_no_more_until_it_changes(company: Path) -> None:
    """Accepted, shown, changed, accepted again, taken back: who and why stay in the log."""
    _, _, added = _spoil(company)
    why = ("--because", "a bill for consultancy, not sold through the shop")
    lines = _lines(
        _bridge(company, "reconcile", "--accept", f"{added}", *why, "--json", code=5).stdout
    )
    [accepted] = [line for line in lines if line["type"] == "accepted"]
    assert accepted["record"] == f"invoice {added} in the target"
    assert (accepted["because"], "@" in accepted["who"]) == (why[1], True)
    assert lines[-1]["classes"]["accepted"] == 1
    assert (lines[-1]["differences"], lines[-1]["accepted"]) == (2, 1)
    shown = " ".join(_bridge(company, "reconcile", code=5).stdout.split())
    assert "2 differences are unexplained. Accepted by hand: 1." in shown
    assert why[1] in shown

    with Driver.at(company / ".bridge") as hands:
        hands.edit_line(added, 0, net="11.00")
    lines = _lines(_bridge(company, "reconcile", "--json", code=5).stdout)
    again = [line for line in lines if line["type"] == "difference"][-1]
    assert "it has changed since" in again["what"]
    assert lines[-1]["differences"] == 3

    _bridge(company, "reconcile", "--accept", f"{added}", *why, "--quiet", code=5)
    lines = _lines(_bridge(company, "reconcile", "--unaccept", f"{added}", "--json", code=5).stdout)
    assert lines[-1]["differences"] == 3
    log = _bridge(company, "log", "--json", code=0).stdout
    assert [log.count(told) for told in ("accepted by ", "no longer accepted")] == [2, 1]
    assert "not sold through the shop" in log


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--accept", "1240"), "nothing says why 1240 is accepted"),
        (("--accept", "1240", "--because", " "), "nothing says why 1240 is accepted"),
        (("--accept", "1", "--unaccept", "2", "--because", "so"), "do not go together"),
        (("--because", "so"), "--because goes with --accept"),
        (("--accept", "1240", "--because", "so"), "no difference of this period bears"),
        (("--unaccept", "1240"), "1240 was not accepted"),
    ],
)
def test_what_is_half_said_is_not_accepted(
    company: Path, arguments: tuple[str, ...], words: str
) -> None:
    found = _bridge(company, "reconcile", *arguments, code=2)
    assert words in found.stderr
    assert "To do:" in found.stderr


def test_quiet_is_silent_until_something_is_wrong(company: Path) -> None:
    found = _bridge(company, "reconcile", "--quiet", code=0)
    assert found.stdout + found.stderr == ""
    _spoil(company)
    found = _bridge(company, "reconcile", "--quiet", code=5)
    assert found.stdout.startswith("3 differences are unexplained.")
    assert found.stdout.count("To do:") == 3
    assert found.stderr == ""


def test_the_tables_close_on_the_seeded_company(company: Path) -> None:
    """By month and currency: source = matched + held + ...; and all of ours is what was booked."""
    lines = _lines(_bridge(company, "reconcile", "--json", code=0).stdout)
    for month in (line for line in lines if line["type"] == "month"):
        assert _sum(month["classes"].values(), "billed") == _amount(month["billed"])
    documents = [line for line in lines if line["type"] == "month" and line["of"] == "documents"]
    ours = _ours(company)
    assert _sum(documents, "booked") == sum(
        Decimal(row["net"]) + Decimal(row["vat"]) for row in ours
    )
    at_home = [Decimal(row["vat"]) for row in ours if row["currency"] in {"", "GBP"}]
    boxes = [line for line in lines if line["type"] == "return"]
    assert _sum(boxes, "tax_due") == sum(at_home)


def _amount(text: str) -> Decimal:
    return Decimal(text.partition(" ")[0])


def _sum(rows: Iterable[dict[str, Any]], name: str) -> Decimal:
    return sum((_amount(row[name]) for row in rows), Decimal(0))


def test_clients_balances_are_held_against_the_sources_own(company: Path) -> None:
    """Client by client, WHMCS's own figure; a difference has a record that explains it."""
    lines = _lines(_bridge(company, "reconcile", "--json", code=0).stdout)
    found = [line for line in lines if line["type"] == "balance"]
    with closing(sqlite3.connect(company / ".bridge" / "whmcs.db")) as whmcs:
        credit = whmcs.execute("SELECT id, credit FROM tblclients WHERE credit + 0 <> 0").fetchall()
    assert credit
    own = {line["client"]: _amount(line["own"]) for line in found}
    assert {key: own[str(key)] for key, _ in credit} == {
        key: Decimal(str(amount)) for key, amount in credit
    }
    for line in found:
        moved = _sum([line], "opening") + _sum([line], "additions") + _sum([line], "uses")
        assert _amount(line["closing"]) == moved
        assert _amount(line["difference"]) == moved - _amount(line["own"])
        assert line["why"] or not _amount(line["difference"])


def test_a_month_is_judged_by_itself(company: Path) -> None:
    """Invoices that were issued in one month and paid in the next belong to the next."""
    _spoil(company)
    march = ("--from", "2026-03-01", "--to", "2026-03-31")
    _bridge(company, "reconcile", *march, "--json", code=5)
    november = ("--from", "2025-11-01", "--to", "2025-11-30")
    lines = _lines(_bridge(company, "reconcile", *november, "--json", code=0).stdout)
    days = {line["day"] for line in lines if line["type"] == "record"}
    assert min(days) >= "2025-11-01"
    assert max(days) <= "2025-11-30"


def test_nothing_is_written_anywhere(company: Path) -> None:
    def state() -> tuple[list[dict[str, Any]], bytes]:
        return _ours(company), (company / "bridge.db").read_bytes()

    before = state()
    _bridge(company, "reconcile", code=0)
    assert state() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "yesterday"), "--from yesterday is no day"),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "before it begins"),
        (("--html", "nowhere/page.html"), "in a directory that does not exist"),
        (("--html", "."), "is a directory"),
    ],
)
def test_what_cannot_be_done_is_refused_before_reading(
    company: Path, arguments: tuple[str, ...], words: str
) -> None:
    found = _bridge(company, "reconcile", *arguments, code=2)
    assert words in found.stderr
    assert "To do:" in found.stderr
    assert "calls to the source" not in found.stderr


def test_before_the_first_run_there_is_no_log(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    found = _bridge(tmp_path, "reconcile", code=1)
    assert "sync" in found.stderr
    assert found.stdout == ""


# The page --------------------------------------------------------------------------------------


class _Outside(HTMLParser):
    """Whatever a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "img", "iframe", "object", "embed", "base"}:
            self.found.append((tag, ""))
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "srcset"} and not (value or "").startswith(
                "#"
            ):
                self.found.append((tag, value or ""))


@pytest.fixture
def page(company: Path) -> Path:
    """The page of a company with three differences."""
    _spoil(company)
    _bridge(company, "reconcile", "--html", "page.html", code=5)
    return company / "page.html"


def test_the_page_stands_alone(page: Path) -> None:
    """No file, no font, no script, no address: it opens without a network, years from now."""
    text = page.read_text(encoding="utf-8")
    outside = _Outside()
    outside.feed(text)
    assert outside.found == []
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert list(page.parent.glob(".page*")) == []


def _browse(profile: Path, *arguments: str) -> str:
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
    )
    command = [BROWSER, *flags, *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert found.returncode == 0, found.stderr
    return found.stdout


@needs_browser
def test_a_browser_shows_the_tables_and_the_chart(page: Path, tmp_path: Path) -> None:
    shown = _browse(tmp_path / "profile", "--dump-dom", page.as_uri())
    assert "3 differences are unexplained." in shown
    assert shown.count("<section>") == 10
    assert re.search(r'<rect class="matched" x="[\d.]+" y="[\d.]+" width="19"', shown)
    assert re.search(r'<rect class="unexplained" x=', shown)
    assert "<script" not in shown
    titles = re.findall(r"<title>(2\d\d\d-\d\d, (?:billed|booked)[^<]*)</title>", shown)
    november = [row for row in _ours(page.parent) if row["date"].startswith("2025-11")]
    booked = sum(
        Decimal(row["net"]) + Decimal(row["vat"])
        for row in november
        if row["currency"] in {"", "GBP"}
    )
    assert f"2025-11, booked: {booked:,.2f} GBP" in titles


@needs_browser
def test_it_prints(page: Path, tmp_path: Path) -> None:
    """A4 across, and the chart with it."""
    paper = tmp_path / "page.pdf"
    _browse(tmp_path / "profile", f"--print-to-pdf={paper}", page.as_uri())
    content = paper.read_bytes()
    assert content.startswith(b"%PDF-")
    width, height = map(float, re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)[0])
    assert (round(width), round(height)) == (842, 595)
    pages = len(re.findall(rb"/Type /Page\b", content))
    assert 5 < pages < 60
