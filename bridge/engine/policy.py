"""What the operator decided: the `sync:` and `books:` parts of bridge.yaml."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class BookWhen(StrEnum):
    """When an invoice becomes bookable."""

    PAID = "paid"
    ISSUED = "issued"


class UnpaidDocuments(StrEnum):
    """What the source's unpaid invoice is in law."""

    PROFORMA = "proforma"  # no tax point yet: the document's day is the day of payment
    VAT_INVOICE = "vat_invoice"  # issuing it was the tax point: the day of issue


class Adoption(StrEnum):
    """When the whole target is swept for records that stand there already."""

    AUTO = "auto"  # once per log, and when a record of ours is met that the log does not know
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Choices:
    """Accounting choices: the `books:` part.

    Attributes:
        books_closed_to: Nothing is dated on or before this day.
        when_closed: ``hold``, or ``first_open_day`` to date it on the first day that is open.
        price_reductions: ``hold`` or ``credit_note``.
        refund_to_balance: ``hold`` or ``credit_note``.
        cancelled_after_booking: ``hold``.
    """

    books_closed_to: dt.date | None = None
    when_closed: str = "hold"
    price_reductions: str = "hold"
    refund_to_balance: str = "hold"
    cancelled_after_booking: str = "hold"


@dataclass(frozen=True, slots=True)
class Policy:
    """How a run behaves.

    Attributes:
        start_date: What became bookable before this local calendar day stays out.
        settle_delay_s: Seconds that the target may still be at work after we gave up.
        deep_scan_days, refund_days: As `bridge.api.ScanPolicy`.
        retries: An invoice that failed on this many runs is held.
        workers: Invoices worked on at a time.
    """

    start_date: dt.date
    unpaid_documents: UnpaidDocuments
    book_when: BookWhen = BookWhen.PAID
    settle_delay_s: int = 120
    deep_scan_days: int = 7
    refund_days: int = 90
    retries: int = 5
    workers: int = 1
    choices: Choices = Choices()
