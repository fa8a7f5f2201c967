"""Why an invoice is not booked: stable words, each explained in docs/reasons.md."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """A reason code. Its text never changes; the docs hold one entry for each."""

    BEFORE_START_DATE = "before_start_date"
    OPENING_ITEM = "opening_item"
    NOT_PAID = "not_paid"
    DRAFT = "draft"
    CANCELLED = "cancelled"
    CANCELLED_AFTER_BOOKING = "cancelled_after_booking"
    DELETED = "deleted"
    MASS_PAY_CONTAINER = "mass_pay_container"
    MASS_PAY_UNPROVEN = "mass_pay_unproven"
    CREDIT_UNMAPPED = "credit_unmapped"
    PREPAYMENT_UNMAPPED = "prepayment_unmapped"
    UNFUNDED_CREDIT = "unfunded_credit"
    DUPLICATE_TRANSACTION = "duplicate_transaction"
    PAYMENT_SHORT = "payment_short"
    REFUND_EXCEEDS_INVOICE = "refund_exceeds_invoice"
    REFUND_ALLOCATION = "refund_allocation"
    REFUND_TO_BALANCE = "refund_to_balance"
    REFUND_POLICY = "refund_policy"
    CHARGEBACK = "chargeback"
    NEGATIVE_INVOICE = "negative_invoice"
    ZERO_TOTAL = "zero_total"
    TOTAL_MISMATCH = "total_mismatch"
    TAX_RATE_UNKNOWN = "tax_rate_unknown"
    FOREIGN_VAT = "foreign_vat"
    VAT_RULE_MISSING = "vat_rule_missing"
    VAT_RULE_AMBIGUOUS = "vat_rule_ambiguous"
    VAT_STATUS_CHANGED = "vat_status_changed"
    DISCOUNT_VAT = "discount_vat"
    NOMINAL_MISSING = "nominal_missing"
    LINE_TYPE_UNKNOWN = "line_type_unknown"
    GATEWAY_UNMAPPED = "gateway_unmapped"
    CURRENCY_UNKNOWN = "currency_unknown"
    EXCHANGE_DIFFERENCE = "exchange_difference"
    FEE_UNMAPPED = "fee_unmapped"
    CLIENT_AMBIGUOUS = "client_ambiguous"
    CLIENT_MISSING = "client_missing"
    PERIOD_LOCKED = "period_locked"
    CHANGED_AFTER_WRITE = "changed_after_write"
    REMOTE_MISSING = "remote_missing"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    TEXT_REJECTED = "text_rejected"
    DATE_MISSING = "date_missing"
    UNREADABLE = "unreadable"
    RETRIES_EXHAUSTED = "retries_exhausted"
    SKIPPED_BY_USER = "skipped_by_user"
    HOUSE_RULE = "house_rule"


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing further is written for this invoice until a person or a rule decides.

    Attributes:
        reason: The stable word.
        what: The finding in one sentence, with the numbers that show it.
        remedy: What to do: the line to add, the command to type, the thing to check.
    """

    reason: Reason
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Skip:
    """This invoice is rightly not in the books.

    Attributes:
        reason: The stable word.
        what: The finding in one sentence.
    """

    reason: Reason
    what: str
