"""The event log: a line for all that happened, and old lines out of it into a compressed file.

Nothing is removed that was not read back. Only events go: links, entries, steps, answers and
snapshots are never pruned, and of events not those that say what a person did, since an auditor
asks who and why.
"""

import datetime as dt
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, func, select

from bridge.errors import StoreError
from bridge.model.refs import Kind, SourceRef
from bridge.store.db.paging import PIECE, pages
from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import event_row, id_from, to_micros
from bridge.store.tables.values import EventRow

KEPT = ("answer", "by_hand")
"""Codes of the events that stay for good: what persons did."""

_event = schema.event
_REMOVE = delete(_event).where(
    _event.c.bridge == bindparam("at_bridge"), _event.c.id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed.

    Attributes:
        count: Events; 0 when there were none, and then there is no file.
        file: The archive: gzipped lines of JSON, one an event, as `bridge log --format json`.
        keep_until: The last day on which the file must still be there, where that was asked.
    """

    count: int
    file: Path | None = None
    keep_until: dt.date | None = None


class EventTable(BridgeRows):
    """Questions to `bridge_event`, and the archive of old events."""

    def events(
        self,
        *,
        run: int | None = None,
        invoice: SourceRef | None = None,
        levels: Collection[str] = (),
        since: dt.datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[EventRow]:
        """Events by id ascending; with `limit` the latest that many."""
        conditions = [_event.c.bridge == self._name]
        if run is not None:
            conditions.append(_event.c.run == run)
        if invoice is not None:
            conditions.append(_event.c.invoice == id_from(invoice, Kind.INVOICE))
        if levels:
            conditions.append(_event.c.level.in_(sorted(levels)))
        if since is not None:
            conditions.append(_event.c.at >= to_micros(since))
        first = self._first_event(conditions, limit)
        if first is None:
            return
        query = select(_event).where(*conditions, _event.c.id >= first)
        for row in pages(self._database, query, None, _event.c.id):
            yield event_row(row)

    def count_old_events(self, before: dt.datetime) -> int:
        """How many events `archive_events` would remove."""
        query = self._old(before).with_only_columns(func.count())
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def archive_events(self, before: dt.datetime, folder: Path) -> Pruned:
        """Move events older than `before` (UTC) to a new file in `folder`, under the lock held.

        The file is on the disk and was read back before the first event goes. Events go in small
        transactions: what an interruption leaves is archived once more by the next time, and
        nothing is lost.

        Raises:
            StoreError: the file could not be written or does not hold what was written; every event
                is still in the log.
        """
        if not self.count_old_events(before):
            return Pruned(0)
        try:
            file, count, digest = self._written(before, folder)
            _read_back(file, count, digest)
        except OSError as error:
            raise StoreError(
                f"the archive of old events could not be written in {folder}: {error}",
                remedy="make room there or let bridge write there, then prune again; every event is"
                " still in the log",
            ) from error
        archived = _ids(file)
        while some := list(islice(archived, PIECE)):
            self._write(partial(_remove, bridge=self._name, ids=some))
        return Pruned(count, file)

    def _first_event(
        self, conditions: Sequence[ColumnElement[bool]], limit: int | None
    ) -> int | None:
        """Where an answer begins: so many from the end, or the first that meets the conditions."""
        if limit == 0:
            return None
        query: Select[Any] = select(_event.c.id).where(*conditions)
        first = select(func.min(_event.c.id)).where(*conditions)
        with self._database.read() as connection:
            if limit is not None:
                from_end = query.order_by(_event.c.id.desc()).offset(limit - 1).limit(1)
                place = connection.execute(from_end).scalar()
                if place is not None:
                    return int(place)
            return connection.execute(first).scalar()

    def _old(self, before: dt.datetime) -> Select[Any]:
        return select(_event).where(
            _event.c.bridge == self._name,
            _event.c.at < to_micros(before),
            _event.c.code.not_in(KEPT),
        )

    def _written(self, before: dt.datetime, folder: Path) -> tuple[Path, int, str]:
        """The file, on the disk, with how many events are in it and the digest of its text."""
        file, raw = _created(folder, f"{self._name}-events-before-{before:%Y-%m-%d}")
        count, digest = 0, hashlib.sha256()
        with raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
            for row in pages(self._database, self._old(before), None, _event.c.id):
                line = (json.dumps(as_json(event_row(row)), ensure_ascii=False) + "\n").encode()
                packed.write(line)
                digest.update(line)
                count += 1
            packed.close()
            raw.flush()
            os.fsync(raw.fileno())
        _sync_folder(folder)
        return file, count, digest.hexdigest()


def _remove(connection: Connection, bridge: str, ids: list[int]) -> None:
    connection.execute(_REMOVE, {"at_bridge": bridge, "ids": ids})


def _created(folder: Path, stem: str) -> tuple[Path, IO[bytes]]:
    """A file that was not there, for its owner's eyes: events name clients and amounts."""
    for suffix in ("", *(f"-{number}" for number in range(2, 10_000))):
        file = folder / f"{stem}{suffix}.jsonl.gz"
        try:
            opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        return file, os.fdopen(opened, "wb")
    raise OSError(f"too many archives named {stem} are there already")


def _sync_folder(folder: Path) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _read_back(file: Path, count: int, digest: str) -> None:
    found, lines = hashlib.sha256(), 0
    for line in _lines(file):
        found.update(line)
        lines += 1
    if (lines, found.hexdigest()) != (count, digest):
        raise OSError(f"{file.name} does not hold what was written to it")


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with gzip.open(file, "rb") as packed:
            yield from packed
    except (EOFError, zlib.error) as error:
        raise OSError(f"{file.name} cannot be read back: {error}") from error


def _ids(file: Path) -> Iterator[int]:
    for line in _lines(file):
        yield int(json.loads(line)["id"])


def as_json(event: EventRow) -> dict[str, object]:
    """An event as programs read it, in `bridge log --format json` and in an archive."""
    return {
        "type": "event",
        "id": event.id,
        "at": event.at.isoformat(),
        "run": event.run,
        "level": event.level,
        "code": event.code,
        "invoice": event.invoice.id if event.invoice else None,
        "message": event.message,
        "data": dict(event.data),
    }
