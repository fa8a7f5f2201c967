"""A run of the engine between a billing system and books in memory."""

import datetime as dt

from bridge.api import Report
from bridge.engine.context import (
    CancelToken,
    Clock,
    Connections,
    NoProgress,
    Policy,
    SyncRequest,
    UnpaidDocuments,
    utc_now,
)
from bridge.engine.run.sync import sync
from bridge.store.sync_log import SyncLog
from bridge.testing.conformance.simulation import NullObservers
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling, MemorySource
from bridge.testing.memory.target import MemoryTarget

POLICY = Policy(start_date=dt.date(2026, 4, 1), unpaid_documents=UnpaidDocuments.PROFORMA)


def run(log: SyncLog, billing: MemoryBilling, books: MemoryBooks) -> Report:
    """One run of all that there is, by one worker."""
    with MemoryTarget(books) as target, MemorySource(billing) as source:
        return run_between(Connections(source, target), log)


def run_between(
    ends: Connections,
    log: SyncLog,
    *,
    stop: CancelToken | None = None,
    clock: Clock = utc_now,
    policy: Policy = POLICY,
) -> Report:
    """One run between open ends, by one worker."""
    return sync(
        ends,
        log,
        run=log.start_run("sync", version="0", settings_digest=""),
        lease=None,
        policy=policy,
        request=SyncRequest(0),
        observers=NullObservers(),
        progress=NoProgress(),
        stop=stop or CancelToken(),
        clock=clock,
    )
