"""What the state, the lines and the totals of an invoice say before its money is looked at."""

import datetime as dt
from dataclasses import replace

import pytest

from bridge.api import EntryState, Hold, Invoice, InvoiceState, LineKind, Reason, TransactionKind
from bridge.engine.context import BookWhen, Policy, UnpaidDocuments
from bridge.engine.decide.answers import Answer, Answers, Given
from bridge.engine.decide.eligibility import by_lines, by_state, by_totals, decide_header
from bridge.engine.decide.inputs import DecisionInputs, PriorBooking
from bridge.model.reasons import Skip
from bridge.store.tables.values import EntryRow
from bridge.testing.builders import DAY, a_line, a_transaction, an_invoice, gbp

POLICY = Policy(start_date=dt.date(2026, 4, 1), unpaid_documents=UnpaidDocuments.PROFORMA)
ISSUED = replace(POLICY, book_when=BookWhen.ISSUED)
EARLY = dt.date(2026, 3, 31)
NOTHING = PriorBooking()
BOOKED = PriorBooking(is_booked=True)
CREDITED = PriorBooking(is_booked=True, credited=True)
Answered = Skip | Hold | None


def _row(invoice: Invoice, reason: Reason | None = None) -> EntryRow:
    return EntryRow(
        invoice=invoice.ref,
        client=invoice.client,
        number=invoice.number,
        status=invoice.status,
        source_state=invoice.state,
        issued=invoice.issued,
        paid_on=invoice.paid_on,
        gross=invoice.gross,
        header_fingerprint=None,
        money_fingerprint=None,
        content_fingerprint=None,
        state=EntryState.PENDING,
        reason=reason,
        what="",
        remedy="",
        tries=0,
        next_try=None,
        changed=dt.datetime(2026, 5, 4, tzinfo=dt.UTC),
        run=0,
    )


def _by_state(
    invoice: Invoice, before: PriorBooking = NOTHING, policy: Policy = POLICY
) -> tuple[type, Reason] | None:
    return _said(by_state(invoice, DecisionInputs(policy, "MEM", "GBP"), before))


def _said(answer: Answered) -> tuple[type, Reason] | None:
    return None if answer is None else (type(answer), answer.reason)


def test_a_paid_invoice_is_bookable() -> None:
    assert _by_state(an_invoice()) is None


@pytest.mark.parametrize(
    ("state", "before", "said"),
    [
        (InvoiceState.DRAFT, NOTHING, (Skip, Reason.DRAFT)),
        (InvoiceState.OPEN, NOTHING, (Skip, Reason.NOT_PAID)),
        (InvoiceState.OPEN, BOOKED, (Hold, Reason.CHANGED_AFTER_WRITE)),
        (InvoiceState.CANCELLED, NOTHING, (Skip, Reason.CANCELLED)),
        (InvoiceState.CANCELLED, BOOKED, (Hold, Reason.CANCELLED_AFTER_BOOKING)),
        (InvoiceState.PAID, CREDITED, (Hold, Reason.CHANGED_AFTER_WRITE)),
        (InvoiceState.OPEN, CREDITED, (Hold, Reason.CHANGED_AFTER_WRITE)),
    ],
)
def test_what_is_no_paid_sale(
    state: InvoiceState, before: PriorBooking, said: tuple[type, Reason]
) -> None:
    assert _by_state(an_invoice(state=state, transactions=[]), before) == said


def test_an_open_invoice_is_bookable_where_the_issue_counts() -> None:
    assert _by_state(an_invoice(state=InvoiceState.OPEN, transactions=[]), policy=ISSUED) is None


def test_an_answer_releases_what_was_cancelled_after_booking() -> None:
    given = Given(Answer.NOT_SUPPLIED, (), "rose@office", "never set up", DAY)
    before = replace(BOOKED, answers=Answers((given,)))
    assert _by_state(an_invoice(state=InvoiceState.CANCELLED), before) is None


def test_a_paid_invoice_without_its_day_waits() -> None:
    undated = replace(an_invoice(), paid_on=None)
    assert _by_state(undated) == (Hold, Reason.DATE_MISSING)
    assert _by_state(undated, policy=ISSUED) is None


def test_a_reversal_of_a_paid_invoice_is_a_chargeback() -> None:
    back = a_transaction(901, money_out=gbp("120.00"), kind=TransactionKind.REVERSAL)
    rows = [a_transaction(900), back]
    assert _by_state(an_invoice(transactions=rows)) == (Hold, Reason.CHARGEBACK)


def test_what_was_paid_before_the_start_stays_out_unless_money_moved_since() -> None:
    rows = [a_transaction(900, date=EARLY)]
    old = an_invoice(issued=EARLY, transactions=rows)
    assert _by_state(old) == (Skip, Reason.BEFORE_START_DATE)
    assert _by_state(old, BOOKED) is None
    moved = [*rows, a_transaction(901, money_out=gbp("20.00"), date=DAY)]
    assert _by_state(replace(old, transactions=tuple(moved))) == (Hold, Reason.OPENING_ITEM)


@pytest.mark.parametrize(
    ("state", "policy", "said"),
    [
        (InvoiceState.DRAFT, POLICY, (Skip, Reason.DRAFT)),
        (InvoiceState.CANCELLED, POLICY, (Skip, Reason.CANCELLED)),
        (InvoiceState.OPEN, POLICY, (Skip, Reason.NOT_PAID)),
        (InvoiceState.OPEN, ISSUED, None),
        (InvoiceState.PAID, POLICY, None),
        (InvoiceState.REFUNDED, POLICY, None),
    ],
)
def test_the_row_of_the_scan_alone_decides(
    state: InvoiceState, policy: Policy, said: tuple[type, Reason] | None
) -> None:
    assert _said(decide_header(_row(an_invoice(state=state)), policy)) == said


def test_a_row_of_before_the_start_is_decided_unless_it_is_known_to_have_moved() -> None:
    early = an_invoice(issued=EARLY, paid_on=EARLY)
    assert _said(decide_header(_row(early), POLICY)) == (Skip, Reason.BEFORE_START_DATE)
    assert decide_header(_row(early, Reason.BEFORE_START_DATE), POLICY) is None
    paid_since = an_invoice(issued=EARLY, paid_on=DAY)
    assert decide_header(_row(paid_since), ISSUED) is None


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ([LineKind.SALE, LineKind.DISCOUNT, LineKind.LATE_FEE], None),
        ([LineKind.PREPAYMENT], None),
        ([LineKind.SETTLEMENT, LineKind.SETTLEMENT], (Skip, Reason.MASS_PAY_CONTAINER)),
        ([LineKind.SETTLEMENT, LineKind.SALE], (Hold, Reason.MASS_PAY_UNPROVEN)),
        ([LineKind.PREPAYMENT, LineKind.SALE], (Hold, Reason.PREPAYMENT_UNMAPPED)),
        ([LineKind.SALE, LineKind.UNKNOWN], (Hold, Reason.LINE_TYPE_UNKNOWN)),
    ],
)
def test_the_kinds_of_lines_decide(kinds: list[LineKind], said: tuple[type, Reason] | None) -> None:
    lines = [a_line(line=number, kind=kind) for number, kind in enumerate(kinds)]
    assert _said(by_lines(an_invoice(lines=lines))) == said


def test_what_the_source_itself_found_comes_first() -> None:
    own = Hold(Reason.TOTAL_MISMATCH, "its figures do not add up", "look at it")
    assert by_totals(an_invoice(holds=[own])) is own


def test_a_negative_total_says_not_what_it_credits() -> None:
    invoice = an_invoice(lines=[a_line(gbp("-10.00"))], transactions=[])
    assert _said(by_totals(invoice)) == (Hold, Reason.NEGATIVE_INVOICE)


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        ([("0.00", True)], (Skip, Reason.ZERO_TOTAL)),
        ([("50.00", True), ("-50.00", True)], (Skip, Reason.ZERO_TOTAL)),
        ([("50.00", False), ("-50.00", True)], (Hold, Reason.ZERO_TOTAL)),
    ],
)
def test_a_total_of_nothing_is_no_sale_where_each_tax_class_is_nothing(
    amounts: list[tuple[str, bool]], said: tuple[type, Reason]
) -> None:
    lines = [
        a_line(gbp(amount), line=number, taxed=taxed)
        for number, (amount, taxed) in enumerate(amounts)
    ]
    nothing = gbp("0.00")
    assert _said(by_totals(an_invoice(lines=lines, net=nothing, tax=nothing))) == said
