"""What a comparison depends on besides the records."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.engine.policy import BookWhen, Policy, UnpaidDocuments
from bridge.model.reasons import Hold
from bridge.model.target_records import Days, Nothing, Record


@dataclass(frozen=True, slots=True)
class Terms:
    """What a comparison depends on.

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
        """The day under which the books should show a document of the source."""
        policy = self.policy
        paid = policy.book_when is BookWhen.PAID
        proforma = policy.unpaid_documents is UnpaidDocuments.PROFORMA
        return (record.paid_on if paid and proforma else None) or record.date

    def allowed(self, day: dt.date) -> set[dt.date]:
        """`day`, and the first open day where the books are closed on it."""
        closed = self.policy.choices.books_closed_to
        if closed is None or day > closed:
            return {day}
        return {day, closed + dt.timedelta(days=1)}

    def is_fresh(self, *days: dt.date | None) -> bool:
        """Whether something of one of these days may have come after the last run looked."""
        return self.seen_until is not None and any(day and day >= self.seen_until for day in days)
