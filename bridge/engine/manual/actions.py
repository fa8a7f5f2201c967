"""What a person does by hand: retry, skip, unskip, link, unlink. Each leaves an event."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bridge.engine.context import Connections, Operator
from bridge.engine.decide.content import content_fingerprint
from bridge.engine.decide.inputs import DecisionInputs
from bridge.engine.decide.plan import decide
from bridge.engine.find_entries import named_entry
from bridge.engine.write.readback import differs_from, ranges
from bridge.engine.write.writer import OPEN, Step, writer_of
from bridge.errors import UsageError
from bridge.model.keys import Key, Reference, token_of
from bridge.model.reasons import Hold, Reason, Skip
from bridge.model.refs import Kind, SourceRef, client_ref
from bridge.model.run import EntryState, StepState
from bridge.model.source_records import Client, Invoice, Missing
from bridge.model.target_records import TargetClient, TargetDocument
from bridge.store.tables.values import (
    Action,
    AddEvent,
    Conclude,
    DropLink,
    EntryRow,
    LinkRow,
    PutLink,
    SetEntry,
    Write,
)

_RETRIED = frozenset({EntryState.HELD, EntryState.FAILED, EntryState.MISMATCH})
_SKIPPED = frozenset({EntryState.PENDING, EntryState.HELD, EntryState.FAILED, EntryState.MISMATCH})


@dataclass(frozen=True, slots=True)
class ManualActions:
    """Manual acts on the sync log, under the run lock."""

    operator: Operator

    def retry(self, names: Sequence[str], reasons: Sequence[Reason]) -> list[EntryRow]:
        """Put held, failed and mismatched invoices back on the work list.

        What was written and came out wrong is not written again: what there is to remark on it is
        decided anew, and it is read back.

        Raises:
            UsageError: a named invoice is in no state that can be tried again.
        """
        if names:
            rows = [named_entry(self.operator.log, name) for name in names]
            for row in rows:
                _only(row, _RETRIED, "tried again")
        else:
            rows = list(self.operator.log.entries(states=_RETRIED, reasons=reasons))
        for row in rows:
            self._write(row, f"to be tried again (was {_was(row)})", _pending(row))
        return rows

    def skip(self, name: str, because: str) -> EntryRow:
        """Leave an invoice out of the books for a reason that a person gives."""
        row = named_entry(self.operator.log, name)
        _only(row, _SKIPPED, "skipped")
        change = SetEntry(
            row.invoice,
            EntryState.SKIPPED,
            reason=Reason.SKIPPED_BY_USER,
            what=f"{because} ({self.operator.who})",
            tries=0,
        )
        self._write(row, f"skipped because: {because} (was {_was(row)})", change)
        return row

    def unskip(self, name: str) -> EntryRow:
        """Put an invoice that a person skipped back on the work list."""
        row = named_entry(self.operator.log, name)
        if row.reason is not Reason.SKIPPED_BY_USER:
            raise UsageError(
                f"invoice {row.number} was not skipped by hand: it is {_was(row)}",
                remedy="only what `bridge skip` put aside can be taken back",
            )
        self._write(row, f"no longer skipped (was: {row.what})", _pending(row))
        return row

    def link_client(self, ends: Connections, client_id: str, key: str) -> TargetClient:
        """Say which of the target's clients a client of the source is.

        Args:
            ends: Both ends, checked and prepared.
            client_id: The source's id.
            key: The target's code or id of the client.
        """
        ref = client_ref(client_id)
        client = next(iter(ends.source.clients([ref])))
        if isinstance(client, Missing):
            raise UsageError(
                f"client {client_id} is not in the source: {client.why}",
                remedy="check the id",
            )
        found = [each for each in ends.target.clients() if key in (each.key, each.ref.id)]
        if len(found) != 1:
            raise UsageError(
                f"{len(found)} clients of the target have the code or id {key}",
                remedy="give its code as the target shows it",
            )
        payload = ends.target.compose_client(
            client, Reference(token_of(ends.source.label, client.ref))
        )
        if isinstance(payload, Hold):
            raise UsageError(payload.what, remedy=payload.remedy)
        # The link holds no payload: the next run compares and marks the record as ours.
        link = LinkRow(
            ref=client.ref,
            target=found[0].ref,
            payload=None,
            adopted=True,
            day=None,
            client=None,
            run=self.operator.run.id,
            created=self.operator.clock(),
        )
        invoices = [
            row for row in self.operator.log.entries(states=_RETRIED) if row.client == client.ref
        ]
        told = f"client {client_id} is {found[0].key} ({found[0].name})"
        self.operator.log.write(
            self.operator.run, [PutLink(link), self._told(None, told)], lease=self.operator.lease
        )
        for row in invoices:
            if row.reason is Reason.CLIENT_AMBIGUOUS:
                self._write(row, "its client is known now", _pending(row))
        return found[0]

    def link_invoice(
        self, ends: Connections, terms: DecisionInputs, name: str, number: str
    ) -> TargetDocument:
        """Say which document of the target an invoice is, where its figures agree.

        Args:
            ends: Both ends, checked and prepared.
            terms: As for a run.
            name: The invoice's id or number in the source.
            number: The document's number in the target.
        """
        row = named_entry(self.operator.log, name)
        _only(row, _RETRIED | {EntryState.PENDING, EntryState.UNKNOWN}, "linked")
        invoice = next(iter(ends.source.invoices([row.invoice])))
        if isinstance(invoice, Missing):
            raise UsageError(
                f"invoice {row.number} could not be read: {invoice.why}", remedy="run it again"
            )
        found = self._document(ends, row, invoice, number)
        client = next(iter(ends.source.clients([invoice.client])))
        plan = decide(invoice, client, terms) if isinstance(client, Client) else None
        if plan is None or isinstance(plan, Skip | Hold):
            why = plan.what if plan else "its client is not in the source"
            raise UsageError(f"invoice {row.number} is not bookable: {why}", remedy="skip it")
        if plan.sale is None:
            raise UsageError(
                f"invoice {row.number} sells nothing", remedy="there is nothing to link"
            )
        payload = ends.target.compose_invoice(plan.sale)
        if isinstance(payload, Hold):
            raise UsageError(payload.what, remedy=payload.remedy)
        wrong = differs_from(payload, found.net, found.tax)
        if wrong:
            raise UsageError(
                f"document {number} is not invoice {row.number}: {'; '.join(wrong)}",
                remedy="correct one of the two first; bridge links only what agrees",
            )
        payload = replace(payload, date=found.date, reference=found.reference)
        writer = writer_of(self.operator, ends.target)
        writer.note(*self._close_open_steps(row))
        step = Step(
            row.invoice, row.invoice, Action.LINK, payload, found.client, client=found.client
        )
        writer.tie(step, found.ref)
        writer.note(
            SetEntry(
                row.invoice,
                EntryState.PENDING,
                content_fingerprint=content_fingerprint(invoice),
                tries=0,
            ),
            self._told(row.invoice, f"linked to document {number}"),
        )
        writer.flush()
        return found

    def unlink(self, ends: Connections, name: str) -> EntryRow:
        """Forget a link whose document is gone from the target, so that it can be booked again.

        Raises:
            UsageError: it is still there; bridge would write it twice.
        """
        row = named_entry(self.operator.log, name)
        link = self.operator.log.links([row.invoice]).get(row.invoice)
        if link is None:
            raise UsageError(
                f"invoice {row.number} is not linked to anything", remedy="nothing to do"
            )
        if self._still_there(ends, link):
            raise UsageError(
                f"document {link.target.id} is still in the target",
                remedy="delete it there first; bridge forgets only what is provably gone",
            )
        gone = [each.ref for each in self.operator.log.links_of_invoice(row.invoice)]
        drops = [
            DropLink(ref)
            for ref in gone
            if ref.kind is not Kind.CLIENT and not Key.of(ref).is_undone
        ]
        self._write(
            row,
            f"no longer linked to document {link.target.id}, which is gone from the target",
            *drops,
            SetEntry(row.invoice, EntryState.PENDING, tries=0, target=""),
        )
        return row

    # Parts -----------------------------------------------------------------------------------

    def _document(
        self, ends: Connections, row: EntryRow, invoice: Invoice, number: str
    ) -> TargetDocument:
        client = self.operator.log.links([row.client]).get(row.client)
        days = [day for day in (invoice.paid_on, invoice.issued) if day]
        clients = [client.target] if client else []
        for document in ends.target.documents(ranges(days), clients):
            if number in (document.ref.id, document.ref.internal_id):
                return document
        raise UsageError(
            f"no document {number} was found among those of its client and its days",
            remedy=f"link its client first: `bridge link client {row.client.id} CODE`",
        )

    def _still_there(self, ends: Connections, link: LinkRow) -> bool:
        days = ranges([link.day]) if link.day else []
        clients = [link.client] if link.client else []
        return any(
            document.ref.id == link.target.id
            or (link.target.internal_id and document.ref.internal_id == link.target.internal_id)
            for document in ends.target.documents(days, clients)
        )

    def _close_open_steps(self, row: EntryRow) -> list[Write]:
        """A person says where it is: nothing is unknown about the document any more."""
        return [
            Conclude(step.id, StepState.REFUSED, error=f"linked by hand ({self.operator.who})")
            for step in self.operator.log.steps(states=OPEN, invoice=row.invoice)
            if step.ref == row.invoice
        ]

    def _told(self, invoice: SourceRef | None, what: str) -> AddEvent:
        return AddEvent("info", "by_hand", f"{what} ({self.operator.who})", invoice)

    def _write(self, row: EntryRow, told: str, *writes: Write) -> None:
        self.operator.log.write(
            self.operator.run, [*writes, self._told(row.invoice, told)], lease=self.operator.lease
        )


def _only(row: EntryRow, states: Collection[EntryState], what: str) -> None:
    if row.state in states:
        return
    remedy = "see `bridge explain` for where it stands"
    if row.state in {EntryState.UNKNOWN, EntryState.UNVERIFIED}:
        remedy = "run `bridge sync`: it finds out what was written before anything else"
    raise UsageError(f"invoice {row.number} cannot be {what}: it is {_was(row)}", remedy=remedy)


def _was(row: EntryRow) -> str:
    return f"{row.state.value} ({row.reason.value})" if row.reason else row.state.value


def _pending(row: EntryRow) -> SetEntry:
    return SetEntry(row.invoice, EntryState.PENDING, tries=0)
