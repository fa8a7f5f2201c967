"""How the command behaves towards shells, cron, pipes and people who mistype."""

import datetime as dt
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import run_bridge

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the real command in a directory with the shipped bridge.yaml."""
    shutil.copy(ROOT / "bridge.yaml", tmp_path)

    def runner(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_bridge(tmp_path, *arguments, environment=environment)

    return runner


@pytest.mark.parametrize(
    ("arguments", "told", "see"),
    [
        ("sync --nope", "Error [usage]: No such option: --nope", "bridge sync --help"),
        ("sink", "Error [usage]: No such command 'sink'.", "bridge --help"),
        ("sync --limit many", "'many' is not a valid int", "bridge sync --help"),
        ("sync --limit -1", "-1 is not in the range x>=0", "bridge sync --help"),
        ("explain", "Missing argument 'INVOICE'", "bridge explain --help"),
        ("log --format xml", "'xml' is not one of 'table', 'json', 'csv'", "bridge log --help"),
        ("log --level loud", "loud is no level", "use one of debug, info, warning, error"),
    ],
)
def test_wrong_usage_is_no_crash(run: Run, arguments: str, told: str, see: str) -> None:
    found = run(*arguments.split())
    assert found.returncode == 2
    assert told in " ".join(found.stderr.split())
    assert see in found.stderr
    assert found.stdout == ""


@pytest.mark.parametrize("arguments", ["", "plugins", "config", "link"])
def test_no_command_at_all_shows_the_help(run: Run, arguments: str) -> None:
    found = run(*arguments.split())
    assert found.returncode == 2
    assert "Commands:" in found.stderr


@pytest.mark.parametrize("command", ["sync", "validate-config", "status", "log", "sandbox"])
def test_each_command_documents_what_it_takes(run: Run, command: str) -> None:
    found = run(command, "--help")
    for option in ("--json", "--config", "--quiet", "--debug"):
        assert option in found.stdout
    assert max(len(line) for line in found.stdout.splitlines()) <= 80


@pytest.mark.parametrize(
    "arguments",
    [
        ("--config", "other.yaml", "config", "show", "--json"),
        ("--json", "config", "show", "-c", "other.yaml"),
    ],
)
def test_common_options_stand_before_the_command_or_after_it(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    text = (tmp_path / "bridge.yaml").read_text().replace("name: books", "name: other")
    (tmp_path / "other.yaml").write_text(text)
    assert json.loads(run(*arguments).stdout)["settings"]["name"] == "other"


def test_the_file_may_be_named_by_the_environment(run: Run, tmp_path: Path) -> None:
    found = run("config", "show", BRIDGE_CONFIG=str(tmp_path / "nowhere.yaml"))
    assert found.returncode == 2
    assert "nowhere.yaml does not exist" in " ".join(found.stderr.split())


def test_an_error_is_json_where_that_was_asked_for(run: Run) -> None:
    found = run("status", "--json")
    error = json.loads(found.stderr)
    assert (error["type"], error["code"]) == ("error", "store")
    assert "bridge sync" in error["remedy"]
    assert error["exit_code"] == found.returncode


def test_the_config_that_is_shown_can_be_read_again(run: Run, tmp_path: Path) -> None:
    """It is YAML, holds the defaults, and means the same."""
    shown = run("config", "show")
    (tmp_path / "again.yaml").write_text(shown.stdout)
    again = run("config", "show", "-c", "again.yaml")
    assert again.stdout == shown.stdout
    assert "retries: 5" in shown.stdout
    assert "timeout_s: 60" in shown.stdout


def test_a_reader_that_goes_away_is_no_error(run: Run, tmp_path: Path) -> None:
    """`bridge config schema | head -1` ends quietly."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", "config", "schema"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()
    errors = writer.stderr.read()
    writer.stderr.close()
    assert (writer.wait(60), errors) == (0, "")


def test_quiet_tells_what_needs_a_person_and_what_to_type(run: Run) -> None:
    found = run("sync", "--all", "--quiet")
    assert found.returncode == 3, found.stderr
    assert found.stderr == ""
    lines = found.stdout.splitlines()
    causes = [line for line in lines if line.startswith("    See: bridge explain ")]
    assert len(causes) == 3
    assert any(line.startswith("GBP") for line in lines)
    assert max(len(line) for line in lines) <= 80
    assert "\x1b" not in found.stdout
    said = run("sync", "-q")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_the_last_line_of_a_run_is_the_summary(run: Run) -> None:
    found = run("sync", "--limit", "3", "--json")
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert {line["type"] for line in lines[:-1]} == {"entry"}
    summary = lines[-1]
    assert list(summary)[:7] == [
        "type",
        "version",
        "run",
        "outcome",
        "created",
        "updated",
        "totals",
    ]
    assert set(summary["outcome"]) == {"done", "skipped", "held", "failed", "unknown"}
    assert set(summary["created"]) == {"clients", "invoices", "payments", "credit_notes"}
    assert (summary["type"], summary["version"], summary["run"]) == ("summary", 2, 1)
    assert summary["outcome"]["done"] == 3
    assert summary["exit_code"] == found.returncode


def test_the_log_is_told_in_every_format(run: Run) -> None:
    run("sync", "--limit", "3")
    told = [json.loads(line) for line in run("log", "--format", "json").stdout.splitlines()]
    done = [one for one in told if one["code"] == "done"]
    assert len(done) == 3
    rows = run("log", "--format", "csv").stdout.splitlines()
    assert rows[0] == "at,run,level,code,invoice,message"
    assert len(rows) == len(told) + 1
    number = done[0]["invoice"]
    only = run("log", "--invoice", number, "--json").stdout.splitlines()
    assert {json.loads(line)["invoice"] for line in only} == {number}
    known_as = json.loads(run("explain", number, "--json").stdout)["number"]
    assert known_as != number
    assert f"  {known_as}  " in run("log", "--invoice", number).stdout
    warned = run("log", "--run", "1", "--level", "warning", "--json").stdout.splitlines()
    assert {json.loads(line)["level"] for line in warned} <= {"warning", "error"}
    assert run("log", "--since", "2999-01-01").stdout == "No events match.\n"


def test_old_events_are_pruned_into_a_file_beside_the_log(run: Run, tmp_path: Path) -> None:
    run("sync", "--limit", "1")
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as log, log:
        log.execute("UPDATE bridge_event SET at = at - 200 * 86400 * 1000000")
    counted = json.loads(run("log", "prune", "--older-than", "90d", "--dry-run", "--json").stdout)
    assert (counted["type"], counted["file"]) == ("pruned", None)
    assert counted["events"] > 0
    pruned = json.loads(run("log", "--json", "prune", "--older-than", "90d").stdout)
    assert pruned["events"] == counted["events"]
    assert Path(pruned["file"]).parent == tmp_path
    kept = dt.date.fromisoformat(pruned["keep_until"]) - dt.date.fromisoformat(pruned["before"])
    assert round(kept.days / 365.25) == 6
    (left,) = [
        json.loads(line) for line in run("log", "--json", "-c", "bridge.yaml").stdout.splitlines()
    ]
    assert (left["code"], str(counted["events"]) in left["message"]) == ("by_hand", True)
    assert "No events before" in run("log", "prune", "--older-than", "90 days").stdout
    assert run("log", "prune", "--older-than", "0d").returncode == 2


def test_live_validation_looks_at_both_ends_though_one_is_down(run: Run, tmp_path: Path) -> None:
    text = (tmp_path / "bridge.yaml").read_text()
    nobody = "endpoint: http://127.0.0.1:9/x\n  username: a\n  password: b"
    (tmp_path / "bridge.yaml").write_text(text.replace("endpoint: sandbox", nobody, 1))
    found = run("validate-config", "--live")
    assert found.returncode == 12
    assert "ok       source: WHMCS" in found.stdout
    assert "WRONG    target:" in found.stdout


def test_live_validation_names_the_place_of_a_name_that_is_not_there(
    run: Run, tmp_path: Path
) -> None:
    text = (tmp_path / "bridge.yaml").read_text()
    (tmp_path / "bridge.yaml").write_text(text.replace("account: Card Clearing", "account: Crad"))
    found = run("validate-config", "--live")
    assert found.returncode == 2
    assert "WRONG    target: bridge.yaml:" in found.stdout


def test_accounts_may_be_named_by_code(run: Run, tmp_path: Path) -> None:
    text = (tmp_path / "bridge.yaml").read_text()
    text = text.replace("account: Card Clearing", "account: {code: 1210}")
    (tmp_path / "bridge.yaml").write_text(text)
    found = run("validate-config", "--live")
    assert "Card Clearing (1210)" in " ".join(found.stdout.split())


def test_an_error_in_a_real_run_is_told_once(run: Run, tmp_path: Path) -> None:
    text = (tmp_path / "bridge.yaml").read_text()
    nobody = "endpoint: http://127.0.0.1:9/x\n  username: a\n  password: canary-of-the-ledger"
    (tmp_path / "bridge.yaml").write_text(text.replace("endpoint: sandbox", nobody, 1))
    (tmp_path / "bridge.yaml").chmod(0o600)
    found = run("sync", "--debug")
    assert found.returncode == 12
    assert found.stderr.count("did not answer") == 1
    assert "canary-of-the-ledger" not in found.stdout + found.stderr


def _serving(place: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", "sandbox", *arguments],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_stand_ins_are_served_until_a_signal(run: Run, tmp_path: Path) -> None:
    served = _serving(tmp_path, "--json", "--source-port", "0", "--target-port", "0")
    assert served.stdout is not None
    try:
        told = [json.loads(served.stdout.readline()) for _ in range(2)]
        assert [one["role"] for one in told] == ["source", "target"]
        for one in told:
            port = int(one["address"].split(":")[2].partition("/")[0])
            socket.create_connection(("127.0.0.1", port), 5).close()
    finally:
        served.send_signal(signal.SIGTERM)
        output = served.communicate(timeout=30)
    assert served.returncode == 0, output


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = run("sandbox", "--source-port", str(taken.getsockname()[1]))
    assert found.returncode == 2
    assert "To do:" in found.stderr


def test_a_signal_ends_a_run_with_130_and_the_next_goes_on(run: Run, tmp_path: Path) -> None:
    working = subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", "sync", "--all", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert working.stdout is not None
    first = json.loads(working.stdout.readline())
    assert first["type"] == "entry"
    working.send_signal(signal.SIGINT)
    output, errors = working.communicate(timeout=60)
    assert working.returncode == 130, errors
    summary = json.loads(output.splitlines()[-1])
    assert (summary["type"], summary["exit_code"]) == ("summary", 130)
    assert "Stopping after the step under way" in errors
    rest = json.loads(run("sync", "--all", "--json").stdout.splitlines()[-1])
    assert rest["outcome"]["done"] > 0
    assert rest["outcome"]["unknown"] == 0


# What each of them loads beyond Typer: its cost is measured by benchmarks/start_up.py.
HEAVY = {"pydantic", "sqlalchemy", "alembic", "zeep", "requests", "babel", "rich", "yaml", "lxml"}
NEEDLESS = {
    "bridge.model",
    "bridge.contract",
    "bridge.store",
    "bridge.engine.run.sync",
    "bridge.config",
}
SLOW = {"importlib.metadata", "email", "zipfile", "socket", "decimal", "hashlib"}


@pytest.mark.parametrize("arguments", ["--version", "--help", "plugins list", "sync --help"])
def test_what_is_often_asked_loads_little(arguments: str) -> None:
    """Neither a library nor a part of bridge that the answer does not need."""
    loaded = _loaded_by(arguments)
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    assert loaded & (NEEDLESS | SLOW) == set()


@pytest.mark.parametrize(
    ("arguments", "families"),
    [("--version", set()), ("plugins list", {"plugins"}), ("sync --help", {"sync"})],
)
def test_a_command_loads_no_other_command(arguments: str, families: set[str]) -> None:
    all_of_them = {"sync", "validate", "status", "log", "explain", "manual", "plugins", "config"}
    loaded = {name.rpartition(".")[2] for name in _loaded_by(arguments) if "bridge.cli." in name}
    assert loaded & all_of_them == families


def _loaded_by(arguments: str) -> set[str]:
    code = (
        "import sys\n"
        "from bridge.cli.main import main\n"
        f"code = main({arguments.split()!r})\n"
        "print(code, *sys.modules, file=sys.stderr)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    code_and_modules = found.stderr.split()
    assert code_and_modules[0] == "0"
    return set(code_and_modules[1:])


def test_control_characters_of_foreign_data_do_not_reach_a_terminal() -> None:
    code = (
        "from bridge.cli.console import say, say_json\n"
        "say('a\\x1b[31mb\\x9bc \\u00e9\\u00a0\\U0001f468\\u200d\\U0001f4bb')\n"
        "say_json({'a': '\\x1b\\x9b\\u00e9'})\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    first, second = found.stdout.decode().splitlines()
    assert first == "a\ufffd[31mb\ufffdc \u00e9\u00a0\U0001f468\u200d\U0001f4bb"
    assert json.loads(second) == {"a": "\x1b\x9b\u00e9"}
    assert b"\x1b" not in found.stdout


def test_an_output_that_knows_only_ascii_is_no_crash(run: Run) -> None:
    found = run("plugins", "list", PYTHONIOENCODING="ascii")
    assert found.returncode == 0, found.stderr


def test_a_crash_is_a_sentence_and_debug_shows_where(run: Run, tmp_path: Path) -> None:
    """The stand-in's data is a directory where a file should be: nobody foresaw that."""
    (tmp_path / ".bridge" / "whmcs.db").mkdir(parents=True)
    found = run("sync")
    assert found.returncode == 1
    assert "Traceback" not in found.stderr
    assert "To do:" in found.stderr
    assert "Traceback" in run("sync", "--debug").stderr


def test_time_passes_in_utc(run: Run) -> None:
    """Whatever the machine's zone, the log's times are those of `--since`."""
    run("sync", "--limit", "1", TZ="Pacific/Kiritimati")
    at = json.loads(run("log", "--json", TZ="America/Los_Angeles").stdout.splitlines()[0])["at"]
    assert at.endswith("+00:00")
    hour = time.strftime("%Y-%m-%dT%H", time.gmtime())
    assert at[:10] == hour[:10]
