"""Reading and deciding ahead of the writing: from rows of the work list to what is to be done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bridge.engine.context import Connections, Observers
from bridge.engine.decide.added_lines import UNSPLIT, divide
from bridge.engine.decide.answers import NO_ANSWERS, answers_of
from bridge.engine.decide.client_match import Match
from bridge.engine.decide.content import snapshot_of
from bridge.engine.decide.eligibility import decide_header
from bridge.engine.decide.inputs import DecisionInputs, PriorBooking
from bridge.engine.decide.mass_payments import container_shares
from bridge.engine.decide.plan import Plan, asks, decide
from bridge.engine.prepare.compose import Composed, ComposedRecord, compose
from bridge.engine.prepare.moved_lines import MovedLines
from bridge.errors import PluginError, TransientError, UnreachableError
from bridge.model.keys import Key, Role, UnusableIdError, bookings
from bridge.model.money import Money, total
from bridge.model.reasons import Hold, Reason, Skip
from bridge.model.refs import Kind, SourceRef
from bridge.model.source_records import BalanceEntry, Client, Invoice, Missing
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import EntryRow, KeepSnapshot, LinkRow, SightingRow

_UNREADABLE_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Unread:
    """An invoice that could not be read this time: tried again on a later run."""

    why: str
    remedy: str = "it is read again on the next run; look at it in the source if it persists"


_Answer: TypeAlias = Invoice | Missing | Unread


@dataclass(frozen=True, slots=True)
class TargetLookup:
    """What is known beyond the log about the invoices of one batch.

    Attributes:
        matches: By client id, where clients may stand that the log does not know.
        there: By token, documents and movements that stand in the target and are not linked.
    """

    matches: Mapping[str, Match] = field(default_factory=dict)
    there: Mapping[str, Sequence[SightingRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class WorkItem:
    """One invoice of the work list, as far as it has come.

    It is prepared once it has an answer; looked up, and fit to be scheduled, once it has what
    stands in the target, its `conflict_keys` and `first_of_kind`.

    Attributes:
        answer: What is to be written, or why nothing is.
        money: Digest of the transactions, None when the invoice was not read.
        links: What of it stands in the books already.
        used: What the source said, to be kept with the decision; None when it was not read.
        content: Digest of what is booked, stored with the first intent.
        lookup: What stands in the target and the log does not know.
        conflict_keys: What it must not share with another invoice that is under way: its client,
            and the transactions that paid it.
        first_of_kind: Its currency, and whether a credit note is among it: of each the first is
            read back before another is sent.
    """

    row: EntryRow
    answer: Composed | Skip | Hold | Unread
    money: str | None = None
    links: Mapping[SourceRef, LinkRow] = field(default_factory=dict)
    used: KeepSnapshot | None = None
    content: str = ""
    lookup: TargetLookup = field(default_factory=TargetLookup)
    conflict_keys: frozenset[str] = frozenset()
    first_of_kind: frozenset[str] = frozenset()

    @property
    def composed(self) -> Composed:
        """What is to be written of an invoice that is ready.

        Raises:
            LookupError: nothing is to be written of it.
        """
        if not isinstance(self.answer, Composed):
            msg = f"{self.row.invoice} has nothing to be written"
            raise LookupError(msg)
        return self.answer

    @property
    def fresh(self) -> list[ComposedRecord]:
        """The documents and money that do not stand in the books yet, as far as the log knows."""
        parts = (self.composed.invoice, *self.composed.parts)
        return [part for part in parts if part and part.ref not in self.links]


@dataclass(frozen=True, slots=True)
class Preparer:
    """Reads and decides. Safe to run on a thread beside the writer."""

    ends: Connections
    log: SyncLog
    terms: DecisionInputs
    observers: Observers
    moved: MovedLines

    def prepare(self, rows: Sequence[EntryRow]) -> list[WorkItem]:
        """One answer a row, in order.

        Raises:
            UnreachableError: three invoices in a row could not be read.
        """
        written = {row.invoice: self._written(row) for row in rows}
        links = {invoice: _standing(every) for invoice, every in written.items()}
        result: dict[SourceRef, WorkItem] = {}
        unread: list[EntryRow] = []
        for row in rows:
            halfway = _half_undone(row, written[row.invoice])
            if halfway:
                result[row.invoice] = WorkItem(row, halfway)
                continue
            skip = None if links[row.invoice] else decide_header(row, self.terms.policy)
            if skip:
                result[row.invoice] = WorkItem(row, skip)
            else:
                unread.append(row)
        read = list(self._read(unread))
        clients = self._clients([answer for _, answer in read if isinstance(answer, Invoice)])
        for row, answer in read:
            if links[row.invoice] and not isinstance(answer, Unread):
                self.moved.see(row, answer)
        for row, answer in read:
            number = bookings(written[row.invoice])
            result[row.invoice] = self._one(row, answer, clients, links[row.invoice], number)
        return [result[row.invoice] for row in rows]

    def _written(self, row: EntryRow) -> Mapping[SourceRef, LinkRow]:
        """What was written for it; nothing is asked for the many that were never booked."""
        if row.content_fingerprint is None:
            return {}
        links = self.log.links_of_invoice(row.invoice)
        return {link.ref: link for link in links if link.ref.kind is not Kind.CLIENT}

    def _read(self, rows: Sequence[EntryRow]) -> Iterator[tuple[EntryRow, _Answer]]:
        """Read in full; one that cannot be read does not keep the others from being read."""
        position = failures = 0
        together = len(rows)
        while position < len(rows):
            some = rows[position : position + together]
            before = position
            try:
                for answer in self.ends.source.invoices([row.invoice for row in some]):
                    if position == len(rows) or answer.ref != rows[position].invoice:
                        break
                    failures = 0
                    yield rows[position], answer
                    position += 1
                if position == before:  # asking again at once would never end
                    yield rows[position], Unread("the source said nothing of it when it was asked")
                    position += 1
            except TransientError as error:
                failures += 1
                if failures >= _UNREADABLE_IN_A_ROW:
                    raise UnreachableError(
                        f"{failures} invoices in a row could not be read: {error.what}",
                        remedy=error.remedy,
                    ) from error
                ref = rows[position].invoice
                yield rows[position], Missing(ref, error.what, gone=False)
                position += 1
            except PluginError as error:
                if len(some) > 1:  # which of them it was shows when each is read alone
                    together = 1
                    continue
                failures += 1
                if failures >= _UNREADABLE_IN_A_ROW:
                    raise
                yield rows[position], Unread(error.what, error.remedy)
                position += 1

    def _clients(
        self, invoices: Sequence[Invoice]
    ) -> Mapping[SourceRef, Client | Missing | Unread]:
        refs = list(dict.fromkeys(invoice.client for invoice in invoices))
        try:
            return {answer.ref: answer for answer in self.ends.source.clients(refs)}
        except PluginError:
            return self._each_client(refs)

    def _each_client(
        self, refs: Sequence[SourceRef]
    ) -> Mapping[SourceRef, Client | Missing | Unread]:
        """Read one by one, so that the one that the plugin stumbles over shows."""
        found: dict[SourceRef, Client | Missing | Unread] = {}
        failures = 0
        for ref in refs:
            try:
                found.update((answer.ref, answer) for answer in self.ends.source.clients([ref]))
                failures = 0
            except PluginError as error:
                failures += 1
                if failures >= _UNREADABLE_IN_A_ROW:
                    raise
                found[ref] = Unread(error.what, error.remedy)
        return found

    def _one(
        self,
        row: EntryRow,
        answer: _Answer,
        clients: Mapping[SourceRef, Client | Missing | Unread],
        links: Mapping[SourceRef, LinkRow],
        number: int,
    ) -> WorkItem:
        if isinstance(answer, Missing):
            return WorkItem(row, _missing(answer, row, links), links=links)
        if isinstance(answer, Unread):
            return WorkItem(row, answer, links=links)
        client = clients[answer.client]
        if isinstance(client, Unread):
            return WorkItem(row, client, links=links)
        used = snapshot_of(answer, client)
        unread, money = Unread("it was not decided"), answer.money_fingerprint()
        item = WorkItem(row, unread, money, links, used, used.content)
        try:
            return self._decide(item, answer, client, number)
        except PluginError as error:
            return replace(item, answer=Unread(error.what, error.remedy))
        except UnusableIdError as error:
            return replace(item, answer=error.hold)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # A record that our own rules stumble over must not stop the others, nor be booked.
            return replace(item, answer=Unread(f"bridge could not make sense of it ({error!r})"))

    def _decide(
        self, item: WorkItem, invoice: Invoice, client: Client | Missing, number: int
    ) -> WorkItem:
        row, links = item.row, item.links
        answers = answers_of(self.log.answers(invoice.ref)) if links else NO_ANSWERS
        divided = divide(invoice, row.content_fingerprint, links, answers) if links else UNSPLIT
        if divided is None:
            return replace(item, answer=_changed_after_booking())
        if isinstance(client, Missing):
            return replace(item, answer=_client_missing(invoice, client))
        before = replace(
            self._before(invoice, links),
            answers=answers,
            booking=number,
            documents=divided.documents,
            waits=divided.waits,
        )
        # What waits is not booked: the digest stays that of what is, so that it is asked again.
        kept = row.content_fingerprint if divided.waits else None
        answer = self._answer(invoice, client, links, before)
        return replace(item, answer=answer, content=kept or item.content)

    def _answer(
        self,
        invoice: Invoice,
        client: Client,
        links: Mapping[SourceRef, LinkRow],
        before: PriorBooking,
    ) -> Composed | Skip | Hold:
        plan = decide(invoice, client, self.terms, before)
        if not links and asks(plan):  # answers to what was never booked are rare: asked for late
            before = replace(before, answers=answers_of(self.log.answers(invoice.ref)))
            plan = decide(invoice, client, self.terms, before)
        if isinstance(plan, Skip | Hold):
            return plan
        wrong = _contradicted(links.values(), plan) if links else self.moved.hold(invoice)
        wrong = wrong or self.observers.review(invoice)
        if wrong:
            return wrong
        booked = {ref: link.payload for ref, link in links.items() if link.payload}
        return compose(self.ends.target, plan, self.terms.label, booked)

    def _before(self, invoice: Invoice, links: Mapping[SourceRef, LinkRow]) -> PriorBooking:
        used = Money.zero(invoice.currency)
        for ref, link in links.items():
            if Key.of(ref).role is Role.USE and Key.of(ref).owner == invoice.ref.id:
                used += link.payload.paid if link.payload and link.payload.paid else used - used
        balances: list[BalanceEntry] = []
        if not invoice.holds and _uses_balance(invoice):
            balances = list(self.ends.source.balances([invoice.client]))
        return PriorBooking(
            is_booked=bool(links),
            used=used,
            balances=balances,
            credited=Key(Role.CANCELLED, invoice.ref.id).ref in links,
        )


def _changed_after_booking() -> Hold:
    """The sale itself is not what it was."""
    return Hold(
        Reason.CHANGED_AFTER_WRITE,
        "its lines or sums were changed in the source after it was booked",
        "compare both (`bridge explain ID`), correct the books by hand, then `bridge skip` it with"
        " the reason",
    )


def _contradicted(links: Iterable[LinkRow], plan: Plan) -> Hold | None:
    """Money that was booked and that the source does not show any more, or shows otherwise.

    While it waits which of two charges counts, the plan has no refunds, and those are not missed.
    """
    now = _amounts(plan)
    asks = plan.remark is not None and plan.remark.reason is Reason.DUPLICATE_TRANSACTION
    for link in links:
        key = Key.of(link.ref)
        if link.ref.kind not in {Kind.PAYMENT, Kind.MOVEMENT} or key.is_balance_use:
            continue
        booked = link.payload.paid if link.payload else None
        if booked is None or key.role in {Role.EXCHANGE, Role.GIVEN}:
            continue
        if asks and key.is_money_back:
            continue
        shown = now.get(link.ref)
        if shown != booked:
            return Hold(
                Reason.CHANGED_AFTER_WRITE,
                f"{link.ref} was booked with {booked}, and the source now shows"
                f" {shown or 'none of it'}",
                "find out what happened to that transaction; correct the books by hand, then"
                " `bridge skip` it with the reason",
            )
    return None


def _amounts(plan: Plan) -> dict[SourceRef, Money]:
    result = {payment.ref: payment.amount for payment in plan.payments}
    result |= {movement.ref: movement.amount for movement in plan.movements}
    return result | {refund.payout.ref: refund.payout.amount for refund in plan.refunds}


def _half_undone(row: EntryRow, written: Mapping[SourceRef, LinkRow]) -> Hold | None:
    """Its document is reversed by half: whether it stands is for the undo to say."""
    note = Key(Role.REVERSED, row.invoice.id, booking=bookings(written)).ref
    if note not in written or row.invoice not in written:
        return None
    return Hold(
        Reason.SKIPPED_BY_USER,
        f"credit note {written[note].target.id} was written to undo it, and the undo was cut short",
        "run the same `bridge undo --run ... --credit-notes` again: it goes on where it stopped",
    )


def _standing(written: Mapping[SourceRef, LinkRow]) -> dict[SourceRef, LinkRow]:
    """What stands in the books: not what an undo reversed."""
    return {ref: link for ref, link in written.items() if not Key.of(ref).is_undone}


def _uses_balance(invoice: Invoice) -> bool:
    """Whether it shows credit that no mass payment explains: what the balance is made of counts."""
    shares = container_shares(invoice)
    if isinstance(shares, Hold):
        return False
    return total((share.amount for share in shares), invoice.currency) < invoice.credit


def _missing(
    answer: Missing, row: EntryRow, links: Mapping[SourceRef, LinkRow]
) -> Skip | Hold | Unread:
    if not answer.gone:
        return answer.hold or Unread(answer.why)
    if links:
        where = links[row.invoice].target.id if row.invoice in links else "a balance"
        return Hold(
            Reason.CHANGED_AFTER_WRITE,
            f"it was deleted in the source after it was booked as {where}",
            "find out whether it was merged into another; correct the books by hand, then"
            " `bridge skip` it with the reason",
        )
    return Skip(Reason.DELETED, "it was deleted in the source before it was booked")


def _client_missing(invoice: Invoice, client: Missing) -> Hold | Unread:
    if client.hold:
        return client.hold
    if not client.gone:
        return Unread(f"its client {client.ref.id} could not be read: {client.why}")
    return Hold(
        Reason.CLIENT_MISSING,
        f"its client {invoice.client.id} does not exist in the source any more",
        "book it by hand, then `bridge skip` it with the reason",
    )
