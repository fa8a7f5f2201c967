"""Counting what a run does, for its report."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.engine.context import Observers, Stop
from bridge.errors import BridgeError
from bridge.model.money import Money
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

NEEDS_A_PERSON = frozenset(
    {EntryState.HELD, EntryState.FAILED, EntryState.MISMATCH, EntryState.UNKNOWN}
)


@dataclass(slots=True)
class Tally:
    """The running count of one run. Safe for several threads; observers hear one at a time."""

    run: Run
    observers: Observers
    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    fates: dict[SourceRef, Entry] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    paid: dict[SourceRef, Money] = field(default_factory=dict)
    written: dict[SourceRef, Counter[str]] = field(default_factory=dict)
    invoiced: dict[str, Totals] = field(default_factory=dict)
    done: int = 0
    held_beyond: Counter[str] = field(default_factory=Counter)
    _guard: threading.RLock = field(default_factory=threading.RLock)

    def wrote(self, invoice: SourceRef, kind: Kind, payload: Payload) -> None:
        """A record was created for this invoice."""
        with self._guard:
            self.created[PLURAL[kind]] += 1
            self.written.setdefault(invoice, Counter())[kind.value] += 1
            if payload.paid:
                before = self.paid.get(invoice, Money.zero(payload.paid.currency))
                self.paid[invoice] = before + payload.paid

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
        paid = self.paid.pop(entry.invoice, None)
        if entry.state is EntryState.DONE:
            self.done += 1
            self.fates.pop(entry.invoice, None)
            if entry.gross:
                none = Totals(Money.zero(entry.gross.currency), Money.zero(entry.gross.currency))
                sums = self.invoiced.get(entry.gross.currency, none)
                self.invoiced[entry.gross.currency] = Totals(
                    sums.invoiced + entry.gross, sums.paid + paid if paid else sums.paid
                )
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
        self, *, backlog: int, seconds: int, error: BridgeError | None, stop: Stop
    ) -> Report:
        """The report as it stands."""
        return Report(
            run=self.run,
            outcome=self.outcome(),
            created=self._by_kind(self.created),
            updated=self._by_kind(self.updated),
            totals=dict(sorted(self.invoiced.items())),
            reasons=self.reasons(),
            backlog=backlog,
            newly_held=tuple(sorted(self.fates.values(), key=_by_day)),
            seconds=seconds,
            exit_code=self._exit_code(error, stop),
            error=error,
        )

    def _by_kind(self, counts: Counter[str]) -> dict[str, int]:
        names: Sequence[str] = ("clients", "invoices", "payments", "credit_notes")
        result = {name: counts[name] for name in names}
        if counts["movements"]:
            result["movements"] = counts["movements"]
        return result

    def _exit_code(self, error: BridgeError | None, stop: Stop) -> int:
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
