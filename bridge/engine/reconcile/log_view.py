"""What the sync log says of a record, and whether that still holds against what was read now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bridge.engine.context import BookWhen
from bridge.engine.reconcile.values import ComparisonTerms, MatchClass, Verdict
from bridge.model.keys import Key
from bridge.model.reasons import Reason
from bridge.model.refs import SourceRef
from bridge.model.run import EntryState
from bridge.model.source_records import InvoiceState
from bridge.model.target_records import Record
from bridge.store.tables.values import EntryRow, LinkRow

_UNSOLD = frozenset({InvoiceState.DRAFT, InvoiceState.CANCELLED})


@dataclass(frozen=True, slots=True)
class LogView:
    """What the sync log says of the records that were read.

    Attributes:
        entries: By the source's invoice id.
        links: Of every token that was met, and of every client.
        clients: The target's clients that are ours, with the source's ids of them.
        accounts: Of money that was sent, the accounts on which the target should have it.
    """

    entries: Mapping[str, EntryRow] = field(default_factory=dict)
    links: Mapping[SourceRef, LinkRow] = field(default_factory=dict)
    clients: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[SourceRef, Collection[str]] = field(default_factory=dict)

    def link(self, key: Key) -> LinkRow | None:
        """Return the link of what a key of ours stands for."""
        return self.links.get(key.ref) if key.kind else None


def of_entry(entry: EntryRow) -> Verdict | None:
    """Return why the log says that an invoice is not booked; None where it says that it is."""
    reason = entry.reason.value if entry.reason else ""
    match entry.state:
        case EntryState.DONE | EntryState.UNVERIFIED:
            return None
        case EntryState.HELD:
            return Verdict(MatchClass.HELD, reason, entry.what, entry.remedy)
        case EntryState.SKIPPED if entry.reason is Reason.BEFORE_START_DATE:
            return Verdict(MatchClass.BEFORE_START, reason, entry.what)
        case EntryState.SKIPPED:
            return Verdict(MatchClass.SKIPPED, reason, entry.what)
        case EntryState.PENDING:
            return Verdict(
                MatchClass.WAITING, "pending", "it is on the work list", "run `bridge sync`"
            )
        case EntryState.MISMATCH:
            return Verdict(MatchClass.WRITTEN_WRONG, "readback_mismatch", entry.what, entry.remedy)
        case EntryState.FAILED | EntryState.UNKNOWN:
            word = entry.state.value
            return Verdict(
                MatchClass.WAITING, word, entry.what, entry.remedy or "run `bridge sync`"
            )


def is_ended(entry: EntryRow | None) -> bool:
    """Return whether a person's answer on a cancelled invoice was carried out."""
    if entry is None or entry.state is not EntryState.DONE:
        return False
    return entry.reason is Reason.CANCELLED_AFTER_BOOKING


def of_document(record: Record, entry: EntryRow | None, terms: ComparisonTerms) -> Verdict | None:
    """Return why a document that was read now is not booked; None where the log says it is."""
    if entry is None:
        return _unseen(record, terms)
    verdict = of_entry(entry)
    if verdict is None or verdict.standing is not MatchClass.SKIPPED:
        return verdict
    if record.state in {None, entry.source_state} or entry.reason is Reason.SKIPPED_BY_USER:
        return verdict
    word = record.note.partition(",")[0].lower() or str(record.state)
    return _late(f"a run skipped it as {verdict.reason}, and it is {word} now", record, terms)


def _unseen(record: Record, terms: ComparisonTerms) -> Verdict:
    """Classify a document that no run has seen; its state alone may decide."""
    if record.state in _UNSOLD:
        return Verdict(MatchClass.SKIPPED, str(record.state), f"it is {record.note.lower()}")
    unpaid = record.state is InvoiceState.OPEN
    if unpaid and terms.policy.book_when is BookWhen.PAID:
        return Verdict(MatchClass.SKIPPED, Reason.NOT_PAID.value, f"it is {record.note.lower()}")
    return _late("no run has seen it", record, terms)


def _late(what: str, record: Record, terms: ComparisonTerms) -> Verdict:
    fresh = terms.is_fresh(record.date, record.paid_on)
    standing = MatchClass.WAITING if fresh else MatchClass.ONLY_SOURCE
    return Verdict(standing, "not_seen", what, "run `bridge sync`, then reconcile again")
