"""Whatever both books hold: every record is in exactly one class, and every total closes."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings, strategies as st

from bridge.api import EntryState, Kind, Money, Reason, Record, RecordClass
from bridge.engine.reconcile.match import differences
from bridge.engine.reconcile.totals import by_month
from bridge.engine.reconcile.values import MONEY, SALES, Item, ItemKind, MatchClass

Paper = Any
BILLS = {RecordClass.INVOICE, RecordClass.PREPAYMENT, RecordClass.SETTLEMENT}
FATES = (
    "booked",
    "held",
    "skipped",
    "before_start",
    "waiting",
    "deleted",
    "edited",
    "doubled",
    "unpaid_there",
    "overpaid_there",
)
SPOILT = {"deleted", "edited", "doubled", "unpaid_there", "overpaid_there"}
STATES = {
    "held": (EntryState.HELD, Reason.FOREIGN_VAT),
    "skipped": (EntryState.SKIPPED, Reason.ZERO_TOTAL),
    "before_start": (EntryState.SKIPPED, Reason.BEFORE_START_DATE),
    "waiting": (EntryState.PENDING, None),
}

bills = st.lists(
    st.tuples(
        st.sampled_from(FATES),
        st.integers(1, 10**7),
        st.integers(0, 10**6),
        st.integers(1, 3),
        st.sampled_from(("GBP", "EUR", "JPY")),
        st.sampled_from(("stripe", "banktransfer")),
        st.integers(0, 89),
        st.booleans(),
    ),
    max_size=12,
)


def _write(paper: Paper, ref: int, bill: tuple[Any, ...]) -> None:
    """One invoice of the source with its money, and what its fate left in the target."""
    fate, net, tax, parts, currency, gateway, days, refunded = bill
    day = dt.date(2026, 1, 1) + dt.timedelta(days=days)
    gross = Money.from_minor(net + tax, currency)
    paper.bill(
        ref,
        str(Money.from_minor(net, currency)),
        str(Money.from_minor(tax, currency)),
        date=day,
        paid_on=day,
    )
    state, reason = STATES.get(fate, (EntryState.DONE, None))
    paper.entry(ref, state, reason)
    shares = _shares(gross, parts)
    for place, share in enumerate(shares):
        paper.pay(ref * 10 + place, str(share), ref, date=day, account=gateway)
    if refunded:
        paper.pay(ref * 10 + 9, str(-shares[0]), ref, date=day, account="stripe")
    if fate not in STATES and fate != "deleted":
        _book(paper, ref, bill, day, shares)


def _shares(gross: Money, parts: int) -> list[Money]:
    each = gross.minor_units() // parts
    some = [each] * (parts - 1)
    some.append(gross.minor_units() - sum(some))
    return [Money.from_minor(units, gross.currency) for units in some if units]


def _book(paper: Paper, ref: int, bill: tuple[Any, ...], day: dt.date, shares: list[Money]) -> None:
    fate, net, tax, _, currency, gateway, _, refunded = bill
    booked = net + (1 if fate == "edited" else 0)
    amounts = (
        str(Money.from_minor(booked, currency)),
        str(Money.from_minor(tax, currency).amount),
    )
    document = paper.document(f"WHMCS-{ref}", *amounts, date=day)
    if fate == "doubled":
        paper.document(f"WHMCS-{ref}", *amounts, date=day)
    for place, share in enumerate(shares):
        if gateway == "banktransfer" or (fate == "unpaid_there" and not place):
            continue
        paper.row(f"WHMCS-T{ref * 10 + place}/{ref}", str(share), document, date=day)
    if fate == "overpaid_there":
        paper.row(f"WHMCS-T{ref * 10 + 8}/{ref}", f"0 {currency}", document, date=day)
        paper.target[-1] = replace(paper.target[-1], net=Money.from_minor(1, currency))
    if refunded:
        back = str(-shares[0])
        note = paper.document(f"WHMCS-R{ref * 10 + 9}", back, "0", date=day)
        paper.row(f"WHMCS-T{ref * 10 + 9}/R{ref * 10 + 9}", back, note, date=day)


def _company(paper: Paper, some: list[tuple[Any, ...]], hands: int, others: int) -> int:
    """Both books; answers how many matters are unexplained."""
    paper.days = type(paper.days)(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    paper.seen_until = dt.date(2026, 4, 30)
    paper.link(Kind.CLIENT, "31", "C31")
    for place, bill in enumerate(some):
        _write(paper, 501 + place, bill)
    for _ in range(hands):
        paper.document("", client="C31")
    for _ in range(others):
        document = paper.document("", client="C99")
        paper.row("", "120.00", document)
    return hands + sum(_is_spoilt(bill) for bill in some)


def _is_spoilt(bill: tuple[Any, ...]) -> bool:
    fate, gateway = bill[0], bill[5]
    return fate in SPOILT and not (fate == "unpaid_there" and gateway == "banktransfer")


@settings(max_examples=150, deadline=None)
@given(some=bills, hands=st.integers(0, 2), others=st.integers(0, 2))
def test_every_record_is_in_exactly_one_class(
    blank: Callable[[], Paper], some: list[tuple[Any, ...]], hands: int, others: int
) -> None:
    """A document once; a transaction in shares that sum to it; a row of the target once."""
    paper = blank()
    unexplained = _company(paper, some, hands, others)
    items = paper.items()
    _documents_once(paper, items)
    _money_whole(paper, items)
    _rows_once(paper, items)
    _totals_close(paper, items)
    assert len(differences(items)) == unexplained


def _documents_once(paper: Paper, items: tuple[Item, ...]) -> None:
    kinds = {ItemKind.INVOICE, ItemKind.PREPAYMENT, ItemKind.SETTLEMENT}
    found = Counter(i.token for i in items if i.kind in kinds and i.billed is not None)
    assert found == Counter(r.token for r in paper.source if r.record_class in BILLS)


def _money_whole(paper: Paper, items: tuple[Item, ...]) -> None:
    shares: dict[str, list[Money]] = defaultdict(list)
    for item in items:
        if item.kind in {ItemKind.PAYMENT, ItemKind.REFUND} and item.billed is not None:
            shares[item.token].append(item.billed)
    for record in paper.source:
        if record.record_class not in BILLS:
            assert _sum(shares.pop(record.token), record.net.currency) == record.net
    assert not shares


def _rows_once(paper: Paper, items: tuple[Item, ...]) -> None:
    found = Counter(number for item in items for number in item.targets)
    assert found == Counter(record.number for record in paper.target)


def _totals_close(paper: Paper, items: tuple[Item, ...]) -> None:
    """Source = matched + held + ... by month and currency; and the target's side as well."""
    billed: dict[tuple[dt.date, str], int] = defaultdict(int)
    booked: dict[tuple[dt.date, str], int] = defaultdict(int)
    for record in paper.source:
        if record.record_class is RecordClass.INVOICE:
            billed[_place(record)] += (record.net + record.tax).minor_units()
    for record in paper.target:
        if record.record_class in {RecordClass.INVOICE, RecordClass.CREDIT_NOTE}:
            gross = (record.net + record.tax).minor_units()
            if record.client != "C99":
                booked[_place(record)] += gross
            if record.record_class is RecordClass.CREDIT_NOTE:
                billed[_place(record)] += gross
    for line in by_month(items, SALES):
        place = (line.month, line.currency)
        assert line.billed == line.of(*MatchClass)
        assert line.billed.minor_units() == billed.pop(place, 0)
        assert line.booked.minor_units() == booked.pop(place, 0)
    assert not any(billed.values())
    assert not any(booked.values())
    money = Counter[tuple[dt.date, str]]()
    for record in paper.source:
        if record.record_class not in BILLS:
            money[_place(record)] += record.net.minor_units()
    for line in by_month(items, MONEY):
        assert line.billed.minor_units() == money.pop((line.month, line.currency), 0)
    assert not any(money.values())


def _place(record: Record) -> tuple[dt.date, str]:
    return record.date.replace(day=1), record.net.currency


def _sum(amounts: list[Money], currency: str) -> Money:
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result
