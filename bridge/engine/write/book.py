"""Booking one invoice: client, invoice, payments, movements, credit notes, each at most once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.contract import Target
from bridge.engine.prepare.compose import ComposedRecord
from bridge.engine.prepare.prepare import WorkItem
from bridge.engine.write.client_balance import balance_effect, funded
from bridge.engine.write.client_writer import ClientWriter
from bridge.engine.write.readback import differs_from
from bridge.engine.write.steps import Blocked, Deferred, Steps
from bridge.engine.write.writer import OPEN, Done, Step, is_applied
from bridge.model.keys import Key, Role, key_of, token_at
from bridge.model.money import Money
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import Kind, SourceRef, TargetRef
from bridge.model.run import EntryState
from bridge.model.target_records import TargetPayment
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import Action, LinkRow, SetEntry, SightingRow

_FIND_OUT = (
    "find out where the balance came from, book the invoice and its payment by hand, and"
    " `bridge skip` it with the reason"
)


@dataclass(frozen=True, slots=True)
class InvoiceWritten:
    """All of an invoice is written.

    Attributes:
        target: The number of its document, empty where nothing is sold.
        has_note: Whether a credit note was among what this run wrote.
    """

    target: str
    has_note: bool


@dataclass(slots=True)
class InvoiceWriter:
    """Carries out what was prepared, step by step."""

    target: Target
    log: SyncLog
    label: str
    steps: Steps
    clients: ClientWriter

    def book(self, item: WorkItem) -> InvoiceWritten | Blocked | Deferred:
        """Write what is missing of one invoice.

        Raises:
            AccessError, UnreachableError, LockLostError: the run ends; the log is in order.
            CancelledError: nothing more is to be begun; the rest is for the next run.
        """
        client = item.composed.client
        if client and client.ref in self.clients.known.troubled:
            return Deferred(self.clients.known.troubled[client.ref])
        rest = self._without_given(item)
        if isinstance(rest, Deferred):
            return rest
        unfunded = self._unfunded(rest)
        if unfunded:
            self.steps.recorder.hold(rest.row, unfunded, rest.money)
            return Blocked()
        found = self.clients.client(rest) if client else None
        if isinstance(found, Blocked):
            return found
        try:
            return _Booking(self, rest, found).all()
        finally:
            self.steps.writer.give_up_followers()

    def _without_given(self, item: WorkItem) -> WorkItem | Deferred:
        """Balance given by hand is booked with the first invoice that uses some, and once."""
        composed = item.composed
        given = {
            part.ref for part in composed.parts if Key.of(part.ref).role is Role.GIVEN
        } - item.links.keys()
        if not given:
            return item
        self.steps.writer.flush()
        for step in self.log.steps(states=OPEN):
            if step.ref in given and step.invoice != item.row.invoice:
                return Deferred(f"{step.ref} is being booked with invoice {step.invoice.id}")
        there = self.log.links(given)
        parts = tuple(part for part in composed.parts if part.ref not in there)
        return replace(item, answer=replace(composed, parts=parts))

    def _unfunded(self, item: WorkItem) -> Hold | None:
        """A balance that the books never took in must not be spent in silence."""
        used = [part.payload.paid for part in item.fresh if Key.of(part.ref).is_balance_use]
        wanted = [amount for amount in used if amount and amount.amount > 0]
        if not wanted:
            return None
        currency = wanted[0].currency
        given = (part.payload.paid for part in item.fresh if Key.of(part.ref).role is Role.GIVEN)
        self.steps.writer.flush()
        there = funded(self.log.links_of_client(item.row.client), currency)
        for amount in given:
            there += amount or there - there
        if sum(amount.amount for amount in wanted) <= there.amount:
            return None
        asked = Money(sum((amount.amount for amount in wanted), start=there.amount * 0), currency)
        return Hold(
            Reason.UNFUNDED_CREDIT,
            f"{asked} of it was paid from the client's balance, of which the books hold {there}",
            _FIND_OUT,
        )


@dataclass(slots=True)
class _Booking:
    """One invoice on its way."""

    shared: InvoiceWriter
    item: WorkItem
    client: TargetRef | None
    documents: dict[SourceRef, LinkRow] = field(default_factory=dict)
    standing: dict[SourceRef, Mapping[str, TargetPayment]] = field(default_factory=dict)
    has_note: bool = False

    def all(self) -> InvoiceWritten | Blocked:
        invoice = self.item.composed.invoice
        if invoice:
            blocked = self._document(invoice)
            if blocked:
                return blocked
        for part in self.item.composed.parts:
            blocked = self._part(part)
            if blocked:
                return blocked
        if any(self._funds(part) for part in self.item.composed.parts):
            self._release()
        number = self.documents[invoice.ref].target.id if invoice else ""
        remark = self.item.composed.remark
        self.shared.steps.recorder.written(self.item.row, number, self.item.money, remark)
        return InvoiceWritten(number, self.has_note)

    def _funds(self, part: ComposedRecord) -> bool:
        """Whether this run put it on the client's balance."""
        effect = balance_effect(part.ref, part.payload)
        return part.ref not in self.item.links and effect is not None and effect.amount > 0

    def _release(self) -> None:
        """What waited for the client's balance to be in the books is tried again."""
        waiting = self.shared.log.entries(
            states={EntryState.HELD}, reasons={Reason.UNFUNDED_CREDIT}
        )
        for row in list(waiting):
            # A target's own hold of that name waits for a setting, and would only be told again.
            if row.client == self.item.row.client and row.remedy == _FIND_OUT:
                self.shared.steps.recorder.release(
                    row, "more of its client's balance is booked now"
                )

    def _part(self, part: ComposedRecord) -> Blocked | None:
        if not _is_document(part):
            return self._money(part)
        blocked = self._document(part)
        return self._apply(part) if part.is_applied and not blocked else blocked

    # Documents -------------------------------------------------------------------------------

    def _document(self, part: ComposedRecord) -> Blocked | None:
        if part.ref in self.item.links:
            self.documents[part.ref] = self.item.links[part.ref]
            return None
        there = self.item.lookup.there.get(token_at(part.payload.reference), ())
        if there and self._was_reversed(part, there):
            return Blocked()
        answer = self._adopt(part, there) if there else self._create(part)
        if isinstance(answer, Blocked):
            return answer
        self.documents[part.ref] = answer
        self.has_note = self.has_note or part.ref.kind is Kind.CREDIT_NOTE
        return None

    def _create(self, part: ComposedRecord) -> LinkRow | Blocked:
        steps = self.shared.steps
        step = self._step(part)
        followers = self._followers(part) if part is self.item.composed.invoice else []
        steps.writer.note(self._being_booked())
        outcome = steps.perform(self.item, step, followers)
        if isinstance(outcome, Done):
            return steps.writer.link_of(step, outcome.target)
        return steps.setback(self.item, outcome)

    def _step(self, part: ComposedRecord) -> Step:
        """What makes a document or a movement; or a payment, whose document may come before it."""
        document = self.documents.get(part.document) if part.document else None
        about = document.target if document else None
        if _is_document(part):
            client = self._sure_client()
            return self.shared.steps.step(
                self.item, part.ref, Action.CREATE, part.payload,
                parent=client, client=client, original=about,
            )  # fmt: skip
        return self.shared.steps.step(
            self.item, part.ref, Action.CREATE, part.payload, parent=about
        )

    def _followers(self, invoice: ComposedRecord) -> list[Step]:
        """What is written after the invoice: by now it is certain that it stands nowhere yet."""
        made, steps = {invoice.ref}, list[Step]()
        for part in self.item.composed.parts:
            known = (
                part.ref in self.item.links
                or token_at(part.payload.reference) in self.item.lookup.there
            )
            if known or not (part.document is None or part.document in made or _is_document(part)):
                continue
            steps.append(self._step(part))
            made.add(part.ref)
        return steps

    def _sure_client(self) -> TargetRef:
        if self.client is None:
            msg = "a document without a client"
            raise LookupError(msg)
        return self.client

    def _adopt(self, part: ComposedRecord, there: Sequence[SightingRow]) -> LinkRow | Blocked:
        """Link to the document that carries our reference, if it is just what would be sent."""
        found, steps = there[0], self.shared.steps
        if len(there) > 1:
            numbers = ", ".join(row.target.id for row in there)
            steps.recorder.uncertain(
                self.item.row,
                f"the documents {numbers} in the target all carry its reference {found.token}",
                "delete or re-label all but the right one in the target, then run again",
            )
            return Blocked()
        client = self._sure_client()
        wrong = differs_from(part.payload, found.net, found.tax)
        if found.client != client:
            wrong.append("it belongs to another client")
        if wrong:
            hold = _possible_duplicate(found.target.id, wrong)
            steps.recorder.hold(self.item.row, hold, self.item.money)
            return Blocked()
        # What stands there counts: its day and number may have moved at the source since.
        payload = replace(part.payload, date=found.day, reference=found.reference)
        step = steps.step(
            self.item, part.ref, Action.LINK, payload, parent=client, client=client, day=found.day
        )
        steps.writer.note(self._being_booked())
        target = TargetRef(part.ref.kind, found.target.id, found.target.internal_id)
        steps.writer.tie(step, target)
        return steps.writer.link_of(step, target)

    def _was_reversed(self, part: ComposedRecord, there: Sequence[SightingRow]) -> bool:
        """A log that was lost meets the document of an undo, and the note that reversed it."""
        label = self.shared.label
        key = key_of(token_at(part.payload.reference), label)
        if key.role is not Role.INVOICE or key.part:
            return False
        note = replace(key, role=Role.REVERSED)
        notes = self.shared.log.sightings(Kind.INVOICE, [note.token(label)])
        if notes:
            hold = _reversed_before(
                there[0].target.id, notes[0].target.id, self.item.row.invoice.id
            )
            self.shared.steps.recorder.hold(self.item.row, hold, self.item.money)
        return bool(notes)

    def _apply(self, part: ComposedRecord) -> Blocked | None:
        """Set a credit note against its original, unless the log knows that it is so."""
        steps, invoice = self.shared.steps, self.item.row.invoice
        if part.document is None or is_applied(self.shared.log, invoice, [part.ref]):
            return None
        note = self.documents[part.ref]
        step = steps.step(
            self.item,
            part.ref,
            Action.APPLY,
            part.payload,
            parent=self.documents[part.document].target,
            client=note.client,
            day=note.day,
            target=note.target,
        )
        outcome = steps.perform(self.item, step)
        return None if isinstance(outcome, Done) else steps.setback(self.item, outcome)

    def _being_booked(self) -> SetEntry:
        """Kept with the intent: what is being booked, so that a later change shows."""
        return SetEntry(
            self.item.row.invoice, EntryState.PENDING, content_fingerprint=self.item.content
        )

    # Money -----------------------------------------------------------------------------------

    def _money(self, part: ComposedRecord) -> Blocked | None:
        if part.ref in self.item.links:
            return None
        steps = self.shared.steps
        twin = self._twin(part)
        if isinstance(twin, Blocked):
            return twin
        step = self._step(part)
        if twin:
            steps.writer.note(self._being_booked())
            steps.writer.tie(replace(step, action=Action.LINK), twin)
            return None
        if not self.item.composed.invoice:
            steps.writer.note(self._being_booked())
        outcome = steps.perform(self.item, step)
        return None if isinstance(outcome, Done) else steps.setback(self.item, outcome)

    def _twin(self, part: ComposedRecord) -> TargetRef | Blocked | None:
        """The same record where it stands in the target already, from a log that was lost."""
        token = token_at(part.payload.reference)
        if part.document is None:
            there = self.item.lookup.there.get(token, ())
            return there[0].target if there else None
        document = self.documents[part.document]
        if not document.adopted and part.document not in self.item.links:
            return None  # made by this very run: nobody can have paid it yet
        if part.document not in self.standing:
            standing = self._standing(document)
            if isinstance(standing, Blocked):
                return standing
            self.standing[part.document] = standing
        found = self.standing[part.document].get(token)
        return found.ref if found else None

    def _standing(self, document: LinkRow) -> dict[str, TargetPayment] | Blocked:
        """Payments of a document that are ours; money of other origin holds it.

        Asked for a document that stood there before this run: a log that was restored from a
        backup may know the document and not its payments.
        """
        ours: dict[str, TargetPayment] = {}
        for payment in self.shared.target.payments(document.target):
            token = token_at(payment.note, self.shared.label)
            if key_of(token, self.shared.label).kind is not Kind.PAYMENT:
                hold = _strange_money(document, payment)
                self.shared.steps.recorder.hold(self.item.row, hold, self.item.money)
                return Blocked()
            ours[token] = payment
        return ours


def _is_document(part: ComposedRecord) -> bool:
    return part.ref.kind in {Kind.INVOICE, Kind.CREDIT_NOTE}


def _reversed_before(document: str, note: str, invoice: str) -> Hold:
    return Hold(
        Reason.POSSIBLE_DUPLICATE,
        f"document {document} carries its reference and credit note {note} reversed it: an undo"
        " that this log does not know",
        f"if it was booked again since, `bridge link invoice {invoice} NUMBER` says as which"
        " document; else book it by hand and `bridge skip` it with the reason",
    )


def _strange_money(invoice: LinkRow, payment: TargetPayment) -> Hold:
    return Hold(
        Reason.POSSIBLE_DUPLICATE,
        f"document {invoice.target.id} was there already with a payment of {payment.amount} on"
        f" {payment.date} that bridge did not make",
        "check whether it is the same money; if so `bridge skip` it with the reason, else delete"
        " the payment in the target and `bridge retry` it",
    )


def _possible_duplicate(number: str, wrong: Sequence[str]) -> Hold:
    return Hold(
        Reason.POSSIBLE_DUPLICATE,
        f"document {number} in the target carries its reference, but {'; '.join(wrong)}",
        "correct or delete that document in the target, then"
        " `bridge retry --reason possible_duplicate`",
    )
