"""Carrying out writes, in order, inside a transaction that the caller commits."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, case, delete, func, or_, select, union_all, update

from bridge.errors import StoreError
from bridge.model.keys import Key, Role, ref_from, text_of
from bridge.model.refs import Kind, SourceRef
from bridge.model.run import StepState
from bridge.store.db.paging import pieces
from bridge.store.db.statements import PreparedStatement, prepared_insert
from bridge.store.tables import acceptances, answers, schema, snapshots
from bridge.store.tables.mapping import (
    dump_json,
    dump_payload,
    dump_target,
    id_from,
    maybe_micros,
    printable,
    sort_key,
    to_day,
    to_micros,
)
from bridge.store.tables.values import (
    Accept,
    AddEvent,
    Conclude,
    DropLink,
    Intend,
    KeepAnswer,
    KeepSnapshot,
    LinkRow,
    PutLink,
    SetEntry,
    StepRow,
    Unaccept,
    Write,
)

T = TypeVar("T")

_entry, _step, _link, _event = schema.entry, schema.step, schema.link, schema.event

_MOVES = or_(_entry.c.state != bindparam("new_state"), _entry.c.reason != bindparam("new_reason"))
_INTEND = prepared_insert(_step)
_CONCLUDE = PreparedStatement(
    update(_step)
    .where(_step.c.bridge == bindparam("at_bridge"), _step.c.id == bindparam("at_id"))
    .values(
        {name: bindparam(f"new_{name}") for name in ("state", "target", "error", "finished")}
        | {
            name: func.coalesce(bindparam(f"new_{name}", type_=_step.c[name].type), _step.c[name])
            for name in ("parent", "intended")
        }
    )
)
_OF_KIND = select(_link.c.ref).where(
    _link.c.bridge == bindparam("at_bridge"), _link.c.kind == bindparam("at_kind")
)
# Whatever may be in a link's way, and the link itself: three looks into three indexes.
_STANDING = PreparedStatement(
    union_all(
        _OF_KIND.where(_link.c.ref == bindparam("at_ref")),
        _OF_KIND.where(
            _link.c.target_id == bindparam("number"),
            _link.c.target_internal == bindparam("internal"),
        ),
        _OF_KIND.where(_link.c.target_permanent == bindparam("permanent")),
    )
)
_INSERT_LINK = prepared_insert(_link)
_BOOKED_BY = PreparedStatement(
    select(_step.c.invoice).where(
        _step.c.bridge == bindparam("at_bridge"),
        _step.c.kind == bindparam("at_kind"),
        _step.c.ref == bindparam("at_ref"),
    )
)
_BOOKED = PreparedStatement(
    update(_entry)
    .where(
        _entry.c.bridge == bindparam("at_bridge"),
        _entry.c.sort_key == bindparam("at_sort_key"),
        _entry.c.booked.is_(None),
    )
    .values(booked=bindparam("new_booked"))
)
_ADD_EVENT = prepared_insert(_event, "id")


@cache
def _set_entry_of(given: tuple[str, ...]) -> PreparedStatement:
    """The statement that sets what a decision always gives and these columns too."""
    # In this order: MariaDB lets later assignments see the earlier ones' new values.
    values: list[tuple[Any, Any]] = [
        (_entry.c.changed, case((_MOVES, bindparam("now")), else_=_entry.c.changed)),
        (_entry.c.run, case((_MOVES, bindparam("at_run")), else_=_entry.c.run)),
    ]
    always = ("state", "reason", "what", "remedy", "next_try")
    values += ((_entry.c[name], bindparam(f"new_{name}")) for name in (*always, *given))
    here = (_entry.c.bridge == bindparam("at_bridge")) & (
        _entry.c.sort_key == bindparam("at_sort_key")
    )
    return PreparedStatement(update(_entry).where(here).ordered_values(*values))


@cache
def _put_link_of(columns: tuple[str, ...]) -> PreparedStatement:
    """The statement that changes these columns of a link."""
    return PreparedStatement(
        update(_link)
        .where(
            _link.c.bridge == bindparam("at_bridge"),
            _link.c.kind == bindparam("at_kind"),
            _link.c.ref == bindparam("at_ref"),
        )
        .values({name: bindparam(f"new_{name}") for name in columns})
    )


def carry_out(
    connection: Connection, bridge: str, run: int, now: int, writes: Sequence[Write]
) -> None:
    """Carry out `writes`. `now` is in microseconds since 1970 UTC.

    First intents, then outcomes, then links, answers and acceptances in their order, then entries,
    snapshots and events: within each of these none looks at what another has written.

    Raises:
        StoreError: a step or an entry is not there, or a target record is linked already.
    """
    steps = [_step_values(bridge, intent.step) for intent in _only(Intend, writes)]
    _INTEND.run_all(connection, steps)
    _conclude(connection, bridge, now, _only(Conclude, writes))
    for write in writes:
        match write:
            case PutLink():
                _put_link(connection, bridge, write)
            case DropLink():
                _drop_link(connection, bridge, write.ref)
            case KeepAnswer():
                answers.keep(connection, bridge, write.answer)
            case Accept():
                acceptances.keep(connection, bridge, write.acceptance)
            case Unaccept():
                acceptances.drop(connection, bridge, write.number)
    _set_entries(connection, bridge, run, now, _only(SetEntry, writes))
    snapshots.keep(connection, bridge, run, now, _only(KeepSnapshot, writes))
    events = [_event_values(bridge, run, now, event) for event in _only(AddEvent, writes)]
    _ADD_EVENT.run_all(connection, events)


def _only(kind: type[T], writes: Sequence[Write]) -> list[T]:
    return [write for write in writes if isinstance(write, kind)]


def _step_values(bridge: str, step: StepRow) -> Mapping[str, Any]:
    return {
        "bridge": bridge,
        "id": step.id,
        "run": step.run,
        "invoice": id_from(step.invoice, Kind.INVOICE),
        "kind": step.ref.kind.value,
        "ref": text_of(step.ref),
        "action": step.action.value,
        "state": step.state.value,
        "payload": dump_payload(step.payload),
        "parent": dump_target(step.parent),
        "target": dump_target(step.target),
        "error": printable(step.error),
        "intended": to_micros(step.intended),
        "finished": maybe_micros(step.finished),
    }


def _conclude(connection: Connection, bridge: str, now: int, outcomes: Sequence[Conclude]) -> None:
    values = [
        {
            "at_bridge": bridge,
            "at_id": outcome.step_id,
            "new_state": outcome.state.value,
            "new_target": dump_target(outcome.target),
            "new_error": printable(outcome.error),
            "new_parent": dump_target(outcome.parent),
            "new_intended": maybe_micros(outcome.sent),
            "new_finished": _finished(outcome, now),
        }
        for outcome in outcomes
    ]
    if _CONCLUDE.run_all(connection, values) != len(values):
        numbers = {outcome.step_id for outcome in outcomes}
        query = select(_step.c.id).where(_step.c.bridge == bridge, _step.c.id.in_(numbers))
        absent = numbers.difference(connection.execute(query).scalars())
        raise _absent(", ".join(f"step {number}" for number in sorted(absent)))


def _finished(outcome: Conclude, now: int) -> int | None:
    if outcome.state is StepState.INTENDED:
        return None
    return to_micros(outcome.finished) if outcome.finished else now


def _set_entries(
    connection: Connection, bridge: str, run: int, now: int, puts: Sequence[SetEntry]
) -> None:
    rows = [(put, tuple(_given(put))) for put in puts]
    for names, some in groupby(rows, key=lambda row: tuple(name for name, _ in row[1])):
        values = [_entry_values(bridge, run, now, put, given) for put, given in some]
        if _set_entry_of(names).run_all(connection, values) != len(values):
            raise _absent_entry(connection, bridge, puts)


def _entry_values(
    bridge: str, run: int, now: int, put: SetEntry, given: Sequence[tuple[str, object]]
) -> Mapping[str, Any]:
    return {
        "at_bridge": bridge,
        "at_sort_key": sort_key(id_from(put.invoice, Kind.INVOICE)),
        "at_run": run,
        "now": now,
        "new_state": put.state.value,
        "new_reason": put.reason.value if put.reason else "",
        "new_what": printable(put.what),
        "new_remedy": printable(put.remedy),
        "new_next_try": maybe_micros(put.next_try),
        **{f"new_{name}": value for name, value in given},
    }


def _absent_entry(connection: Connection, bridge: str, puts: Sequence[SetEntry]) -> StoreError:
    """Which of these is not there."""
    keys = {sort_key(text_of(put.invoice)): put.invoice for put in puts}
    for some in pieces(sorted(keys)):
        query = select(_entry.c.sort_key).where(
            _entry.c.bridge == bridge, _entry.c.sort_key.in_(some)
        )
        for found in connection.execute(query).scalars():
            del keys[found]
    return _absent(", ".join(str(ref) for ref in keys.values()))


def _given(put: SetEntry) -> Iterator[tuple[str, object]]:
    for name in ("money_fingerprint", "content_fingerprint", "tries", "target"):
        value = getattr(put, name)
        if value is not None:
            yield name, value


def _put_link(connection: Connection, bridge: str, put: PutLink) -> None:
    link = put.link
    values: dict[str, Any] = {
        "target_kind": link.target.kind.value,
        "target_id": link.target.id,
        "target_internal": link.target.internal_id,
        "target_permanent": link.target.internal_id or None,
        "day": to_day(link.day),
        "client": dump_target(link.client),
    }
    if link.payload is not None:  # the last that was composed is kept
        values["payload"] = dump_payload(link.payload)
    if _is_there(connection, bridge, link):
        place = {"at_bridge": bridge, "at_kind": link.ref.kind.value, "at_ref": text_of(link.ref)}
        new = {f"new_{name}": value for name, value in values.items()}
        _put_link_of(tuple(values)).run(connection, place | new)
        return
    identity = {"bridge": bridge, "kind": link.ref.kind.value, "ref": text_of(link.ref)}
    origin = {
        "adopted": link.adopted,
        "run": link.run,
        "created": to_micros(link.created),
        "payload": values.get("payload"),
    }
    _INSERT_LINK.run(connection, {**identity, **values, **origin})
    if _books_its_entry(link.ref):
        _note_booked(connection, bridge, put)


def _drop_link(connection: Connection, bridge: str, ref: SourceRef) -> None:
    connection.execute(
        delete(_link).where(
            _link.c.bridge == bridge, _link.c.kind == ref.kind.value, _link.c.ref == text_of(ref)
        )
    )
    if ref.kind is Kind.INVOICE:
        booked = (_entry.c.bridge == bridge) & (_entry.c.sort_key == sort_key(text_of(ref)))
        connection.execute(update(_entry).where(booked).values(booked=None))


def _is_there(connection: Connection, bridge: str, link: LinkRow) -> bool:
    """Whether this link is there already.

    A number that was given again is another record: its internal id differs, or is new.

    Raises:
        StoreError: its target record is linked to another source record.
    """
    place = {"at_bridge": bridge, "at_kind": link.ref.kind.value, "at_ref": text_of(link.ref)}
    target = {
        "number": link.target.id,
        "internal": link.target.internal_id,
        "permanent": link.target.internal_id or None,
    }
    found = set(_STANDING.column(connection, place | target))
    for other in sorted(found - {text_of(link.ref)}):
        raise StoreError(
            f"{link.target} in the target is linked to {ref_from(other, link.ref.kind)} in the"
            f" source, so it was not linked to {link.ref} as well",
            remedy=f"Look at both in the target; type `bridge explain` with each invoice to see"
            f" what was sent for {ref_from(other, link.ref.kind)} and {text_of(link.ref)}.",
            record=str(link.ref),
        )
    return text_of(link.ref) in found


def _books_its_entry(ref: SourceRef) -> bool:
    """Its document does, or the money that it put on a balance, after which nothing is sold."""
    return ref.kind is Kind.INVOICE or Key.of(ref).role is Role.PREPAID


def _note_booked(connection: Connection, bridge: str, put: PutLink) -> None:
    """Mark the entry, whose document may be its second and have a ref of its own."""
    link = put.link
    place = {"at_bridge": bridge, "at_kind": link.ref.kind.value, "at_ref": text_of(link.ref)}
    if put.entry is None:
        invoice = next(iter(_BOOKED_BY.column(connection, place)), text_of(link.ref))
    else:
        invoice = text_of(put.entry)
    booked = {"at_sort_key": sort_key(invoice), "new_booked": to_micros(link.created)}
    _BOOKED.run(connection, {"at_bridge": bridge} | booked)


def _event_values(bridge: str, run: int, now: int, event: AddEvent) -> Mapping[str, Any]:
    return {
        "bridge": bridge,
        "at": now,
        "run": run,
        "level": event.level,
        "code": event.code,
        "message": printable(event.message),
        "invoice": id_from(event.invoice, Kind.INVOICE) if event.invoice else "",
        "data": dump_json(event.data),
    }


def _absent(what: str) -> StoreError:
    return StoreError(
        f"{what} is not in the sync log, so nothing of this write was kept",
        remedy="Report this as a defect of bridge, with the output of `bridge log --run`.",
        record=what,
    )
