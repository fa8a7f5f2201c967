"""Where the money of one invoice goes: payments, balance, fees, refunds. Pure."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bridge.engine.decide.closed_periods import open_day, with_day
from bridge.engine.decide.credit_note_lines import Reduction
from bridge.engine.decide.duplicates import Deduplicated, deduplicate
from bridge.engine.decide.inputs import DecisionInputs, PriorBooking, oldest_first
from bridge.engine.decide.mass_payments import PaymentShare, container_shares, merged
from bridge.model.keys import Key, Reference, Role, payment_ref, token_of
from bridge.model.money import Money, rounded, total
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import SourceRef
from bridge.model.source_records import (
    BalanceOrigin,
    Invoice,
    LineKind,
    Transaction,
    TransactionKind,
)
from bridge.model.target_records import Movement, MovementKind, PaidFrom, Payment


@dataclass(slots=True)
class MoneyAllocation:
    """The money of one invoice, in the order in which it is written.

    Attributes:
        given: Balance given by hand that this invoice uses; booked before it is used.
        short: What is missing of the gross although the source calls it paid.
        waits: A row that is left out until a person says whether it is money.
    """

    payments: list[Payment] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    given: list[Movement] = field(default_factory=list)
    reductions: list[Reduction] = field(default_factory=list)
    short: Money | None = None
    waits: Hold | None = None


class _HoldFound(Exception):  # carries an answer, as our Hold is a value and cannot be raised
    """Leaves the allotment early with a hold."""

    def __init__(self, hold: Hold) -> None:
        super().__init__(hold.what)
        self.hold = hold


def allocate_money(
    invoice: Invoice, inputs: DecisionInputs, before: PriorBooking
) -> MoneyAllocation | Hold:
    """Decide where every penny goes, or hold.

    Balance and mass payments settle first, since the source took them off before it asked for
    money; then transactions in order of time. What goes beyond the gross is the client's balance.
    A refund first returns such money; only what takes receipts below the gross lowers the price.

    Args:
        invoice: Complete, with its containers.
        inputs: Money of before the start date stays out.
        before: The balance that is booked on it, the client's balance movements, and the answers.
    """
    try:
        return _Allocator(invoice, inputs, before).all()
    except _HoldFound as held:
        return held.hold


@dataclass(slots=True)
class _Allocator:
    invoice: Invoice
    inputs: DecisionInputs
    before: PriorBooking
    result: MoneyAllocation = field(default_factory=MoneyAllocation)

    def all(self) -> MoneyAllocation:
        paid = oldest_first(self.invoice, TransactionKind.PAYMENT)
        sorted_rows = deduplicate(paid, self.before.answers, self.invoice.ref.id)
        rows = sorted_rows.counted
        excess = self._prepaid(rows) if is_prepayment(self.invoice) else self._settle(rows)
        self.result.waits = sorted_rows.waits
        self._refunds(excess, sorted_rows)
        return self.result

    # Money in --------------------------------------------------------------------------------

    def _settle(self, rows: Sequence[Transaction]) -> Money:
        """Pay the invoice; answers how much more than its gross was received."""
        shares = container_shares(self.invoice)
        if isinstance(shares, Hold):
            raise _HoldFound(shares)
        left = self._from_balance(shares)
        excess = Money.zero(self.invoice.currency)
        own = [PaymentShare(row, row.money_in) for row in rows]
        for receipt in merged(shares) + own:
            self._in_time(receipt.row)
            used = min(receipt.amount, left) if left.amount > 0 else left - left
            left -= used
            if used:
                self.result.payments.append(self._payment(receipt.row, used))
            beyond = receipt.amount - used
            if beyond:
                excess += beyond
                ref = Key(Role.EXCESS, receipt.row.id).ref
                self._move(ref, MovementKind.EXCESS, receipt.row, beyond)
            if receipt.bears_fee:
                self._fee(receipt.row)
        if left:
            self.result.short = left
        return excess

    def _from_balance(self, shares: Iterable[PaymentShare]) -> Money:
        """What balance and nothing else explains of the credit shown; answers what is left due."""
        invoice = self.invoice
        in_shares = total((share.amount for share in shares), invoice.currency)
        used = invoice.credit - in_shares
        booked = self.before.used or Money.zero(invoice.currency)
        if used < booked:
            raise _HoldFound(
                Hold(
                    Reason.CHANGED_AFTER_WRITE,
                    f"{booked} of balance was booked on it, now the source shows {used}",
                    "find out what happened to its credit; correct the books by hand",
                )
            )
        fresh = used - booked
        if fresh:
            self._given()
            self.result.payments.append(self._balance_payment(used, fresh))
        return invoice.gross - used

    def _given(self) -> None:
        """Balance that staff gave or took, as far as it is dated before its use."""
        until = self.invoice.paid_on or dt.date.max
        by_hand = {BalanceOrigin.BY_HAND, BalanceOrigin.UNKNOWN}
        for entry in self.before.balances:
            if entry.origin in by_hand and self.inputs.policy.start_date <= entry.date <= until:
                ref = Key(Role.GIVEN, entry.id).ref
                self.result.given.append(
                    Movement(
                        ref=ref,
                        reference=self._reference(ref, entry.description[:60]),
                        kind=MovementKind.BY_HAND,
                        date=self._day(entry.date, "a balance given by hand on"),
                        amount=entry.amount,
                        gateway="",
                        client=self.invoice.client,
                        base_amount=self._same(entry.amount),
                    )
                )

    def _balance_payment(self, running: Money, amount: Money) -> Payment:
        day = self.invoice.paid_on or self.invoice.issued
        if day is None:
            raise _HoldFound(
                Hold(
                    Reason.DATE_MISSING,
                    f"{amount} of it was paid from the balance on an unknown day",
                    "set its date of payment in the source",
                )
            )
        ref = Key(Role.USE, on=Key.of(self.invoice.ref), amount=str(running.amount)).ref
        return Payment(
            ref=ref,
            reference=self._reference(ref, ""),
            invoice=self.invoice.ref,
            date=self._day(day, "its payment of"),
            amount=amount,
            base_amount=self._same(amount),
            gateway="",
            paid_from=PaidFrom.BALANCE,
        )

    def _same(self, amount: Money) -> Money | None:
        return amount if amount.currency == self.inputs.base_currency else None

    def _prepaid(self, rows: Sequence[Transaction]) -> Money:
        """Money put on the balance; answers all of it, since all of it may be returned."""
        invoice = self.invoice
        received = total((row.money_in for row in rows), invoice.currency)
        if invoice.tax or invoice.tax2 or invoice.credit or received != invoice.gross:
            raise _HoldFound(
                Hold(
                    Reason.PREPAYMENT_UNMAPPED,
                    f"it puts {invoice.gross} on the client's balance, but {received} was received"
                    f" with {invoice.tax} of tax and {invoice.credit} of credit",
                    "book it by hand, then `bridge skip` it with the reason",
                )
            )
        for row in rows:
            self._in_time(row)
            self._move(Key(Role.PREPAID, row.id).ref, MovementKind.BALANCE_IN, row, row.money_in)
            self._fee(row)
        return received

    def _in_time(self, row: Transaction) -> None:
        if row.date < self.inputs.policy.start_date:
            raise _HoldFound(
                Hold(
                    Reason.OPENING_ITEM,
                    f"{row.money_in} was paid on {row.date}, before the start date",
                    "book it by hand with the opening balances, then `bridge skip` it with the"
                    " reason",
                )
            )

    def _payment(self, row: Transaction, amount: Money) -> Payment:
        ref = payment_ref(row.id, self.invoice.ref.id)
        day = self._day(row.date, "its payment of")
        return Payment(
            ref=ref,
            reference=self._reference(ref, with_day(row.reference, row.date, day)),
            invoice=self.invoice.ref,
            date=day,
            amount=amount,
            base_amount=base_amount(row, amount, self.inputs.base_currency),
            gateway=row.gateway,
        )

    def _fee(self, row: Transaction) -> None:
        if row.fee:
            self._move(Key(Role.FEE, row.id).ref, MovementKind.FEE, row, -row.fee)

    def _move(self, ref: SourceRef, kind: MovementKind, row: Transaction, amount: Money) -> None:
        day = self._day(row.date, "its transaction of")
        self.result.movements.append(
            Movement(
                ref=ref,
                reference=self._reference(ref, with_day(row.reference, row.date, day)),
                kind=kind,
                date=day,
                amount=amount,
                gateway=row.gateway,
                client=self.invoice.client,
                base_amount=base_amount(row, amount, self.inputs.base_currency),
            )
        )

    # Money out -------------------------------------------------------------------------------

    def _refunds(self, excess: Money, rows: Deduplicated) -> None:
        reduced = Money.zero(self.invoice.currency)
        kinds = {TransactionKind.REFUND, TransactionKind.TO_BALANCE}
        if rows.waits:
            return  # it may be the second charge that went back
        for row in oldest_first(self.invoice, *kinds):
            if row.refund_of in rows.dropped:
                raise _HoldFound(_returned_nothing(row))
            to_balance = row.kind is TransactionKind.TO_BALANCE
            returned = min(row.money_out, excess) if excess.amount > 0 else excess - excess
            if returned and to_balance:
                raise _HoldFound(_twice_on_balance(row, returned))
            if returned:
                self._move(Key(Role.RETURNED, row.id).ref, MovementKind.BALANCE_OUT, row, -returned)
            excess -= returned
            rest = row.money_out - returned
            if rest:
                if is_prepayment(self.invoice):
                    raise _HoldFound(_too_much(self.invoice, row))
                self.result.reductions.append(Reduction(row, rest, reduced, to_balance))
                reduced += rest

    def _day(self, day: dt.date, what: str) -> dt.date:
        answer = open_day(day, self.inputs.choices, what)
        if isinstance(answer, Hold):
            raise _HoldFound(answer)
        return answer

    def _reference(self, ref: SourceRef, detail: str) -> Reference:
        return Reference(token_of(self.inputs.label, ref), detail)


def is_prepayment(invoice: Invoice) -> bool:
    """Whether it puts money on the client's balance."""
    return any(line.kind is LineKind.PREPAYMENT for line in invoice.lines)


def base_amount(row: Transaction, amount: Money, base: str) -> Money | None:
    """The same money in the source's base currency, at the transaction's own rate."""
    if amount.currency == base:
        return amount
    return rounded(amount.amount / row.rate, base) if row.rate else None


def _returned_nothing(row: Transaction) -> Hold:
    return Hold(
        Reason.DUPLICATE_TRANSACTION,
        f"refund {row.id} returns transaction {row.refund_of}, which was answered to be no money",
        "check the gateway's statement again; if both charges are on it,"
        " `bridge answer INVOICE two-charges --because ...`",
    )


def _twice_on_balance(row: Transaction, amount: Money) -> Hold:
    return Hold(
        Reason.REFUND_TO_BALANCE,
        f"refund {row.id} put {row.money_out} on the client's balance, but {amount} of that came"
        " beyond the price and was put there when it came",
        "look at the client's credit in the source: is it there twice? Put it right, book by hand"
        " what is left of the refund, and `bridge skip` the invoice with the reason",
    )


def _too_much(invoice: Invoice, row: Transaction) -> Hold:
    return Hold(
        Reason.REFUND_EXCEEDS_INVOICE,
        f"refund {row.id} of {row.money_out} returns more than invoice {invoice.number} brought in",
        "look at its refunds in the source; book the rest by hand",
    )
