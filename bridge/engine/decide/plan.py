"""What becomes of an invoice: booked, skipped or held. Pure: values in, a value out."""

from dataclasses import dataclass, replace

from bridge.engine.decide.added_lines import split_payments
from bridge.engine.decide.allocation import MoneyAllocation, allocate_money, is_prepayment
from bridge.engine.decide.closed_periods import open_day, with_day
from bridge.engine.decide.credit_notes import Refund, plan_cancellation, plan_refunds
from bridge.engine.decide.eligibility import by_lines, by_state, by_totals
from bridge.engine.decide.exchange_rate import document_rate
from bridge.engine.decide.inputs import (
    NO_PRIOR_BOOKING,
    DecisionInputs,
    PriorBooking,
    document_day,
    own_number,
)
from bridge.engine.decide.sale_lines import sale_lines
from bridge.engine.decide.tax import allocate_tax, guard_totals
from bridge.model.keys import Key, Reference
from bridge.model.reasons import Hold, Reason, Skip
from bridge.model.source_records import Client, Invoice, InvoiceState
from bridge.model.target_records import CreditNote, Movement, Payment, Sale, SaleLine

_ANSWERED = frozenset({Reason.DUPLICATE_TRANSACTION, Reason.CANCELLED_AFTER_BOOKING})


@dataclass(frozen=True, slots=True)
class Plan:
    """What the books should show for one invoice, before the target has had its say.

    Attributes:
        sale: None where nothing is sold: money put on the client's balance.
        given: Balance given by hand, booked before it is used.
        added: Further documents of the same invoice, for lines that were added after booking.
        cancellation: The credit note of a cancelled sale, set against it.
        remark: What a person should hear of although it is booked, or what still waits.
    """

    client: Client
    sale: Sale | None
    payments: tuple[Payment, ...] = ()
    movements: tuple[Movement, ...] = ()
    given: tuple[Movement, ...] = ()
    refunds: tuple[Refund, ...] = ()
    added: tuple[Sale, ...] = ()
    cancellation: CreditNote | None = None
    remark: Hold | None = None


def decide(
    invoice: Invoice,
    client: Client,
    inputs: DecisionInputs,
    before: PriorBooking = NO_PRIOR_BOOKING,
) -> Plan | Skip | Hold:
    """Decide on an invoice, also on one that is in the books and has moved on since.

    The order matters: what makes it no sale at all comes first, then what makes its figures
    uncertain, then what makes its money uncertain.
    """
    answer = by_state(invoice, inputs, before) or by_lines(invoice) or by_totals(invoice)
    if answer:
        return answer
    money = allocate_money(invoice, inputs, before)
    if isinstance(money, Hold):
        return money
    if is_prepayment(invoice):
        return Plan(client, None, movements=tuple(money.movements), remark=money.waits)
    first = before.documents[0] if before.documents else invoice
    sale = _sale(first, client, inputs, before.booking)
    if isinstance(sale, Hold):
        return sale
    added = _added(invoice, client, money, inputs, before)
    if isinstance(added, Hold):
        return added
    refunds = plan_refunds(invoice, sale, money, inputs)
    if isinstance(refunds, Hold):
        return refunds
    plan = Plan(
        client=client,
        sale=sale,
        payments=_payments(money, inputs, before),
        movements=tuple(money.movements),
        given=tuple(money.given),
        refunds=refunds,
        added=added,
        remark=money.waits or before.waits or _short(invoice, money),
    )
    return _ended(invoice, sale, money, plan, inputs, before)


def _payments(
    money: MoneyAllocation, inputs: DecisionInputs, before: PriorBooking
) -> tuple[Payment, ...]:
    """The payments, each on its document; those on one that waits wait with it."""
    if not before.documents:
        return tuple(money.payments)
    waiting = before.documents[-1].ref if before.waits else None
    cut = split_payments(money.payments, before.documents, inputs.label)
    return tuple(payment for payment in cut if payment.invoice != waiting)


def _added(
    invoice: Invoice,
    client: Client,
    money: MoneyAllocation,
    inputs: DecisionInputs,
    before: PriorBooking,
) -> tuple[Sale, ...] | Hold:
    """The further documents that may be booked."""
    released = before.documents[1:-1] if before.waits else before.documents[1:]
    if released and (money.reductions or invoice.state is InvoiceState.CANCELLED):
        return Hold(
            Reason.REFUND_ALLOCATION,
            f"it stands in {len(released) + 1} documents, and what is to be credited does not say"
            " of which",
            "book the credit note by hand, then `bridge skip` it with the reason",
        )
    sales: list[Sale] = []
    for document in released:
        sale = _sale(document, client, inputs)
        if isinstance(sale, Hold):
            return sale
        sales.append(sale)
    return tuple(sales)


def _ended(
    invoice: Invoice,
    sale: Sale,
    money: MoneyAllocation,
    plan: Plan,
    inputs: DecisionInputs,
    before: PriorBooking,
) -> Plan | Hold:
    if invoice.state is not InvoiceState.CANCELLED:
        return plan
    end = plan_cancellation(invoice, sale, money, inputs, before)
    if isinstance(end, Hold):
        return end
    return replace(plan, cancellation=end.note, remark=money.waits or end.remark)


def asks(plan: Plan | Skip | Hold) -> bool:
    """Whether an answer of a person could change it."""
    question = plan.remark if isinstance(plan, Plan) else plan
    return question is not None and question.reason in _ANSWERED


def _sale(
    invoice: Invoice, client: Client, inputs: DecisionInputs, booking: int = 1
) -> Sale | Hold:
    lines = _lines(invoice)
    if isinstance(lines, Hold):
        return lines
    day = document_day(invoice, inputs.policy)
    if isinstance(day, Hold):
        return day
    date = open_day(day, inputs.choices, "its date")
    if isinstance(date, Hold):
        return date
    return Sale(
        ref=invoice.ref,
        reference=Reference(
            Key.of(invoice.ref).again(booking).token(inputs.label),
            with_day(own_number(invoice), day, date),
        ),
        client=client,
        date=date,
        due=invoice.due,
        currency=invoice.currency,
        lines=lines,
        rate=document_rate(invoice, inputs.base_currency),
    )


def _lines(invoice: Invoice) -> tuple[SaleLine, ...] | Hold:
    taxed = allocate_tax(invoice)
    if isinstance(taxed, Hold):
        return taxed
    return guard_totals(invoice, taxed) or sale_lines(invoice, taxed)


def _short(invoice: Invoice, money: MoneyAllocation) -> Hold | None:
    """Paid with less than was due: booked as it is, and what is missing stays with the debtors."""
    if not money.short or invoice.state in {InvoiceState.OPEN, InvoiceState.CANCELLED}:
        return None
    return Hold(
        Reason.PAYMENT_SHORT,
        f"it is marked paid, but {money.short} of {invoice.gross} was not received: that stays"
        " with the debtors",
        "find the missing payment and add it in the source, or write it off in the target",
    )
