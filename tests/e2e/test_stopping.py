"""Signals, locks, full disks and a source that moves while bridge works."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bridge.api import Reason

STORES = {
    "sqlite": "sqlite:///bridge.db",
    "postgresql": os.environ.get("BRIDGE_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/test"),
    "mariadb": os.environ.get("BRIDGE_TEST_MARIADB", "mysql://root@127.0.0.1:3306/test"),
}


def _process(rig: Any, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", *arguments],
        cwd=rig.place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _started(rig: Any, process: subprocess.Popen[str]) -> None:
    """Wait until it has begun to write documents."""
    until = time.monotonic() + 30
    while not rig.writes()["InsertInvoice"]:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    if not parts.hostname:
        return True
    import socket

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((parts.hostname, parts.port or 0)) == 0


@pytest.mark.parametrize("store", STORES)
def test_of_two_at_the_same_moment_one_works_and_one_names_it(rig: Any, store: str) -> None:
    """From two processes with connections of their own, on each database."""
    if not _reachable(STORES[store]):
        pytest.skip(f"no {store} answers at {STORES[store]}")
    rig.settings["store"] = STORES[store]
    rig.settings["name"] = f"twice-{os.getpid()}-{time.time_ns()}"
    rig.file()
    rig.switch("kashflow", latency_ms=100)
    first = _process(rig, "sync", "--limit", "15")
    _started(rig, first)
    second = _process(rig, "sync", "--limit", "15")
    told = second.communicate(timeout=30)[1]
    output = first.communicate(timeout=60)
    assert second.returncode == 11, told
    assert f"process {first.pid}" in told or str(first.pid) in told
    assert first.returncode in {0, 3}, output
    assert len(rig.ours()) == 15


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_step_and_the_next_run_goes_on(rig: Any, number: int) -> None:
    rig.file()
    rig.switch("kashflow", latency_ms=30)
    process = _process(rig, "sync", "--limit", "40")
    _started(rig, process)
    process.send_signal(number)
    told = process.communicate(timeout=30)[1]
    assert process.returncode == 130, told
    assert "Stopping after the step" in told
    assert 0 < len(rig.ours()) < 40
    with sqlite3.connect(rig.place / "bridge.db") as log:
        open_steps = log.execute(
            "SELECT count(*) FROM bridge_step WHERE state IN ('intended', 'unknown')"
        ).fetchone()[0]
    log.close()
    assert open_steps == 0
    rig.switch("kashflow", latency_ms=0)
    rig.sync(limit=30)
    assert rig.writes()["InsertInvoice"] == len(rig.ours())


def test_a_second_signal_leaves_a_step_that_the_next_run_settles(rig: Any) -> None:
    rig.file()
    rig.fault("kashflow", {"name": "InsertInvoice", "nth": 3, "mode": "slow", "seconds": 3})
    process = _process(rig, "sync", "--limit", "40")
    until = time.monotonic() + 30
    while rig.writes()["InsertInvoice"] < 3 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=30)[1]
    assert process.returncode == 130, told
    assert "Stopped at once" in told
    time.sleep(3)
    rig.sync(limit=10)
    assert rig.writes()["InsertInvoice"] == len(rig.ours())


def test_a_run_whose_lock_was_taken_over_writes_nothing_more(rig: Any) -> None:
    """Another machine took over: the token in the log is not ours any more."""
    rig.file()
    rig.switch("kashflow", latency_ms=20)
    reports: list[Any] = []
    runner = threading.Thread(target=lambda: reports.append(rig.sync(limit=100)))
    runner.start()
    while not rig.writes():
        time.sleep(0.01)
    log = sqlite3.connect(rig.place / "bridge.db", timeout=10)
    log.execute("UPDATE bridge_lock SET token = 'somebody else'")
    log.commit()
    log.close()
    runner.join(timeout=60)
    (report,) = reports
    assert report.exit_code == 11
    assert report.error.code == "lock_lost"
    written = rig.writes()
    time.sleep(0.2)
    assert rig.writes() == written
    assert written["InsertInvoice"] < 100


def test_a_change_after_the_intent_is_held_and_nothing_stands_twice(rig: Any) -> None:
    """The reply was lost, then the invoice was edited: what was sent is settled first."""
    invoice = rig.paid_invoice(rig.new_client())
    rig.settings["sync"]["settle_delay_s"] = 600
    rig.fault(
        "kashflow",
        {"name": "InsertInvoice", "nth": 1, "mode": "late_commit", "seconds": 2},
    )
    assert rig.sync(invoice).exit_code == 4
    rig.whmcs.do(
        "edit_invoice",
        invoice=invoice,
        add=[{"type": "", "description": "Extra", "amount": "5.00", "taxed": True}],
    )
    give_up = time.monotonic() + 30
    while f"WHMCS-{invoice}" not in rig.ours() and time.monotonic() < give_up:
        time.sleep(0.05)
    rig.sync()
    assert rig.fates[str(invoice)].reason is Reason.CHANGED_AFTER_WRITE
    assert f"WHMCS-{invoice}" in rig.ours()


def test_an_invoice_deleted_between_list_and_detail_is_skipped(rig: Any) -> None:
    invoice = rig.paid_invoice(rig.new_client())
    rig.sync(limit=1)
    rig.whmcs.do("delete_invoice", invoice=invoice)
    rig.sync(limit=1)
    log = sqlite3.connect(rig.place / "bridge.db")
    query = "SELECT state, reason FROM bridge_entry WHERE invoice = ?"
    fate = log.execute(query, [str(invoice)]).fetchone()
    log.close()
    assert fate == ("skipped", "deleted")


def test_a_document_deleted_in_the_target_is_never_written_again_in_silence(rig: Any) -> None:
    from kashflow_target.sandbox.driver import Driver

    invoice = rig.paid_invoice(rig.new_client())
    rig.sync(invoice)
    document = rig.ours()[f"WHMCS-{invoice}"]
    with Driver.at(rig.place / "far") as driver:
        driver.delete_invoice(document.number)
    other = rig.paid_invoice(7)
    rig.sync(invoice, other)
    assert f"WHMCS-{invoice}" not in rig.ours()


def test_a_full_disk_loses_nothing(rig: Any) -> None:
    """The log cannot grow any more in the middle of a run: exit 1, and the next run goes on."""
    path: Path = rig.file()
    rig.sync(limit=5)
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"size = {sum(each.stat().st_size for each in rig.place.glob('bridge.db*'))}\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 60_000, resource.RLIM_INFINITY))\n"
        "from bridge.cli.main import main\n"
        "sys.exit(main(['sync', '--limit', '200']))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert found.returncode == 1, found.stderr
    assert "Error [store]" in found.stderr
    assert "To do:" in found.stderr
    rig.sync(limit=20)
    assert rig.writes()["InsertInvoice"] == len(rig.ours())
    assert rig.writes()["InsertInvoicePayment"] == len(rig.payments())
