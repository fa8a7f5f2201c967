"""Sync logs of any size: one that knows nothing, and one in which everything is done."""

import datetime as dt
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from bridge.api import ScanPolicy, Seen, SourceRef

TODAY = ScanPolicy(dt.date(2026, 11, 2), deep_scan_days=10_000)

_DONE = """
UPDATE bridge_entry SET state = 'done', reason = '', what = '', target = number, booked = :booked
WHERE state = 'pending' AND source_state = 'paid'
"""
_SKIPPED = """
UPDATE bridge_entry SET state = 'skipped', reason = 'not_paid', what = 'it is not paid yet'
WHERE state = 'pending'
"""
_LINKED = """
INSERT OR IGNORE INTO bridge_link (bridge, kind, ref, target_kind, target_id, target_internal,
 target_permanent, payload, adopted, day, client, run, created)
SELECT bridge, 'invoice', invoice, 'invoice', 'made-' || sort_key, '', NULL, NULL, 0, day, NULL, 1,
 :booked FROM bridge_entry WHERE state = 'done'
"""


class _NothingKnown:
    """A log that keeps nothing, so that only the source is measured."""

    def seen(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, Seen]:
        del refs
        return {}

    def refs(self, status: str) -> Iterator[SourceRef]:
        del status
        return iter(())

    def counts(self) -> Mapping[str, int]:
        return {}

    def newest(self) -> SourceRef | None:
        return None

    def booked(self, since: dt.date) -> Iterator[tuple[SourceRef, SourceRef]]:
        del since
        return iter(())


NOTHING_KNOWN = _NothingKnown()


def finish_everything(store: Path, booked: dt.datetime) -> int:
    """Make every pending entry of a SQLite log look booked at that time; answers how many are."""
    moment = {"booked": int(booked.timestamp() * 1_000_000)}
    with closing(sqlite3.connect(store, isolation_level=None)) as log:
        log.execute("BEGIN IMMEDIATE")
        log.execute(_DONE, moment)
        log.execute(_SKIPPED)
        log.execute(_LINKED, moment)
        log.execute("COMMIT")
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (done,) = log.execute("SELECT count(*) FROM bridge_entry WHERE state = 'done'").fetchone()
    return int(done)
