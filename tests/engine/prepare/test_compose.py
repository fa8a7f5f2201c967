"""A plan in the target's own words: every part or none, in the order in which it is written."""

from dataclasses import replace
from typing import Any

from bridge.api import (
    Hold,
    MovementKind,
    Payload,
    Payment,
    Reason,
    Sale,
    SourceRef,
)
from bridge.contract import Target
from bridge.engine.decide.credit_notes import Refund
from bridge.engine.decide.plan import Plan
from bridge.engine.prepare.compose import Composed, compose, compose_client
from bridge.model.keys import Key, Role
from bridge.testing.builders import (
    LABEL,
    a_client,
    a_credit_note,
    a_movement,
    a_payment,
    a_sale,
    eur,
    gbp,
)
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.compose import MemoryMapping
from bridge.testing.memory.target import MemoryTarget

CLIENT = a_client()
SALE = a_sale()
NOTE = a_credit_note()
PAYOUT = replace(a_payment(gbp("-30.00"), transaction=905), invoice=NOTE.sale.ref)
BY_HAND = replace(a_movement(), ref=Key(Role.GIVEN, "70").ref, kind=MovementKind.BY_HAND)
SOLD = Plan(CLIENT, SALE, payments=(a_payment(),))


def _target(kind: type[MemoryTarget] = MemoryTarget, **mapping: Any) -> MemoryTarget:
    target = kind(MemoryBooks(), mapping=MemoryMapping(**mapping))
    target.prepare()
    return target


def _composed(
    plan: Plan, target: Target | None = None, booked: dict[SourceRef, Payload] | None = None
) -> Composed:
    composed = _answer(plan, target, booked)
    assert isinstance(composed, Composed), composed
    return composed


def _answer(
    plan: Plan, target: Target | None = None, booked: dict[SourceRef, Payload] | None = None
) -> Composed | Hold:
    return compose(target or _target(), plan, LABEL, booked or {})


def test_the_parts_come_in_the_order_in_which_they_are_written() -> None:
    plan = replace(
        SOLD, given=(BY_HAND,), movements=(a_movement(),), refunds=(Refund(NOTE, PAYOUT),)
    )
    composed = _composed(plan)
    assert composed.client is not None
    assert composed.invoice is not None
    assert (composed.client.ref, composed.invoice.ref) == (CLIENT.ref, SALE.ref)
    assert [(part.ref, part.document) for part in composed.parts] == [
        (BY_HAND.ref, None),
        (SOLD.payments[0].ref, SALE.ref),
        (a_movement().ref, None),
        (NOTE.sale.ref, NOTE.original),
        (PAYOUT.ref, NOTE.sale.ref),
    ]
    assert not any(part.is_applied for part in composed.parts)


def test_the_note_of_a_cancelled_sale_is_set_against_it() -> None:
    [part] = _composed(Plan(CLIENT, SALE, cancellation=NOTE)).parts
    assert (part.ref, part.document, part.is_applied) == (NOTE.sale.ref, NOTE.original, True)


def test_payments_stand_behind_the_document_that_they_are_on() -> None:
    later = a_sale(502)
    other = a_payment(transaction=901, invoice=502)
    plan = replace(SOLD, payments=(other, *SOLD.payments), added=(later,))
    assert [part.ref for part in _composed(plan).parts] == [
        SOLD.payments[0].ref,
        later.ref,
        other.ref,
    ]


def test_where_nothing_is_sold_there_is_neither_client_nor_document() -> None:
    composed = _composed(Plan(CLIENT, None, movements=(a_movement(),)))
    assert (composed.client, composed.invoice) == (None, None)
    assert [part.ref for part in composed.parts] == [a_movement().ref]


def test_every_part_bears_the_journal_of_this_day() -> None:
    composed = _composed(SOLD)
    assert composed.invoice is not None
    for part in (composed.invoice, *composed.parts):
        assert part.payload.journal


def test_what_a_bank_feed_brings_is_rightly_nothing() -> None:
    composed = _composed(SOLD, _target(bank_feed=("stripe",)))
    assert composed.parts == ()
    assert len(composed.nothing) == 1


def test_one_part_that_cannot_be_said_holds_the_whole() -> None:
    unmapped = replace(SOLD, payments=(a_payment(gateway="worldpay_old"),))
    held = _answer(unmapped)
    assert isinstance(held, Hold)
    assert held.reason is Reason.GATEWAY_UNMAPPED
    foreign = _answer(Plan(a_client(currency="CHF"), SALE))
    assert isinstance(foreign, Hold)
    assert foreign.reason is Reason.CURRENCY_UNKNOWN


def test_what_was_sent_already_is_followed_rather_than_the_settings_of_today() -> None:
    first = _composed(SOLD)
    assert first.invoice is not None
    booked = {part.ref: part.payload for part in (first.invoice, *first.parts)}
    unmapped = _target(unmapped=("stripe",), tax_rates=())
    again = _composed(SOLD, unmapped, booked)
    assert (again.invoice, again.parts) == (first.invoice, first.parts)


class _OffByAPenny(MemoryTarget):
    def compose_invoice(self, sale: Sale) -> Payload | Hold:
        payload = super().compose_invoice(sale)
        assert isinstance(payload, Payload)
        return replace(payload, tax=sale.tax + gbp("0.01"))


def test_a_translation_that_differs_by_a_penny_is_never_sent() -> None:
    held = _answer(SOLD, _target(_OffByAPenny))
    assert isinstance(held, Hold)
    assert held.reason is Reason.TOTAL_MISMATCH
    assert "100.00 GBP net and 20.01 GBP tax instead of 100.00 GBP and 20.00 GBP" in held.what


class _WorthMore(MemoryTarget):
    def compose_payment(self, payment: Payment, *rest: Any) -> Any:
        payload = super().compose_payment(payment, *rest)
        assert isinstance(payload, Payload)
        return replace(payload, difference=gbp("1.25"))


def test_what_money_was_worth_beyond_its_payment_is_a_movement_behind_it() -> None:
    paid = a_payment(eur("120.00"), base_amount=gbp("101.25"))
    payment, difference = _composed(replace(SOLD, payments=(paid,)), _target(_WorthMore)).parts
    assert payment.ref == paid.ref
    assert difference.ref == Key(Role.EXCHANGE, on=Key.of(paid.ref)).ref
    assert difference.payload.net == gbp("1.25")
    assert difference.payload.date == payment.payload.date


def test_a_client_without_an_account_in_its_currency_is_held() -> None:
    composed = compose_client(_target(), CLIENT, LABEL)
    assert not isinstance(composed, Hold)
    assert composed.ref == CLIENT.ref
    assert isinstance(compose_client(_target(), a_client(currency="CHF"), LABEL), Hold)
