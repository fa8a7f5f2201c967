"""Lines that were added after booking are a second document, and payments fill the first first."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from bridge.api import (
    Invoice,
    Kind,
    LineKind,
    Money,
    PaidFrom,
    Payload,
    Payment,
    Reason,
    Reference,
    SourceRef,
    TargetRef,
    payment_ref,
    total,
)
from bridge.engine.decide.added_lines import UNSPLIT, divide, split_payments
from bridge.engine.decide.answers import NO_ANSWERS, Answer, Answers, Given
from bridge.engine.decide.content import content_fingerprint
from bridge.model.keys import Key, Role, document_of
from bridge.store.tables.values import LinkRow
from bridge.testing.builders import DAY, a_line, an_invoice, gbp

WHOLE = an_invoice(transactions=[])
USE = Key(Role.USE, on=Key(Role.INVOICE, "501"), amount="10.00")


def _documents(*nets: Decimal) -> list[Invoice]:
    return [
        replace(
            an_invoice(lines=[a_line(Money(net, "GBP"), taxed=False)], transactions=[]),
            ref=Key(Role.INVOICE, WHOLE.ref.id, part=number).ref,
        )
        for number, net in enumerate(nets)
    ]


def _payment(ref: SourceRef, amount: Money, base: Money | None) -> Payment:
    origin = PaidFrom.BALANCE if "/credit/" in ref.id else PaidFrom.GATEWAY
    token = Reference(f"MEM-{ref.id}", "txn")
    return Payment(ref, token, WHOLE.ref, DAY, amount, base, "stripe", origin)


AMOUNTS = st.lists(st.decimals("0.01", "90", places=2), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(AMOUNTS, AMOUNTS)
def test_the_pieces_sum_to_what_fits_and_each_has_a_key_of_its_own(
    grosses: list[Decimal], paid: list[Decimal]
) -> None:
    documents = _documents(*grosses)
    payments = [
        _payment(SourceRef(Kind.PAYMENT, f"T{900 + n}/501"), Money(amount, "GBP"), None)
        for n, amount in enumerate(paid)
    ]
    cut = list(split_payments(payments, documents, "MEM"))
    fits = min(sum(paid), sum(document.gross.amount for document in documents))
    assert total((one.amount for one in cut), "GBP").amount == fits
    assert len({one.ref for one in cut}) == len(cut)
    for one in cut:
        assert document_of(one.ref) == one.invoice
        assert one.reference.token == f"MEM-{one.ref.id}"
    left = Decimal(fits)
    for document in documents:
        mine = total((one.amount for one in cut if one.invoice == document.ref), "GBP").amount
        assert mine == min(left, document.gross.amount)
        left -= mine


def test_a_cut_payment_keeps_its_worth_in_the_base_currency() -> None:
    ref = SourceRef(Kind.PAYMENT, "T900/501")
    payment = _payment(ref, gbp("125.00"), Money(Decimal("146.33"), "EUR"))
    first, second = split_payments([payment], _documents(Decimal(120), Decimal(5)), "MEM")
    assert (first.ref.id, second.ref.id) == ("T900/501", "T900/501+1")
    assert first.base_amount is not None
    assert second.base_amount is not None
    assert (first.base_amount + second.base_amount) == payment.base_amount


def test_balance_used_is_cut_alike() -> None:
    payment = _payment(USE.ref, gbp("10.00"), gbp("10.00"))
    cut = split_payments([payment], _documents(Decimal(8), Decimal(5)), "MEM")
    assert [(one.ref.id, one.amount) for one in cut] == [
        ("501/credit/10.00", gbp("8.00")),
        ("501+1/credit/10.00", gbp("2.00")),
    ]


HOSTING = a_line(line=1)
FEE = a_line(gbp("10.00"), line=2, kind=LineKind.LATE_FEE, taxed=False)
LATER = DAY + dt.timedelta(days=9)
BOOKED = an_invoice(lines=[HOSTING], transactions=[])
GROWN = an_invoice(lines=[HOSTING, FEE], transactions=[])
CONTENT = content_fingerprint(BOOKED)


def _links(paid: str = "0.00", *documents: Invoice) -> dict[SourceRef, LinkRow]:
    """Returns what stands in the books: documents, and a payment on the first."""
    rows = [_link(each.ref, each.net, each.tax) for each in documents or (BOOKED,)]
    rows.append(_link(payment_ref(900, 501), gbp(paid), gbp("0.00"), paid=gbp(paid)))
    return {row.ref: row for row in rows}


def _link(ref: SourceRef, net: Money, tax: Money, paid: Money | None = None) -> LinkRow:
    payload = Payload(ref.kind, {}, f"MEM-{ref.id}", DAY, net, tax, paid=paid)
    return LinkRow(
        ref=ref,
        target=TargetRef(ref.kind, ref.id),
        payload=payload,
        adopted=False,
        day=DAY,
        client=None,
        run=1,
        created=dt.datetime(2026, 5, 4, tzinfo=dt.UTC),
    )


def _released(*about: str) -> Answers:
    return Answers((Given(Answer.BOOK_ADDED, about, "rose@office", "agreed", LATER),))


def test_an_invoice_as_it_was_booked_is_one_document() -> None:
    assert divide(BOOKED, CONTENT, _links(), NO_ANSWERS) == UNSPLIT


def test_added_lines_are_a_second_document_that_waits() -> None:
    split = divide(GROWN, CONTENT, _links(), NO_ANSWERS)
    assert split is not None
    assert [(one.ref, one.gross) for one in split.documents] == [
        (BOOKED.ref, gbp("120.00")),
        (Key(Role.INVOICE, BOOKED.ref.id, part=1).ref, gbp("10.00")),
    ]
    assert split.waits is not None
    assert split.waits.reason is Reason.CHANGED_AFTER_WRITE
    assert "bridge answer 501 book-added" in split.waits.remedy


def test_an_answer_releases_the_second_document_on_its_day() -> None:
    split = divide(GROWN, CONTENT, _links(), _released("2"))
    assert split is not None
    assert split.waits is None
    assert [one.issued for one in split.documents] == [BOOKED.issued, LATER]
    assert [line.id for line in split.documents[1].lines] == ["2"]


def test_lines_beyond_those_of_an_answer_ask_again() -> None:
    more = replace(GROWN, lines=(*GROWN.lines, a_line(gbp("5.00"), line=3, taxed=False)))
    more = replace(more, net=gbp("115.00"))
    fee = replace(
        GROWN, ref=Key(Role.INVOICE, GROWN.ref.id, part=1).ref, net=gbp("10.00"), tax=gbp("0.00")
    )
    split = divide(more, content_fingerprint(GROWN), _links("0.00", BOOKED, fee), _released("2"))
    assert split is not None
    assert [one.gross for one in split.documents] == [gbp("120.00"), gbp("10.00"), gbp("5.00")]
    assert split.waits is not None


@pytest.mark.parametrize(
    ("now", "paid"),
    [
        (replace(GROWN, lines=(replace(HOSTING, description="Two years"), FEE)), "0.00"),
        (replace(BOOKED, net=gbp("90.00")), "0.00"),
        (GROWN, "120.00"),
    ],
    ids=["a booked line changed", "the sums changed", "it was settled"],
)
def test_any_other_change_is_none_of_added_lines(now: Invoice, paid: str) -> None:
    assert divide(now, CONTENT, _links(paid), NO_ANSWERS) is None


def test_an_answer_about_more_lines_takes_the_place_of_the_earlier_one() -> None:
    more = replace(GROWN, lines=(*GROWN.lines, a_line(gbp("5.00"), line=3, taxed=False)))
    more = replace(more, net=gbp("115.00"))
    answers = Answers((*_released("2").given, *_released("2", "3").given))
    split = divide(more, CONTENT, _links(), answers)
    assert split is not None
    assert [one.gross for one in split.documents] == [gbp("120.00"), gbp("15.00")]
    assert split.waits is None
