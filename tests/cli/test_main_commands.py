"""What the command says, to people and to programs, and the codes it ends with."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import run_bridge

ROOT = Path(__file__).resolve().parents[2]


def _bridge(
    place: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return run_bridge(place, *arguments, environment=environment)


def test_help_names_every_command(tmp_path: Path) -> None:
    found = _bridge(tmp_path, "--help")
    assert found.returncode == 0
    for word in ("sync", "validate-config", "plugins", "status", "log", "config", "sandbox"):
        assert f"\n  {word} " in found.stdout
    assert max(len(line) for line in found.stdout.splitlines()) <= 80


def test_plugins_are_listed_with_version_and_place(tmp_path: Path) -> None:
    found = _bridge(tmp_path, "plugins", "list")
    assert found.returncode == 0
    lines = found.stdout.splitlines()
    assert lines[0].split()[:3] == ["Plugin", "Role", "Version"]
    assert any(line.startswith("whmcs ") for line in lines)
    assert any(line.startswith("kashflow ") for line in lines)
    assert "bridge-accounts" in found.stdout


def test_a_plugin_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    found = _bridge(tmp_path, "plugins", "show", "xero")
    assert found.returncode == 2
    assert "no plugin named xero" in found.stderr
    assert "whmcs" in found.stderr


def test_settings_of_a_plugin_are_explained(tmp_path: Path) -> None:
    found = _bridge(tmp_path, "plugins", "show", "kashflow", "--json")
    settings = {each["name"]: each for each in json.loads(found.stdout)["settings"]}
    assert settings["gateways"]["description"]
    assert all(each["description"] for each in settings.values())


def _stranger(place: Path, name: str, body: str) -> Path:
    """A plugin distribution installed in a directory of its own, outside the repository."""
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}_plugin.py").write_text(body)
    info = place / f"{name}_plugin-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.2.3\n")
    (info / "entry_points.txt").write_text(f"[bridge]\n{name} = {name}_plugin\n")
    (info / "RECORD").write_text("")
    return place


OBSERVER = """
from bridge.api import Hold, Reason, hookimpl

@hookimpl
def bridge_review_invoice(invoice):
    if invoice.number.endswith("7"):
        return Hold(Reason.HOUSE_RULE, "its number ends in 7", "ask the owner")

@hookimpl
def bridge_run_finished(run, report):
    raise RuntimeError("an observer may fail")
"""


def test_a_third_plugin_works_and_a_broken_one_is_named_without_harm(tmp_path: Path) -> None:
    """Both stand in a directory outside the repository."""
    elsewhere = _stranger(tmp_path / "elsewhere", "house", OBSERVER)
    _stranger(elsewhere, "broken", "import a_module_that_does_not_exist\n")
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    paths = os.pathsep.join([str(elsewhere), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
    environment = {"PYTHONPATH": paths}
    listed = _bridge(tmp_path, "plugins", "list", environment=environment)
    assert listed.returncode == 0
    assert "house-plugin 1.2.3: bridge_review_invoice, bridge_run_finished" in listed.stdout
    assert "Not loaded: broken-plugin 1.2.3" in listed.stdout
    assert "a_module_that_does_not_exist" in listed.stdout
    run = _bridge(tmp_path, "sync", "--limit", "20", "--json", environment=environment)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert lines[-1]["outcome"]["done"] == 20
    assert lines[-1]["reasons"]["house_rule"] > 0
    ended = {line["number"][-1] for line in lines if line.get("state") == "done"}
    assert "7" not in ended


def test_two_plugins_of_one_kind_are_both_refused(tmp_path: Path) -> None:
    elsewhere = _stranger(
        tmp_path / "elsewhere",
        "other",
        "from bridge.api import hookimpl\nfrom whmcs_source.plugin import bridge_sources\n",
    )
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    environment = {"PYTHONPATH": str(elsewhere)}
    listed = _bridge(tmp_path, "plugins", "list", environment=environment)
    assert "the source kind 'whmcs' is offered by" in " ".join(listed.stdout.split())
    run = _bridge(tmp_path, "sync", environment=environment)
    assert run.returncode == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("url: sandbox", "url: sandbox\n  labell: X"), "write 'label'"),
        (("batch_limit: 200", "batch_limit: many"), "bridge.yaml:"),
        (("plugin: whmcs", "plugin: whmcz"), "whmcs"),
        (("start_date: 2025-09-01", "start_date: soon"), "year-month-day"),
        (("unpaid_documents: proforma", "unpaid_documents: vat_invoice"), "vat_scheme: cash"),
        (("batch_limit: 200", "batch_limit: 200\n  workers: 33"), "32"),
        (("url: sandbox", "url: sandbox\n  secret: ${NO_SUCH_VARIABLE}"), "NO_SUCH_VARIABLE"),
        (("method: Credit Card", "method: Credit Crad"), "Credit Card"),
    ],
)
def test_a_wrong_file_ends_with_two_and_says_what_to_write(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    text = (ROOT / "bridge.yaml").read_text()
    assert change[0] in text
    (tmp_path / "bridge.yaml").write_text(text.replace(*change, 1))
    found = _bridge(tmp_path, "sync")
    assert found.returncode == 2, found.stderr
    assert told in found.stderr
    assert "To do:" in found.stderr
    assert "Traceback" not in found.stderr


def test_all_problems_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    text = (ROOT / "bridge.yaml").read_text()
    text = text.replace("batch_limit: 200", "batch_limit: -1").replace("name: books", "nmae: books")
    (tmp_path / "bridge.yaml").write_text(text)
    found = _bridge(tmp_path, "validate-config")
    assert found.returncode == 2
    assert "bridge.yaml:4:1" in found.stderr
    assert "2 problems" in found.stderr


def test_no_file_is_told(tmp_path: Path) -> None:
    found = _bridge(tmp_path, "sync")
    assert found.returncode == 2
    assert "bridge.yaml does not exist" in found.stderr


def test_status_before_the_first_run_says_what_to_do(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    found = _bridge(tmp_path, "status")
    assert found.returncode != 0
    assert "bridge sync" in found.stderr


def test_a_second_run_at_the_same_time_is_refused_naming_the_first(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    first = subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", "sync"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not (tmp_path / ".bridge" / "kashflow.db").exists():
            assert first.poll() is None
        second = _bridge(tmp_path, "sync")
    finally:
        output = first.communicate(timeout=60)
    assert second.returncode == 11, second.stderr
    assert str(first.pid) in second.stderr
    assert first.returncode == 3, output


def test_wrong_credentials_end_with_ten(tmp_path: Path) -> None:
    from kashflow_target.sandbox.factory import sandbox

    with sandbox(tmp_path / "away") as box:
        text = (ROOT / "bridge.yaml").read_text()
        endpoint = box.settings["endpoint"]
        text = text.replace(
            "endpoint: sandbox",
            f"endpoint: {endpoint}\n  username: nobody\n  password: wrong-canary-word",
            1,
        )
        (tmp_path / "bridge.yaml").write_text(text)
        found = _bridge(tmp_path, "--debug", "sync")
    assert found.returncode == 10, found.stderr
    assert "To do:" in found.stderr
    assert "wrong-canary-word" not in found.stdout + found.stderr


def test_an_unreachable_end_ends_with_twelve(tmp_path: Path) -> None:
    text = (ROOT / "bridge.yaml").read_text()
    nobody = "endpoint: http://127.0.0.1:9/x\n  username: a\n  password: b"
    (tmp_path / "bridge.yaml").write_text(text.replace("endpoint: sandbox", nobody, 1))
    found = _bridge(tmp_path, "sync")
    assert found.returncode == 12, found.stderr


def test_the_schema_holds_both_plugins(tmp_path: Path) -> None:
    found = _bridge(tmp_path, "config", "schema")
    schema = json.loads(found.stdout)
    kinds = [
        each["properties"]["plugin"]["const"]
        for role in ("source", "target")
        for each in schema["properties"][role]["oneOf"]
    ]
    assert kinds == ["whmcs", "kashflow"]


def test_live_validation_signs_in_at_both_ends(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    found = _bridge(tmp_path, "validate-config", "--live")
    assert found.returncode == 0, found.stderr
    assert "gateway worldpay_old" in found.stdout
    assert not (tmp_path / ".bridge").exists()


def test_validation_lists_the_decisions_that_are_open(tmp_path: Path) -> None:
    text = (
        (ROOT / "bridge.yaml")
        .read_text()
        .replace("  fees: {nominal: Card", "  # fees: {nominal: Card")
    )
    text = text.replace("    vat: when_used", "    # vat:")
    (tmp_path / "bridge.yaml").write_text(text)
    found = _bridge(tmp_path, "validate-config")
    assert found.returncode == 0, found.stderr
    assert max(len(line) for line in found.stdout.splitlines()) <= 80
    words = " ".join(found.stdout.split())
    assert "open target.fees: payments of which the gateway kept a fee: held until" in words
    ways = "`fees: {nominal: Card Fees}` or `fees: on_gateway_invoice`"
    assert f"(fee_unmapped) To decide: write {ways} under target" in words
    assert "target.foreign_payments" not in words  # it is written in the file
    assert "target.client_balances:" not in words
    assert "open target.client_balances.vat: when money" in words
    assert "`vat: when_used` or `vat: on_receipt` under target.client_balances" in words
    assert "open target.manual_credits" in words
    _bridge(tmp_path, "sync", "--limit", "3")
    *rows, summary = [
        json.loads(line)
        for line in _bridge(tmp_path, "validate-config", "--live", "--json").stdout.splitlines()
    ]
    waiting = {row["key"]: row["waiting"] for row in rows if row["type"] == "decision"}
    assert waiting["target.fees"] > 0
    assert summary["open_decisions"] == len(waiting)


def test_a_file_of_0_1_works_and_is_told_where_its_choices_stand_now(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "config" / "bridge_0_1.yaml", tmp_path / "bridge.yaml")
    found = _bridge(tmp_path, "validate-config", "--live", "--json")
    assert found.returncode == 0, found.stderr
    findings = [json.loads(line) for line in found.stdout.splitlines()]
    moved = [one for one in findings if "is now books." in one.get("what", "")]
    assert [one["subject"] for one in moved] == ["bridge.yaml:39:3", "bridge.yaml:40:3"]
    assert {one["level"] for one in moved} == {"warning"}
    run = _bridge(tmp_path, "sync", "--limit", "3", "--json")
    assert run.returncode == 3
    assert json.loads(run.stdout.splitlines()[-1])["outcome"]["done"] == 3
    told = " ".join(run.stderr.split())
    assert "Warning: bridge.yaml:39:3: target.price_reductions is now books.price_red" in told
    shown = _bridge(tmp_path, "config", "show")
    assert "books:\n  books_closed_to: null\n" in shown.stdout
    assert "  price_reductions: credit_note\n" in shown.stdout.partition("books:\n")[2]
    assert "price_reductions" not in shown.stdout.partition("\nbooks:\n")[0]


def test_hands_are_on_the_record(tmp_path: Path) -> None:
    shutil.copy(ROOT / "bridge.yaml", tmp_path)
    _bridge(tmp_path, "sync", "--limit", "5")
    held = json.loads(
        _bridge(tmp_path, "status", "--reason", "held", "--json").stdout.split("\n")[0]
    )
    number = held["invoice"]
    assert _bridge(tmp_path, "skip", number, "--because", "booked by hand").returncode == 0
    assert _bridge(tmp_path, "retry", number).returncode == 2
    assert _bridge(tmp_path, "unskip", number).returncode == 0
    story = json.loads(_bridge(tmp_path, "explain", number, "--json").stdout)
    told = [event["message"] for event in story["events"] if event["code"] == "by_hand"]
    assert "skipped because: booked by hand" in told[0]
    assert "@" in told[0]
    assert story["state"] == "pending"
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as log:
        ended = dict(log.execute("SELECT command, exit_code FROM bridge_run").fetchall())
    assert (ended["skip"], ended["retry"], ended["unskip"]) == (0, 2, 0)
