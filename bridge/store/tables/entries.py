"""The work list: what is to be tried, how much there is, and what became of the rest."""

import datetime as dt
import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from bridge.model.keys import text_of, written
from bridge.model.reasons import Reason
from bridge.model.refs import Kind, SourceRef
from bridge.model.run import EntryState
from bridge.store.db.paging import PAGE, pages
from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import (
    UNDATED,
    entry_row,
    from_day,
    id_from,
    sort_key,
    to_day,
    to_micros,
)
from bridge.store.tables.values import EntryRow

_table = schema.entry
_ROWS = 200
"""Whole rows of a page, since a merged stream holds a page for each state."""


class EntryTable(BridgeRows):
    """Questions to `bridge_entry`, the work list."""

    def claim(
        self, limit: int, *, now: dt.datetime, after: EntryRow | None = None
    ) -> Sequence[EntryRow]:
        """Entries to work on: pending ones, and failed ones whose `next_try` has come.

        Oldest first by the day paid, else issued, then by id; only those that come behind `after`.
        """
        page = min(PAGE, limit + 1)
        place = _place(after) if after else None
        rows = _merged(
            self._stream(EntryState.PENDING, page=page, after=place),
            self._stream(EntryState.FAILED, _is_due(now), page=page, after=place),
        )
        return [entry_row(row) for row in islice(rows, limit)]

    def backlog(self, *, now: dt.datetime) -> int:
        """How many `claim` would give without a limit."""
        with self._database.read() as connection:
            failed = self._count(connection, EntryState.FAILED)
            # Asked only where there are some: no index has the times, and SQLite reads all entries.
            due = self._count(connection, EntryState.FAILED, _is_due(now)) if failed else 0
            return self._count(connection, EntryState.PENDING) + due

    def entry(self, invoice: SourceRef) -> EntryRow | None:
        """One entry."""
        key = sort_key(id_from(invoice, Kind.INVOICE))
        query = select(_table).where(_table.c.bridge == self._name, _table.c.sort_key == key)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else entry_row(row)

    def find_entries(self, text: str) -> Sequence[EntryRow]:
        """Entries whose id or number is exactly `text`, by id: how a person names an invoice."""
        ours = select(_table).where(_table.c.bridge == self._name)
        key = written(text)
        with self._database.read() as connection:
            rows = [
                *connection.execute(ours.where(_table.c.sort_key == sort_key(key))),
                *connection.execute(ours.where(_table.c.number == text)),
            ]
        # MariaDB takes "7 " for "7".
        exact = {row.sort_key: row for row in rows if row.number == text or row.invoice == key}
        return [entry_row(exact[place]) for place in sorted(exact)]

    def entries(
        self,
        *,
        states: Collection[EntryState] = (),
        reasons: Collection[Reason] = (),
        limit: int | None = None,
    ) -> Iterator[EntryRow]:
        """Entries, oldest first, as a stream; without filters all of them."""
        names = [reason.value for reason in reasons]
        conditions = [_table.c.reason.in_(names)] if names else []
        chosen = self._there(states or EntryState, *conditions)
        page = _ROWS if limit is None else min(_ROWS, limit + 1)
        streams = (self._stream(state, *conditions, page=page) for state in sorted(chosen))
        for row in islice(_merged(*streams), limit):
            yield entry_row(row)

    def oldest_issue(self) -> dt.date | None:
        """The first day on which any invoice that was seen was issued."""
        query = select(func.min(_table.c.issued)).where(_table.c.bridge == self._name)
        with self._database.read() as connection:
            return from_day(connection.execute(query).scalar())

    def count_entries(self) -> Mapping[tuple[EntryState, Reason | None], int]:
        """How many there are of each state and reason."""
        columns = (_table.c.state, _table.c.currency, _table.c.reason)
        ours = select(*columns, func.count()).where(_table.c.bridge == self._name)
        found: dict[tuple[EntryState, Reason | None], int] = {}
        with self._database.read() as connection:
            # By all columns of the index, so that it is read in order and nothing is sorted.
            for state, _currency, reason, count in connection.execute(ours.group_by(*columns)):
                kind = (EntryState(state), Reason(reason) if reason else None)
                found[kind] = found.get(kind, 0) + count
        return found

    def linked_currencies(self) -> frozenset[str]:
        """Currencies in which an invoice was read back and found right.

        It takes one look into the index for each.
        """
        found: list[str] = [""]
        query = select(func.min(_table.c.currency)).where(
            _table.c.bridge == self._name, _table.c.state == EntryState.DONE.value
        )
        with self._database.read() as connection:
            while next_one := connection.execute(
                query.where(_table.c.currency > found[-1])
            ).scalar():
                found.append(next_one)
        return frozenset(found[1:])

    def _count(
        self, connection: Connection, state: EntryState, *conditions: ColumnElement[bool]
    ) -> int:
        ours = (_table.c.bridge == self._name) & (_table.c.state == state.value)
        query = select(func.count()).select_from(_table).where(ours, *conditions)
        return int(connection.execute(query).scalar_one())

    def _there(
        self, states: Iterable[EntryState], *conditions: ColumnElement[bool]
    ) -> list[EntryState]:
        """Those of the states that any entry is in: one look into the index for each."""
        ours = select(_table.c.state).where(_table.c.bridge == self._name, *conditions).limit(1)
        with self._database.read() as connection:
            return [
                state
                for state in states
                if connection.execute(ours.where(_table.c.state == state.value)).first()
            ]

    def _stream(
        self,
        state: EntryState,
        *conditions: ColumnElement[bool],
        page: int,
        after: tuple[str, str] | None = None,
    ) -> Iterator[Row[Any]]:
        query = select(_table).where(
            _table.c.bridge == self._name, _table.c.state == state.value, *conditions
        )
        return pages(self._database, query, _table.c.day, _table.c.sort_key, page=page, after=after)


def _place(row: EntryRow) -> tuple[str, str]:
    """Where an entry stands in the order of work."""
    return to_day(row.paid_on or row.issued) or UNDATED, sort_key(text_of(row.invoice))


def _is_due(now: dt.datetime) -> ColumnElement[bool]:
    return or_(_table.c.next_try.is_(None), _table.c.next_try <= to_micros(now))


def _merged(*streams: Iterator[Row[Any]]) -> Iterator[Row[Any]]:
    return heapq.merge(*streams, key=lambda row: (row.day, row.sort_key))
