"""The values of a reconciliation: what it depends on, the classes, items and differences."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bridge.engine.context import BookWhen, Policy, UnpaidDocuments
from bridge.model.money import Money
from bridge.model.reasons import Hold
from bridge.model.target_records import Days, Nothing, Record
from bridge.store.tables.values import AcceptanceRow


class MatchClass(StrEnum):
    """The class of a record."""

    MATCHED = "matched"
    ONLY_SOURCE = "only_in_source"
    ONLY_TARGET = "only_in_target"  # with our reference, or on a client of ours
    DIFFERS = "differs"
    WRITTEN_WRONG = "written_but_wrong"  # a run has found it so already
    HELD = "held"
    SKIPPED = "skipped"
    BEFORE_START = "before_start"
    ACCEPTED = "accepted"  # unexplained, until a person said why it is so
    WAITING = "waiting"  # seen or come since the last run, and not booked yet
    OTHER = "other"  # the target's own business: no reference of ours, no client of ours


UNEXPLAINED = frozenset(
    {MatchClass.ONLY_SOURCE, MatchClass.ONLY_TARGET, MatchClass.DIFFERS, MatchClass.WRITTEN_WRONG}
)
"""What makes the exit code 5."""


class ItemKind(StrEnum):
    """The kind of record that an item is."""

    INVOICE = "invoice"
    PREPAYMENT = "prepayment"
    SETTLEMENT = "settlement"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    BALANCE_USE = "balance_use"
    MOVEMENT = "movement"
    BALANCE = "balance"  # what a client's balance comes to


SALES = frozenset({ItemKind.INVOICE, ItemKind.CREDIT_NOTE})
"""Documents that are sales, or lower them."""

MONEY = frozenset(
    {
        ItemKind.PAYMENT,
        ItemKind.REFUND,
        ItemKind.FEE,
        ItemKind.BALANCE_USE,
        ItemKind.MOVEMENT,
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a record is where it is.

    Attributes:
        reason: A reason code of the log, or a word of this comparison (``bank_feed``).
        what, remedy: Sentences for a person; empty where all is well.
    """

    standing: MatchClass
    reason: str = ""
    what: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One record, or one share of a transaction that pays several invoices, in its class.

    Attributes:
        family: What it belongs to, by the source's id where it has one; differences are counted by
            family, since a deleted invoice takes its payments with it.
        number: What people call it at the source; the target's number where it is only there.
        targets: The target's numbers of it.
        client: The source's client id, or the target's client where it is only there.
        day: The day under which it counts: the one that the books show or should show.
        billed: Gross, or the amount of money, at the source; None where it is only in the target.
        billed_tax: The tax in it.
        booked: The same in the target, in the source's currency; None where it is not there.
        booked_tax: The tax in it.
        account: The target's account, or the source's gateway where it is only there.
    """

    kind: ItemKind
    verdict: Verdict
    family: str
    token: str
    number: str
    client: str
    day: dt.date
    billed: Money | None
    booked: Money | None
    billed_tax: Money | None = None
    booked_tax: Money | None = None
    targets: tuple[str, ...] = ()
    account: str = ""

    @property
    def standing(self) -> MatchClass:
        """The class that the verdict gives."""
        return self.verdict.standing

    @property
    def is_unexplained(self) -> bool:
        """Whether it belongs to a difference."""
        return self.standing in UNEXPLAINED

    @property
    def amount(self) -> Money:
        """The source's amount, or the target's where it is only there."""
        amount = self.billed if self.billed is not None else self.booked
        if amount is None:
            msg = f"{self.token or self.number} has no amount at either end"
            raise ValueError(msg)
        return amount


@dataclass(frozen=True, slots=True)
class Difference:
    """One unexplained disagreement, with all records that it concerns.

    Attributes:
        subject: ``invoice 501 (F2026-77)``.
        accepted: What a person said of it, where it still shows what it showed then.
    """

    family: str
    subject: str
    standing: MatchClass
    what: str
    remedy: str
    items: tuple[Item, ...]
    accepted: AcceptanceRow | None = None


@dataclass(frozen=True, slots=True)
class ComparisonTerms:
    """What a comparison depends on besides the records.

    Attributes:
        days: The period.
        today: Local calendar day, for ages.
        seen_until: Local calendar day of the last run that read the source to its end; what is
            as young as that may not have been seen yet. None where there was none.
        home_currency, base_currency: Of the target and of the source.
        receipts: For each gateway what the target would do with money received through it.
        fees: For each gateway whether the target leaves its fees to a person.
        given: Why the target does not take balance that staff gave; None where it takes it.
        reads_balances: Whether the source was asked for its own figures of clients' balances.
    """

    label: str
    policy: Policy
    days: Days
    today: dt.date
    seen_until: dt.date | None
    home_currency: str
    base_currency: str
    receipts: Mapping[str, Nothing] = field(default_factory=dict)
    fees: Mapping[str, Nothing] = field(default_factory=dict)
    given: Hold | None = None
    reads_balances: bool = False

    def due_day(self, record: Record) -> dt.date:
        """Return the day under which the books should show a document of the source."""
        policy = self.policy
        paid = policy.book_when is BookWhen.PAID
        proforma = policy.unpaid_documents is UnpaidDocuments.PROFORMA
        return (record.paid_on if paid and proforma else None) or record.date

    def allowed(self, day: dt.date) -> set[dt.date]:
        """Return `day`, and the first open day where the books are closed on it."""
        closed = self.policy.choices.books_closed_to
        if closed is None or day > closed:
            return {day}
        return {day, closed + dt.timedelta(days=1)}

    def is_fresh(self, *days: dt.date | None) -> bool:
        """Return whether something of one of these days may have come after the last run looked."""
        return self.seen_until is not None and any(day and day >= self.seen_until for day in days)
