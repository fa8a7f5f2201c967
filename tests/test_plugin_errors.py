"""An exception that a plugin should not have raised is told as its own, and nothing is lost."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.commands import run_bridge

PLUGIN = '''
import os
from bridge.testing.builders import a_client, an_invoice
from bridge.testing.memory.billing import MemoryBilling
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.plugin import memory_sandbox, memory_settings
from bridge.testing.memory.source import MemorySource
from bridge.testing.memory.target import MemoryTarget
from bridge.plugin import SourcePlugin, TargetPlugin, hookimpl

FAILS, _, ONLY = os.environ.get("FAILS", "").partition(" ")
CLIENTS = [a_client(str(number), email=f"{number}@example.com") for number in (7, 8, 9)]
BILLING = MemoryBilling(
    *CLIENTS,
    *(an_invoice(501 + at, client=client.ref.id) for at, client in enumerate(CLIENTS)),
)
BOOKS = MemoryBooks()


def concerns(*given, **named):
    return ONLY in repr((given, named))


def failing(ends, role, name):
    """The class, with one method that raises: before it does anything, or after a write."""
    honest = getattr(ends, name)

    def call(self, *given, **named):
        if not concerns(*given, **named):
            return honest(self, *given, **named)
        if name.startswith("create"):
            honest(self, *given, **named)
        if os.environ.get("LEAVES"):
            raise SystemExit(0)
        raise ZeroDivisionError("the rate of " + os.environ.get("SAYS", "nothing") + " is zero")

    def stream(self, *given, **named):
        for one in honest(self, *given, **named):
            if concerns(one):
                raise ZeroDivisionError("half way")
            yield one

    return type(ends.__name__, (ends,), {name: stream if role == "source" else call})


SOURCE, TARGET = MemorySource, MemoryTarget
role, _, name = FAILS.partition(".")
if role == "source":
    SOURCE = failing(SOURCE, role, name)
elif name:
    TARGET = failing(TARGET, role, name)


def settings():
    if FAILS == "settings":
        import no_such_module
    return memory_settings()


@hookimpl
def bridge_sources():
    yield SourcePlugin(
        "shop", "a shop", memory_settings, lambda _: SOURCE(BILLING), memory_sandbox, "url"
    )


@hookimpl
def bridge_targets():
    yield TargetPlugin(
        "ledger", "a ledger", settings, lambda _: TARGET(BOOKS), memory_sandbox, "url"
    )
'''
YAML = """\
source: {plugin: shop, url: sandbox}
target: {plugin: ledger, url: sandbox, password: "hush-hush"}
sync: {start_date: 2020-01-01, unpaid_documents: proforma}
"""
METADATA = """\
Metadata-Version: 2.1
Name: acme-books
Version: 1.2.3
Author: Acme Ltd
Project-URL: Source, https://acme.example/source
Project-URL: Bug Tracker, https://acme.example/issues

The plugin of Acme.
Author: nobody
"""


class Rig:
    """A distribution of two plugins beside a bridge.yaml that uses them."""

    def __init__(self, place: Path) -> None:
        self.place = place
        elsewhere = place / "elsewhere"
        info = elsewhere / "acme_books-1.2.3.dist-info"
        info.mkdir(parents=True)
        (elsewhere / "acme_books.py").write_text(PLUGIN)
        (info / "METADATA").write_text(METADATA)
        (info / "entry_points.txt").write_text("[bridge]\nacme = acme_books\n")
        (place / "bridge.yaml").write_text(YAML)
        (place / "bridge.yaml").chmod(0o600)
        self.path = os.pathsep.join(filter(None, [str(elsewhere), os.environ.get("PYTHONPATH")]))

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PYTHONPATH": self.path, **variables}
        return run_bridge(self.place, *arguments, environment=environment)

    def entries(self) -> dict[str, tuple[str, str]]:
        """State and sentence of each invoice, as the log has them."""
        shown = [self.run("explain", number, "--json") for number in ("501", "502", "503")]
        found = [json.loads(each.stdout.splitlines()[0]) for each in shown]
        return {one["invoice"]: (one["state"], one["what"]) for one in found}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_the_plugins_of_the_rig_work_when_nothing_fails(rig: Rig) -> None:
    found = rig.run("sync")
    assert found.returncode == 0, found.stderr
    assert {state for state, _ in rig.entries().values()} == {"done"}


@pytest.mark.parametrize(
    ("command", "call"),
    [
        (("sync",), "target.prepare"),
        (("sync",), "target.clients"),
        (("sync",), "target.documents"),
        (("sync",), "source.scan"),
        (("sync", "--dry-run"), "target.prepare"),
        (("validate-config", "--live"), "target.assess"),
        (("reconcile",), "target.records"),
        (("reconcile",), "source.records"),
    ],
)
def test_what_a_plugin_raises_ends_the_run_and_names_it(
    rig: Rig, command: tuple[str, ...], call: str
) -> None:
    """Which plugin, of what, in which call, and whom to tell; the traceback is for --debug."""
    if command == ("reconcile",):
        assert rig.run("sync").returncode == 0
    found = rig.run(*command, FAILS=call)
    told = _flat(found.stdout + found.stderr)
    assert found.returncode == 1
    assert f"the plugin acme (acme-books 1.2.3) failed in {call}: ZeroDivisionError:" in told
    assert "report it to Acme Ltd, https://acme.example/issues" in told
    assert "Traceback" not in told
    assert "does not understand" not in told
    again = rig.run("--debug", *command, FAILS=call)
    assert "acme_books.py" in again.stderr
    assert "ZeroDivisionError" in again.stderr


@pytest.mark.parametrize(
    "fails",
    [
        "target.compose_invoice MEM-502",
        "target.compose_client id='8'",
        "target.journal MEM-502",
        "source.invoices id='502'",
        "source.clients id='8'",
    ],
)
def test_one_record_that_a_plugin_stumbles_over_fails_and_the_others_go_on(
    rig: Rig, fails: str
) -> None:
    """Nothing was sent for it, so it is tried again."""
    call = fails.partition(" ")[0]
    found = rig.run("sync", FAILS=fails)
    assert found.returncode == 3, found.stderr
    entries = rig.entries()
    assert (entries["501"][0], entries["503"][0]) == ("done", "done")
    state, what = entries["502"]
    assert state == "failed"
    assert f"acme (acme-books 1.2.3) failed in {call}: ZeroDivisionError" in what
    assert "Acme Ltd" in _flat(found.stdout + found.stderr)


@pytest.mark.parametrize("call", ["source.invoices", "source.clients"])
def test_a_source_that_stumbles_over_everything_ends_the_run(rig: Rig, call: str) -> None:
    found = rig.run("sync", FAILS=call)
    assert found.returncode == 1
    assert f"failed in {call}" in _flat(found.stderr)


@pytest.mark.parametrize("call", ["target.create_client", "target.create_invoice"])
def test_a_write_that_a_plugin_stumbles_over_may_have_been_made(rig: Rig, call: str) -> None:
    """The record stands at the far side: to call it failed would make a second one."""
    found = rig.run("sync", FAILS=call)
    told = _flat(found.stderr)
    assert found.returncode == 1, told
    assert f"acme (acme-books 1.2.3) failed in {call}: ZeroDivisionError" in told
    assert "may have been written" in told
    assert rig.entries()["501"][0] == "unknown"
    assert "outcome unknown: the plugin acme" in _flat(rig.run("explain", "501").stdout)
    assert "2 invoices left for the next run" in _flat(found.stdout)


def test_a_plugin_that_leaves_the_process_does_not_end_it(rig: Rig) -> None:
    found = rig.run("sync", FAILS="target.prepare", LEAVES="yes")
    assert found.returncode == 1
    assert "failed in target.prepare: SystemExit: 0" in _flat(found.stderr)


def test_a_secret_in_a_plugins_words_is_neither_told_nor_kept(rig: Rig) -> None:
    """What a library raises may hold the address that it was given, password and all."""
    found = rig.run("--debug", "sync", FAILS="target.compose_invoice MEM-502", SAYS="hush-hush")
    assert "hush-hush" not in found.stdout + found.stderr
    assert b"hush-hush" not in b"".join(path.read_bytes() for path in rig.place.glob("bridge.db*"))
    assert "the rate of ******** is zero" in rig.entries()["502"][1]


def test_a_plugin_whose_settings_do_not_import_is_named_and_the_others_work(rig: Rig) -> None:
    listed = rig.run("plugins", "list", FAILS="settings")
    assert listed.returncode == 0
    told = _flat(listed.stdout)
    assert "Not loaded: acme-books 1.2.3" in told
    assert "the settings of its target 'ledger' could not be imported: ModuleNotFoundError" in told
    assert "\nshop " in listed.stdout
    assert "\nkashflow " in listed.stdout
    assert "\nledger " not in listed.stdout
    lines = [
        json.loads(line)
        for line in rig.run("plugins", "list", "--json", FAILS="settings").stdout.splitlines()
    ]
    assert [one["distribution"] for one in lines if one["type"] == "broken"] == ["acme-books"]
    assert "ledger" not in {one.get("kind") for one in lines}
    schema = rig.run("config", "schema", FAILS="settings")
    assert "kashflow" in schema.stdout
    assert "acme-books" in schema.stderr
    run = rig.run("sync", FAILS="settings")
    assert run.returncode == 2
    assert "acme (acme-books 1.2.3)" in _flat(run.stderr)
