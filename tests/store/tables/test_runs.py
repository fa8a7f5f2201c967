"""Runs are numbered across all bridges of a database."""

import threading

from bridge.api import (
    Kind,
    TargetRef,
)
from bridge.store.sync_log import SyncLog
from tests.store.builders import Place, begin

INVOICE = TargetRef(Kind.INVOICE, "1001")


def test_a_run_is_numbered_after_the_last_and_shown_with_its_end(log: SyncLog) -> None:
    killed, run = begin(log), begin(log)
    assert run.id > killed.id
    log.finish_run(run, exit_code=3, summary={"outcome": {"held": 2}, "text": "é"})
    latest, before = log.runs(2)
    assert (latest.id, latest.exit_code, latest.summary) == (
        run.id,
        3,
        {"outcome": {"held": 2}, "text": "é"},
    )
    assert latest.started == run.started
    assert latest.ended is not None
    assert latest.ended >= latest.started
    assert (before.id, before.ended, before.exit_code) == (killed.id, None, None)
    assert [row.id for row in log.runs(1)] == [run.id]


def test_runs_that_begin_at_once_get_numbers_of_their_own(place: Place) -> None:
    logs = [place.open() for _ in range(4)]
    given: list[int] = []
    threads = [
        threading.Thread(target=lambda log=log: given.extend(begin(log).id for _ in range(10)))
        for log in logs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(given)) == 40
    for log in logs:
        log.close()
