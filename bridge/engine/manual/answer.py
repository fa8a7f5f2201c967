"""Taking a person's answer: checked against what the source shows, kept in the sync log."""

from collections.abc import Callable, Mapping

from bridge.engine.context import Connections, Operator
from bridge.engine.decide.added_lines import added_lines
from bridge.engine.decide.answers import CANCELLED, CHARGES, Answer, Answers, answers_of
from bridge.engine.decide.duplicates import twins
from bridge.engine.decide.inputs import oldest_first
from bridge.engine.find_entries import named_entry
from bridge.errors import UsageError
from bridge.model.keys import Key, Role
from bridge.model.refs import Kind
from bridge.model.run import EntryState
from bridge.model.source_records import Invoice, InvoiceState, Missing, TransactionKind
from bridge.model.target_records import Json
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import AddEvent, AnswerRow, EntryRow, KeepAnswer, SetEntry

_OPEN = frozenset({EntryState.HELD, EntryState.PENDING, EntryState.DONE, EntryState.FAILED})


def give_answer(
    operator: Operator, ends: Connections, name: str, answer: Answer, because: str
) -> EntryRow:
    """Keep an answer and put the invoice back on the work list; the next run carries it out.

    The same answer a second time is kept once.

    Raises:
        UsageError: nothing of the kind was asked about this invoice, or what was answered before
            is in the books already.
    """
    row = named_entry(operator.log, name)
    if row.state not in _OPEN:
        raise UsageError(
            f"invoice {row.number} is {row.state.value}, so nothing is asked about it",
            remedy=f"see `bridge explain {row.invoice.id}` for where it stands",
        )
    invoice = next(iter(ends.source.invoices([row.invoice])))
    if isinstance(invoice, Missing):
        raise UsageError(
            f"invoice {row.number} could not be read: {invoice.why}", remedy="run it again"
        )
    before = answers_of(operator.log.answers(row.invoice))
    about = _QUESTIONS[answer](operator.log, invoice, before, answer)
    given = before.of([answer])
    pending = SetEntry(row.invoice, EntryState.PENDING, tries=0)
    if given and given == before.of(_FAMILY[answer]) and set(about) <= set(given.about):
        operator.log.write(operator.run, [pending], lease=operator.lease)
        return row
    now = operator.clock()
    kept = AnswerRow(
        invoice=row.invoice,
        answer=answer.value,
        about=about,
        who=operator.who,
        because=because,
        day=now.astimezone().date(),
        run=operator.run.id,
        at=now,
    )
    operator.log.write(
        operator.run, [pending, KeepAnswer(kept), _event(kept)], lease=operator.lease
    )
    return row


def _event(kept: AnswerRow) -> AddEvent:
    """The line of the event log that says who answered."""
    told = f"answered {kept.answer}{_rows(kept.about)}: {kept.because} ({kept.who})"
    data: Mapping[str, Json] = {
        "answer": kept.answer,
        "about": list(kept.about),
        "who": kept.who,
        "because": kept.because,
        "day": kept.day.isoformat(),
    }
    return AddEvent("info", "answer", told, kept.invoice, data)


def _rows(about: tuple[str, ...]) -> str:
    return f" about {', '.join(about)}" if about else ""


def _charges(log: SyncLog, invoice: Invoice, before: Answers, answer: Answer) -> tuple[str, ...]:
    """The rows that are like an earlier one: those not answered yet, else all of them."""
    rows = oldest_first(invoice, TransactionKind.PAYMENT)
    alike = tuple(second.id for _, second in twins(rows))
    if not alike:
        raise UsageError(
            f"invoice {invoice.number} has no two transactions that are alike",
            remedy=f"see `bridge explain {invoice.ref.id}` for what it waits for",
        )
    fresh = tuple(one for one in alike if before.of(CHARGES, one) is None)
    if answer is Answer.ONE_CHARGE:
        roles = (Role.EXCESS, Role.PREPAID)
        refs = [Key(role, one).ref for one in fresh or alike for role in roles]
        there = log.links(refs)
        if there:
            found = ", ".join(str(ref) for ref in there)
            raise UsageError(
                f"the second charge on invoice {invoice.number} is in the books ({found})",
                remedy="take it out of the books by hand; what was booked is not taken back so",
            )
    return fresh or alike


def _cancelled(log: SyncLog, invoice: Invoice, before: Answers, answer: Answer) -> tuple[str, ...]:
    del before
    links = log.links_of_invoice(invoice.ref)
    booked = any(link.ref.kind is Kind.INVOICE and not Key.of(link.ref).is_undone for link in links)
    if invoice.state is not InvoiceState.CANCELLED or not booked:
        where = "is booked" if booked else "was not booked"
        raise UsageError(
            f"invoice {invoice.number} {where} and is {invoice.status.lower()}: only one that was"
            " cancelled after it was booked needs this answer",
            remedy=f"see `bridge explain {invoice.ref.id}` for where it stands",
        )
    note = Key(Role.CANCELLED, invoice.ref.id).ref
    if answer is Answer.SUPPLIED_UNPAID and note in log.links([note]):
        raise UsageError(
            f"invoice {invoice.number} was credited as not supplied already",
            remedy="delete that credit note by hand, then `bridge skip` the invoice",
        )
    return ()


def _added(log: SyncLog, invoice: Invoice, before: Answers, answer: Answer) -> tuple[str, ...]:
    """The lines that were added since it was booked."""
    del before, answer
    row = log.entry(invoice.ref)
    every = log.links_of_invoice(invoice.ref)
    links = {link.ref: link for link in every if not Key.of(link.ref).is_undone}
    new = added_lines(invoice, row.content_fingerprint if row else None, links)
    if not new:
        raise UsageError(
            f"invoice {invoice.number} was not changed by added lines alone while it was booked and"
            " unpaid",
            remedy=f"see `bridge explain {invoice.ref.id}` for what was changed",
        )
    return tuple(line.id for line in new)


_Question = Callable[[SyncLog, Invoice, Answers, Answer], tuple[str, ...]]
_QUESTIONS: Mapping[Answer, _Question] = {
    Answer.ONE_CHARGE: _charges,
    Answer.TWO_CHARGES: _charges,
    Answer.NOT_SUPPLIED: _cancelled,
    Answer.SUPPLIED_UNPAID: _cancelled,
    Answer.BOOK_ADDED: _added,
}
_FAMILY = {
    Answer.ONE_CHARGE: CHARGES,
    Answer.TWO_CHARGES: CHARGES,
    Answer.NOT_SUPPLIED: CANCELLED,
    Answer.SUPPLIED_UNPAID: CANCELLED,
    Answer.BOOK_ADDED: frozenset({Answer.BOOK_ADDED}),
}
