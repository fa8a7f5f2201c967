"""Reading and deciding ahead of the writing: from rows of the work list to what is to be done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.api import (
    Client,
    Hold,
    Invoice,
    Missing,
    Reason,
    Skip,
    SourceRef,
    TransientError,
    UnreachableError,
)
from bridge.engine.changes import changed_after_booking, content_fingerprint
from bridge.engine.compose import Composed, compose
from bridge.engine.decide import Terms, decide, decide_header
from bridge.engine.ends import Ends, Observers
from bridge.store.log import SyncLog
from bridge.store.rows import EntryRow, LinkRow

_UNREADABLE_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Unread:
    """An invoice that could not be read this time: tried again on a later run."""

    why: str


@dataclass(frozen=True, slots=True)
class Ready:
    """An invoice that may be written.

    Attributes:
        content: Digest of what is booked, stored with the first intent.
    """

    composed: Composed
    client: Client
    content: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """One row of the work list and what is to become of it.

    Attributes:
        money: Digest of the transactions, None when the invoice was not read.
        booked: The link of the invoice, where it stands in the books already.
    """

    row: EntryRow
    answer: Ready | Skip | Hold | Unread
    money: str | None
    booked: LinkRow | None


@dataclass(frozen=True, slots=True)
class Preparer:
    """Reads and decides. Safe to run on a thread beside the writer."""

    ends: Ends
    log: SyncLog
    terms: Terms
    observers: Observers

    def prepare(self, rows: Sequence[EntryRow]) -> list[Prepared]:
        """One answer a row, in order.

        Raises:
            UnreachableError: three invoices in a row could not be read.
        """
        links = self.log.links([row.invoice for row in rows])
        result: dict[SourceRef, Prepared] = {}
        unread: list[EntryRow] = []
        for row in rows:
            skip = None if row.invoice in links else decide_header(row, self.terms.policy)
            if skip:
                result[row.invoice] = Prepared(row, skip, None, None)
            else:
                unread.append(row)
        read = list(self._read(unread))
        clients = self._clients([answer for _, answer in read if isinstance(answer, Invoice)])
        for row, answer in read:
            result[row.invoice] = self._one(row, answer, clients, links.get(row.invoice))
        return [result[row.invoice] for row in rows]

    def _read(self, rows: Sequence[EntryRow]) -> Iterator[tuple[EntryRow, Invoice | Missing]]:
        """Read in full; one that cannot be read does not keep the others from being read."""
        position = failures = 0
        while position < len(rows):
            answers = self.ends.source.invoices([row.invoice for row in rows[position:]])
            try:
                for answer in answers:
                    failures = 0
                    yield rows[position], answer
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

    def _clients(self, invoices: Sequence[Invoice]) -> Mapping[SourceRef, Client | Missing]:
        refs = list(dict.fromkeys(invoice.client for invoice in invoices))
        return {answer.ref: answer for answer in self.ends.source.clients(refs)}

    def _one(
        self,
        row: EntryRow,
        answer: Invoice | Missing,
        clients: Mapping[SourceRef, Client | Missing],
        booked: LinkRow | None,
    ) -> Prepared:
        if isinstance(answer, Missing):
            return Prepared(row, _missing(answer, booked), None, booked)
        try:
            decision = self._decide(row, answer, clients[answer.client], booked)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # A record that our own rules stumble over must not stop the others, nor be booked.
            decision = Unread(f"bridge could not make sense of it ({error!r})")
        return Prepared(row, decision, answer.money_fingerprint(), booked)

    def _decide(
        self, row: EntryRow, invoice: Invoice, client: Client | Missing, booked: LinkRow | None
    ) -> Ready | Skip | Hold | Unread:
        content = content_fingerprint(invoice)
        if booked and row.content_fingerprint != content:
            return changed_after_booking(invoice)
        if isinstance(client, Missing):
            return _client_missing(invoice, client)
        plan = decide(invoice, client, self.terms)
        if isinstance(plan, Skip | Hold):
            return plan
        review = self.observers.review(invoice)
        if review:
            return review
        sent = booked.payload if booked else None
        composed = compose(self.ends.target, plan, self.terms.label, sent)
        return composed if isinstance(composed, Hold) else Ready(composed, client, content)


def _missing(answer: Missing, booked: LinkRow | None) -> Skip | Hold | Unread:
    if not answer.gone:
        return Unread(answer.why)
    if booked:
        return Hold(
            Reason.CHANGED_AFTER_WRITE,
            f"it was deleted in the source after it was booked as {booked.target.id}",
            "find out whether it was merged into another; correct the books by hand, then"
            " `bridge skip` it with the reason",
        )
    return Skip(Reason.DELETED, "it was deleted in the source before it was booked")


def _client_missing(invoice: Invoice, client: Missing) -> Hold | Unread:
    if not client.gone:
        return Unread(f"its client {client.ref.id} could not be read: {client.why}")
    return Hold(
        Reason.CLIENT_MISSING,
        f"its client {invoice.client.id} does not exist in the source any more",
        "book it by hand, then `bridge skip` it with the reason",
    )
