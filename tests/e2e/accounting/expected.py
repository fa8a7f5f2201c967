"""The entries that should follow from what a tale tells, by the rules of docs/accounting.md.

Shares no code with bridge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tests.e2e.accounting.company import (
    ACCOUNTS,
    BALANCES,
    CARD_FEES,
    EXCHANGE,
    NOTHING,
    Bill,
    Entry,
    Funds,
    Receipt,
    Refund,
    Side,
    Words,
    in_places,
)
from tests.e2e.accounting.ledger import DEBTORS, OUTPUT_VAT, home, spread_home

SALES = "(sales)"
"""Stands for all nominals of a credit note: which of them a part of a price is, is not asked."""


@dataclass(slots=True)
class Due:
    """What should stand of one bill, and why it is held if it is.

    Attributes:
        held: Any of these is the reason that is given.
        may: So may be these; but they need not hold it.
    """

    entries: list[Entry] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)


def due(bill: Bill, words: Words) -> Due:
    """What should become of a bill."""
    result = Due(held=set(bill.held))
    if bill.over and bill.stood is not None:
        result.entries += bill.stood
        return result
    if bill.gone or not (bill.paid or words.issued):
        return Due()
    rate = bill.last_rate
    day = bill.issued if words.issued else bill.paid
    result.entries.append(_document(day, bill.nets, bill.tax, bill.code, rate))
    if bill.used:
        _used(bill, words, result)
    excess = _received(bill, words, result, rate)
    _returned(bill, words, result, excess=excess, rate=rate)
    return result


def due_of_funds(funds: Funds, words: Words) -> Due:
    """What should become of money that was put on a balance."""
    result = Due()
    account = ACCOUNTS[funds.receipt.gateway]
    moves = [(funds.receipt.day, funds.receipt.amount)]
    moves += [(one.day, -one.amount) for one in funds.refunds]
    rate = funds.receipt.rate
    result.entries += [_moved(day, account, BALANCES, home(amount, rate)) for day, amount in moves]
    _fee(funds.receipt, account, words, result)
    if not words.balances:
        result.held.add("prepayment_unmapped")
    if any(one.to_balance for one in funds.refunds):
        result.held.add("refund_to_balance")
    return result


def _used(bill: Bill, words: Words, result: Due) -> None:
    """Balance that was used, each time on the day that WHMCS gives it when a run sees it."""
    rest = bill.used - sum((amount for _, amount in bill.seen), NOTHING)
    for day, amount in [*bill.seen, (bill.paid or bill.issued, rest)]:
        if amount:
            result.entries.append(_money(day, BALANCES, amount))
    if not words.balances:
        result.held.add("credit_unmapped")
    if not bill.client.kind.at_home:
        result.held.add("exchange_difference")  # what that balance was worth is not known
    if bill.client.gifts and not words.gifts:
        before = any(day <= bill.paid for _, day, _ in bill.client.gifts)
        (result.held if before and not words.issued else result.may).add("unfunded_credit")


def _received(bill: Bill, words: Words, result: Due, rate: Decimal) -> Decimal:
    """Payments up to the price, mass payments first; the rest is the client's balance."""
    left, excess = bill.gross - bill.used, NOTHING
    open_home, settled = home(bill.gross, rate), NOTHING
    order = sorted(bill.receipts, key=lambda one: (not one.container, one.day, one.row))
    for receipt in order:
        used = min(receipt.amount, max(left, NOTHING))
        left -= used
        beyond = receipt.amount - used
        excess += beyond
        account = _account(bill, receipt.gateway)
        if receipt.gateway not in ACCOUNTS:
            result.held.add("gateway_unmapped")
        if used and account:
            settled += used
            booked = open_home if settled == bill.gross else home(used, rate)
            open_home -= booked
            result.entries.append(_money(receipt.day, account, booked))
            worth = home(used, receipt.rate)
            if words.exchange or worth != home(used, rate):  # rounding alone is none
                _difference(receipt.day, account, worth, booked, words, result)
        if beyond and account:
            worth = home(beyond, receipt.rate)
            result.entries.append(_moved(receipt.day, account, BALANCES, worth))
        if beyond and not (words.balances and account):
            result.held.add("prepayment_unmapped")
        _fee(receipt, account, words, result)
    return excess


def _difference(
    day: str, account: str, worth: Decimal, booked: Decimal, words: Words, result: Due
) -> None:
    """What money was worth beyond what it settles at the document's rate."""
    if worth != booked and words.exchange:
        result.entries.append(_moved(day, account, EXCHANGE, worth - booked))
    elif worth != booked:
        result.held.add("exchange_difference")


def _fee(receipt: Receipt, account: str, words: Words, result: Due) -> None:
    fee = home(receipt.fee, receipt.rate)
    if receipt.fee and not words.fees:
        result.held.add("fee_unmapped")
    if fee and account and words.fees == "nominal":
        result.entries.append(_moved(receipt.day, account, CARD_FEES, -fee))


def _returned(bill: Bill, words: Words, result: Due, *, excess: Decimal, rate: Decimal) -> None:
    """Refunds return what came on top, and only then lower the price."""
    before = NOTHING
    for refund in sorted(bill.refunds, key=lambda one: (one.day, one.row)):
        account = BALANCES if refund.to_balance else _account(bill, refund.gateway)
        on_top = min(refund.amount, excess)
        excess -= on_top
        if on_top and refund.to_balance:
            result.held.add("refund_to_balance")
        elif on_top and account:
            worth = home(on_top, refund.rate)
            result.entries.append(_moved(refund.day, account, BALANCES, -worth))
        elif on_top:
            result.held.add("prepayment_unmapped")
        if rest := refund.amount - on_top:
            result.held |= _undecided(refund, words)
            if not bill.paid:
                result.held.add("refund_policy")
            after = before + rest
            net = _net_of(bill, after) - _net_of(bill, before)
            note = {SALES: -net} if net else {}
            result.entries.append(_document(refund.day, note, net - rest, bill.code, rate))
            if account:
                booked = -home(rest, rate)
                result.entries.append(_money(refund.day, account, booked))
                _difference(refund.day, account, -home(rest, refund.rate), booked, words, result)
            before = after


def _undecided(refund: Refund, words: Words) -> set[str]:
    if refund.to_balance:
        found = {"refund_to_balance"} if not words.to_balance else set()
        return found | ({"credit_unmapped"} if not words.balances else set())
    return {"refund_policy"} if not words.reductions else set()


def _net_of(bill: Bill, part: Decimal) -> Decimal:
    whole = part == bill.gross
    return bill.net if whole else in_places(part * bill.net / bill.gross, bill.client.kind)


def _account(bill: Bill, gateway: str) -> str:
    account = ACCOUNTS.get(gateway, "")
    return "PayPal EUR" if account == "PayPal" and bill.client.kind.currency == 2 else account


def _document(
    day: str, nets: Mapping[str, Decimal], tax: Decimal, code: str, rate: Decimal
) -> Entry:
    gross = home(sum(nets.values(), NOTHING) + tax, rate)
    vat = home(tax, rate)
    shares = spread_home(gross - vat, {(name, code): net for name, net in nets.items()}, rate)
    sides = [(day, DEBTORS, "", gross), (day, OUTPUT_VAT, code, -vat)]
    sides += [(day, name, code, -share) for (name, _), share in shares.items()]
    return entry(sides)


def _money(day: str, account: str, amount: Decimal) -> Entry:
    return entry([(day, account, "", amount), (day, DEBTORS, "", -amount)])


def _moved(day: str, account: str, nominal: str, amount: Decimal) -> Entry:
    return entry([(day, account, "", amount), (day, nominal, "N/A", -amount)])


def gift(day: str, nominal: str, amount: Decimal) -> Entry:
    """Balance that staff gave: borne by a nominal."""
    return entry([(day, BALANCES, "", -amount), (day, nominal, "N/A", amount)])


def entry(sides: Sequence[Side]) -> Entry:
    """Sides in one order, without those of nothing."""
    return tuple(sorted(side for side in sides if side[3]))
