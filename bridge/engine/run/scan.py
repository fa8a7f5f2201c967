"""The cheap pass over the source: what is new or changed goes on the work list."""

import datetime as dt
from collections.abc import Callable

from bridge.contract import ScanPolicy, Source
from bridge.engine.context import CancelToken, Policy, Progress
from bridge.model.run import Run
from bridge.model.source_records import Checkpoint, Gone, Header
from bridge.store.sync_log import SyncLog
from bridge.store.tables.mapping import can_keep

_PIECE = 1000
SCAN = "scan"


def scan(
    source: Source,
    log: SyncLog,
    *,
    run: Run,
    policy: Policy,
    today: dt.date,
    progress: Progress,
    stop: CancelToken,
    left_out: Callable[[Header], None],
) -> int:
    """Take what the source yields into the log; answers how many invoices are new or changed.

    A checkpoint is stored together with, or after, all that came before it, never earlier, so an
    interrupted scan goes on where it was and forgets nothing. What the log cannot keep, because of
    its id or its client's, is told to `left_out` each time that it is seen.
    """
    progress.stage("scan", None)
    reach = ScanPolicy(today, policy.deep_scan_days, policy.refund_days)
    piece: list[Header | Gone] = []
    changed = 0
    for item in source.scan(log.cursor(SCAN), log, reach):
        if isinstance(item, Checkpoint):
            changed += log.see(run, piece, item.cursor)
            progress.advance(len(piece))
            piece = []
            if stop.is_due:
                break
            continue
        if not _can_keep(item):
            if isinstance(item, Header):
                left_out(item)
            continue
        piece.append(item)
        if len(piece) >= _PIECE:
            changed += log.see(run, piece, None)
            progress.advance(len(piece))
            piece = []
    return changed


def _can_keep(item: Header | Gone) -> bool:
    return can_keep(item.ref) and (isinstance(item, Gone) or can_keep(item.client))
