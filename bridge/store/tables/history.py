"""What was done: steps, links, sightings, events, cursors."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from bridge.model.refs import Kind, SourceRef, TargetRef, invoice_ref
from bridge.model.run import StepState
from bridge.store.db.connection import Database
from bridge.store.db.paging import pages, pieces
from bridge.store.tables import schema
from bridge.store.tables.codec import dump_target, id_from, id_of, sort_key, to_day, to_micros
from bridge.store.tables.mapping import event_row, link_row, sighting_row, step_row
from bridge.store.tables.values import Action, EventRow, LinkRow, SightingRow, StepRow

_run, _step, _link, _entry = schema.run, schema.step, schema.link, schema.entry
_sighting, _event, _cursor = schema.sighting, schema.event, schema.cursor

STEPS_OF_A_RUN = 28
"""Bits of a step's id that count within its run; the bits above are the run's id."""

_MAKING = (Action.CREATE.value, Action.ADOPT.value, Action.LINK.value)

# Asked for every invoice, so built once: building costs more than the answer.
_LINKS = select(_link).where(
    _link.c.bridge == bindparam("at_bridge"),
    _link.c.kind == bindparam("at_kind"),
    _link.c.ref.in_(bindparam("ids", expanding=True)),
)
# Not DISTINCT: for that SQLite reads every step there is in the order of the index on `ref`.
_MADE_FOR = select(_step.c.kind, _step.c.ref, _step.c.invoice).where(
    _step.c.bridge == bindparam("at_bridge"),
    _step.c.invoice.in_(bindparam("invoices", expanding=True)),
    _step.c.state == StepState.DONE.value,
    _step.c.action.in_(_MAKING),
)
# The index has the sort key too; for any other column SQLite reads all entries instead.
_INVOICES_OF = select(_entry.c.sort_key).where(
    _entry.c.bridge == bindparam("at_bridge"), _entry.c.client_key == bindparam("at_client")
)


def cursor(database: Database, bridge: str, name: str) -> str | None:
    """A stored cursor."""
    query = select(_cursor.c.value).where(_cursor.c.bridge == bridge, _cursor.c.name == name)
    with database.read() as connection:
        return connection.execute(query).scalar()


def put_cursor(connection: Connection, bridge: str, name: str, value: str) -> None:
    """Store one."""
    here = (_cursor.c.bridge == bridge) & (_cursor.c.name == name)
    if not connection.execute(update(_cursor).where(here).values(value=value)).rowcount:
        connection.execute(insert(_cursor), {"bridge": bridge, "name": name, "value": value})


def steps(
    database: Database,
    bridge: str,
    *,
    states: Collection[StepState] = (),
    invoice: SourceRef | None = None,
    run: int | None = None,
) -> Sequence[StepRow]:
    """Steps by id."""
    query = select(_step).where(_step.c.bridge == bridge).order_by(_step.c.id)
    if states:
        query = query.where(_step.c.state.in_([state.value for state in states]))
        if set(states) <= {StepState.INTENDED, StepState.UNKNOWN}:
            query = query.where(schema.OPEN)
    if invoice is not None:
        query = query.where(_step.c.invoice == id_from(invoice, Kind.INVOICE))
    if run is not None:
        first = run << STEPS_OF_A_RUN
        query = query.where(_step.c.id >= first, _step.c.id < first + (1 << STEPS_OF_A_RUN))
    with database.read() as connection:
        return [step_row(row) for row in connection.execute(query)]


def links(
    database: Database, bridge: str, refs: Collection[SourceRef]
) -> Mapping[SourceRef, LinkRow]:
    """The links of these records."""
    found = {}
    with database.read() as connection:
        for kind, some in groupby(sorted(set(refs)), key=lambda ref: ref.kind):
            for ids in pieces([ref.id for ref in some]):
                place = {"at_bridge": bridge, "at_kind": kind.value, "ids": ids}
                for row in connection.execute(_LINKS, place):
                    link = link_row(row)
                    found[link.ref] = link
    return found


def links_of_invoices(
    database: Database, bridge: str, invoices: Collection[SourceRef]
) -> Mapping[SourceRef, Sequence[LinkRow]]:
    """The links that steps of each of these entries made, by time."""
    made: dict[SourceRef, set[SourceRef]] = {invoice: set() for invoice in invoices}
    with database.read() as connection:
        for some in pieces([id_from(invoice, Kind.INVOICE) for invoice in invoices]):
            for kind, ref, invoice in connection.execute(
                _MADE_FOR, {"at_bridge": bridge, "invoices": some}
            ):
                made[invoice_ref(invoice)].add(SourceRef(Kind(kind), ref))
    found = links(database, bridge, {ref for refs in made.values() for ref in refs})
    return {
        invoice: _by_time(found[ref] for ref in refs if ref in found)
        for invoice, refs in made.items()
    }


def links_of_client(database: Database, bridge: str, client: SourceRef) -> Sequence[LinkRow]:
    """The links that steps of all of this client's entries made, by time."""
    place = {"at_bridge": bridge, "at_client": sort_key(id_from(client, Kind.CLIENT))}
    with database.read() as connection:
        invoices = [id_of(found) for found in connection.execute(_INVOICES_OF, place).scalars()]
        made = [
            (kind, ref)
            for some in pieces(invoices)
            for kind, ref, _ in connection.execute(
                _MADE_FOR, {"at_bridge": bridge, "invoices": some}
            )
        ]
    refs = {SourceRef(Kind(kind), ref) for kind, ref in made}
    return _by_time(links(database, bridge, refs).values())


def _by_time(found: Iterable[LinkRow]) -> Sequence[LinkRow]:
    return sorted(found, key=lambda link: (link.created, sort_key(link.ref.id)))


def linked_targets(
    database: Database, bridge: str, kind: Kind, targets: Collection[TargetRef]
) -> Mapping[TargetRef, SourceRef]:
    """Which of these target records are linked, and to what."""
    numbers = {target.id for target in targets}
    internals = {target.internal_id for target in targets if target.internal_id}
    rows = [
        *_tied(database, bridge, kind, _link.c.target_id, numbers),
        *_tied(database, bridge, kind, _link.c.target_permanent, internals),
    ]
    by_internal = {row.target_permanent: row for row in rows}
    by_number: dict[str, list[Row[Any]]] = {}
    for row in rows:
        by_number.setdefault(row.target_id, []).append(row)
    found = {}
    for target in targets:
        match = _match(target, by_number.get(target.id, ()), by_internal)
        if match is not None:
            found[target] = SourceRef(kind, match.ref)
    return found


def has_links(database: Database, bridge: str, kind: Kind) -> bool:
    """Whether anything of this kind was ever linked."""
    query = select(_link.c.ref).where(_link.c.bridge == bridge, _link.c.kind == kind.value)
    with database.read() as connection:
        return connection.execute(query.limit(1)).first() is not None


def put_sightings(connection: Connection, bridge: str, rows: Sequence[SightingRow]) -> None:
    """Replace what is known of these target records."""
    latest = {(row.kind, row.target.id): row for row in rows}
    for kind, some in groupby(sorted(latest), key=lambda pair: pair[0]):
        ids = [target_id for _, target_id in some]
        connection.execute(
            delete(_sighting).where(
                _sighting.c.bridge == bridge,
                _sighting.c.kind == kind.value,
                _sighting.c.target_id.in_(ids),
            )
        )
    connection.execute(insert(_sighting), [_sighted(bridge, row) for row in latest.values()])


def sightings(
    database: Database, bridge: str, kind: Kind, tokens: Collection[str]
) -> Sequence[SightingRow]:
    """What was seen with these tokens."""
    found = []
    with database.read() as connection:
        for some in pieces(sorted(set(tokens))):
            query = (
                select(_sighting)
                .where(
                    _sighting.c.bridge == bridge,
                    _sighting.c.kind == kind.value,
                    _sighting.c.token.in_(some),
                )
                .order_by(_sighting.c.token, _sighting.c.target_id)
            )
            found += [sighting_row(row) for row in connection.execute(query)]
    return found


def events(
    database: Database,
    bridge: str,
    *,
    run: int | None = None,
    invoice: SourceRef | None = None,
    levels: Collection[str] = (),
    since: dt.datetime | None = None,
    limit: int | None = None,
) -> Iterator[EventRow]:
    """Events by id ascending; with `limit` the latest that many."""
    conditions = [_event.c.bridge == bridge]
    if run is not None:
        conditions.append(_event.c.run == run)
    if invoice is not None:
        conditions.append(_event.c.invoice == id_from(invoice, Kind.INVOICE))
    if levels:
        conditions.append(_event.c.level.in_(sorted(levels)))
    if since is not None:
        conditions.append(_event.c.at >= to_micros(since))
    first = _first_event(database, conditions, limit)
    if first is None:
        return
    query = select(_event).where(*conditions, _event.c.id >= first)
    for row in pages(database, query, None, _event.c.id):
        yield event_row(row)


def _first_event(
    database: Database, conditions: Sequence[ColumnElement[bool]], limit: int | None
) -> int | None:
    """Where an answer begins: so many from the end, or the first that meets the conditions."""
    if limit == 0:
        return None
    query: Select[Any] = select(_event.c.id).where(*conditions)
    first = select(func.min(_event.c.id)).where(*conditions)
    with database.read() as connection:
        if limit is not None:
            from_end = query.order_by(_event.c.id.desc()).offset(limit - 1).limit(1)
            place = connection.execute(from_end).scalar()
            if place is not None:
                return int(place)
        return connection.execute(first).scalar()


def _tied(
    database: Database, bridge: str, kind: Kind, column: ColumnElement[Any], values: set[str]
) -> Iterator[Row[Any]]:
    columns: list[ColumnElement[Any]] = [
        _link.c.ref,
        _link.c.target_id,
        _link.c.target_internal,
        _link.c.target_permanent,
        _link.c.created,
    ]
    ours = select(*columns).where(_link.c.bridge == bridge, _link.c.kind == kind.value)
    with database.read() as connection:
        for some in pieces(sorted(values)):
            yield from connection.execute(ours.where(column.in_(some)))


def _match(
    target: TargetRef, same_number: Sequence[Row[Any]], by_internal: Mapping[str, Row[Any]]
) -> Row[Any] | None:
    """By the permanent id where both know it, else by the number, newest first.

    The target may give a deleted record's number again: equal numbers with other permanent ids
    are other records.
    """
    if target.internal_id and target.internal_id in by_internal:
        return by_internal[target.internal_id]
    unsure = [row for row in same_number if not (target.internal_id and row.target_internal)]
    exact = [row for row in unsure if row.target_internal == target.internal_id]
    return max(exact or unsure, key=lambda row: int(row.created), default=None)


def _sighted(bridge: str, row: SightingRow) -> dict[str, Any]:
    return {
        "bridge": bridge,
        "kind": row.kind.value,
        "target_id": row.target.id,
        "target_kind": row.target.kind.value,
        "target_internal": row.target.internal_id,
        "token": row.token,
        "client": dump_target(row.client),
        "day": to_day(row.day),
        "net_units": None if row.net is None else row.net.minor_units(),
        "net_currency": None if row.net is None else row.net.currency,
        "tax_units": None if row.tax is None else row.tax.minor_units(),
        "tax_currency": None if row.tax is None else row.tax.currency,
        "reference": row.reference,
    }
