"""What moved a client's balance: told by sums and days, not by words. Pure.

The texts of tblcredit are free and what its `relid` means is not documented (WHMCS API reference,
GetCredits). So a movement is explained by what WHMCS did elsewhere for the same client, of the
same amount and within a day. In this order, so that the certain choose first:

1. a share of a mass payment that appears as a movement onto the balance and one off it:
   SETTLEMENT. Whether WHMCS writes such pairs is not documented; alone, neither counts as one;
2. a paid AddFunds invoice: PREPAYMENT; a payment beyond what its invoice asked for: EXCESS.
   Certain: WHMCS documents that both become credit;
3. credit that an invoice shows and no mass payment explains: USE. Certain as far as sums agree;
4. a refund without a gateway's reference: REFUND. Seen in an open module; without such a movement
   the refund was recorded by hand;
5. money that went back on an overpaid or an AddFunds invoice: RETURNED, as far as it had come
   beyond the price. A guess at what staff do after such a refund: they take the credit off, too;
6. money on no invoice: PREPAYMENT, or RETURNED where it went out. WHMCS documents that such money
   may be put on the balance (AddTransaction). Money on an invoice that is gone: EXCESS, up to all
   of it. Neither is a gift, and nobody but a person can say what it is;
7. all else: UNKNOWN. Given or taken by staff.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bridge.api import BalanceOrigin, TransactionKind
from whmcs_source.api.reply_errors import UnreadableReplyError
from whmcs_source.api.wire_models import WireCredit, WireInvoice, WireTransaction
from whmcs_source.balances.matching import BalanceRow, Fact, balance_row, fits, pair
from whmcs_source.balances.unassigned import explain_loose
from whmcs_source.translate.credit import credit_shown, received, unsaid_credit
from whmcs_source.translate.invoice_list import PAID_WORDS, ListedInvoice
from whmcs_source.translate.transactions import Installation, is_unnamed_refund, transaction_kind

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class ClientMoney:
    """All that is known of one client's money.

    Attributes:
        credits: Movements of the balance, oldest first.
        bills: The client's invoices by id.
        rows: All transactions of the client.
        special: Mass payments that took place, and additions of funds.
    """

    credits: Sequence[WireCredit]
    bills: Mapping[int, ListedInvoice]
    rows: Sequence[WireTransaction]
    special: Sequence[WireInvoice]
    books: Installation


@dataclass(frozen=True, slots=True)
class Explained:
    """What the movements of a balance are.

    Attributes:
        rows: Oldest first.
        to_balance: Transactions that put a refund on the balance.
        doubtful: Refunds of which some were put on the balance, and it is not known which.
        used: By invoice, how much of the balance it used, as far as that is certain.
        open: By invoice, what it shows as credit and nothing explains.
    """

    rows: tuple[BalanceRow, ...]
    to_balance: frozenset[int]
    doubtful: frozenset[int]
    used: Mapping[int, Decimal]
    open: Mapping[int, Decimal]


def explained(account: ClientMoney) -> Explained:
    """Explain what can be explained.

    Raises:
        UnreadableReplyError: a movement has no day.
    """
    return _Explaining(account).run()


def day_of(row: WireCredit) -> dt.date:
    """The day of a movement."""
    if row.date is None:
        raise UnreadableReplyError(
            "it has no date",
            remedy="set the date of that entry in WHMCS under the client's Manage Credits",
            record=f"balance movement {row.id}",
        )
    return row.date


@dataclass(slots=True)
class _Explaining:
    account: ClientMoney
    rows: tuple[BalanceRow, ...] = ()
    own: dict[int, list[WireTransaction]] = field(default_factory=lambda: defaultdict(list))
    used: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    open: dict[int, Decimal] = field(default_factory=dict)
    unsaid: set[int] = field(default_factory=set)
    shares: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def run(self) -> Explained:
        self._prepare()
        self._settlements()
        self._pair(BalanceOrigin.PREPAYMENT, self._prepayments())
        self._pair(BalanceOrigin.EXCESS, [*self._excesses(), *self._double_settlements()])
        self._uses()
        to_balance, doubtful = self._refunds()
        self._rest_is_use()
        self._pair(BalanceOrigin.RETURNED, self._returns())
        self._rest_is_use()
        bills, overpaid = self.account.bills, {fact.invoice for fact in self._excesses()}
        loose = {
            home: rows for home, rows in self.own.items() if home not in bills or home in overpaid
        }
        explain_loose(self.rows, loose, bills)
        return Explained(self.rows, to_balance, doubtful, dict(self.used), dict(self.open))

    def _prepare(self) -> None:
        account = self.account
        self.rows = tuple(balance_row(row, day_of(row)) for row in account.credits)
        invoice_by_row = {row.id: row.invoiceid for row in account.rows}
        for row in sorted(account.rows, key=lambda row: (row.date or dt.date.min, row.id)):
            home = invoice_by_row.get(row.refundid) or row.invoiceid
            self.own[home].append(row)
        for wire in account.special:
            for item in wire.items:
                if item.type == "Invoice":
                    self.shares[item.relid] += item.amount
        for bill in account.bills.values():
            left = self._shown(bill) - self.shares[bill.id]
            if left > 0:
                self.open[bill.id] = left

    def _shown(self, bill: ListedInvoice) -> Decimal:
        """Credit of an invoice; where WHMCS 9 shows none, what its money leaves open."""
        rows = self.own[bill.id]
        unsaid = unsaid_credit(bill, rows, self.account.books)
        if unsaid and bill.status in PAID_WORDS:
            self.unsaid.add(bill.id)
            return unsaid
        return credit_shown(bill, rows, self.account.books)

    # Onto the balance -------------------------------------------------------------------------

    def _settlements(self) -> None:
        for wire in self.account.special:
            if wire.datepaid is None:
                continue
            for item in wire.items:
                if item.type == "Invoice":
                    self._settlement(item.relid, item.amount, wire.datepaid)

    def _settlement(self, target: int, share: Decimal, day: dt.date) -> None:
        onto = pair([Fact(target, share, day, day, target)], self.rows).pairs
        off = pair([Fact(target, -share, day, day, target)], self.rows).pairs
        if onto and off:
            for _, row in (*onto, *off):
                row.explain(BalanceOrigin.SETTLEMENT, target)

    def _prepayments(self) -> Iterator[Fact]:
        for wire in self.account.special:
            funds = _funds_in(wire)
            if funds and wire.datepaid:
                yield Fact(wire.id, funds, wire.datepaid, wire.datepaid, wire.id)

    def _excesses(self) -> Iterator[Fact]:
        """What each payment brought beyond what its invoice still asked for."""
        for bill in self.account.bills.values():
            if bill.status not in PAID_WORDS or not bill.readable:
                continue
            due = bill.gross - credit_shown(bill, self.own[bill.id], self.account.books)
            for row in self.own[bill.id]:
                if transaction_kind(row, self.account.books) is TransactionKind.ADJUSTMENT:
                    continue
                beyond = row.amountin - max(due, _NOTHING)
                due += row.amountout - row.amountin
                if row.amountin and beyond > 0 and row.date:
                    yield Fact(row.id, beyond, row.date, row.date, bill.id)

    def _double_settlements(self) -> Iterator[Fact]:
        """What mass payments brought beyond the credit that their target shows."""
        for target, share in self.shares.items():
            bill = self.account.bills.get(target)
            beyond = share - self._shown(bill) if bill else _NOTHING
            days = [
                wire.datepaid
                for wire in self.account.special
                if wire.datepaid and any(item.relid == target for item in wire.items)
            ]
            if beyond > 0 and days:
                yield Fact(target, beyond, max(days), max(days), target)

    def _refunds(self) -> tuple[frozenset[int], frozenset[int]]:
        facts = [
            Fact(row.id, row.amountout, row.date, row.date, home)
            for home, rows in self.own.items()
            for row in rows
            if row.date and is_unnamed_refund(row, self.account.books)
        ]
        paired = pair(facts, self.rows)
        for fact, row in paired.pairs:
            row.explain(BalanceOrigin.REFUND, fact.invoice)
        for row in paired.loose:
            row.explain(BalanceOrigin.REFUND, 0)
        return (
            frozenset(fact.key for fact, _ in paired.pairs),
            frozenset(fact.key for fact in paired.open),
        )

    # Off the balance --------------------------------------------------------------------------

    def _uses(self) -> None:
        """Named by the row, for part of the credit or all; then all of it at once."""
        for row in self.rows:
            named = [number for number in row.names if self._is_use(number, row)]
            if row.row.amount < 0 and not row.explained and len(named) == 1:
                self._use(row, named[0])
        facts = [self._use_fact(number, left) for number, left in self.open.items() if left > 0]
        paired = pair(facts, self.rows)
        for fact, row in paired.pairs:
            self._use(row, fact.invoice)
        for row in paired.loose:
            row.explain(BalanceOrigin.USE, 0)

    def _is_use(self, number: int, row: BalanceRow) -> bool:
        left = self.open.get(number, _NOTHING)
        if left < -row.row.amount or not left:
            return False
        whole = self._use_fact(number, -row.row.amount)
        return fits(whole, row)

    def _use_fact(self, number: int, left: Decimal) -> Fact:
        bill = self.account.bills[number]
        first = bill.issued or dt.date(1970, 1, 2)
        last = bill.paid_on or dt.date(9999, 1, 1)
        return Fact(number, -left, min(first, last), last, number)

    def _use(self, row: BalanceRow, number: int) -> None:
        row.explain(BalanceOrigin.USE, number)
        self.used[number] -= row.row.amount
        self.open[number] += row.row.amount

    def _rest_is_use(self) -> None:
        """What is left off the balance is use if it is, to the penny, what is left of credit.

        Also where each single use cannot be told, so that two of them paid one invoice.
        """
        rest = [row for row in self.rows if row.row.amount < 0 and not self._is_placed(row)]
        said = {number: left for number, left in self.open.items() if number not in self.unsaid}
        if rest and sum(said.values()) == -sum(row.row.amount for row in rest):
            for row in rest:
                row.explain(BalanceOrigin.USE, 0)
            for number, left in said.items():
                self.used[number] += left
                self.open[number] = _NOTHING

    def _is_placed(self, row: BalanceRow) -> bool:
        return row.explained and not (row.origin is BalanceOrigin.USE and not row.invoice)

    def _returns(self) -> Iterator[Fact]:
        funds = {wire.id for wire in self.account.special if _funds_in(wire)}
        overpaid = {fact.invoice for fact in self._excesses()} | funds
        for number in sorted(overpaid):
            on_top = self._on_top(number)
            for row in self.own[number]:
                kind = transaction_kind(row, self.account.books)
                if row.date and kind is TransactionKind.REVERSAL:
                    yield Fact(row.id, -row.amountout, row.date, row.date, number)
                elif row.date and kind is TransactionKind.REFUND:
                    returned = min(row.amountout, on_top)
                    on_top -= returned
                    if returned:
                        yield Fact(row.id, -returned, row.date, row.date, number)

    def _on_top(self, number: int) -> Decimal:
        """What came beyond the price of an invoice; all of it where nothing was sold."""
        bill, rows = self.account.bills.get(number), self.own[number]
        came = received(rows, self.account.books)
        if bill is None or any(
            wire.id == number and _funds_in(wire) for wire in self.account.special
        ):
            return came
        return max(came - bill.gross + credit_shown(bill, rows, self.account.books), _NOTHING)

    def _pair(self, origin: BalanceOrigin, facts: Iterable[Fact]) -> None:
        paired = pair(facts, self.rows)
        for fact, row in paired.pairs:
            row.explain(origin, fact.invoice)
        for row in paired.loose:
            row.explain(origin, 0)


def _funds_in(wire: WireInvoice) -> Decimal:
    return sum((item.amount for item in wire.items if item.type == "AddFunds"), _NOTHING)
