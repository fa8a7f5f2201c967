"""Counting what a run does, and its report: as a value, and as the last JSON line of the run."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from bridge.engine.context import CancelToken, Observers
from bridge.engine.write.client_balance import balance_effect
from bridge.errors import BridgeError
from bridge.model.keys import Key, Role, document_of
from bridge.model.money import Money, total
from bridge.model.reasons import Reason
from bridge.model.refs import Kind, SourceRef
from bridge.model.run import Entry, EntryState, Report, Run, Totals
from bridge.model.target_records import Payload
from bridge.store.tables.values import EntryRow

PLURAL = {
    Kind.CLIENT: "clients",
    Kind.INVOICE: "invoices",
    Kind.PAYMENT: "payments",
    Kind.CREDIT_NOTE: "credit_notes",
    Kind.MOVEMENT: "movements",
}
_KEPT = 1000
"""Of held entries, the first so many are kept for the report; the others are in the log."""

VERSION = 2
"""Of the summary: its keys and their meaning stay the same within one."""

NEEDS_A_PERSON = frozenset(
    {EntryState.HELD, EntryState.FAILED, EntryState.MISMATCH, EntryState.UNKNOWN}
)


@dataclass(slots=True)
class RunCounters:
    """The running count of one run. Safe for several threads; observers hear one at a time."""

    run: Run
    observers: Observers
    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    fates: dict[SourceRef, Entry] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    written: dict[SourceRef, Counter[str]] = field(default_factory=dict)
    sums: dict[str, dict[str, Money]] = field(default_factory=dict)
    done: int = 0
    held_beyond: Counter[str] = field(default_factory=Counter)
    _guard: threading.RLock = field(default_factory=threading.RLock)

    def wrote(self, invoice: SourceRef, ref: SourceRef, payload: Payload) -> None:
        """Count a record that was created for this invoice."""
        with self._guard:
            self.created[PLURAL[ref.kind]] += 1
            self.written.setdefault(invoice, Counter())[ref.kind.value] += 1
            figure, amount = _figure(ref, payload)
            if amount is not None:
                sums = self.sums.setdefault(amount.currency, {})
                sums[figure] = sums.get(figure, Money.zero(amount.currency)) + amount

    def changed(self, kind: Kind) -> None:
        """A record that stood there was changed."""
        with self._guard:
            self.updated[PLURAL[kind]] += 1

    def fate(
        self,
        row: EntryRow,
        state: EntryState,
        *,
        reason: Reason | None = None,
        what: str = "",
        remedy: str = "",
        target: str = "",
    ) -> None:
        """An invoice has come to the end of its way in this run."""
        with self._guard:
            entry = self._entry(row, state, reason, what, remedy, target)
            self._count(entry)
            self.observers.entry_finished(self.run, entry)

    def _entry(
        self,
        row: EntryRow,
        state: EntryState,
        reason: Reason | None,
        what: str,
        remedy: str,
        target: str,
    ) -> Entry:
        return Entry(
            invoice=row.invoice,
            client=row.client,
            number=row.number,
            state=state,
            reason=reason,
            what=what,
            remedy=remedy,
            gross=row.gross,
            date=row.paid_on or row.issued,
            target=target or row.target,
            created=dict(self.written.pop(row.invoice, {})),
        )

    def _count(self, entry: Entry) -> None:
        """Only what needs a person is kept, and of many held ones the first, so that a million
        invoices take no memory.
        """
        if entry.state is EntryState.DONE:
            self.done += 1
            self.fates.pop(entry.invoice, None)
        elif entry.state is EntryState.SKIPPED:
            self.skipped[entry.reason.value if entry.reason else ""] += 1
        elif entry.state is EntryState.HELD and self._is_full(entry.invoice):
            self.held_beyond[entry.reason.value if entry.reason else ""] += 1
        elif entry.state in NEEDS_A_PERSON:
            self.fates[entry.invoice] = entry

    def _is_full(self, invoice: SourceRef) -> bool:
        return invoice not in self.fates and len(self.fates) >= _KEPT

    def open_again(self, invoice: SourceRef) -> None:
        """Take back an earlier fate of this run: the invoice is being worked on again."""
        with self._guard:
            self.fates.pop(invoice, None)

    def outcome(self) -> dict[str, int]:
        """Entries by the state that this run gave them."""
        counts = Counter(entry.state.value for entry in self.fates.values())
        counts["done"] = self.done
        counts["skipped"] = self.skipped.total()
        counts[EntryState.HELD.value] += self.held_beyond.total()
        names = ("done", "skipped", "held", "failed", "unknown")
        result = {name: counts[name] for name in names}
        if counts[EntryState.MISMATCH.value]:
            result[EntryState.MISMATCH.value] = counts[EntryState.MISMATCH.value]
        return result

    def reasons(self) -> dict[str, int]:
        """Held and skipped, by reason."""
        held = Counter(entry.reason.value for entry in self.fates.values() if entry.reason)
        return dict(sorted((held + self.held_beyond + self.skipped).items()))

    def report(
        self, *, backlog: int, seconds: int, error: BridgeError | None, stop: CancelToken
    ) -> Report:
        """The report as it stands."""
        return Report(
            run=self.run,
            outcome=self.outcome(),
            created=self._by_kind(self.created),
            updated=self._by_kind(self.updated),
            totals=dict(sorted((each, self._totals(each)) for each in self.sums)),
            reasons=self.reasons(),
            backlog=backlog,
            newly_held=tuple(sorted(self.fates.values(), key=_by_day)),
            seconds=seconds,
            exit_code=self._exit_code(error, stop),
            error=error,
        )

    def _totals(self, currency: str) -> Totals:
        nothing = Money.zero(currency)
        return Totals(**{"invoiced": nothing, "paid": nothing, **self.sums[currency]})

    def _by_kind(self, counts: Counter[str]) -> dict[str, int]:
        names: Sequence[str] = ("clients", "invoices", "payments", "credit_notes")
        result = {name: counts[name] for name in names}
        if counts["movements"]:
            result["movements"] = counts["movements"]
        return result

    def _exit_code(self, error: BridgeError | None, stop: CancelToken) -> int:
        """Most severe wins: what ended the run, then unknown outcomes, then what needs a person."""
        if error:
            return error.exit_code
        if stop.requested:
            return 130
        states = {entry.state for entry in self.fates.values()}
        if EntryState.UNKNOWN in states:
            return 4
        return 3 if states else 0


def _by_day(entry: Entry) -> tuple[dt.date, str]:
    """The order of work, whichever worker was quicker."""
    return entry.date or dt.date.max, entry.invoice.id


def _figure(ref: SourceRef, payload: Payload) -> tuple[str, Money | None]:
    """Which of the totals a created record counts in, and how much; a client counts in none."""
    amounts = [each for each in (payload.net, payload.tax) if each is not None]
    gross = total(amounts, amounts[0].currency) if amounts else None
    match ref.kind:
        case Kind.INVOICE:
            return "invoiced", gross
        case Kind.CREDIT_NOTE:
            return "credited", _reversed(gross)
        case Kind.PAYMENT if document_of(ref).kind is Kind.CREDIT_NOTE:
            return "refunded", _reversed(payload.paid)
        case Kind.PAYMENT:
            return "paid", payload.paid
        case Kind.MOVEMENT if Key.of(ref).role is Role.EXCHANGE:
            return "exchange", payload.net
        case Kind.MOVEMENT if balance_effect(ref, payload) is not None:
            return "balance", payload.paid
        case Kind.MOVEMENT:
            return "fees", _reversed(payload.paid)
        case Kind.CLIENT:
            return "", None


def _reversed(amount: Money | None) -> Money | None:
    return None if amount is None else -amount


def summary(report: Report) -> dict[str, Any]:
    """The summary object, which is also kept in the log."""
    result: dict[str, Any] = {
        "type": "summary",
        "version": VERSION,
        "run": report.run.id,
        "outcome": dict(report.outcome),
        "created": dict(report.created),
        "updated": dict(report.updated),
        "totals": {currency: dict(figures(sums)) for currency, sums in report.totals.items()},
        "reasons": dict(report.reasons),
        "backlog": report.backlog,
        "seconds": report.seconds,
        "exit_code": report.exit_code,
    }
    if report.error:
        result["error"] = {
            "code": report.error.code,
            "what": str(report.error),
            "remedy": report.error.remedy,
        }
    return result


def figures(totals: Totals) -> Iterator[tuple[str, str]]:
    """Yield the name and the amount of each figure that there is."""
    for each in fields(totals):
        amount: Money | None = getattr(totals, each.name)
        if amount is not None:
            yield each.name, str(amount).partition(" ")[0]
