"""Opening a log, and what is said when that, or a later write, does not work."""

import os
import pwd
import socket
import sqlite3
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import event

from bridge.api import invoice_ref
from bridge.errors import StoreError
from bridge.store import open_log
from bridge.store.db.connection import Database
from bridge.store.db.url import read_address
from bridge.store.sync_log import SyncLog
from tests.store.builders import CANARY, Place, begin, finish, header, line_of, no_canary, python


def test_importing_the_store_loads_no_database_library() -> None:
    imports = "import sys, bridge.store, bridge.store.lease, bridge.store.tables.values"
    code = f"{imports}; print('sqlalchemy' in sys.modules)"
    process = python(code)
    assert line_of(process) == "False"
    finish(process)


def test_opening_writes_nothing(tmp_path: Path) -> None:
    log = open_log("sqlite:///log.db", "books", base=tmp_path)
    with pytest.raises(StoreError, match=r"no sync log yet at .*log\.db") as caught:
        log.runs(1)
    assert caught.value.remedy == "Run `bridge sync` first."
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_a_relative_file_is_beside_bridge_yaml_and_its_directory_is_made(tmp_path: Path) -> None:
    log = open_log("sqlite:///.bridge/log.db", "books", base=tmp_path)
    log.migrate()
    log.close()
    assert (tmp_path / ".bridge" / "log.db").is_file()


def test_an_absolute_file_is_where_it_says(tmp_path: Path) -> None:
    log = open_log(f"sqlite:///{tmp_path}/log.db", "books", base=Path("/nowhere"))
    log.migrate()
    log.close()
    assert (tmp_path / "log.db").is_file()


def test_a_directory_two_levels_deep_is_more_likely_a_mistake(tmp_path: Path) -> None:
    log = open_log("sqlite:///a/b/log.db", "books", base=tmp_path)
    with pytest.raises(StoreError, match="a/b of the sync log could not be made") as caught:
        log.migrate()
    assert "`store`" in caught.value.remedy
    log.close()


@pytest.mark.parametrize("empty", [True, False])
def test_without_create_a_missing_log_is_an_error(tmp_path: Path, empty: bool) -> None:
    if empty:
        (tmp_path / "log.db").touch()
    with pytest.raises(StoreError, match="no sync log yet at") as caught:
        open_log("sqlite:///log.db", "books", base=tmp_path, create=False)
    assert "bridge sync" in caught.value.remedy
    assert (tmp_path / "log.db").exists() is empty


def test_without_create_an_existing_log_is_read(place: Place) -> None:
    log = place.open(create=False)
    assert list(log.entries()) == []
    log.close()


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_does_not_answer(tmp_path: Path, scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        log = open_log(f"{scheme}://bridge:{CANARY}@127.0.0.1:{port}/x", "books", base=tmp_path)
        with pytest.raises(StoreError, match="could not be reached") as caught:
            log.migrate()
        log.close()
    assert f"127.0.0.1:{port}" in str(caught.value)
    no_canary(caught.value)


@pytest.mark.parametrize("place", ["postgresql", "mariadb"], indirect=True)
def test_a_wrong_login_and_a_wrong_database_are_told_apart(place: Place) -> None:
    url = read_address(place.url, base=place.base).url
    nobody = url.set(username="nobody_here", password=CANARY)
    nowhere = url.set(database="nowhere_at_all")
    for wrong, words in ((nobody, "refused the login"), (nowhere, "does not exist")):
        log = open_log(wrong.render_as_string(hide_password=False), "books", base=place.base)
        with pytest.raises(StoreError, match=words) as caught:
            log.migrate()
        log.close()
        no_canary(caught.value)


def test_a_file_that_is_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("Dear diary, today I was mistaken for a database.\n" * 50)
    for create in (True, False):
        with pytest.raises(StoreError, match="is not a database") as caught:
            open_log("sqlite:///log.db", "books", base=tmp_path, create=create).migrate()
        assert "restore it from a backup" in caught.value.remedy
    assert (tmp_path / "log.db").read_text().startswith("Dear diary")


def test_a_directory_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "log.db").mkdir()
    log = open_log("sqlite:///log.db", "books", base=tmp_path)
    with pytest.raises(StoreError, match="may not be opened"):
        log.migrate()
    log.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a process as another user")
def test_a_file_that_belongs_to_somebody_else() -> None:
    """As a process of another user, since root may do everything."""
    code = """
import os, sys
from pathlib import Path
from bridge.api import StoreError
from bridge.store import open_log
import bridge.store.sync_log
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
log = open_log("sqlite:///log.db", "books", base=Path(sys.argv[1]))
try:
    log.migrate()
    log.start_run("sync", version="", settings_digest="")
    print("it worked")
except StoreError as error:
    print(error)
log.close()
"""
    # Beside pytest's own directories, which other users may not enter.
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        log = Place("sqlite:///log.db", "books", directory).open()
        log.migrate()
        log.close()
        directory.chmod(0o755)
        (directory / "log.db").chmod(0o644)
        process = python(code, made, str(pwd.getpwnam("nobody").pw_uid))
        assert "may not be opened or changed by this user" in line_of(process)
        finish(process)


def test_a_database_that_stays_locked(tmp_path: Path) -> None:
    place = Place("sqlite:///log.db?timeout=0.2", "books", tmp_path)
    log = place.open()
    log.migrate()
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="stayed locked by another process") as caught:
        begin(log)
    assert "Try again" in caught.value.remedy
    assert list(log.runs(1)) == []  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    begin(log)
    log.close()


def _fill(log: SyncLog) -> None:
    run = begin(log)
    for start in range(1, 100_000, 500):
        log.see(run, [header(number) for number in range(start, start + 500)], str(start))


def _whole_pieces(log: SyncLog) -> None:
    """What is there is all of what was said to be there."""
    cursor = log.cursor("scan")
    kept = sum(log.counts().values())
    assert kept == (int(cursor) + 499 if cursor else 0)
    assert log.entry(invoice_ref(kept + 1)) is None


def test_a_full_disk_keeps_every_write_that_was_confirmed_and_no_half_one(tmp_path: Path) -> None:
    """SQLite's own limit of pages stands for the disk: it gives the same code, SQLITE_FULL."""
    place = Place("sqlite:///log.db", "books", tmp_path)
    database = Database(read_address(place.url, base=tmp_path))

    @event.listens_for(database._engine, "connect")
    def small(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=400")

    log = SyncLog(database, "books")
    log.migrate()
    with pytest.raises(StoreError, match="is full; nothing of this write was kept") as caught:
        _fill(log)
    assert "Free some space" in caught.value.remedy
    _whole_pieces(log)
    log.close()
    again = place.open()
    _whole_pieces(again)
    again.see(begin(again), [header("after")], None)
    again.close()


def test_a_disk_that_refuses_to_write(tmp_path: Path) -> None:
    """A real refusal by the operating system: the file may not grow beyond a limit."""
    code = """
import resource, sys
from pathlib import Path
from bridge.api import StoreError
from tests.store.builders import Place
from tests.store.test_sync_log_opening import _fill, _whole_pieces
log = Place("sqlite:///log.db", "books", Path(sys.argv[1])).open()
log.migrate()
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    _fill(log)
except StoreError as error:
    print(error, flush=True)
_whole_pieces(log)
print("whole", flush=True)
"""
    process = python(code, str(tmp_path))
    assert "nothing of this write was kept" in line_of(process)
    assert line_of(process) == "whole"
    finish(process)
    log = Place("sqlite:///log.db", "books", tmp_path).open()
    _whole_pieces(log)
    log.see(begin(log), [header("after")], None)
    log.close()
