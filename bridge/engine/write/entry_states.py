"""An invoice's fate, written to the log and counted in one breath."""

import datetime as dt
from dataclasses import dataclass

from bridge.engine.context import Clock, Policy
from bridge.engine.write.run_report import RunCounters
from bridge.engine.write.writer import Unknown, Writer
from bridge.errors import RecordRejectedError
from bridge.model.keys import UnusableIdError
from bridge.model.reasons import Hold, Reason, Skip
from bridge.model.run import EntryState
from bridge.model.source_records import Header
from bridge.store.tables.values import AddEvent, EntryRow, SetEntry

_FIRST_WAIT = dt.timedelta(minutes=15)
_LONGEST_WAIT = dt.timedelta(hours=23)  # so that a daily cron job tries each day

_SHOWN = 60

_WAITS = frozenset({Reason.DUPLICATE_TRANSACTION, Reason.CHANGED_AFTER_WRITE})
"""Remarks that are questions: the certain part of the invoice is booked, the rest waits."""


@dataclass(slots=True)
class EntryRecorder:
    """Gives entries their states, with a sentence for a person."""

    writer: Writer
    counters: RunCounters
    policy: Policy
    clock: Clock

    def skip(self, row: EntryRow, skip: Skip, money: str | None = None) -> None:
        """Rightly not in the books."""
        self.writer.note(
            SetEntry(
                row.invoice,
                EntryState.SKIPPED,
                reason=skip.reason,
                what=skip.what,
                money_fingerprint=money,
                tries=0,
            )
        )
        self.counters.fate(row, EntryState.SKIPPED, reason=skip.reason, what=skip.what)

    def left_out(self, header: Header) -> None:
        """Waits for a person, and is told without an entry: no key can carry its id.

        Its number may be its id, so no more than the beginning is shown.
        """
        number = header.number[:_SHOWN]
        hold = UnusableIdError(
            f"invoice {number} of client {header.client.id[:_SHOWN]}: the source's id of one of the"
            " two is empty, or too long for a key"
        ).hold
        row = EntryRow(
            invoice=header.ref,
            client=header.client,
            number=number,
            status=header.status,
            source_state=header.state,
            issued=header.issued,
            paid_on=header.paid_on,
            gross=header.gross,
            header_fingerprint=None,
            money_fingerprint=None,
            content_fingerprint=None,
            state=EntryState.HELD,
            reason=hold.reason,
            what=hold.what,
            remedy=hold.remedy,
            tries=0,
            next_try=None,
            changed=self.clock(),
            run=self.counters.run.id,
        )
        told = f"{hold.what}. To do: {hold.remedy}"
        self.writer.note(AddEvent("warning", hold.reason.value, told))
        self.counters.fate(
            row, EntryState.HELD, reason=hold.reason, what=hold.what, remedy=hold.remedy
        )

    def hold(self, row: EntryRow, hold: Hold, money: str | None = None) -> None:
        """Waits for a person or a rule."""
        self._need(row, EntryState.HELD, hold.reason, hold.what, hold.remedy, money=money)

    def mismatch(self, row: EntryRow, what: str) -> None:
        """Written, and the target shows something else."""
        remedy = "compare it in the target with the source and correct the target by hand"
        self._need(row, EntryState.MISMATCH, None, what, remedy)

    def unknown(self, row: EntryRow, outcome: Unknown) -> None:
        """A write's outcome is not known."""
        self.uncertain(row, outcome.error.what, outcome.error.remedy)

    def uncertain(self, row: EntryRow, what: str, remedy: str) -> None:
        """As `unknown`, in words."""
        self._need(row, EntryState.UNKNOWN, None, what, remedy)

    def refused(self, row: EntryRow, error: RecordRejectedError) -> None:
        """The target said no: for a reason that is known it waits, else it is tried again."""
        if error.reason in set(Reason):
            self.hold(row, Hold(Reason(error.reason), error.what, error.remedy))
        else:
            self.failed(row, error.what, error.remedy)

    def failed(self, row: EntryRow, what: str, remedy: str) -> None:
        """Tried again later with growing delay, and held after so many runs."""
        tries = row.tries + 1
        if tries >= self.policy.retries:
            text = f"{what} (tried on {tries} runs)"
            hold = Hold(
                Reason.RETRIES_EXHAUSTED,
                text,
                f"{remedy}; then `bridge retry --reason retries_exhausted`",
            )
            self.hold(row, hold)
            return
        wait = min(_FIRST_WAIT * 4 ** (tries - 1), _LONGEST_WAIT)
        self._need(
            row, EntryState.FAILED, None, what, remedy, tries=tries, next_try=self.clock() + wait
        )

    def written(self, row: EntryRow, target: str, money: str | None, remark: Hold | None) -> None:
        """All is written; it counts as done once it was read back.

        The remark stays with the entry, so that a run which dies before that does not lose it.
        """
        self.writer.note(
            SetEntry(
                row.invoice,
                EntryState.UNVERIFIED,
                reason=remark.reason if remark else None,
                what=remark.what if remark else "",
                remedy=remark.remedy if remark else "",
                money_fingerprint=money,
                tries=0,
                target=target,
            )
        )

    def done(self, row: EntryRow, target: str, remark: Hold | None) -> None:
        """In the books, and read back. A remark stays with it for whoever asks.

        Where the remark is a question about more than was booked, the invoice is held by it.
        """
        if remark and remark.reason in _WAITS:
            self.hold(row, remark)
            return
        self.writer.note(
            SetEntry(
                row.invoice,
                EntryState.DONE,
                reason=remark.reason if remark else None,
                what=remark.what if remark else "",
                remedy=remark.remedy if remark else "",
                tries=0,
                target=target,
            ),
            AddEvent("info", "done", f"booked as {target}" if target else "booked", row.invoice),
        )
        if remark:
            text = f"{remark.what}. To do: {remark.remedy}"
            self.writer.note(AddEvent("warning", remark.reason.value, text, row.invoice))
        self.counters.fate(
            row,
            EntryState.DONE,
            reason=remark.reason if remark else None,
            what=remark.what if remark else "",
            target=target,
        )

    def release(self, row: EntryRow, why: str) -> None:
        """Put back on the work list what was held for something that has come about."""
        self.writer.note(
            SetEntry(row.invoice, EntryState.PENDING, tries=0),
            AddEvent("info", "released", f"to be tried again: {why}", row.invoice),
        )
        self.counters.open_again(row.invoice)

    def give_back(self, row: EntryRow) -> None:
        """Take back a failure of this run: it was the account's fault, not the invoice's."""
        self.writer.note(SetEntry(row.invoice, EntryState.PENDING, tries=row.tries))
        self.counters.open_again(row.invoice)

    def _need(
        self,
        row: EntryRow,
        state: EntryState,
        reason: Reason | None,
        what: str,
        remedy: str,
        *,
        money: str | None = None,
        tries: int | None = None,
        next_try: dt.datetime | None = None,
    ) -> None:
        code = reason.value if reason else state.value
        self.writer.note(
            SetEntry(
                row.invoice,
                state,
                reason=reason,
                what=what,
                remedy=remedy,
                money_fingerprint=money,
                tries=tries,
                next_try=next_try,
            ),
            AddEvent("warning", code, f"{what}. To do: {remedy}", row.invoice),
        )
        self.counters.fate(row, state, reason=reason, what=what, remedy=remedy)
