"""What a sync log knows of invoices, in memory, for testing sources without a log."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from bridge.api import Checkpoint, Gone, Header, Invoice, Seen, SourceRef


def _by_number(ref: SourceRef) -> tuple[int, str]:
    return len(ref.id), ref.id


class MemoryKnown:
    """Satisfies `bridge.api.Known`; fed with what a scan yields.

    Attributes:
        cursor: Of the last checkpoint.
    """

    def __init__(self) -> None:
        self.cursor: str | None = None
        self._seen: dict[SourceRef, Seen] = {}
        self._booked: dict[SourceRef, dt.date] = {}

    def take(self, scanned: Iterable[Header | Gone | Checkpoint]) -> list[Header | Gone]:
        """Keep what a scan yields, and answer what of it is new or changed."""
        changes: list[Header | Gone] = []
        for item in scanned:
            match item:
                case Checkpoint():
                    self.cursor = item.cursor
                case Gone():
                    if self._seen.pop(item.ref, None):
                        changes.append(item)
                case Header():
                    if self._take(item):
                        changes.append(item)
        return changes

    def _take(self, header: Header) -> bool:
        before = self._seen.get(header.ref)
        self._seen[header.ref] = Seen(
            ref=header.ref,
            client=header.client,
            status=header.status,
            fingerprint=header.fingerprint,
            money=before.money if before else None,
            issued=header.issued,
        )
        if before is None or header.fingerprint is None:
            return True
        return before.fingerprint != header.fingerprint

    def read(self, invoice: Invoice, *, booked: dt.date | None = None) -> None:
        """Keep that an invoice was read in full and, with a day, booked on it."""
        self._seen[invoice.ref] = replace(
            self._seen[invoice.ref], money=invoice.money_fingerprint()
        )
        if booked is not None:
            self._booked[invoice.ref] = booked

    def every(self) -> list[SourceRef]:
        """All invoices that are known, ids ascending."""
        return sorted(self._seen, key=_by_number)

    # bridge.api.Known ----------------------------------------------------------------------

    def seen(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, Seen]:
        """What is known of these invoices."""
        return {ref: self._seen[ref] for ref in refs if ref in self._seen}

    def refs(self, status: str) -> Iterator[SourceRef]:
        """Invoices with this status, ids ascending."""
        found = [ref for ref, seen in self._seen.items() if seen.status == status]
        yield from sorted(found, key=_by_number)

    def counts(self) -> Mapping[str, int]:
        """How many invoices have each status."""
        return Counter(seen.status for seen in self._seen.values())

    def newest(self) -> SourceRef | None:
        """The invoice with the highest id."""
        return max(self._seen, key=_by_number, default=None)

    def booked(self, since: dt.date) -> Iterator[tuple[SourceRef, SourceRef]]:
        """(client, invoice) of what was booked on or after a day."""
        found = [
            (self._seen[ref].client, ref)
            for ref, day in self._booked.items()
            if day >= since and ref in self._seen
        ]
        yield from sorted(found, key=lambda pair: (_by_number(pair[0]), _by_number(pair[1])))
