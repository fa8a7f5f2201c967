"""A company's months, told event by event, with the ledger that they should leave behind.

The tale does each event in WHMCS's sandbox and keeps its own account of it: what was billed, what
came, what went back. `due` turns that account into entries.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.e2e.accounting.company import (
    DOMAINS,
    GATEWAYS,
    HOSTING,
    KINDS,
    LATE_FEES,
    NOTHING,
    ONE,
    UK,
    Bill,
    Client,
    Funds,
    Kind,
    Receipt,
    Refund,
    Words,
    cents,
    in_places,
)
from tests.e2e.accounting.expected import due
from tests.e2e.conftest import Rig


class Tale:
    """What has happened so far.

    Attributes:
        doubtful: Clients whose balance WHMCS believes larger than a person would.
    """

    def __init__(self, rig: Rig, words: Words) -> None:
        self.rig = rig
        self.kinds = [kind for kind in KINDS if kind.at_home or not words.issued]
        self.words = words
        self.day = dt.date(2025, 9, 5)
        self.clients: list[Client] = []
        self.bills: list[Bill] = []
        self.funds: list[Funds] = []
        self.doubtful: set[int] = set()
        self._items = 0

    def tell(self, event: int, one: int, two: int) -> None:
        """One event, which takes what it needs from the numbers; nothing where it does not fit."""
        self.day += dt.timedelta(days=one % 8)
        if not self.clients:
            newcomer(self, 0, 0)
        EVENTS[event % len(EVENTS)](self, one, two)

    @property
    def today(self) -> str:
        return self.day.isoformat()

    def do(self, verb: str, **arguments: Any) -> Any:
        return self.rig.whmcs.do(verb, date=self.today, **arguments)

    def client(self, number: int) -> Client:
        return self.clients[number % len(self.clients)]

    def find(self, number: int, fits: Callable[[Bill], bool]) -> Bill | None:
        """One of the bills that fit, if any."""
        found = [bill for bill in self.bills if not bill.gone and not bill.over and fits(bill)]
        return found[number % len(found)] if found else None

    def ran(self, fates: Mapping[int, str]) -> None:
        """A run is over; `fates` are the states that it left."""
        for bill in self.bills:
            state = fates.get(bill.id)
            if state != "done":
                bill.stood = bill.stood if bill.over else None
            elif not bill.over:
                bill.rate = bill.last_rate
                bill.stood = due(bill, self.words).entries
                fresh = bill.used - sum((amount for _, amount in bill.seen), NOTHING)
                bill.seen += [(bill.paid or bill.issued, fresh)] if fresh else []

    def next_item(self) -> int:
        """An id for something that is sold."""
        self._items += 1
        return self._items


# Selling -----------------------------------------------------------------------------------------


def newcomer(tale: Tale, one: int, two: int) -> None:
    kind = tale.kinds[two % len(tale.kinds)]
    made = tale.rig.new_client(
        country=kind.country, currency=kind.currency, tax_id=kind.number, date="2025-09-01"
    )
    tale.clients.append(Client(made, kind))


def sell(tale: Tale, one: int, two: int) -> None:
    """One to three lines of two nominals; some with a promotion or a discount by hand."""
    client = tale.client(one)
    unit = Decimal(client.kind.places)
    amounts = [(Decimal(1 + (two * (n + 7)) % 19999) * unit, n) for n in range(1 + two % 3)]
    types = ["Domain" if (two + n) % 3 == 2 else "Hosting" for _, n in amounts]
    lines: list[dict[str, Any]] = [
        {"type": kind, "relid": tale.next_item(), "description": kind, "amount": str(amount)}
        for (amount, _), kind in zip(amounts, types, strict=True)
    ]
    if two % 5 == 1:
        off = (amounts[0][0] * Decimal("0.3")).quantize(unit)
        promo = {"Hosting": "PromoHosting", "Domain": "PromoDomain"}[types[0]]
        first = {"relid": lines[0]["relid"], "description": "SAVE", "amount": str(-off)}
        lines.append({"type": promo, **first})
    if two % 7 == 3:
        off = (amounts[0][0] * Decimal("0.1")).quantize(unit)
        lines.append({"type": "", "description": "Discount", "amount": str(-off)})
    _billed(tale, client, lines, inclusive=two % 4 == 2 and client.kind is UK)


def _billed(tale: Tale, client: Client, lines: list[dict[str, Any]], *, inclusive: bool) -> None:
    if inclusive:
        lines = [line for line in lines if line["type"] in {"Hosting", "PromoHosting"}]
    nets = _by_nominal(lines)
    whole, rate = sum(nets.values(), NOTHING), client.kind.tax
    if whole <= 0:
        return
    tax = cents(whole * rate / (100 + rate) if inclusive else whole * rate / 100)
    if inclusive:
        nets[HOSTING] -= tax
    more = {"prices": "inclusive"} if inclusive else {}
    made = tale.do("create_invoice", client=client.id, lines=lines, taxrate=str(rate), **more)
    nets = {name: net for name, net in nets.items() if net}
    held = {client.kind.held} - {""}
    tale.bills.append(Bill(made, client, nets, tax, tale.today, inclusive=inclusive, held=held))


def _by_nominal(lines: Sequence[dict[str, Any]]) -> dict[str, Decimal]:
    nets: dict[str, Decimal] = {}
    for line in lines:
        name = DOMAINS if line["type"] in {"Domain", "PromoDomain"} else HOSTING
        nets[name] = nets.get(name, NOTHING) + Decimal(line["amount"])
    return nets


def late_fee(tale: Tale, one: int, two: int) -> None:
    """Only where prices do not contain the tax: the sandbox does not know that of one invoice."""
    bill = tale.find(one, lambda bill: bill.untouched and not bill.inclusive)
    if bill and bill.client.kind.at_home and LATE_FEES not in bill.nets:
        tale.do("add_late_fee", invoice=bill.id, amount="5.00", taxed=True)
        bill.changed("changed_after_write")
        bill.nets[LATE_FEES] = Decimal("5.00")
        bill.tax_anew()


def cancel(tale: Tale, one: int, two: int) -> None:
    bill = tale.find(one, lambda bill: bill.untouched)
    if bill and two % 3 == 0:
        tale.do("cancel", invoice=bill.id)
        bill.changed("cancelled_after_booking")
        bill.gone = not bill.over


def edit(tale: Tale, one: int, two: int) -> None:
    """A line of one that has no money yet, or that is booked, becomes dearer."""
    bill = tale.find(one, lambda bill: bill.untouched or bill.stood is not None)
    if not bill or bill.inclusive or two % 3:
        return
    query = "SELECT * FROM tblinvoiceitems WHERE invoiceid = ? ORDER BY id"
    line = tale.rig.whmcs.rows(query, bill.id)[0]
    more = Decimal(line["amount"]) + 1
    tale.do("edit_invoice", invoice=bill.id, change={str(line["id"]): {"amount": f"{more:.2f}"}})
    bill.changed("changed_after_write")
    if not bill.over:
        name = DOMAINS if line["type"] == "Domain" else HOSTING
        bill.nets[name] = bill.nets.get(name, NOTHING) + 1
        bill.tax_anew()


def take_away(tale: Tale, one: int, two: int) -> None:
    """A booked one is deleted, cancelled or opened again."""
    bill = tale.find(one, lambda bill: bool(bill.paid) and bill.stood is not None)
    if bill and two % 3 == 0:
        # Where invoices are booked on issue, an open one is as good as a paid one.
        what = two // 3 % (2 if tale.words.issued else 3)
        if what == 0:
            tale.rig.whmcs.do("delete_invoice", invoice=bill.id)
        elif what == 1:
            tale.do("cancel", invoice=bill.id)
        else:
            tale.do("set_status", invoice=bill.id, status="Unpaid")
        bill.changed("cancelled_after_booking" if what == 1 else "changed_after_write")
        tale.doubtful.add(bill.client.id)


def merge(tale: Tale, one: int, two: int) -> None:
    """Two open bills of one client become the newer of them."""
    # What had money and was booked would have it twice.
    fits = _is_untouched if tale.words.issued else _is_plain
    kept = tale.find(one, fits)
    if not kept:
        return
    of = kept.client
    other = tale.find(two, lambda bill: bill.client is of and fits(bill))
    if not other or other is kept:
        return
    if other.id > kept.id:
        kept, other = other, kept
    tale.do("merge", invoices=[kept.id, other.id])
    for bill in (kept, other):
        bill.changed("changed_after_write")
    if other.over and not kept.over:
        kept.has_what_is_booked()
    for name, net in other.nets.items():
        kept.nets[name] = kept.nets.get(name, NOTHING) + net
    kept.nets = {name: net for name, net in kept.nets.items() if net}
    kept.tax_anew()
    kept.receipts += other.receipts
    other.receipts, other.gone = [], not other.over


def split(tale: Tale, one: int, two: int) -> None:
    """The last of several lines gets an invoice of its own."""
    bill = tale.find(one, lambda bill: _is_plain(bill) and not bill.receipts)
    if not bill:
        return
    query = "SELECT * FROM tblinvoiceitems WHERE invoiceid = ? ORDER BY id"
    lines = tale.rig.whmcs.rows(query, bill.id)
    odd = any(Decimal(line["amount"]) < 0 or line["type"] == "LateFee" for line in lines)
    if len(lines) < 2 or odd:
        return
    made = tale.do("split", invoice=bill.id, lines=[lines[-1]["id"]])
    held = {bill.client.kind.held} - {""}
    new = Bill(made, bill.client, _by_nominal(lines[-1:]), NOTHING, bill.issued, held=held)
    bill.changed("changed_after_write")
    if bill.over:
        new.has_what_is_booked()
    bill.nets = _by_nominal(lines[:-1])
    for each in (bill, new):
        each.tax_anew()
    tale.bills.append(new)


def _is_untouched(bill: Bill) -> bool:
    return bill.untouched and not bill.inclusive


def _is_plain(bill: Bill) -> bool:
    only_money = not bill.used and not bill.refunds
    return bill.open and only_money and not bill.inclusive


# Money in ----------------------------------------------------------------------------------------


def pay(tale: Tale, one: int, two: int) -> None:
    """All that is due, at once."""
    if bill := tale.find(one, lambda bill: bill.open):
        _receive(tale, bill, bill.due, GATEWAYS[two % 9 % len(GATEWAYS)], two)


def pay_part(tale: Tale, one: int, two: int) -> None:
    bill = tale.find(one, lambda bill: bill.open)
    part = bill and in_places(bill.due * (1 + two % 8) / 10, bill.client.kind)
    if bill and part:
        _receive(tale, bill, part, GATEWAYS[two % 5 % 3], two)


def overpay(tale: Tale, one: int, two: int) -> None:
    if bill := tale.find(one, lambda bill: bill.open):
        more = bill.client.kind.units(1 + two % 3000)
        _receive(tale, bill, bill.due + more, "stripe", two)


def charge_again(tale: Tale, one: int, two: int) -> None:
    """A second charge, with an id of its own, on what is paid already."""
    bill = tale.find(one, lambda bill: bool(bill.paid) and bill.due <= 0)
    if bill:
        _receive(tale, bill, bill.gross, GATEWAYS[two % 3], two)


def told_twice(tale: Tale, one: int, two: int) -> None:
    """The gateway tells a charge again: WHMCS takes it for money."""
    bill = tale.find(one, lambda bill: bool(bill.paid) and bill.due <= 0)
    first = bill and next((one for one in bill.receipts if not one.container), None)
    if not bill or not first or not bill.client.kind.at_home or two % 3:
        return
    (row,) = tale.rig.whmcs.rows("SELECT * FROM tblaccounts WHERE id = ?", first.row)
    tale.do(
        "pay", invoice=bill.id, amount=str(first.amount), gateway=first.gateway,
        transid=row["transid"],
    )  # fmt: skip
    bill.client.balance += first.amount
    bill.held.add("duplicate_transaction")
    tale.doubtful.add(bill.client.id)


def _receive(tale: Tale, bill: Bill, amount: Decimal, gateway: str, two: int) -> None:
    kind, owed = bill.client.kind, bill.due
    rate, fee = _rate(kind, two), in_places(Decimal(two % 200) / 100, kind)
    row = tale.do(
        "pay", invoice=bill.id, amount=str(amount), gateway=gateway, rate=f"{rate:.5f}",
        transid=f"x{bill.id}-{len(bill.receipts)}", fees=str(fee),
    )  # fmt: skip
    bill.receipts.append(Receipt(row, tale.today, gateway, amount, rate, fee))
    bill.client.balance += max(amount - max(owed, NOTHING), NOTHING)
    _settled(tale, bill)


def _rate(kind: Kind, two: int) -> Decimal:
    """That of a day: abroad it goes up and down."""
    swing = Decimal(two % 41 - 20) / 1000 if not kind.at_home else NOTHING
    return Decimal(kind.rate) + swing


def _settled(tale: Tale, bill: Bill) -> None:
    if bill.due <= 0 and not bill.paid:
        bill.paid = tale.today


def mass_pay(tale: Tale, one: int, two: int) -> None:
    """All that one client in pounds has open, if it is more than one thing."""
    client = tale.client(one)
    found = [bill for bill in tale.bills if bill.open and bill.client is client]
    if len(found) < 2 or not client.kind.at_home:
        return
    fee = Decimal(two % 200) / 100
    made = tale.do(
        "mass_pay", invoices=[bill.id for bill in found], gateway="stripe",
        transid=f"m{tale.day}-{one}-{two}", fees=str(fee),
    )  # fmt: skip
    (row,) = tale.rig.whmcs.rows("SELECT id FROM tblaccounts WHERE invoiceid = ?", made)
    for bill in found:
        own = fee if bill is found[0] else NOTHING
        bill.receipts.append(
            Receipt(row["id"], tale.today, "stripe", bill.due, ONE, own, container=made)
        )
        _settled(tale, bill)


# Balances ----------------------------------------------------------------------------------------


def add_funds(tale: Tale, one: int, two: int) -> None:
    client = tale.client(one)
    amount, fee = client.kind.units(100 + two % 9000), client.kind.units(two % 50)
    rate = _rate(client.kind, two)
    made = tale.do(
        "add_funds", client=client.id, amount=str(amount), gateway="stripe",
        transid=f"f{tale.day}-{one}-{two}", fees=str(fee), rate=f"{rate:.5f}",
    )  # fmt: skip
    (row,) = tale.rig.whmcs.rows("SELECT id FROM tblaccounts WHERE invoiceid = ?", made)
    client.balance += amount
    receipt = Receipt(row["id"], tale.today, "stripe", amount, rate, fee)
    tale.funds.append(Funds(made, client, receipt))


def return_funds(tale: Tale, one: int, two: int) -> None:
    """Part or all of it goes back, and staff take it off the balance."""
    found = [each for each in tale.funds if not each.refunds]
    if not found:
        return
    funds = found[one % len(found)]
    part = in_places(funds.receipt.amount * (1 + two % 10) / 10, funds.client.kind)
    amount = min(part, funds.client.balance)
    if amount <= 0:
        return
    row = tale.do("refund", transaction=funds.receipt.row, amount=str(amount), transid=f"b{one}")
    rate = funds.receipt.rate
    funds.refunds.append(Refund(row, funds.receipt.row, tale.today, "stripe", amount, rate))
    _take_off(tale, funds.client, amount)


def give(tale: Tale, one: int, two: int) -> None:
    """Credit by hand; a day after what happened before, so that it pays only what comes later."""
    client = tale.client(one)
    if not client.kind.at_home or two % 2:
        return
    tale.day += dt.timedelta(days=1)
    amount = Decimal(101 + two % 4999) / 100
    row = tale.do("add_credit", client=client.id, amount=str(amount))
    client.balance += amount
    client.gifts.append((int(row), tale.today, amount))


def use_balance(tale: Tale, one: int, two: int) -> None:
    bill = tale.find(one, lambda bill: bill.open and bill.client.balance > 0)
    if bill:
        used = min(bill.client.balance, bill.due)
        tale.do("apply_credit", invoice=bill.id, amount=str(used))
        bill.client.balance -= used
        bill.used += used
        _settled(tale, bill)


def _take_off(tale: Tale, client: Client, amount: Decimal) -> None:
    tale.do("add_credit", client=client.id, amount=str(-amount), description="Paid back")
    client.balance -= amount


# Money out ---------------------------------------------------------------------------------------


def refund(tale: Tale, one: int, two: int) -> None:
    """Part or all of one payment, to the gateway or to the balance.

    Staff take off the balance what of it had come on top, and return it only while it is there.
    """
    found = [
        (bill, receipt)
        for bill in tale.bills
        if not bill.gone and not bill.over and not bill.untouched
        for receipt in bill.receipts
        if bill.left(receipt) > bill.client.kind.units(1) and not receipt.container
    ]
    if not found:
        return
    bill, receipt = found[one % len(found)]
    at_home, left = bill.client.kind.at_home, bill.left(receipt)
    kind, whole = bill.client.kind, bool(bill.paid) and two % 3 == 0
    amount = left if whole else max(kind.units(1), in_places(left * (1 + two % 9) / 10, kind))
    to_balance = two % 11 == 10 and at_home and not bill.held and bool(bill.paid)
    on_top = min(amount, max(-bill.due, NOTHING))
    if on_top > bill.client.balance or (amount == left and not bill.paid):
        return
    row = tale.do(
        "refund", transaction=receipt.row, amount=str(amount),
        to="credit" if to_balance else "gateway", transid="" if to_balance else f"r{one}{two}",
    )  # fmt: skip
    made = Refund(
        row, receipt.row, tale.today, receipt.gateway, amount, receipt.rate, to_balance=to_balance
    )
    bill.refunds.append(made)
    if to_balance:
        bill.client.balance += amount
    elif on_top:
        _take_off(tale, bill.client, on_top)


def refund_mass_payment(tale: Tale, one: int, two: int) -> None:
    """Of which bill's price it is a part, nobody can tell."""
    bill = tale.find(one, lambda bill: any(each.container for each in bill.receipts))
    if bill and two % 3 == 0:
        receipt = next(each for each in bill.receipts if each.container)
        (row,) = tale.rig.whmcs.rows("SELECT * FROM tblaccounts WHERE id = ?", receipt.row)
        amount = cents(Decimal(row["amountin"]) * (1 + two % 10) / 10)
        back = tale.rig.whmcs.rows("SELECT id FROM tblaccounts WHERE refundid = ?", receipt.row)
        if amount and not back:
            tale.do("refund", transaction=receipt.row, amount=str(amount), transid=f"rm{one}")
            for each in tale.bills:
                if any(paid.row == receipt.row for paid in each.receipts):
                    each.held.add("mass_pay_unproven")


def charge_back(tale: Tale, one: int, two: int) -> None:
    bill = tale.find(one, lambda bill: bool(bill.paid) and bill.due <= 0)
    own = bill and next((each for each in bill.receipts if not each.container), None)
    if bill and own and two % 3 == 0:
        tale.do("chargeback", transaction=own.row, fees="15.00")
        bill.over, bill.stood = True, None
        bill.held.add("chargeback")


EVENTS: tuple[Callable[[Tale, int, int], None], ...] = (
    sell, sell, sell, sell, pay, pay, pay, pay, pay_part, overpay, mass_pay, mass_pay,
    refund, refund, refund, refund_mass_payment, charge_back, charge_again, told_twice,
    cancel, late_fee, edit, take_away, merge, split, add_funds, return_funds, give, use_balance,
    use_balance, newcomer, newcomer,
)  # fmt: skip
