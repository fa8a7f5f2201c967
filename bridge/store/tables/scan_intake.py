"""Taking in a piece of a scan: which invoices go on the work list, and which stay as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from sqlalchemy import Connection, bindparam, insert, select, update

from bridge.model.keys import text_of
from bridge.model.reasons import Reason
from bridge.model.refs import Kind
from bridge.model.run import EntryState, Run, StepState
from bridge.model.source_records import Gone, Header
from bridge.store.db.paging import pieces
from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import UNDATED, id_from, now_micros, printable, sort_key, to_day

_table = schema.entry
_steps = schema.step
_cursor = schema.cursor

_SETTLED_FIRST = frozenset({EntryState.UNKNOWN, EntryState.UNVERIFIED, EntryState.MISMATCH})
_CHANGING = [
    "client",
    "client_key",
    "number",
    "status",
    "source_state",
    "issued",
    "paid_on",
    "day",
    "gross_units",
    "currency",
    "header_fingerprint",
    "state",
    "reason",
    "what",
    "remedy",
    "tries",
    "next_try",
    "changed",
    "run",
]
_UPDATE = (
    update(_table)
    .where(_table.c.bridge == bindparam("at_bridge"), _table.c.sort_key == bindparam("at_sort_key"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_NEW: Mapping[str, Any] = {
    "money_fingerprint": None,
    "content_fingerprint": None,
    "target": "",
    "booked": None,
}


@dataclass(slots=True)
class _Piece:
    """Rows of one piece of a scan, as they were and as they become."""

    bridge: str
    run: int
    now: int
    known: dict[str, dict[str, Any]]
    new: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection, bridge: str, run: int, now: int, keys: set[str]) -> Self:
        """Read the rows that are known, and keep others from changing them."""
        known = {}
        for some in pieces(sorted(keys)):
            query = select(_table).where(_table.c.bridge == bridge, _table.c.sort_key.in_(some))
            for row in connection.execute(query.with_for_update()).mappings():
                known[row["sort_key"]] = dict(row)
        return cls(bridge, run, now, known)

    def put(self, key: str, row: dict[str, Any]) -> None:
        """Note what a row becomes."""
        if key in self.known:
            self.changed[key] = row
        else:
            self.new[key] = row

    def now_of(self, key: str) -> dict[str, Any] | None:
        """A row as it is after what was noted so far."""
        return self.changed.get(key) or self.new.get(key) or self.known.get(key)

    def verdict(self, state: EntryState, reason: str, what: str, remedy: str) -> dict[str, Any]:
        """The columns of a fresh state."""
        return {
            "state": state.value,
            "reason": reason,
            "what": what,
            "remedy": remedy,
            "tries": 0,
            "next_try": None,
            "changed": self.now,
            "run": self.run,
        }


class ScanIntake(BridgeRows):
    """What a scan saw, and how far it came."""

    def see(self, run: Run, changes: Sequence[Header | Gone], cursor: str | None) -> int:
        """Take a piece of a scan in one transaction, and its cursor when not None.

        A new invoice becomes ``pending``. A known one whose fingerprint changed, or came as
        None, becomes ``pending`` again with tries 0 and no `next_try`, keeping its links and
        fingerprints of what was booked - except that ``unknown``, ``unverified`` and
        ``readback_mismatch`` stay as they are (their row data is updated), since what was sent is
        settled first, and that ``skipped(skipped_by_user)`` stays skipped. One that was skipped as
        ``before_start_date`` keeps that reason when its fingerprint comes as None: it is to be read
        although its header says the same. An unchanged one is not
        touched. A `Gone` one that was never written becomes ``skipped(deleted)``; a written one
        ``held(changed_after_write)``. Either is out of `refs` and `counts` then, and any header
        brings it back.

        Returns:
            How many entries are new or changed.
        """
        keys = {sort_key(id_from(change.ref, Kind.INVOICE)) for change in changes}

        def job(connection: Connection) -> int:
            piece = _Piece.read(connection, self._name, run.id, now_micros(), keys)
            for change in changes:
                key = sort_key(text_of(change.ref))
                if isinstance(change, Header):
                    _take_header(piece, key, change)
                else:
                    _take_gone(connection, piece, key, change)
            _store(connection, piece)
            if cursor is not None:
                _put_cursor(connection, self._name, "scan", cursor)
            return len(piece.new) + len(piece.changed)

        return self._write(job)

    def cursor(self, name: str) -> str | None:
        """A stored cursor: ``scan`` for the source's, ``sweep`` for the target's."""
        query = select(_cursor.c.value).where(
            _cursor.c.bridge == self._name, _cursor.c.name == name
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def set_cursor(self, name: str, value: str) -> None:
        """Store a cursor."""
        self._write(partial(_put_cursor, bridge=self._name, name=name, value=value))


def _put_cursor(connection: Connection, bridge: str, name: str, value: str) -> None:
    here = (_cursor.c.bridge == bridge) & (_cursor.c.name == name)
    if not connection.execute(update(_cursor).where(here).values(value=value)).rowcount:
        connection.execute(insert(_cursor), {"bridge": bridge, "name": name, "value": value})


def _take_header(piece: _Piece, key: str, header: Header) -> None:
    row = piece.now_of(key)
    facts = _facts(header)
    if row is None:
        fresh = piece.verdict(EntryState.PENDING, "", "", "")
        identity = {"bridge": piece.bridge, "sort_key": key, "invoice": text_of(header.ref)}
        piece.put(key, {**identity, **_NEW, **facts, **fresh})
    elif header.fingerprint is None or header.fingerprint != row["header_fingerprint"]:
        stays = row["state"] in _SETTLED_FIRST or row["reason"] == Reason.SKIPPED_BY_USER
        reason = _to_be_read(row, header)
        fresh = {} if stays else piece.verdict(EntryState.PENDING, reason, "", "")
        piece.put(key, {**row, **facts, **fresh})


def _to_be_read(row: Mapping[str, Any], header: Header) -> str:
    """Why a row that was skipped unread must be read now, whatever its header says.

    Money that moves on an invoice from before the start changes nothing that a header shows.
    """
    early = Reason.BEFORE_START_DATE.value
    unsure = header.fingerprint is None or row["state"] == EntryState.PENDING.value
    return early if unsure and row["reason"] == early else ""


def _take_gone(connection: Connection, piece: _Piece, key: str, gone: Gone) -> None:
    """Without status and fingerprint it is counted nowhere, and news if it ever comes back."""
    row = piece.now_of(key)
    if row is None or (row["status"] == "" and row["header_fingerprint"] is None):
        return
    stays = row["state"] in _SETTLED_FIRST or row["reason"] == Reason.SKIPPED_BY_USER
    why = printable(gone.why)
    if stays:
        fresh = {}
    elif _was_written(connection, piece.bridge, row):
        fresh = piece.verdict(
            EntryState.HELD,
            Reason.CHANGED_AFTER_WRITE.value,
            f"the source has it no longer, and it was booked ({why})",
            f"Compare both books, then type: bridge skip {row['invoice']} --because '...'",
        )
    else:
        fresh = piece.verdict(EntryState.SKIPPED, Reason.DELETED.value, why, "")
    piece.put(key, {**row, **fresh, "status": "", "header_fingerprint": None})


def _was_written(connection: Connection, bridge: str, row: Mapping[str, Any]) -> bool:
    """Whether anything but its client was, or may have been, written for an entry."""
    if row["content_fingerprint"] is not None:
        return True
    query = select(_steps.c.id).where(
        _steps.c.bridge == bridge,
        _steps.c.invoice == row["invoice"],
        _steps.c.kind != Kind.CLIENT.value,
        _steps.c.state != StepState.REFUSED.value,
    )
    return connection.execute(query.limit(1)).first() is not None


def _facts(header: Header) -> dict[str, Any]:
    client = id_from(header.client, Kind.CLIENT)
    return {
        "client": client,
        "client_key": sort_key(client),
        "number": printable(header.number),
        "status": header.status,
        "source_state": header.state.value,
        "issued": to_day(header.issued),
        "paid_on": to_day(header.paid_on),
        "day": to_day(header.paid_on or header.issued) or UNDATED,
        "gross_units": header.gross.minor_units(),
        "currency": header.gross.currency,
        "header_fingerprint": header.fingerprint,
    }


def _store(connection: Connection, piece: _Piece) -> None:
    for some in pieces(list(piece.new.values())):
        connection.execute(insert(_table), some)
    for some in pieces([_changes(row) for row in piece.changed.values()]):
        connection.execute(_UPDATE, some)


def _changes(row: Mapping[str, Any]) -> dict[str, Any]:
    place = {"at_bridge": row["bridge"], "at_sort_key": row["sort_key"]}
    return {**place, **{name: row[name] for name in _CHANGING}}
