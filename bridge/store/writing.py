"""Carrying out writes, in order, inside a transaction that the caller commits."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Update,
    bindparam,
    case,
    delete,
    insert,
    or_,
    select,
    update,
)

from bridge.api import Kind, SourceRef, StoreError
from bridge.store import acceptances, schema, snapshots
from bridge.store.codec import (
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
from bridge.store.rows import (
    PREPAID,
    Accept,
    AddEvent,
    Conclude,
    DropLink,
    Intend,
    KeepSnapshot,
    LinkRow,
    PutLink,
    SetEntry,
    StepRow,
    Unaccept,
    Write,
)

_entry, _step, _link, _event = schema.entry, schema.step, schema.link, schema.event

# Statements are built once: building one costs more than the database takes to carry it out.
_MOVES = or_(_entry.c.state != bindparam("new_state"), _entry.c.reason != bindparam("new_reason"))
_INTEND = insert(_step)
_CONCLUDE = (
    update(_step)
    .where(_step.c.bridge == bindparam("at_bridge"), _step.c.id == bindparam("at_id"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "target", "error", "finished")})
)
_OTHERS = select(_link.c.ref).where(
    _link.c.bridge == bindparam("at_bridge"),
    _link.c.kind == bindparam("at_kind"),
    _link.c.ref != bindparam("at_ref"),
)
_SAME_NUMBER = _OTHERS.where(
    _link.c.target_id == bindparam("number"), _link.c.target_internal == bindparam("internal")
)
_SAME_RECORD = _OTHERS.where(_link.c.target_permanent == bindparam("internal"))
_INSERT_LINK = insert(_link)
_BOOKED_BY = (
    select(_step.c.invoice)
    .where(
        _step.c.bridge == bindparam("at_bridge"),
        _step.c.kind == bindparam("at_kind"),
        _step.c.ref == bindparam("at_ref"),
    )
    .limit(1)
)
_BOOKED = (
    update(_entry)
    .where(
        _entry.c.bridge == bindparam("at_bridge"),
        _entry.c.sort_key == bindparam("at_sort_key"),
        _entry.c.booked.is_(None),
    )
    .values(booked=bindparam("new_booked"))
)
_ADD_EVENT = insert(_event)


@cache
def _set_entry_of(given: tuple[str, ...]) -> Update:
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
    return update(_entry).where(here).ordered_values(*values)


@cache
def _put_link_of(columns: tuple[str, ...]) -> Update:
    """The statement that changes these columns of a link."""
    return (
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

    Raises:
        StoreError: a step or an entry is not there, or a target record is linked already.
    """
    for write in writes:
        match write:
            case Intend():
                _intend(connection, bridge, write.step)
            case Conclude():
                _conclude(connection, bridge, now, write)
            case PutLink():
                _put_link(connection, bridge, write.link)
            case DropLink():
                _drop_link(connection, bridge, write.ref)
            case SetEntry():
                _set_entry(connection, bridge, run, now, write)
            case AddEvent():
                _add_event(connection, bridge, run, now, write)
            case KeepSnapshot():
                snapshots.keep(connection, bridge, run, now, write)
            case Accept():
                acceptances.keep(connection, bridge, write.acceptance)
            case Unaccept():
                acceptances.drop(connection, bridge, write.number)


def _intend(connection: Connection, bridge: str, step: StepRow) -> None:
    connection.execute(
        _INTEND,
        {
            "bridge": bridge,
            "id": step.id,
            "run": step.run,
            "invoice": id_from(step.invoice, Kind.INVOICE),
            "kind": step.ref.kind.value,
            "ref": step.ref.id,
            "action": step.action.value,
            "state": step.state.value,
            "payload": dump_payload(step.payload),
            "parent": dump_target(step.parent),
            "target": dump_target(step.target),
            "error": printable(step.error),
            "intended": to_micros(step.intended),
            "finished": maybe_micros(step.finished),
        },
    )


def _conclude(connection: Connection, bridge: str, now: int, outcome: Conclude) -> None:
    values = {
        "new_state": outcome.state.value,
        "new_target": dump_target(outcome.target),
        "new_error": printable(outcome.error),
        "new_finished": now,
    }
    place = {"at_bridge": bridge, "at_id": outcome.step_id}
    if not connection.execute(_CONCLUDE, place | values).rowcount:
        raise _absent(f"step {outcome.step_id}")


def _set_entry(connection: Connection, bridge: str, run: int, now: int, put: SetEntry) -> None:
    given = dict(_given(put))
    values = {
        "at_bridge": bridge,
        "at_sort_key": sort_key(id_from(put.invoice, Kind.INVOICE)),
        "at_run": run,
        "now": now,
        "new_state": put.state.value,
        "new_reason": put.reason.value if put.reason else "",
        "new_what": printable(put.what),
        "new_remedy": printable(put.remedy),
        "new_next_try": maybe_micros(put.next_try),
        **{f"new_{name}": value for name, value in given.items()},
    }
    if not connection.execute(_set_entry_of(tuple(given)), values).rowcount:
        raise _absent(str(put.invoice))


def _given(put: SetEntry) -> Iterator[tuple[str, object]]:
    for name in ("money_fingerprint", "content_fingerprint", "tries", "target"):
        value = getattr(put, name)
        if value is not None:
            yield name, value


def _put_link(connection: Connection, bridge: str, link: LinkRow) -> None:
    _refuse_second(connection, bridge, link)
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
    place = {"at_bridge": bridge, "at_kind": link.ref.kind.value, "at_ref": link.ref.id}
    new = {f"new_{name}": value for name, value in values.items()}
    if connection.execute(_put_link_of(tuple(values)), place | new).rowcount:
        return
    identity = {"bridge": bridge, "kind": link.ref.kind.value, "ref": link.ref.id}
    origin = {
        "adopted": link.adopted,
        "run": link.run,
        "created": to_micros(link.created),
        "payload": values.get("payload"),
    }
    connection.execute(_INSERT_LINK, {**identity, **values, **origin})
    if _books_its_entry(link.ref):
        _note_booked(connection, bridge, link)


def _drop_link(connection: Connection, bridge: str, ref: SourceRef) -> None:
    connection.execute(
        delete(_link).where(
            _link.c.bridge == bridge, _link.c.kind == ref.kind.value, _link.c.ref == ref.id
        )
    )
    if ref.kind is Kind.INVOICE:
        booked = (_entry.c.bridge == bridge) & (_entry.c.sort_key == sort_key(ref.id))
        connection.execute(update(_entry).where(booked).values(booked=None))


def _refuse_second(connection: Connection, bridge: str, link: LinkRow) -> None:
    """A number that was given again is another record: its internal id differs, or is new."""
    place = {"at_bridge": bridge, "at_kind": link.ref.kind.value, "at_ref": link.ref.id}
    internal = {"internal": link.target.internal_id}
    number = {"number": link.target.id}
    other = connection.execute(_SAME_NUMBER, place | internal | number).scalar()
    if other is None and link.target.internal_id:
        other = connection.execute(_SAME_RECORD, place | internal).scalar()
    if other is not None:
        raise StoreError(
            f"{link.target} in the target is linked to {SourceRef(link.ref.kind, other)} in the"
            f" source, so it was not linked to {link.ref} as well",
            remedy=f"Look at both in the target; type `bridge explain` with each invoice to see"
            f" what was sent for {link.ref.kind.value} {other} and {link.ref.id}.",
            record=str(link.ref),
        )


def _books_its_entry(ref: SourceRef) -> bool:
    """Its document does, or the money that it put on a balance, after which nothing is sold."""
    return ref.kind is Kind.INVOICE or (ref.kind is Kind.MOVEMENT and ref.id.endswith(PREPAID))


def _note_booked(connection: Connection, bridge: str, link: LinkRow) -> None:
    """Mark the entry, whose document may be its second and have a ref of its own."""
    place = {"at_bridge": bridge, "at_kind": link.ref.kind.value, "at_ref": link.ref.id}
    invoice = connection.execute(_BOOKED_BY, place).scalar() or link.ref.id
    booked = {"at_sort_key": sort_key(invoice), "new_booked": to_micros(link.created)}
    connection.execute(_BOOKED, {"at_bridge": bridge} | booked)


def _add_event(connection: Connection, bridge: str, run: int, now: int, event: AddEvent) -> None:
    connection.execute(
        _ADD_EVENT,
        {
            "bridge": bridge,
            "at": now,
            "run": run,
            "level": event.level,
            "code": event.code,
            "message": printable(event.message),
            "invoice": id_from(event.invoice, Kind.INVOICE) if event.invoice else "",
            "data": dump_json(event.data),
        },
    )


def _absent(what: str) -> StoreError:
    return StoreError(
        f"{what} is not in the sync log, so nothing of this write was kept",
        remedy="Report this as a defect of bridge, with the output of `bridge log --run`.",
        record=what,
    )
