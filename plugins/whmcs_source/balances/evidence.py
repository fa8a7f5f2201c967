"""How an invoice was paid, where its own transactions do not tell: proved, or held."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from bridge.api import (
    BalanceEntry,
    Hold,
    Invoice,
    LineKind,
    Money,
    Reason,
    Transaction,
    TransactionKind,
)
from whmcs_source.api.reply_errors import ActionNotAllowedError
from whmcs_source.api.wire_models import WireTransaction
from whmcs_source.balances.load import BalanceReader
from whmcs_source.balances.mass_payments import Containers
from whmcs_source.translate.credit import claimed, credit_hold, unsaid_hold
from whmcs_source.translate.invoice import PAID_STATES
from whmcs_source.translate.transactions import Installation, is_unnamed_refund, to_balance

_A_DAY = dt.timedelta(days=1)
_NONE = Decimal(0)


class CreditEvidence:
    """Completes invoices with mass payments, credit and the kinds of their refunds."""

    def __init__(self, containers: Containers, balances: BalanceReader) -> None:
        self._containers = containers
        self._balances = balances

    def complete(self, invoice: Invoice, books: Installation, since: float) -> Invoice:
        """The invoice with its containers, its credit proved, and its refunds told apart.

        `since` is when reading it began, by the monotonic clock.
        """
        if invoice.credit or _is_paid_otherwise(invoice):
            invoice = self._with_credit(self._with_containers(invoice, books), books)
        return self._with_refunds(invoice, books, since)

    def forget_older(self, invoice: Invoice, since: float) -> bool:
        """Forget what of its client was read before; answers whether there was any.

        Money moves while a run goes on: what an older reading does not show may be there now.
        """
        client_id = int(invoice.client.id)
        lists = self._containers.forget_older(client_id, since)
        return self._balances.forget_older(client_id, since) or lists

    def entries(self, client_id: int, currency: str, books: Installation) -> Iterator[BalanceEntry]:
        """Movements of a client's balance, oldest first.

        Raises:
            ActionNotAllowedError: the role lacks GetCredits.
        """
        return self._balances.entries(client_id, currency, books)

    # Mass payments and balance ----------------------------------------------------------------

    def _with_containers(self, invoice: Invoice, books: Installation) -> Invoice:
        if _settles_others(invoice):  # no mass payment pays another
            return invoice
        found = self._containers.paying(invoice, books)
        if isinstance(found, Hold):
            return _held(invoice, found)
        return replace(invoice, containers=found)

    def _with_credit(self, invoice: Invoice, books: Installation) -> Invoice:
        if invoice.holds:  # figures that disagree, or an unread invoice, prove nothing
            return invoice
        try:
            if invoice.credit.amount > claimed(invoice):
                hold = credit_hold(invoice, self._used(invoice, books))
                return _held(invoice, hold) if hold else invoice
            if not invoice.credit and books.keeps_gross_total and _is_paid_otherwise(invoice):
                return self._with_unsaid_credit(invoice, books)
        except ActionNotAllowedError as error:
            what = f"{invoice.credit} of it was not paid with money"
            return _held(invoice, _unreadable(Reason.CREDIT_UNMAPPED, what, error))
        return invoice

    def _with_unsaid_credit(self, invoice: Invoice, books: Installation) -> Invoice:
        """WHMCS 9 may show neither notes nor credit: what else explains the rest is the credit.

        A row without gateway and reference is how WHMCS 8 marked an invoice paid; such money is
        short and no note stands for it.
        """
        gap = invoice.gross - _received(invoice)
        shares = claimed(invoice)
        used = self._used(invoice, books) if shares != gap.amount else Decimal(0)
        if shares + used == gap.amount:
            return replace(invoice, credit=gap)
        if any(_is_nameless(row) for row in invoice.transactions) and not shares + used:
            return invoice
        return _held(invoice, unsaid_hold(invoice, gap))

    def _used(self, invoice: Invoice, books: Installation) -> Decimal:
        found = self._balances.of(int(invoice.client.id), books)
        return found.used.get(int(invoice.ref.id), Decimal(0))

    # Refunds ----------------------------------------------------------------------------------

    def _with_refunds(self, invoice: Invoice, books: Installation, since: float) -> Invoice:
        refunds = _unnamed(invoice.transactions)
        if not refunds:
            return invoice
        self.forget_older(invoice, since)
        client_id = int(invoice.client.id)
        try:
            moved = [(row.money_out.amount, row.date) for row in refunds]
            if not self._may_be_on_balance(client_id, moved):
                return invoice
            found = self._balances.of(client_id, books)
        except ActionNotAllowedError as error:
            what = f"refund {refunds[0].id} of {refunds[0].money_out} names no payment of a gateway"
            return _held(invoice, _unreadable(Reason.REFUND_TO_BALANCE, what, error))
        rows = tuple(to_balance(row, found.to_balance) for row in invoice.transactions)
        doubtful = [row for row in refunds if int(row.id) in found.doubtful]
        told = replace(invoice, transactions=rows)
        return _held(told, _doubtful(doubtful[0])) if doubtful else told

    def on_balance(
        self, client_id: int, rows: Iterable[WireTransaction], books: Installation
    ) -> Collection[int]:
        """Which of a client's refunds were put on the balance; none where it cannot be read."""
        moved = [(row.amountout, row.date) for row in rows if is_unnamed_refund(row, books)]
        try:
            if moved and self._may_be_on_balance(client_id, moved):
                return self._balances.of(client_id, books).to_balance
        except ActionNotAllowedError:
            pass  # the invoice that a refund belongs to is held for it
        return frozenset()

    def _may_be_on_balance(
        self, client_id: int, moved: Iterable[tuple[Decimal, dt.date | None]]
    ) -> bool:
        """Whether any movement of the balance is of such an amount, on such a day."""
        return any(
            row.amount == amount
            and (row.date is None or day is None or abs(row.date - day) <= _A_DAY)
            for row in self._balances.credits(client_id)
            for amount, day in moved
        )


def _unnamed(rows: Iterable[Transaction]) -> list[Transaction]:
    """Refunds that went through no gateway: recorded by hand, or put on the balance."""
    return [row for row in rows if row.kind is TransactionKind.REFUND and not row.reference]


def _settles_others(invoice: Invoice) -> bool:
    return any(line.kind is LineKind.SETTLEMENT for line in invoice.lines)


def _payments(invoice: Invoice) -> Iterator[Decimal]:
    return (
        row.money_in.amount for row in invoice.transactions if row.kind is TransactionKind.PAYMENT
    )


def _received(invoice: Invoice) -> Money:
    return Money(sum(_payments(invoice), _NONE), invoice.currency)


def _is_paid_otherwise(invoice: Invoice) -> bool:
    """Whether something else than its own transactions paid it, which may be a mass payment.

    In WHMCS 8 its share then stands as credit; how WHMCS 9 shows it is not documented.
    """
    if invoice.state not in PAID_STATES:
        return False
    # All of one currency: sums of plain amounts take a tenth of the time, for every invoice read.
    gross = invoice.net.amount + invoice.tax.amount + invoice.tax2.amount
    return gross > 0 and sum(_payments(invoice), _NONE) < gross


def _is_nameless(row: Transaction) -> bool:
    return row.kind is TransactionKind.PAYMENT and not row.gateway and not row.reference


def _held(invoice: Invoice, hold: Hold) -> Invoice:
    return replace(invoice, holds=(*invoice.holds, hold))


def _unreadable(reason: Reason, what: str, error: ActionNotAllowedError) -> Hold:
    return Hold(
        reason,
        f"{what}; whether the client's balance explains it cannot be read, since the API role"
        f" does not allow {error.action}",
        f"{error.remedy}; then `bridge retry --reason {reason}`",
    )


def _doubtful(row: Transaction) -> Hold:
    return Hold(
        Reason.REFUND_TO_BALANCE,
        f"refund {row.id} of {row.money_out} on {row.date} is one of several alike, of which some"
        " were put on the client's balance and some were not",
        "find out which in WHMCS, under the client's Manage Credits; enter a transaction id on"
        " those that were paid out, then `bridge retry --reason refund_to_balance`",
    )
