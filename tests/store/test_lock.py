"""The run lock, between real processes."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bridge.api import EntryState, invoice_ref
from bridge.errors import LockHeldError, LockLostError, StoreError
from bridge.model.run import StepState
from bridge.store import lock_owner as holders
from bridge.store.db.connection import Database
from bridge.store.db.url import read_address
from bridge.store.lock import clock
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import AddEvent, Conclude, Intend, SetEntry
from tests.store.builders import (
    Place,
    a_step,
    begin,
    finish,
    header,
    line_of,
    python,
)

HOLDER = """
import sys
from pathlib import Path
from bridge.api import BridgeError
from bridge.store import open_log
url, name, base, lease = sys.argv[1:]
log = open_log(url, name, base=Path(base))
with log.lock(lease_s=float(lease), command="sync --all") as held:
    print("held", held.token, flush=True)
    for line in sys.stdin:
        try:
            held.check()
            run = log.start_run("sync", version="1", settings_digest="")
            print("wrote", flush=True)
        except BridgeError as error:
            print(error.code, flush=True)
log.close()
"""


@contextmanager
def second_process(place: Place, *, lease_s: float = 30) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until its input ends."""
    process = python(HOLDER, place.url, place.name, str(place.base), str(lease_s))
    try:
        assert line_of(process).startswith("held")
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        finish(process, kill=True)


def told(process: subprocess.Popen[str]) -> str:
    """Tell the holder to write; what became of it."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return line_of(process)


@contextmanager
def row(place: Place) -> Iterator[Connection]:
    """The lock's table, to change it behind everybody's back."""
    database = Database(read_address(place.url, base=place.base))
    try:
        with database.session() as connection:
            yield connection
            connection.commit()
    finally:
        database.close()


def put_row(place: Place, **values: Any) -> None:
    """A lock as a process of some other machine would have written it."""
    now = time.time_ns() // 1000
    standard = {
        "bridge": place.name,
        "token": "theirs",
        "hostname": "web2",
        "machine": "web2/another boot/",
        "pid": os.getpid(),
        "process_start": "1",
        "command": "sync",
        "taken": now - 90_000_000,
        "lease_end": now + 60_000_000,
    }
    columns = ", ".join(standard)
    places = ", ".join(f":{name}" for name in standard)
    with row(place) as connection:
        connection.execute(
            text(f"INSERT INTO bridge_lock ({columns}) VALUES ({places})"), standard | values
        )


def steal(place: Place) -> None:
    """Give the lock to another machine, as if its lease had run out meanwhile."""
    with row(place) as connection:
        connection.execute(
            text("UPDATE bridge_lock SET token = 'theirs', hostname = 'web2' WHERE bridge = :name"),
            {"name": place.name},
        )


def test_the_lock_is_free_again_after_the_block(log: SyncLog) -> None:
    tokens = set()
    for _ in range(2):
        with log.lock(lease_s=30, command="sync") as lease:
            lease.check()
            tokens.add(lease.token)
    assert len(tokens) == 2
    with pytest.raises(RuntimeError, match="stop"), log.lock(lease_s=30, command="sync"):
        raise RuntimeError("stop")
    with log.lock(lease_s=30, command="sync"):
        pass


def test_no_thread_is_left_behind(log: SyncLog) -> None:
    before = threading.active_count()
    with log.lock(lease_s=30, command="sync"):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_second_process_is_told_who_holds_the_lock(place: Place, log: SyncLog) -> None:
    with second_process(place) as process:
        with pytest.raises(LockHeldError) as caught, log.lock(lease_s=30, command="sync"):
            pass
        words = str(caught.value)
        assert f"process {process.pid} on {socket.gethostname()}" in words
        assert "`sync --all`" in words
        assert place.name in words
        assert "UTC (" in words
        assert "ago)" in words
        assert f"end process {process.pid}" in caught.value.remedy


def test_a_second_log_of_the_same_process_does_not_get_it_either(
    place: Place, log: SyncLog
) -> None:
    other = place.open()
    with (
        log.lock(lease_s=30, command="sync"),
        pytest.raises(LockHeldError),
        other.lock(lease_s=30, command="sync"),
    ):
        pass
    with other.lock(lease_s=30, command="sync"):
        pass
    other.close()


def test_another_bridge_of_the_same_database_has_a_lock_of_its_own(place: Place) -> None:
    one, other = place.open(), replace(place, name=place.name + "-2").open()
    with one.lock(lease_s=30, command="sync"), other.lock(lease_s=30, command="sync"):
        pass
    one.close()
    other.close()


def test_a_killed_holder_is_taken_over_at_once(place: Place, log: SyncLog) -> None:
    """Also while it is a zombie that nobody has waited for yet."""
    with second_process(place, lease_s=3600) as process:
        process.kill()
        begun = time.monotonic()
        while True:
            try:
                with log.lock(lease_s=30, command="sync") as lease:
                    lease.check()
                break
            except LockHeldError:  # the signal has not arrived yet
                assert time.monotonic() - begun < 5
                time.sleep(0.01)
        assert process.returncode is None


def test_a_stopped_holder_of_this_machine_is_never_taken_over(place: Place, log: SyncLog) -> None:
    """Its lease has run out, but it lives: it may go on at any moment, and does."""
    with second_process(place, lease_s=0.6) as process:
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.2)
        with pytest.raises(LockHeldError), log.lock(lease_s=30, command="sync"):
            pass
        process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        assert told(process) == "wrote"


def test_a_holder_that_slept_past_its_lease_does_not_begin_anything(place: Place) -> None:
    """Right after it wakes, before it renewed: the clock tells it without asking anybody."""
    log = place.open()
    run = begin(log)
    with log.lock(lease_s=0.3, command="sync") as lease:
        with row(place) as connection:  # holds the row, so that no renewal comes through
            connection.execute(
                text("UPDATE bridge_lock SET command = 'x' WHERE bridge = :n"), {"n": place.name}
            )
            begun = clock()  # any renewal was before this, however slow the machine is
            while clock() - begun < 0.4:
                time.sleep(0.02)
            with pytest.raises(LockLostError, match="could not be renewed"):
                lease.check()
            with pytest.raises(LockLostError):
                log.write(run, [Intend(a_step(log, run, invoice_ref(1)))], lease=lease)
        time.sleep(0.3)
        lease.check()  # nobody took it meanwhile, and a renewal came through
    log.close()


def test_a_holder_renews_for_longer_than_its_lease(place: Place, log: SyncLog) -> None:
    with log.lock(lease_s=1.2, command="sync") as lease:
        for _ in range(8):
            time.sleep(0.3)
            lease.check()


def test_another_machines_lock_is_left_alone_until_its_lease_has_run_out(
    place: Place, log: SyncLog
) -> None:
    now = time.time_ns() // 1000
    put_row(place, lease_end=now + 1_000_000)
    with pytest.raises(LockHeldError, match="on web2") as caught, log.lock(lease_s=9, command="s"):
        pass
    assert "If web2 is down" in caught.value.remedy
    assert "1 minute ago" in str(caught.value)
    time.sleep(1.1)
    with log.lock(lease_s=30, command="sync") as lease:
        lease.check()


@pytest.mark.parametrize("here", [{"process_start": "1"}, {"pid": 2**22 + 1}])
def test_a_pid_that_was_given_again_is_not_the_holder(
    place: Place, log: SyncLog, here: dict[str, Any]
) -> None:
    put_row(place, **{"machine": holders.myself().machine} | here)
    with log.lock(lease_s=30, command="sync"):
        pass


def test_a_restarted_machine_waits_for_the_lease(place: Place, log: SyncLog) -> None:
    """A clone of this machine would look the same, so a lease must do."""
    me = holders.myself()
    put_row(place, hostname=me.hostname, machine=f"{me.hostname}/before the restart/")
    with pytest.raises(LockHeldError), log.lock(lease_s=30, command="sync"):
        pass


def test_nothing_is_written_under_a_lock_that_another_took(place: Place, log: SyncLog) -> None:
    with log.lock(lease_s=30, command="sync") as lease:
        run = begin(log)
        log.see(run, [header(501)], "first")
        step = a_step(log, run, invoice_ref(501))
        log.write(run, [Intend(step)], lease=lease)
        steal(place)
        attempts: list[Callable[[], object]] = [
            lambda: log.write(run, [Intend(a_step(log, run, invoice_ref(501)))], lease=lease),
            lambda: log.write(run, [Conclude(step.id, StepState.DONE)], lease=lease),
            lambda: log.write(run, [AddEvent("info", "x", "x")], lease=None),
            lambda: log.see(run, [header(502)], "second"),
            lambda: log.set_cursor("scan", "second"),
        ]
        for attempt in attempts:
            with pytest.raises(LockLostError, match="another run took over"):
                attempt()
    assert [row.state for row in log.steps()] == [StepState.INTENDED]
    assert log.entry(invoice_ref(502)) is None
    assert log.cursor("scan") == "first"
    with row(place) as connection:
        query = text("SELECT token FROM bridge_lock WHERE bridge = :name")
        assert connection.execute(query, {"name": place.name}).scalar() == "theirs"


def test_the_heartbeat_notices_that_another_took_the_lock(place: Place, log: SyncLog) -> None:
    with log.lock(lease_s=0.6, command="sync") as lease:
        steal(place)
        time.sleep(0.5)
        with pytest.raises(LockLostError, match="another run took over"):
            lease.check()


def test_an_outcome_is_written_down_even_late(place: Place) -> None:
    """Nobody took the lock, so what was done is known better than not known."""
    log = place.open()
    run = begin(log)
    log.see(run, [header(501)], None)
    with log.lock(lease_s=3600, command="sync") as lease:
        step = a_step(log, run, invoice_ref(501))
        log.write(run, [Intend(step)], lease=lease)
        lease._renewed -= 7200  # type: ignore[attr-defined]
        with pytest.raises(LockLostError, match=r"ran out 36\d\d seconds ago"):
            log.write(run, [Intend(a_step(log, run, invoice_ref(501)))], lease=lease)
        log.write(
            run,
            [Conclude(step.id, StepState.DONE), SetEntry(invoice_ref(501), EntryState.DONE)],
            lease=lease,
        )
    assert [row.state for row in log.steps()] == [StepState.DONE]
    log.close()


def test_of_many_processes_at_once_one_gets_the_lock(place: Place) -> None:
    processes = [
        python(ONCE, place.url, place.name, str(place.base), str(place.base / "go"))
        for _ in range(4)
    ]
    for process in processes:
        assert line_of(process) == "ready"
    (place.base / "go").touch()
    words = sorted(line_of(process) for process in processes)
    for process in processes:
        finish(process)
    assert words == ["got it", "locked", "locked", "locked"]


ONCE = """
import sys, time
from pathlib import Path
from bridge.api import BridgeError
from bridge.store import open_log
url, name, base, go = sys.argv[1:]
log = open_log(url, name, base=Path(base))
log.cursor("scan")
print("ready", flush=True)
while not Path(go).exists():
    time.sleep(0.001)
try:
    with log.lock(lease_s=30, command="sync"):
        print("got it", flush=True)
        sys.stdin.readline()
except BridgeError as error:
    print(error.code, flush=True)
log.close()
"""


def test_a_lock_needs_a_log(tmp_path: Path) -> None:
    log = Place("sqlite:///log.db", "books", tmp_path).open()
    with pytest.raises(StoreError, match="no sync log yet"), log.lock(lease_s=1, command="sync"):
        pass
    assert list(tmp_path.iterdir()) == []
    log.close()
