"""The work list: what is to be tried, how much there is, and what became of the rest."""

import datetime as dt
import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from bridge.model.reasons import Reason
from bridge.model.refs import Kind, SourceRef
from bridge.model.run import EntryState
from bridge.store.db.connection import Database
from bridge.store.db.paging import PAGE, pages
from bridge.store.tables import schema
from bridge.store.tables.codec import UNDATED, from_day, id_from, sort_key, to_day, to_micros
from bridge.store.tables.mapping import entry_row
from bridge.store.tables.values import EntryRow

_table = schema.entry
_ROWS = 200
"""Whole rows of a page, since a merged stream holds a page for each state."""


def claim(
    database: Database,
    bridge: str,
    limit: int,
    *,
    now: dt.datetime,
    after: EntryRow | None,
) -> Sequence[EntryRow]:
    """Entries to work on, oldest first."""
    page = min(PAGE, limit + 1)
    place = _place(after) if after else None
    rows = _merged(
        _stream(database, bridge, EntryState.PENDING, page=page, after=place),
        _stream(database, bridge, EntryState.FAILED, _is_due(now), page=page, after=place),
    )
    return [entry_row(row) for row in islice(rows, limit)]


def _place(row: EntryRow) -> tuple[str, str]:
    """Where an entry stands in the order of work."""
    return to_day(row.paid_on or row.issued) or UNDATED, sort_key(row.invoice.id)


def backlog(database: Database, bridge: str, *, now: dt.datetime) -> int:
    """How many entries `claim` could give."""
    with database.read() as connection:
        failed = _count(connection, bridge, EntryState.FAILED)
        # Asked only where there are some: no index has the times, and SQLite reads all entries.
        due = _count(connection, bridge, EntryState.FAILED, _is_due(now)) if failed else 0
        return _count(connection, bridge, EntryState.PENDING) + due


def _count(
    connection: Connection, bridge: str, state: EntryState, *conditions: ColumnElement[bool]
) -> int:
    ours = (_table.c.bridge == bridge) & (_table.c.state == state.value)
    query = select(func.count()).select_from(_table).where(ours, *conditions)
    return int(connection.execute(query).scalar_one())


def entry(database: Database, bridge: str, invoice: SourceRef) -> EntryRow | None:
    """One entry."""
    key = sort_key(id_from(invoice, Kind.INVOICE))
    query = select(_table).where(_table.c.bridge == bridge, _table.c.sort_key == key)
    with database.read() as connection:
        row = connection.execute(query).first()
    return None if row is None else entry_row(row)


def find_entries(database: Database, bridge: str, text: str) -> Sequence[EntryRow]:
    """Entries whose id or number is exactly `text`, by id."""
    ours = select(_table).where(_table.c.bridge == bridge)
    with database.read() as connection:
        rows = [
            *connection.execute(ours.where(_table.c.sort_key == sort_key(text))),
            *connection.execute(ours.where(_table.c.number == text)),
        ]
    # MariaDB takes "7 " for "7".
    exact = {row.sort_key: row for row in rows if text in {row.invoice, row.number}}
    return [entry_row(exact[key]) for key in sorted(exact)]


def entries(
    database: Database,
    bridge: str,
    *,
    states: Collection[EntryState] = (),
    reasons: Collection[Reason] = (),
    limit: int | None = None,
) -> Iterator[EntryRow]:
    """Entries, oldest first: one stream a state, merged."""
    names = [reason.value for reason in reasons]
    conditions = [_table.c.reason.in_(names)] if names else []
    chosen = _there(database, bridge, states or EntryState, *conditions)
    page = _ROWS if limit is None else min(_ROWS, limit + 1)
    rows = _merged(
        *(_stream(database, bridge, state, *conditions, page=page) for state in sorted(chosen))
    )
    for row in islice(rows, limit):
        yield entry_row(row)


def oldest_issue(database: Database, bridge: str) -> dt.date | None:
    """The first day on which any invoice was issued: one pass of the database, in no memory."""
    query = select(func.min(_table.c.issued)).where(_table.c.bridge == bridge)
    with database.read() as connection:
        return from_day(connection.execute(query).scalar())


def _there(
    database: Database,
    bridge: str,
    states: Iterable[EntryState],
    *conditions: ColumnElement[bool],
) -> list[EntryState]:
    """Those of the states that any entry is in: one look into the index for each."""
    ours = select(_table.c.state).where(_table.c.bridge == bridge, *conditions).limit(1)
    with database.read() as connection:
        return [
            state
            for state in states
            if connection.execute(ours.where(_table.c.state == state.value)).first()
        ]


def count_entries(
    database: Database, bridge: str
) -> Mapping[tuple[EntryState, Reason | None], int]:
    """How many entries there are of each state and reason."""
    columns = (_table.c.state, _table.c.currency, _table.c.reason)
    # By all columns of the index, so that it is read in order and nothing is sorted.
    query = select(*columns, func.count()).where(_table.c.bridge == bridge).group_by(*columns)
    found: dict[tuple[EntryState, Reason | None], int] = {}
    with database.read() as connection:
        for state, _currency, reason, count in connection.execute(query):
            kind = (EntryState(state), Reason(reason) if reason else None)
            found[kind] = found.get(kind, 0) + count
    return found


def linked_currencies(database: Database, bridge: str) -> frozenset[str]:
    """Currencies of entries that are done: one look into the index for each."""
    found: list[str] = [""]
    query = select(func.min(_table.c.currency)).where(
        _table.c.bridge == bridge, _table.c.state == EntryState.DONE.value
    )
    with database.read() as connection:
        while currency := connection.execute(query.where(_table.c.currency > found[-1])).scalar():
            found.append(currency)
    return frozenset(found[1:])


def _is_due(now: dt.datetime) -> ColumnElement[bool]:
    return or_(_table.c.next_try.is_(None), _table.c.next_try <= to_micros(now))


def _stream(
    database: Database,
    bridge: str,
    state: EntryState,
    *conditions: ColumnElement[bool],
    page: int,
    after: tuple[str, str] | None = None,
) -> Iterator[Row[Any]]:
    query = select(_table).where(
        _table.c.bridge == bridge, _table.c.state == state.value, *conditions
    )
    return pages(database, query, _table.c.day, _table.c.sort_key, page=page, after=after)


def _merged(*streams: Iterator[Row[Any]]) -> Iterator[Row[Any]]:
    return heapq.merge(*streams, key=lambda row: (row.day, row.sort_key))
