"""Values to columns, and rows to values, exactly: what goes in comes out.

Sequences inside JSON come back as lists, whatever they were; everything else is unchanged.
"""

import datetime as dt
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Never

from sqlalchemy import Row

from bridge.model.keys import MOST, ref_from, text_of
from bridge.model.money import Money
from bridge.model.reasons import Reason
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState, StepState
from bridge.model.source_records import InvoiceState
from bridge.model.target_records import Json, Payload, Posting, Rule, TargetLine
from bridge.store.tables.values import (
    Action,
    EntryRow,
    EventRow,
    LinkRow,
    RunRow,
    SightingRow,
    StepRow,
)

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
UNDATED = "9999-12-31"
"""Sorts what has no day after everything that has one."""


def sort_key(source_id: str) -> str:
    """An id in a form whose text order is the order of the numbers, numbers after other text.

    >>> sorted(["10", "9", "9a"], key=sort_key)
    ['9a', '9', '10']
    """
    if source_id.isascii() and source_id.isdigit() and (source_id[0] != "0" or source_id == "0"):
        return f"n{len(source_id):03d}{source_id}"
    return f"a{source_id}"


def id_of(key: str) -> str:
    """The id that `sort_key` was made of."""
    return key[4:] if key.startswith("n") else key[1:]


def can_keep(ref: SourceRef) -> bool:
    """Return whether the log can keep a record under its key."""
    return bool(ref.id) and len(sort_key(text_of(ref))) <= MOST


NUMBERS_FROM = "n"
"""Every sort key of a number is at or above this; every other is below."""


def to_micros(moment: dt.datetime) -> int:
    """Microseconds since 1970 UTC.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        msg = f"{moment} has no time zone"
        raise ValueError(msg)
    return (moment - _EPOCH) // _MICROSECOND


def now_micros() -> int:
    """This machine's clock, in microseconds since 1970 UTC."""
    return to_micros(dt.datetime.now(dt.UTC))


def from_micros(micros: int) -> dt.datetime:
    """An aware datetime in UTC."""
    return _EPOCH + micros * _MICROSECOND


def maybe_micros(moment: dt.datetime | None) -> int | None:
    """`to_micros`, or None."""
    return None if moment is None else to_micros(moment)


def maybe_moment(micros: int | None) -> dt.datetime | None:
    """`from_micros`, or None."""
    return None if micros is None else from_micros(micros)


def to_day(day: dt.date | None) -> str | None:
    """ISO text, or None."""
    return None if day is None else day.isoformat()


def from_day(text: str | None) -> dt.date | None:
    """The day of ISO text, or None."""
    return None if text is None else dt.date.fromisoformat(text)


def printable(text: str) -> str:
    """`text` without what a database cannot hold: NUL, and halves of surrogate pairs.

    For sentences that people read. Keys are never altered.
    """
    return text.replace("\0", "�").encode(errors="replace").decode()


def _plain(value: object) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)  # type: ignore[call-overload]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
_ESCAPING = json.JSONEncoder(separators=(",", ":"), default=_plain)
_EXACT = frozenset({str, int, bool, type(None)})


def dump_json(value: Json) -> str:
    """JSON text, keys in their order.

    Raises:
        TypeError: there is a float, or something else that JSON does not know exactly.
    """
    _refuse_inexact(value)
    text = _ENCODER.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: only an escape can carry it
        return _ESCAPING.encode(value)
    return text


def load_json(text: str) -> Any:
    """What `dump_json` was given."""
    return json.loads(text, parse_float=_no_float, parse_constant=_no_float)


class _LastTexts:
    """The texts of the last payloads: each is kept with its step and then with its link."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._texts: OrderedDict[int, tuple[Payload, str]] = OrderedDict()

    def of(self, payload: Payload) -> str:
        """Its text, by identity: a payload that is kept here keeps its place in memory."""
        known = self._texts.pop(id(payload), None)
        if known is not None:
            return known[1]
        text = dump_json(_payload(payload))
        self._texts[id(payload)] = (payload, text)
        while len(self._texts) > self._most:
            with suppress(KeyError):  # another thread was faster
                self._texts.popitem(last=False)
        return text


_TEXTS = _LastTexts(128)
"""Four for each of 32 workers."""


def dump_payload(payload: Payload) -> str:
    """A payload as JSON text."""
    return _TEXTS.of(payload)


def _payload(payload: Payload) -> Json:
    return {
        "kind": payload.kind,
        "body": payload.body,
        "reference": payload.reference,
        "date": to_day(payload.date),
        "net": _pair(payload.net),
        "tax": _pair(payload.tax),
        "natural_key": payload.natural_key,
        "guarded": payload.guarded,
        "rules": [[rule.about, rule.rule, rule.value] for rule in payload.rules],
        "paid": _pair(payload.paid),
        "lines": [[line.description, _pair(line.net), _pair(line.tax)] for line in payload.lines],
        "difference": _pair(payload.difference),
        "journal": [[each.account, _pair(each.amount)] for each in payload.journal],
    }


def load_payload(text: str) -> Payload:
    """The payload of `dump_payload`."""
    raw = load_json(text)
    return Payload(
        kind=raw["kind"],
        body=raw["body"],
        reference=raw["reference"],
        date=from_day(raw["date"]),
        net=_money(raw["net"]),
        tax=_money(raw["tax"]),
        natural_key=raw["natural_key"],
        guarded=raw["guarded"],
        rules=tuple(Rule(*rule) for rule in raw["rules"]),
        paid=_money(raw["paid"]),
        lines=tuple(
            TargetLine(text, Money.from_minor(*net), Money.from_minor(*tax))
            for text, net, tax in raw["lines"]
        ),
        difference=_money(raw["difference"]),
        journal=tuple(
            Posting(account, Money.from_minor(*amount))
            for account, amount in raw.get("journal", ())  # not kept before there were snapshots
        ),
    )


def dump_target(target: TargetRef | None) -> str | None:
    """A target ref as JSON text, or None."""
    if target is None:
        return None
    return dump_json([target.kind.value, target.id, target.internal_id])


def load_target(text: str | None) -> TargetRef | None:
    """The target ref of `dump_target`."""
    if text is None:
        return None
    kind, target_id, internal_id = load_json(text)
    return TargetRef(Kind(kind), target_id, internal_id)


def id_from(ref: SourceRef, kind: Kind) -> str:
    """The key of a ref that must be of this kind, as the log names invoices and clients.

    Raises:
        ValueError: it is of another kind.
    """
    if ref.kind is not kind:
        msg = f"{ref} stands where the sync log expects a ref of kind {kind.value}"
        raise ValueError(msg)
    return text_of(ref)


def entry_row(row: Row[Any]) -> EntryRow:
    """A row of `bridge_entry`."""
    return EntryRow(
        invoice=ref_from(row.invoice, Kind.INVOICE),
        client=ref_from(row.client, Kind.CLIENT),
        number=row.number,
        status=row.status,
        source_state=InvoiceState(row.source_state),
        issued=from_day(row.issued),
        paid_on=from_day(row.paid_on),
        gross=Money.from_minor(row.gross_units, row.currency),
        header_fingerprint=row.header_fingerprint,
        money_fingerprint=row.money_fingerprint,
        content_fingerprint=row.content_fingerprint,
        state=EntryState(row.state),
        reason=Reason(row.reason) if row.reason else None,
        what=row.what,
        remedy=row.remedy,
        tries=row.tries,
        next_try=maybe_moment(row.next_try),
        changed=from_micros(row.changed),
        run=row.run,
        target=row.target,
    )


def step_row(row: Row[Any]) -> StepRow:
    """A row of `bridge_step`."""
    return StepRow(
        id=row.id,
        run=row.run,
        invoice=ref_from(row.invoice, Kind.INVOICE),
        ref=ref_from(row.ref, Kind(row.kind)),
        action=Action(row.action),
        state=StepState(row.state),
        payload=load_payload(row.payload),
        parent=load_target(row.parent),
        target=load_target(row.target),
        error=row.error,
        intended=from_micros(row.intended),
        finished=maybe_moment(row.finished),
    )


def link_row(row: Row[Any]) -> LinkRow:
    """A row of `bridge_link`."""
    return LinkRow(
        ref=ref_from(row.ref, Kind(row.kind)),
        target=TargetRef(Kind(row.target_kind), row.target_id, row.target_internal),
        payload=None if row.payload is None else load_payload(row.payload),
        adopted=row.adopted,
        day=from_day(row.day),
        client=load_target(row.client),
        run=row.run,
        created=from_micros(row.created),
    )


def sighting_row(row: Row[Any]) -> SightingRow:
    """A row of `bridge_sighting`."""
    return SightingRow(
        kind=Kind(row.kind),
        token=row.token,
        target=TargetRef(Kind(row.target_kind), row.target_id, row.target_internal),
        client=load_target(row.client),
        day=from_day(row.day),
        net=_amount(row.net_units, row.net_currency),
        tax=_amount(row.tax_units, row.tax_currency),
        reference=row.reference,
    )


def event_row(row: Row[Any]) -> EventRow:
    """A row of `bridge_event`."""
    return EventRow(
        id=row.id,
        at=from_micros(row.at),
        run=row.run,
        level=row.level,
        code=row.code,
        message=row.message,
        invoice=ref_from(row.invoice, Kind.INVOICE) if row.invoice else None,
        data=load_json(row.data),
    )


def run_row(row: Row[Any]) -> RunRow:
    """A row of `bridge_run`."""
    return RunRow(
        id=row.id,
        command=row.command,
        started=from_micros(row.started),
        ended=maybe_moment(row.ended),
        host=row.host,
        pid=row.pid,
        version=row.version,
        settings_digest=row.settings_digest,
        exit_code=row.exit_code,
        summary=load_json(row.summary),
    )


def _pair(money: Money | None) -> Json:
    return None if money is None else [money.minor_units(), money.currency]


def _money(raw: Sequence[Any] | None) -> Money | None:
    return None if raw is None else Money.from_minor(raw[0], raw[1])


def _refuse_inexact(value: object) -> None:
    kind = type(value)
    if kind in _EXACT:
        return
    if kind is dict or isinstance(value, Mapping):
        for name, item in value.items():  # type: ignore[attr-defined]
            if not isinstance(name, str):
                msg = f"the sync log cannot hold the key {name!r}: only text can be one"
                raise TypeError(msg)
            if type(item) not in _EXACT:  # most are: it saves time
                _refuse_inexact(item)
        return
    if kind is list or (
        isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)
    ):
        for item in value:  # type: ignore[attr-defined]
            if type(item) not in _EXACT:
                _refuse_inexact(item)
        return
    if isinstance(value, (str, int)):  # of a type of its own
        return
    msg = f"the sync log cannot hold a {kind.__name__} exactly: send amounts as text"
    raise TypeError(msg)


def _no_float(text: str) -> Never:
    msg = f"the sync log held the inexact number {text}"
    raise ValueError(msg)


def _amount(units: int | None, currency: str | None) -> Money | None:
    if units is None or currency is None:
        return None
    return Money.from_minor(units, currency)
