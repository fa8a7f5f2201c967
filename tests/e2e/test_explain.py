"""`bridge explain`: a page that an accountant can follow, from the log alone."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.commands import run_bridge
from tests.e2e.conftest import Rig


@dataclass(frozen=True, slots=True)
class Told:
    """A company and the invoices that stories are told of, by WHMCS's id.

    Attributes:
        booked: In the books.
        changed: Edited after it was sent and before that was known to have arrived.
        held: Paid through a gateway that nobody mapped.
    """

    rig: Rig
    booked: int
    changed: int
    held: int


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    place = tmp_path_factory.mktemp("told")
    (place / "far").mkdir()
    with ExitStack() as stack:
        rig = Rig(place, stack)
        booked = rig.paid_invoice(rig.new_client(), "100.00", "14.97", fees="1.95")
        changed = rig.paid_invoice(rig.new_client())
        held = rig.paid_invoice(rig.new_client(), gateway="carrier_pigeon")
        rig.sync(booked, held)
        late = {"name": "InsertInvoice", "nth": 1, "mode": "late_commit", "seconds": 2}
        rig.fault("kashflow", late)
        rig.settings["sync"]["settle_delay_s"] = 600
        assert rig.sync(changed).exit_code == 4
        rig.settings["sync"]["settle_delay_s"] = 0
        line = {"type": "", "description": "Extra", "amount": "5.00", "taxed": True}
        rig.whmcs.do("edit_invoice", invoice=changed, add=[line])
        _wait_for(rig, f"WHMCS-{changed}")
        rig.sync(changed)
        yield Told(rig, booked, changed, held)


def _wait_for(rig: Rig, token: str) -> None:
    give_up = time.monotonic() + 30
    while token not in rig.ours():
        assert time.monotonic() < give_up, f"{token} never came"
        time.sleep(0.05)


def _bridge(rig: Rig, *arguments: str) -> str:
    rig.file()
    found = run_bridge(rig.place, *arguments)
    assert found.returncode == 0, found.stderr
    return found.stdout


def _parts(page: str) -> dict[str, list[str]]:
    """The lines of a page under each of its titles."""
    titled = (part.splitlines() for part in page.split("\n\n"))
    return {title: lines for title, *lines in titled}


def test_the_page_tells_the_whole_story(told: Told) -> None:
    page = _bridge(told.rig, "explain", str(told.booked))
    assert max(len(line) for line in page.splitlines()) <= 80
    parts = _parts(page)
    journal = [
        line.rsplit(maxsplit=2) for line in parts["The journal that an accountant would write"]
    ]
    columns = [(row[0].strip(), row[1]) for row in journal if row[-1] == "GBP"]
    assert columns == [
        ("Dr Debtors Control", "137.96"),
        ("Cr Web Hosting (4000)", "114.97"),
        ("Cr VAT on sales", "22.99"),
        ("Dr Card Clearing (1210)", "137.96"),
        ("Cr Debtors Control", "137.96"),
        ("Dr Card Fees (7901)", "1.95"),
        ("Cr Card Clearing (1210)", "1.95"),
    ]
    decided = " ".join(parts["What was decided, and by which rule or setting"])
    assert "line 2: vat_rules uk row 1 (UK, UK rate) -> 20 %" in decided
    assert "gateways.stripe -> Credit Card on Card Clearing (1210)" in decided
    sent = parts["What was sent (times are UTC)"]
    number = told.rig.ours()[f"WHMCS-{told.booked}"].number
    assert any(f"create invoice {told.booked}: done, {number}" in line for line in sent)


def test_both_versions_of_what_changed_are_shown(told: Told) -> None:
    parts = _parts(_bridge(told.rig, "explain", str(told.changed)))
    differs = parts["What has changed since it was booked"]
    assert "  line 2: was not there, is Extra" in differs
    assert "  net: was 100.00 GBP, is 105.00 GBP" in differs
    assert any("Gross" in line and "126.00 GBP" in line for line in parts["What the source says"])
    story = json.loads(_bridge(told.rig, "explain", str(told.changed), "--json"))
    assert [(one["invoice"]["net"], one["booked"]) for one in story["source"]] == [
        ("100.00 GBP", True),
        ("105.00 GBP", False),
    ]
    for link in story["links"]:
        sides = {"debit": 0, "credit": 0}
        for posting in link["journal"]:
            sides[posting["side"]] += int(posting["amount"].replace(".", ""))
        assert sides["debit"] == sides["credit"] > 0


def test_what_is_held_says_what_it_would_take_and_who_put_it_aside(
    told: Told,
) -> None:
    rig, held = told.rig, told.held
    page = _bridge(rig, "explain", str(held))
    words = " ".join(_parts(page)["Where it stands"]).split()
    assert "Reason: gateway_unmapped" in " ".join(words)
    assert "add under target.gateways" in " ".join(words)
    assert "The journal that an accountant would write" not in page
    _bridge(rig, "skip", str(held), "--because", "booked by hand as 77")
    page = _bridge(rig, "explain", str(held))
    assert "Rightly not in the books" in page
    happened = " ".join(" ".join(page.rpartition("What happened")[2].split()).split())
    assert "skipped because: booked by hand as 77" in happened
    assert "@" in happened


def test_an_invoice_that_only_the_list_showed_says_so(told: Told) -> None:
    words = " ".join(_bridge(told.rig, "explain", "1010").split())
    assert "On the work list" in words
    assert "it was not read in full" in words
