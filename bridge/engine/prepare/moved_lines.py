"""Lines of a booked invoice that turn up on another one.

A source may split an invoice, or merge it into another: the lines move, and the invoice that took
them is new or grown (WHMCS documentation, invoicing tutorials). What was booked still holds them,
so to book the other as well would put one sale into the books twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.engine.decide.content import content_fingerprint
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import SourceRef
from bridge.model.run import EntryState
from bridge.model.source_records import Invoice, Missing, as_plain
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow, SnapshotRow

# Not the id: whether a line that moves keeps its own is not documented.
_SAME = ("type", "description", "amount", "taxed", "related")
_Line = tuple[object, ...]


@dataclass(slots=True)
class MovedLines:
    """What booked invoices have lost since, by client, as far as nobody has settled it.

    Attributes:
        lost: The number of the invoice that a line was booked with.
        waiting: Held invoices that were changed after booking, by client, not looked into yet.
    """

    log: SyncLog
    lost: dict[SourceRef, dict[_Line, str]] = field(default_factory=dict)
    waiting: dict[SourceRef, list[EntryRow]] | None = None

    def see(self, row: EntryRow, answer: Invoice | Missing) -> None:
        """Look at a booked invoice that was read again."""
        if isinstance(answer, Missing):
            if answer.gone:
                self._lose(row, self.log.snapshots(row.invoice), ())
        elif content_fingerprint(answer) != row.content_fingerprint:
            self._lose(row, self.log.snapshots(row.invoice), as_plain(answer)["lines"])

    def hold(self, invoice: Invoice) -> Hold | None:
        """Why an invoice that is not in the books yet waits, if the books hold a line of it."""
        for row in self._waiting().pop(invoice.client, ()):
            versions = self.log.snapshots(row.invoice)
            is_gone = not row.status  # the scan takes it away with the invoice
            self._lose(row, versions, () if is_gone or not versions else _lines(versions[-1]))
        lost = self.lost.get(invoice.client, {})
        for line in as_plain(invoice)["lines"] if lost else ():
            booked_with = lost.get(_key(line))
            if booked_with is not None:
                return _twice(invoice, line, booked_with)
        return None

    def _waiting(self) -> dict[SourceRef, list[EntryRow]]:
        if self.waiting is None:
            self.waiting = {}
            held = self.log.entries(states={EntryState.HELD}, reasons={Reason.CHANGED_AFTER_WRITE})
            for row in held:
                self.waiting.setdefault(row.client, []).append(row)
        return self.waiting

    def _lose(
        self, row: EntryRow, versions: Iterable[SnapshotRow], now: Iterable[Mapping[str, Any]]
    ) -> None:
        kept = {_key(line) for line in now}
        for version in versions:
            if version.content == row.content_fingerprint:
                gone = {_key(line): row.number for line in _lines(version)}
                mine = self.lost.setdefault(row.client, {})
                mine |= {line: number for line, number in gone.items() if line not in kept}


def _lines(version: SnapshotRow) -> Iterable[Mapping[str, Any]]:
    data: Any = version.data
    lines: Iterable[Mapping[str, Any]] = data["invoice"]["lines"]
    return lines


def _key(line: Mapping[str, Any]) -> _Line:
    return tuple(line[name] for name in _SAME)


def _twice(invoice: Invoice, line: Mapping[str, Any], booked_with: str) -> Hold:
    shown = str(line["description"]).partition("\n")[0]
    return Hold(
        Reason.POSSIBLE_DUPLICATE,
        f"its line '{shown}' of {line['amount']} was booked with invoice {booked_with}, which does"
        " not show it any more",
        f"correct {booked_with} in the books by hand and `bridge skip` it with the reason; then"
        f" `bridge retry {invoice.ref.id}`",
    )
