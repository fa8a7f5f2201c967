"""A run of the engine between a billing system and books in memory."""

import datetime as dt

from bridge.api import Report
from bridge.engine.context import Clock, Ends, Stop, SyncRequest, utc_now
from bridge.engine.policy import Policy, UnpaidDocuments
from bridge.engine.progress import Silent
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
        return run_between(Ends(source, target), log)


def run_between(
    ends: Ends,
    log: SyncLog,
    *,
    stop: Stop | None = None,
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
        progress=Silent(),
        stop=stop or Stop(),
        clock=clock,
    )
