"""Rows of the database as the values that `rows.py` names."""

from typing import Any

from sqlalchemy import Row

from bridge.model.money import Money
from bridge.model.reasons import Reason
from bridge.model.refs import Kind, SourceRef, TargetRef, client_ref, invoice_ref
from bridge.model.run import EntryState, StepState
from bridge.model.source_records import InvoiceState
from bridge.store.tables.codec import (
    from_day,
    from_micros,
    load_json,
    load_payload,
    load_target,
    maybe_moment,
)
from bridge.store.tables.values import (
    Action,
    EntryRow,
    EventRow,
    LinkRow,
    RunRow,
    SightingRow,
    StepRow,
)


def entry_row(row: Row[Any]) -> EntryRow:
    """A row of `bridge_entry`."""
    return EntryRow(
        invoice=invoice_ref(row.invoice),
        client=client_ref(row.client),
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
        invoice=invoice_ref(row.invoice),
        ref=SourceRef(Kind(row.kind), row.ref),
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
        ref=SourceRef(Kind(row.kind), row.ref),
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
        net=_money(row.net_units, row.net_currency),
        tax=_money(row.tax_units, row.tax_currency),
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
        invoice=invoice_ref(row.invoice) if row.invoice else None,
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


def _money(units: int | None, currency: str | None) -> Money | None:
    if units is None or currency is None:
        return None
    return Money.from_minor(units, currency)
