"""Which documents of a run a credit note may reverse: found out afresh, nothing written."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from bridge.contract import Target
from bridge.engine.context import Choices
from bridge.engine.decide.closed_periods import open_day, with_day
from bridge.engine.undo.inspect import CreatedRecord, Reader, created_by, known_run
from bridge.model.keys import Key, Reference, Role, UnusableIdError, bookings, text_of, token_of
from bridge.model.reasons import Hold
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.target_records import Payload, TargetDocument
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow, LinkRow, RunRow


@dataclass(frozen=True, slots=True)
class ReversalNote:
    """A document, and the credit note that takes it back.

    Attributes:
        booked: The document.
        ref: The key of the credit note.
        payload: What the credit note shows.
        client: The target's client of both.
    """

    booked: CreatedRecord
    ref: SourceRef
    payload: Payload
    client: TargetRef


@dataclass(frozen=True, slots=True)
class Reversal:
    """What becomes of what the run booked of one invoice.

    Attributes:
        planned: None where it stays.
        number: Which booking of the invoice it is, from 1.
        there: Where the log has the credit note already: an earlier undo was cut short.
        stays: Why it is not reversed; empty where it is.
        remedy: What to do instead.
    """

    row: EntryRow
    planned: ReversalNote | None
    number: int = 1
    there: LinkRow | None = None
    stays: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ReversalPlan:
    """What an undo by credit notes would do."""

    run: RunRow
    entries: tuple[Reversal, ...] = ()


def plan_reversals(
    log: SyncLog, target: Target, choices: Choices, label: str, run_id: int, today: dt.date
) -> ReversalPlan:
    """Look at every document that a run made, as it stands now.

    Only a document on which no money stands is reversed: a credit note alone would leave what was
    paid on it with nobody. Customers stay.

    Args:
        log: The sync log, in which nothing of that run is unknown.
        target: Prepared.
        choices: What of the books is closed.
        label: The source's prefix of references.
        run_id: The run, of whatever day.
        today: Local calendar day, which the credit notes bear.

    Raises:
        UsageError: there is no such run, or its end is not known.
    """
    run = known_run(log, run_id)
    planner = _Planner(log, target, Reader(log, target, choices), label, today)
    ours = [one for one in created_by(log, run_id) if one.step.ref.kind is not Kind.CLIENT]
    ours.sort(key=lambda one: (one.step.invoice.id, one.step.id))
    entries: list[Reversal] = []
    for invoice, records in groupby(ours, key=lambda one: one.step.invoice):
        row = log.entry(invoice)
        every = [one for one in records if not Key.of(one.step.ref).is_undone]
        if row and every:
            entries.append(planner.one(row, every))
    return ReversalPlan(run, tuple(entries))


@dataclass(frozen=True, slots=True)
class _Planner:
    log: SyncLog
    target: Target
    reader: Reader
    label: str
    today: dt.date

    def one(self, row: EntryRow, records: Sequence[CreatedRecord]) -> Reversal:
        links = {link.ref: link for link in self.log.links_of_invoice(row.invoice)}
        made = next((one for one in records if one.link.ref == row.invoice), None)
        number = bookings(links)
        ref = Key(Role.REVERSED, row.invoice.id, booking=number).ref
        there = links.get(ref)
        if made and there and there.payload and there.client:
            return Reversal(
                row, ReversalNote(made, ref, there.payload, there.client), number, there
            )
        others = [
            link
            for each, link in links.items()
            if each != row.invoice and each.kind is not Kind.CLIENT and not Key.of(each).is_undone
        ]
        if made is None or others:
            return _stays(row, _in_words(others, made), _MONEY)
        (read,), touched = self.reader.touched(row, [made])
        if touched:
            return _stays(row, touched, _BY_HAND)
        note = self._note(row, read, ref)
        if isinstance(note, Hold):
            return _stays(row, note.what, note.remedy)
        seen = read.found.client if isinstance(read.found, TargetDocument) else None
        client = read.link.client or seen
        if client is None or not _cancels(note, read.step.payload):
            told = f"its credit note would show {note.net} net and {note.tax} tax"
            return _stays(row, told, _BY_HAND)
        return Reversal(row, ReversalNote(read, ref, note, client), number)

    def _note(self, row: EntryRow, made: CreatedRecord, ref: SourceRef) -> Payload | Hold:
        day = open_day(self.today, self.reader.choices, "the credit note of")
        if isinstance(day, Hold):
            return day
        try:
            token = token_of(self.label, ref)
        except UnusableIdError as error:
            return error.hold
        note = self.target.compose_reversal(
            made.step.payload,
            reference=Reference(token, with_day(f"reverses {row.number}", self.today, day)),
            date=day,
            number=made.link.target.id,
        )
        if isinstance(note, Hold):
            return note
        return replace(note, journal=self.target.journal(note))


def _stays(row: EntryRow, why: str, remedy: str) -> Reversal:
    return Reversal(row, None, stays=why, remedy=remedy)


def _cancels(note: Payload, booked: Payload) -> bool:
    """The cent guard: together they come to nothing."""
    if booked.net is None or booked.tax is None:
        return False
    return (note.net, note.tax) == (-booked.net, -booked.tax)


def _in_words(links: Iterable[LinkRow], made: CreatedRecord | None) -> str:
    """What stands on a document besides, by what it is."""
    told = [_in_word(link) for link in links]
    if made is None:
        told.insert(0, "the run did not make its document, only what stands on it")
    return "; ".join(told)


def _in_word(link: LinkRow) -> str:
    ref = link.ref
    amount = link.payload.paid or link.payload.net if link.payload else None
    match ref.kind:
        case Kind.PAYMENT if Key.of(ref).is_balance_use:
            return f"{amount} of the client's balance was used on it ({ref.id})"
        case Kind.PAYMENT:
            return f"{amount} was paid on it ({ref.id})"
        case Kind.MOVEMENT:
            return f"{amount} moved on an account for it, which stays moved ({ref.id})"
        case Kind.CREDIT_NOTE:
            return f"credit note {link.target.id} stands against it ({ref.id})"
        case _:
            return f"it has a further document, {link.target.id} ({text_of(ref)})"


_MONEY = (
    "refund or cancel it in the source, so that bridge books the credit note and how the money"
    " went; or correct it in the target by hand, with your accountant"
)
_BY_HAND = "look at it in the target; if it is wrong, write the credit note there by hand"
