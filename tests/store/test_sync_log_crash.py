"""A process that is killed while it writes leaves a whole log, with all that it confirmed."""

import random
import time

import pytest

from bridge.api import EntryState, invoice_ref
from bridge.model.run import StepState
from bridge.store.sync_log import SyncLog
from tests.store.builders import Place, begin, book, finish, header, line_of, python

WRITER = """
import sys
from pathlib import Path
from bridge.api import invoice_ref
from bridge.store import open_log
from tests.store.builders import begin, book, header
url, name, base = sys.argv[1:]
log = open_log(url, name, base=Path(base))
log.migrate()
with log.lock(lease_s=600, command="sync"):
    run = begin(log)
    for number in range(1, 100_000):
        start = number * 10
        log.see(run, [header(n) for n in range(start, start + 10)], str(start))
        print("saw", start, flush=True)
        book(log, run, start)
        print("booked", start, flush=True)
"""

MIGRATOR = """
import sys
from pathlib import Path
from bridge.store import migrations, open_log
url, name, base = sys.argv[1:]
log = open_log(url, name, base=Path(base))
print("ready", flush=True)
log.migrate()
"""


def killed_in_the_middle(place: Place, seconds: float) -> list[str]:
    """What a writer said that it had done before it was killed."""
    process = python(WRITER, place.url, place.name, str(place.base))
    assert process.stdout is not None
    said = [process.stdout.readline()]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        said.append(process.stdout.readline())
    process.kill()
    said += process.stdout.readlines()
    finish(process)
    return [line.strip() for line in said if line.endswith("\n")]


def check_whole(log: SyncLog, said: list[str]) -> None:
    """Each piece and its cursor, each outcome and all that goes with it, is there or is not."""
    last_seen = max((int(line.split()[1]) for line in said if line.startswith("saw")), default=0)
    cursor = int(log.cursor("scan") or 0)
    assert cursor in {last_seen, last_seen + 10}
    assert sum(log.counts().values()) == cursor
    booked = {int(line.split()[1]) for line in said if line.startswith("booked")}
    done = {int(entry.invoice.id) for entry in log.entries(states=[EntryState.DONE])}
    assert booked <= done
    assert len(done - booked) <= 1
    steps = {int(step.invoice.id): step.state for step in log.steps()}
    links = log.links([invoice_ref(number) for number in steps])
    for number, state in steps.items():
        finished = number in done
        assert (state is StepState.DONE) == finished
        assert (invoice_ref(number) in links) == finished


@pytest.mark.parametrize("moment", range(3))
def test_what_was_confirmed_is_there_and_nothing_is_half_done(place: Place, moment: int) -> None:
    seconds = random.Random(f"{place.url[:6]} {moment}").uniform(0.05, 0.6)
    said = killed_in_the_middle(place, seconds)
    assert said[0] == "saw 10"
    log = place.open()
    log.migrate()
    check_whole(log, said)
    (killed,) = log.runs(9)
    assert (killed.ended, killed.exit_code) == (None, None)
    with log.lock(lease_s=30, command="sync"):  # taken over at once
        run = begin(log)
        log.see(run, [header(1)], None)
        book(log, run, 1)
    log.close()


def test_a_killed_first_migration_is_done_again(fresh_place: Place) -> None:
    for milliseconds in (2, 10, 20, 40, 80):
        process = python(MIGRATOR, fresh_place.url, fresh_place.name, str(fresh_place.base))
        assert line_of(process) == "ready"
        time.sleep(milliseconds / 1000)
        finish(process, kill=True)
    log = fresh_place.open()
    log.migrate()
    with log.lock(lease_s=30, command="sync"):
        run = begin(log)
        log.see(run, [header(1)], None)
        book(log, run, 1)
    log.close()
