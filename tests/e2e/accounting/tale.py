"""A company's months, told event by event, with the ledger that they should leave behind.

The tale does each event in WHMCS's sandbox and keeps its own account of it: what was billed, what
came, what went back. `expected` turns that account into entries by the rules of
docs/accounting.md, in code that shares nothing with bridge. What bridge has to hold is foreseen in
the same way, reason by reason.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.e2e.accounting.ledger import DEBTORS, OUTPUT_VAT, home, spread_home
from tests.e2e.conftest import Rig

HOSTING, DOMAINS, LATE_FEES = "Web Hosting", "Domain Names", "Late Fees"
BALANCES, CARD_FEES = "Client Balances", "Card Fees"
ACCOUNTS = {
    "stripe": "Card Clearing",
    "paypal": "PayPal",
    "gocardless": "Direct Debit Clearing",
    "banktransfer": "",  # its money is left to the bank feed
}
GATEWAYS = (*ACCOUNTS, "worldpay_old")  # the last one is mapped to nothing
ONE = Decimal(1)

Side = tuple[str, str, str, Decimal]
"""Day, account, VAT code, amount: a debit above zero."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of client: where it is, what it pays in, and what its sales are to the VAT return.

    Attributes:
        held: Why no sale to it can be booked, if none can.
    """

    country: str
    currency: int = 1
    rate: str = "1"
    tax: Decimal = Decimal(0)
    number: str = ""
    places: str = "0.01"
    held: str = ""

    @property
    def at_home(self) -> bool:
        return self.currency == 1


UK = Kind("GB", tax=Decimal(20))
KINDS = (
    UK,
    UK,
    UK,
    Kind("IM", tax=Decimal(20)),
    Kind("JE"),
    Kind("IE", 2, "1.17", number="IE1000111Q"),
    Kind("US", 3, "1.27"),
    Kind("JP", 4, "190", places="1"),
    Kind("FR", 2, "1.17", tax=Decimal(20), held="foreign_vat"),
    Kind("DE", 2, "1.17", held="vat_rule_missing"),
)


@dataclass(slots=True)
class Client:
    id: int
    kind: Kind
    balance: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came on a bill.

    Attributes:
        row: WHMCS's id of it; a mass payment's is its container's.
        amount: What of it was due; `beyond` came on top.
        fee: What the gateway kept; a mass payment's is on the first bill that it pays.
    """

    row: int
    day: str
    gateway: str
    amount: Decimal
    rate: Decimal
    fee: Decimal = Decimal(0)
    beyond: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Refund:
    row: int
    day: str
    gateway: str
    amount: Decimal
    to_balance: bool


@dataclass(slots=True)
class Bill:
    """An invoice as the tale knows it.

    Attributes:
        nets: By nominal.
        used: What the client's balance paid.
        paid: The day when it was settled; empty while it is not.
        held: Why it must be held, as far as the events tell.
    """

    id: int
    client: Client
    nets: dict[str, Decimal]
    tax: Decimal
    receipts: list[Receipt] = field(default_factory=list)
    used: Decimal = Decimal(0)
    refunds: list[Refund] = field(default_factory=list)
    paid: str = ""
    cancelled: bool = False
    held: set[str] = field(default_factory=set)

    @property
    def net(self) -> Decimal:
        return sum(self.nets.values(), Decimal(0))

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def due(self) -> Decimal:
        return self.gross - self.used - sum((one.amount for one in self.receipts), Decimal(0))

    @property
    def open(self) -> bool:
        return not self.paid and not self.cancelled

    @property
    def code(self) -> str:
        return f"{self.client.kind.tax:f} %"


class Tale:
    """What happens, told by numbers: each event takes what it needs from them.

    Attributes:
        decided: Whether the settings say where fees and clients' balances go.
    """

    def __init__(self, rig: Rig, *, decided: bool) -> None:
        self.rig = rig
        self.decided = decided
        self.day = dt.date(2025, 9, 5)
        self.clients: list[Client] = []
        self.bills: list[Bill] = []
        self.funds: dict[int, tuple[Side, ...]] = {}
        self._events = (
            self.bill, self.bill, self.bill, self.pay, self.pay, self.pay, self.pay_part,
            self.overpay, self.mass_pay, self.refund, self.refund, self.cancel, self.late_fee,
            self.add_funds, self.use_balance, self.newcomer,
        )  # fmt: skip

    def tell(self, event: int, one: int, two: int) -> None:
        """One event; nothing where it does not fit."""
        self.day += dt.timedelta(days=one % 8)
        if not self.clients:
            self.newcomer(0, 0)
        self._events[event % len(self._events)](one, two)

    def do(self, verb: str, **arguments: Any) -> Any:
        return self.rig.whmcs.do(verb, date=self.day.isoformat(), **arguments)

    # Events ------------------------------------------------------------------------------------

    def newcomer(self, one: int, two: int) -> None:
        kind = KINDS[two % len(KINDS)]
        made = self.rig.new_client(
            country=kind.country, currency=kind.currency, tax_id=kind.number, date="2025-09-01"
        )
        self.clients.append(Client(made, kind))

    def bill(self, one: int, two: int) -> None:
        """One to three lines of two nominals; some with a promotion or a discount by hand."""
        client = self.clients[one % len(self.clients)]
        unit = Decimal(client.kind.places)
        amounts = [(Decimal(1 + (two * (n + 7)) % 19999) * unit, n) for n in range(1 + two % 3)]
        types = ["Domain" if (two + n) % 3 == 2 else "Hosting" for _, n in amounts]
        lines = [
            {"type": kind, "relid": n + 1, "description": kind, "amount": str(amount)}
            for (amount, n), kind in zip(amounts, types, strict=True)
        ]
        if two % 5 == 1:
            off = (amounts[0][0] * Decimal("0.3")).quantize(unit)
            promo = {"Hosting": "PromoHosting", "Domain": "PromoDomain"}[types[0]]
            lines.append({"type": promo, "relid": 1, "description": "SAVE", "amount": str(-off)})
        if two % 7 == 3:
            off = (amounts[0][0] * Decimal("0.1")).quantize(unit)
            lines.append({"type": "", "description": "Discount", "amount": str(-off)})
        self._billed(client, lines, inclusive=two % 4 == 2 and client.kind is UK)

    def _billed(self, client: Client, lines: list[dict[str, Any]], *, inclusive: bool) -> None:
        nets: dict[str, Decimal] = defaultdict(Decimal)
        if inclusive:
            lines = [line for line in lines if line["type"] in {"Hosting", "PromoHosting"}]
        if not lines or sum(Decimal(line["amount"]) for line in lines) <= 0:
            return
        for line in lines:
            domain = line["type"] in {"Domain", "PromoDomain"}
            nets[DOMAINS if domain else HOSTING] += Decimal(line["amount"])
        whole, rate = sum(nets.values(), Decimal(0)), client.kind.tax
        tax = cents(whole * rate / (100 + rate) if inclusive else whole * rate / 100)
        if inclusive:
            nets[HOSTING] -= tax
        more = {"prices": "inclusive"} if inclusive else {}
        made = self.do("create_invoice", client=client.id, lines=lines, taxrate=str(rate), **more)
        bill = Bill(made, client, {key: net for key, net in nets.items() if net}, tax)
        bill.held |= {client.kind.held} - {""}
        self.bills.append(bill)

    def pay(self, one: int, two: int) -> None:
        """All that is due, at once."""
        if bill := self._one_open(one):
            self._receive(bill, bill.due, GATEWAYS[two % 9 % len(GATEWAYS)], two)

    def pay_part(self, one: int, two: int) -> None:
        bill = self._one_open(one)
        if bill and bill.client.kind.at_home and bill.due > ONE:
            self._receive(bill, cents(bill.due * (1 + two % 8) / 10), "stripe", two)

    def overpay(self, one: int, two: int) -> None:
        bill = self._one_open(one)
        if bill and bill.client.kind.at_home:
            self._receive(bill, bill.due + Decimal(1 + two % 3000) / 100, "stripe", two)

    def _receive(self, bill: Bill, amount: Decimal, gateway: str, two: int) -> None:
        kind, due = bill.client.kind, bill.due
        swing = Decimal(two % 41 - 20) / 1000 if not kind.at_home else Decimal(0)
        rate = Decimal(kind.rate) + swing
        fee = _places(Decimal(two % 200) / 100, bill)
        row = self.do(
            "pay", invoice=bill.id, amount=str(amount), gateway=gateway, rate=f"{rate:.5f}",
            transid=f"x{bill.id}-{len(bill.receipts)}", fees=str(fee),
        )  # fmt: skip
        paid, day = min(amount, due), self.day.isoformat()
        beyond = amount - paid
        bill.receipts.append(Receipt(row, day, gateway, paid, rate, fee, beyond))
        if gateway not in ACCOUNTS:
            bill.held.add("gateway_unmapped")
        if beyond:
            bill.client.balance += beyond
            self._undecided(bill, "prepayment_unmapped")
        self._settled(bill)

    def _undecided(self, bill: Bill, reason: str) -> None:
        if not self.decided:
            bill.held.add(reason)

    def _settled(self, bill: Bill) -> None:
        if not bill.due and not bill.paid:
            bill.paid = self.day.isoformat()

    def mass_pay(self, one: int, two: int) -> None:
        """All that one client in pounds has open, if it is more than one thing."""
        client = self.clients[one % len(self.clients)]
        found = [bill for bill in self.bills if bill.open and bill.client is client]
        if len(found) < 2 or not client.kind.at_home:
            return
        fee = Decimal(two % 200) / 100
        made = self.do(
            "mass_pay", invoices=[bill.id for bill in found], gateway="stripe",
            transid=f"m{self.day}-{one}-{two}", fees=str(fee),
        )  # fmt: skip
        (row,) = self.rig.whmcs.rows("SELECT id FROM tblaccounts WHERE invoiceid = ?", made)
        for bill in found:
            own = fee if bill is found[0] else Decimal(0)
            receipt = Receipt(row["id"], self.day.isoformat(), "stripe", bill.due, ONE, own)
            bill.receipts.append(receipt)
            self._settled(bill)

    def refund(self, one: int, two: int) -> None:
        """Part or all of one payment of a settled bill, to the gateway or to the balance."""
        found = [
            (bill, receipt)
            for bill in self.bills
            if bill.paid and not any(receipt.beyond for receipt in bill.receipts)
            for receipt in bill.receipts
            if self._left(bill, receipt) and not self._shared(receipt)
        ]
        if not found:
            return
        bill, receipt = found[one % len(found)]
        left = self._left(bill, receipt)
        whole = two % 3 == 0 or not bill.client.kind.at_home
        amount = left if whole else max(Decimal("0.01"), cents(left * (1 + two % 9) / 10))
        to_balance = two % 11 == 10 and bill.client.kind.at_home and not bill.held
        row = self.do(
            "refund", transaction=receipt.row, amount=str(amount),
            to="credit" if to_balance else "gateway", transid="" if to_balance else f"r{one}{two}",
        )  # fmt: skip
        made = Refund(row, self.day.isoformat(), receipt.gateway, amount, to_balance)
        bill.refunds.append(made)
        if to_balance:
            bill.client.balance += amount
            self._undecided(bill, "refund_to_balance")

    def _left(self, bill: Bill, receipt: Receipt) -> Decimal:
        query = "SELECT amountout FROM tblaccounts WHERE refundid = ?"
        rows = self.rig.whmcs.rows(query, receipt.row)
        return receipt.amount - sum((Decimal(row["amountout"]) for row in rows), Decimal(0))

    def _shared(self, receipt: Receipt) -> bool:
        holders = [bill for bill in self.bills for each in bill.receipts if each.row == receipt.row]
        return len(holders) > 1

    def cancel(self, one: int, two: int) -> None:
        bill = self._one_open(one)
        if bill and not bill.receipts and not bill.used and two % 3 == 0:
            self.do("cancel", invoice=bill.id)
            bill.cancelled = True

    def late_fee(self, one: int, two: int) -> None:
        """Only on bills whose prices do not contain the tax, and before money came."""
        bill = self._one_open(one)
        if not bill or bill.client.kind is UK or not bill.client.kind.at_home or bill.receipts:
            return
        if not bill.used and LATE_FEES not in bill.nets:
            self.do("add_late_fee", invoice=bill.id, amount="5.00", taxed=True)
            bill.nets[LATE_FEES] = Decimal("5.00")
            bill.tax = cents(bill.net * bill.client.kind.tax / 100)

    def add_funds(self, one: int, two: int) -> None:
        client = self.clients[one % len(self.clients)]
        if client.kind.at_home:
            amount = Decimal(100 + two % 9000) / 100
            made = self.do(
                "add_funds", client=client.id, amount=str(amount), gateway="stripe",
                transid=f"f{self.day}-{one}-{two}",
            )  # fmt: skip
            client.balance += amount
            day = self.day.isoformat()
            self.funds[made] = _moved(day, ACCOUNTS["stripe"], BALANCES, amount)

    def use_balance(self, one: int, two: int) -> None:
        bill = self._one_open(one)
        if bill and bill.client.balance > 0 and bill.client.kind.at_home:
            used = min(bill.client.balance, bill.due)
            self.do("apply_credit", invoice=bill.id, amount=str(used))
            bill.client.balance -= used
            bill.used += used
            self._undecided(bill, "credit_unmapped")
            self._settled(bill)

    def _one_open(self, number: int) -> Bill | None:
        found = [bill for bill in self.bills if bill.open]
        return found[number % len(found)] if found else None


# The ledger that should follow -----------------------------------------------------------------


def cents(amount: Decimal) -> Decimal:
    """To the penny, half up."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def expected(bill: Bill, *, decided: bool) -> Iterator[tuple[Side, ...]]:
    """The entries of a settled bill, each as a sorted tuple of sides."""
    if not bill.paid:
        return
    rate = bill.receipts[0].rate if bill.receipts else ONE
    yield _document(bill.paid, bill.nets, bill.tax, bill.code, rate)
    if bill.used:
        yield _money(bill.paid, BALANCES, bill.used)
    for receipt in bill.receipts:
        if account := _account(bill, receipt.gateway):
            if receipt.amount:
                yield _money(receipt.day, account, home(receipt.amount, receipt.rate))
            if receipt.beyond:
                yield _moved(receipt.day, account, BALANCES, receipt.beyond)
            fee = home(receipt.fee, receipt.rate)
            if fee and decided:
                yield _moved(receipt.day, account, CARD_FEES, -fee)
    before = Decimal(0)
    for refund in bill.refunds:
        after = before + refund.amount
        net = _net_of(bill, after) - _net_of(bill, before)
        note = {SALES: -net} if net else {}
        yield _document(refund.day, note, -(refund.amount - net), bill.code, rate)
        if account := BALANCES if refund.to_balance else _account(bill, refund.gateway):
            yield _money(refund.day, account, -home(refund.amount, rate))
        before = after


SALES = "(sales)"
"""Stands for all nominals of a credit note: which of them a part of a price is, is not asked."""


def _net_of(bill: Bill, part: Decimal) -> Decimal:
    return bill.net if part == bill.gross else _places(part * bill.net / bill.gross, bill)


def _places(amount: Decimal, bill: Bill) -> Decimal:
    return amount.quantize(Decimal(bill.client.kind.places), ROUND_HALF_UP)


def _account(bill: Bill, gateway: str) -> str:
    account = ACCOUNTS.get(gateway, "")
    return "PayPal EUR" if account == "PayPal" and bill.client.kind.currency == 2 else account


def _document(
    day: str, nets: dict[str, Decimal], tax: Decimal, code: str, rate: Decimal
) -> tuple[Side, ...]:
    gross = home(sum(nets.values(), Decimal(0)) + tax, rate)
    vat = home(tax, rate)
    shares = spread_home(gross - vat, {(name, code): net for name, net in nets.items()}, rate)
    sides = [(day, DEBTORS, "", gross), (day, OUTPUT_VAT, code, -vat)]
    sides += [(day, name, code, -share) for (name, _), share in shares.items()]
    return entry(sides)


def _money(day: str, account: str, amount: Decimal) -> tuple[Side, ...]:
    return entry([(day, account, "", amount), (day, DEBTORS, "", -amount)])


def _moved(day: str, account: str, nominal: str, amount: Decimal) -> tuple[Side, ...]:
    return entry([(day, account, "", amount), (day, nominal, "N/A", -amount)])


def entry(sides: Sequence[Side]) -> tuple[Side, ...]:
    """Sides in one order, without those of nothing."""
    return tuple(sorted(side for side in sides if side[3]))
