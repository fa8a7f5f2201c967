"""Invoices that a person named on the command line."""

from collections.abc import Iterable

from bridge.errors import UsageError
from bridge.model.run import EntryState
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow

_LEFT_ALONE = frozenset(
    {EntryState.DONE, EntryState.UNKNOWN, EntryState.UNVERIFIED, EntryState.MISMATCH}
)


def named_entry(log: SyncLog, text: str) -> EntryRow:
    """The one entry with this id or number.

    Raises:
        UsageError: there is none, or several have this number.
    """
    rows = log.find_entries(text)
    if not rows:
        raise UsageError(
            f"no invoice with the id or number {text} was ever seen",
            remedy="check the number; a new one is seen by the next `bridge sync`",
        )
    exact = [row for row in rows if row.invoice.id == text]
    if len(exact) == 1:
        return exact[0]
    if len(rows) > 1:
        ids = ", ".join(row.invoice.id for row in rows)
        raise UsageError(
            f"several invoices have the number {text}", remedy=f"name it by its id: {ids}"
        )
    return rows[0]


def named_entries(log: SyncLog, names: Iterable[str]) -> list[EntryRow]:
    """The named entries that may be worked on now, whatever held or skipped them before."""
    rows = {row.invoice: row for row in (named_entry(log, name) for name in names)}
    return [row for row in rows.values() if row.state not in _LEFT_ALONE]
