"""Old events out of the log into a compressed file: nothing is removed that was not read back.

Only events go. Links, entries, steps and snapshots are never pruned, and of events not those that
say what a person did: the engine reads answers out of them, and an auditor asks who and why.
"""

import datetime as dt
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select

from bridge.errors import StoreError
from bridge.store.db.connection import Database
from bridge.store.db.paging import PIECE, pages
from bridge.store.tables import schema
from bridge.store.tables.codec import to_micros
from bridge.store.tables.mapping import event_row
from bridge.store.tables.values import EventRow

Job = Callable[[Connection], None]
Write = Callable[[Job], None]

KEPT = ("answer", "by_hand")
"""Codes of the events that stay for good."""

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


def count_old(database: Database, bridge: str, before: dt.datetime) -> int:
    """How many events `archive` would remove."""
    query = _old(bridge, before).with_only_columns(func.count())
    with database.read() as connection:
        return int(connection.execute(query).scalar_one())


def archive(
    database: Database, bridge: str, before: dt.datetime, folder: Path, write: Write
) -> Pruned:
    """Write events older than `before` (UTC) to a new file in `folder`, then remove them.

    The file is on the disk and was read back before the first event goes. Events go in small
    transactions, each through `write`: what an interruption leaves is archived once more by the
    next time, and nothing is lost.

    Raises:
        StoreError: the file could not be written or does not hold what was written; every event
            is still in the log.
    """
    if not count_old(database, bridge, before):
        return Pruned(0)
    try:
        file, count, digest = _written(database, bridge, before, folder)
        _read_back(file, count, digest)
    except OSError as error:
        raise StoreError(
            f"the archive of old events could not be written in {folder}: {error}",
            remedy="make room there or let bridge write there, then prune again; every event is"
            " still in the log",
        ) from error
    archived = _ids(file)
    while some := list(islice(archived, PIECE)):
        write(partial(_remove, bridge=bridge, ids=some))
    return Pruned(count, file)


def _old(bridge: str, before: dt.datetime) -> Select[Any]:
    return select(_event).where(
        _event.c.bridge == bridge, _event.c.at < to_micros(before), _event.c.code.not_in(KEPT)
    )


def _remove(connection: Connection, bridge: str, ids: list[int]) -> None:
    connection.execute(_REMOVE, {"at_bridge": bridge, "ids": ids})


def _written(
    database: Database, bridge: str, before: dt.datetime, folder: Path
) -> tuple[Path, int, str]:
    """The file, how many events are in it, and the digest of its text; all of it on the disk."""
    file, raw = _created(folder, f"{bridge}-events-before-{before:%Y-%m-%d}")
    count, digest = 0, hashlib.sha256()
    with raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
        for row in pages(database, _old(bridge, before), None, _event.c.id):
            line = (json.dumps(as_json(event_row(row)), ensure_ascii=False) + "\n").encode()
            packed.write(line)
            digest.update(line)
            count += 1
        packed.close()
        raw.flush()
        os.fsync(raw.fileno())
    _sync_folder(folder)
    return file, count, digest.hexdigest()


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
