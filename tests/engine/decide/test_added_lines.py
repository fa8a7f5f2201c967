"""Payments of an invoice in several documents fill the first one first, to the penny."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings, strategies as st

from bridge.api import Invoice, Kind, Money, PaidFrom, Payment, Reference, SourceRef, total
from bridge.engine.decide.added_lines import document_ref, split_payments
from bridge.engine.keys import balance_use_ref, document_of
from bridge.testing.builders import DAY, a_line, an_invoice, gbp

WHOLE = an_invoice(transactions=[])


def _documents(*nets: Decimal) -> list[Invoice]:
    return [
        replace(
            an_invoice(lines=[a_line(Money(net, "GBP"), taxed=False)], transactions=[]),
            ref=document_ref(WHOLE.ref, number),
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
    payment = _payment(balance_use_ref("501", gbp("10.00")), gbp("10.00"), gbp("10.00"))
    cut = split_payments([payment], _documents(Decimal(8), Decimal(5)), "MEM")
    assert [(one.ref.id, one.amount) for one in cut] == [
        ("501/credit/10.00", gbp("8.00")),
        ("501+1/credit/10.00", gbp("2.00")),
    ]
