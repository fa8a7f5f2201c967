"""The composition root: what is opened in which order, and what a rehearsal leaves behind."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bridge.api import Entry, EntryState, Reason
from bridge.app import App, Watch
from bridge.config import load
from bridge.engine.context import CancelToken, NoProgress, SyncRequest
from bridge.errors import LockHeldError
from bridge.registry import load_plugins

YAML = """\
source: {plugin: memory, url: sandbox}
target: {plugin: memory, url: sandbox}
sync: {start_date: 2020-01-01, unpaid_documents: proforma}
"""

PLUGIN = """
from bridge.api import Hold, Reason, hookimpl
from bridge.testing.builders import a_client, an_invoice
from bridge.testing.memory.source import MemoryBilling
from bridge.testing.memory.plugin import memory_plugin

ends = memory_plugin(MemoryBilling(a_client(), an_invoice()))
bridge_sources, bridge_targets = ends.bridge_sources, ends.bridge_targets
asked, told = [], []

@hookimpl
def bridge_review_invoice(invoice):
    asked.append(invoice.number)
    return {verdict}

@hookimpl
def bridge_run_started(run):
    told.append(run.command)

@hookimpl
def bridge_entry_finished(run, entry):
    told.append(entry.number)

@hookimpl
def bridge_run_finished(run, report):
    told.append(report.exit_code)
"""

Open = Callable[..., App]


@pytest.fixture
def open_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.syspath_prepend(tmp_path)

    def opener(text: str = YAML, verdict: str = "None") -> App:
        (tmp_path / "app_test_plugin.py").write_text(PLUGIN.replace("{verdict}", verdict))
        path = tmp_path / "bridge.yaml"
        path.write_text(text)
        plugins = load_plugins([EntryPoint("memory", "app_test_plugin", "bridge")])
        assert not plugins.broken
        return App(load(path, plugins), plugins)

    yield opener
    sys.modules.pop("app_test_plugin", None)


def _watch(heard: list[Entry]) -> Watch:
    return Watch(NoProgress(), CancelToken(), heard.append)


def test_a_run_books_and_tells_everyone(open_app: Open) -> None:
    app = open_app()
    heard: list[Entry] = []
    report = app.sync(SyncRequest(0), _watch(heard))
    assert report.outcome["done"] == 1
    assert [entry.state for entry in heard] == [EntryState.DONE]
    plugin = sys.modules["app_test_plugin"]
    assert plugin.told == ["sync", heard[0].number, 0]
    with app.log(create=False) as log:
        (run,) = log.runs(5)
    assert (run.exit_code, run.settings_digest) == (0, app.config.digest)


def test_a_rehearsal_asks_the_rules_and_tells_no_observer(open_app: Open, tmp_path: Path) -> None:
    """What an observer does might outlast it; what a rule says decides what would be booked."""
    app = open_app(verdict="Hold(Reason.HOUSE_RULE, 'no', 'ask')")
    heard: list[Entry] = []
    report = app.dry_run(SyncRequest(0), _watch(heard))
    assert [entry.reason for entry in heard] == [Reason.HOUSE_RULE]
    assert report.outcome["held"] == 1
    plugin = sys.modules["app_test_plugin"]
    assert plugin.asked
    assert plugin.told == []
    assert not list(tmp_path.rglob("*.db"))


def test_no_sandbox_starts_while_another_run_holds_the_lock(open_app: Open, tmp_path: Path) -> None:
    app = open_app()
    with app.log() as log:
        log.migrate()
        with (
            log.lock(lease_s=60, command="sync"),
            pytest.raises(LockHeldError),
        ):
            app.sync(SyncRequest(0), _watch([]))
    assert not (tmp_path / ".bridge").exists()


def test_a_lease_outlasts_a_request_and_the_time_to_settle(open_app: Open) -> None:
    app = open_app(YAML.replace("proforma}", "proforma, settle_delay_s: 500}"))
    assert app.lease_s() > 500 + 60


def test_a_copy_of_the_sandboxes_holds_what_was_committed(open_app: Open, tmp_path: Path) -> None:
    """Another process may be writing to them: what it has not committed is not in the copy."""
    app = open_app()
    data = tmp_path / ".bridge"
    data.mkdir()
    (data / "notes.txt").write_text("kept")
    with closing(sqlite3.connect(data / "far.db")) as far:
        far.execute("PRAGMA journal_mode=WAL")
        far.execute("CREATE TABLE row (id INTEGER)")
        far.execute("INSERT INTO row VALUES (1)")
        far.commit()
        far.execute("INSERT INTO row VALUES (2)")
        with app.sandbox_copy() as copy:
            assert (copy / "notes.txt").read_text() == "kept"
            with closing(sqlite3.connect(copy / "far.db")) as near:
                assert near.execute("SELECT id FROM row").fetchall() == [(1,)]
        assert not copy.exists()
