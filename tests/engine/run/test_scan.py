"""What the source yields goes on the work list, and the cursor never runs ahead of it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from bridge.api import Checkpoint, Header, Source, invoice_ref
from bridge.engine.context import CancelToken, NoProgress
from bridge.engine.run.scan import SCAN, scan
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.testing.builders import DAY, a_header, an_invoice
from tests.engine.run_engine import POLICY


class Scanned:
    """A source that yields what a test says, and may fail after it."""

    def __init__(self, *items: Header | Checkpoint, error: Exception | None = None) -> None:
        self.items = items
        self.error = error
        self.cursors: list[str | None] = []

    def scan(self, cursor: str | None, *_: Any) -> Iterator[Header | Checkpoint]:
        self.cursors.append(cursor)
        yield from self.items
        if self.error:
            raise self.error


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SyncLog]:
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as opened:
        opened.migrate()
        yield opened


def header(number: int) -> Header:
    return a_header(an_invoice(number))


def scanned(log: SyncLog, source: Scanned, stop: CancelToken | None = None) -> int:
    return scan(
        cast("Source", source),
        log,
        run=log.start_run("sync", version="0", settings_digest=""),
        policy=POLICY,
        today=DAY,
        progress=NoProgress(),
        stop=stop or CancelToken(),
        left_out=lambda header: pytest.fail(f"{header.ref} was left out"),
    )


def test_what_is_new_is_counted_once(log: SyncLog) -> None:
    source = Scanned(header(501), header(502), Checkpoint("here"))
    assert scanned(log, source) == 2
    assert scanned(log, source) == 0
    assert source.cursors == [None, "here"]
    assert log.entry(invoice_ref(502))


def test_what_came_after_the_last_checkpoint_is_kept_without_moving_the_cursor(
    log: SyncLog,
) -> None:
    """The pieces are of a thousand, whether a checkpoint comes or not."""
    items = [header(number) for number in range(1, 1002)]
    with pytest.raises(ConnectionError):
        scanned(log, Scanned(*items, error=ConnectionError()))
    assert log.entry(invoice_ref(1000))
    assert log.entry(invoice_ref(1001)) is None
    assert log.cursor(SCAN) is None


def test_a_stop_ends_the_scan_at_a_checkpoint(log: SyncLog) -> None:
    source = Scanned(header(501), Checkpoint("first"), header(502), Checkpoint("second"))
    assert scanned(log, source, CancelToken(requested=True)) == 1
    assert log.cursor(SCAN) == "first"
    assert log.entry(invoice_ref(502)) is None
