"""Where the money of one invoice goes: payments, balance, fees, refunds. Pure."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bridge.engine.context import Choices
from bridge.engine.decide.answers import NO_ANSWERS, Answers
from bridge.engine.decide.closed_periods import open_day, with_day
from bridge.engine.decide.credit_note_lines import Reduction
from bridge.engine.decide.duplicates import Sorted, without_twins
from bridge.engine.decide.mass_payments import Receipt, container_shares, merged
from bridge.engine.keys import (
    balance_use_ref,
    excess_ref,
    fee_ref,
    given_ref,
    prepaid_ref,
    returned_ref,
)
from bridge.model.money import Money, rounded, total
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import Reference, SourceRef, payment_ref, token_of
from bridge.model.source_records import (
    BalanceEntry,
    BalanceOrigin,
    Invoice,
    LineKind,
    Transaction,
    TransactionKind,
)
from bridge.model.target_records import Movement, MovementKind, PaidFrom, Payment


@dataclass(frozen=True, slots=True)
class MoneyTerms:
    """What the allotment depends on besides the invoice.

    Attributes:
        label: Prefix of references.
        base_currency: What the source's rates are relative to.
        start_date: Money of before that day stays out.
    """

    label: str
    base_currency: str
    start_date: dt.date
    choices: Choices


@dataclass(slots=True)
class Allotment:
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


class Held(Exception):  # carries an answer, as our Hold is a value and cannot be raised
    """Leaves the allotment early with a hold."""

    def __init__(self, hold: Hold) -> None:
        super().__init__(hold.what)
        self.hold = hold


def allot(
    invoice: Invoice,
    terms: MoneyTerms,
    *,
    used_before: Money,
    balances: Sequence[BalanceEntry],
    answers: Answers = NO_ANSWERS,
) -> Allotment | Hold:
    """Decide where every penny goes, or hold.

    Balance and mass payments settle first, since the source took them off before it asked for
    money; then transactions in order of time. What goes beyond the gross is the client's balance.
    A refund first returns such money; only what takes receipts below the gross lowers the price.

    Args:
        invoice: Complete, with its containers.
        terms: See there.
        used_before: Balance that is booked on this invoice already.
        balances: The client's balance movements, where balance was used and they were read.
        answers: What persons said about rows of it.
    """
    try:
        return _Allotter(invoice, terms, used_before, balances, answers).all()
    except Held as held:
        return held.hold


@dataclass(slots=True)
class _Allotter:
    invoice: Invoice
    terms: MoneyTerms
    used_before: Money
    balances: Sequence[BalanceEntry]
    answers: Answers
    result: Allotment = field(default_factory=Allotment)

    def all(self) -> Allotment:
        paid = in_time(self.invoice, TransactionKind.PAYMENT)
        sorted_rows = without_twins(paid, self.answers, self.invoice.ref.id)
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
            raise Held(shares)
        left = self._from_balance(shares)
        excess = Money.zero(self.invoice.currency)
        own = [Receipt(row, row.money_in) for row in rows]
        for receipt in merged(shares) + own:
            self._in_time(receipt.row)
            used = min(receipt.amount, left) if left.amount > 0 else left - left
            left -= used
            if used:
                self.result.payments.append(self._payment(receipt.row, used))
            beyond = receipt.amount - used
            if beyond:
                excess += beyond
                ref = excess_ref(receipt.row.id)
                self._move(ref, MovementKind.EXCESS, receipt.row, beyond)
            if receipt.bears_fee:
                self._fee(receipt.row)
        if left:
            self.result.short = left
        return excess

    def _from_balance(self, shares: Iterable[Receipt]) -> Money:
        """What balance and nothing else explains of the credit shown; answers what is left due."""
        invoice = self.invoice
        in_shares = total((share.amount for share in shares), invoice.currency)
        used = invoice.credit - in_shares
        if used < self.used_before:
            raise Held(
                Hold(
                    Reason.CHANGED_AFTER_WRITE,
                    f"{self.used_before} of balance was booked on it, now the source shows {used}",
                    "find out what happened to its credit; correct the books by hand",
                )
            )
        fresh = used - self.used_before
        if fresh:
            self._given()
            self.result.payments.append(self._balance_payment(used, fresh))
        return invoice.gross - used

    def _given(self) -> None:
        """Balance that staff gave or took, as far as it is dated before its use."""
        until = self.invoice.paid_on or dt.date.max
        by_hand = {BalanceOrigin.BY_HAND, BalanceOrigin.UNKNOWN}
        for entry in self.balances:
            if entry.origin in by_hand and self.terms.start_date <= entry.date <= until:
                ref = given_ref(entry.id)
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
            raise Held(
                Hold(
                    Reason.DATE_MISSING,
                    f"{amount} of it was paid from the balance on an unknown day",
                    "set its date of payment in the source",
                )
            )
        ref = balance_use_ref(self.invoice.ref.id, running)
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
        return amount if amount.currency == self.terms.base_currency else None

    def _prepaid(self, rows: Sequence[Transaction]) -> Money:
        """Money put on the balance; answers all of it, since all of it may be returned."""
        invoice = self.invoice
        received = total((row.money_in for row in rows), invoice.currency)
        if invoice.tax or invoice.tax2 or invoice.credit or received != invoice.gross:
            raise Held(
                Hold(
                    Reason.PREPAYMENT_UNMAPPED,
                    f"it puts {invoice.gross} on the client's balance, but {received} was received"
                    f" with {invoice.tax} of tax and {invoice.credit} of credit",
                    "book it by hand, then `bridge skip` it with the reason",
                )
            )
        for row in rows:
            self._in_time(row)
            self._move(prepaid_ref(row.id), MovementKind.BALANCE_IN, row, row.money_in)
            self._fee(row)
        return received

    def _in_time(self, row: Transaction) -> None:
        if row.date < self.terms.start_date:
            raise Held(
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
            base_amount=base_amount(row, amount, self.terms.base_currency),
            gateway=row.gateway,
        )

    def _fee(self, row: Transaction) -> None:
        if row.fee:
            self._move(fee_ref(row.id), MovementKind.FEE, row, -row.fee)

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
                base_amount=base_amount(row, amount, self.terms.base_currency),
            )
        )

    # Money out -------------------------------------------------------------------------------

    def _refunds(self, excess: Money, rows: Sorted) -> None:
        reduced = Money.zero(self.invoice.currency)
        kinds = {TransactionKind.REFUND, TransactionKind.TO_BALANCE}
        if rows.waits:
            return  # it may be the second charge that went back
        for row in in_time(self.invoice, *kinds):
            if row.refund_of in rows.dropped:
                raise Held(_returned_nothing(row))
            to_balance = row.kind is TransactionKind.TO_BALANCE
            returned = min(row.money_out, excess) if excess.amount > 0 else excess - excess
            if returned and to_balance:
                raise Held(_twice_on_balance(row, returned))
            if returned:
                self._move(returned_ref(row.id), MovementKind.BALANCE_OUT, row, -returned)
            excess -= returned
            rest = row.money_out - returned
            if rest:
                if is_prepayment(self.invoice):
                    raise Held(_too_much(self.invoice, row))
                self.result.reductions.append(Reduction(row, rest, reduced, to_balance))
                reduced += rest

    def _day(self, day: dt.date, what: str) -> dt.date:
        answer = open_day(day, self.terms.choices, what)
        if isinstance(answer, Hold):
            raise Held(answer)
        return answer

    def _reference(self, ref: SourceRef, detail: str) -> Reference:
        return Reference(token_of(self.terms.label, ref), detail)


def is_prepayment(invoice: Invoice) -> bool:
    """Whether it puts money on the client's balance."""
    return any(line.kind is LineKind.PREPAYMENT for line in invoice.lines)


def in_time(invoice: Invoice, *kinds: TransactionKind) -> list[Transaction]:
    """The transactions of these kinds, oldest first."""
    rows = [row for row in invoice.transactions if row.kind in kinds]
    return sorted(rows, key=lambda row: (row.date, len(row.id), row.id))


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
