"""From movements on an account to KashFlow bank transactions."""

from collections.abc import Callable
from typing import Any

import pytest
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.movement import compose_movement

from bridge.api import Hold, Money, MovementKind, Nothing, Payload, Reason
from bridge.testing.builders import a_movement, eur, gbp

MakeBooks = Callable[..., ResolvedAccount]
WHEN_USED = {"method": "Client balance", "account": "Client Balances", "vat": "when_used"}


def made(books: ResolvedAccount, kind: MovementKind, amount: Money, **more: Any) -> Payload:
    payload = compose_movement(a_movement(kind=kind, amount=amount, **more), books)
    assert isinstance(payload, Payload), payload
    return payload


def held(books: ResolvedAccount, kind: MovementKind, amount: Money, **more: Any) -> Hold:
    answer = compose_movement(a_movement(kind=kind, amount=amount, **more), books)
    assert isinstance(answer, Hold), answer
    return answer


@pytest.mark.parametrize(
    ("kind", "amount", "side", "account", "nominal"),
    [
        (MovementKind.FEE, "-1.95", "moneyout", 310451, 18685818),
        (MovementKind.FEE, "0.30", "moneyin", 310451, 18685818),
        (MovementKind.BALANCE_IN, "240.00", "moneyin", 310451, 18685810),
        (MovementKind.EXCESS, "10.00", "moneyin", 310451, 18685810),
        (MovementKind.BALANCE_OUT, "-120.00", "moneyout", 310451, 18685810),
        (MovementKind.EXCHANGE_DIFFERENCE, "-0.88", "moneyout", 310451, 18685819),
        (MovementKind.BY_HAND, "25.00", "moneyout", 310455, 18685817),
        (MovementKind.BY_HAND, "-5.00", "moneyin", 310455, 18685817),
    ],
)
def test_each_movement_has_its_two_sides(
    make_books: MakeBooks, kind: MovementKind, amount: str, side: str, account: int, nominal: int
) -> None:
    """Outside VAT (-1), so that it reaches no VAT report; a client's credit is the credit side."""
    books = make_books(client_balances=WHEN_USED)
    gateway = "" if kind is MovementKind.BY_HAND else "stripe"
    payload = made(books, kind, gbp(amount), gateway=gateway)
    body = payload.body
    assert {"moneyin", "moneyout"} & body.keys() == {side}
    assert body[side] == amount.lstrip("-")
    assert (body["accid"], body["TransactionType"]) == (account, nominal)
    assert (body["Vatable"], body["VatRate"]) == (0, "-1")
    into = gbp(amount.lstrip("-"))
    assert payload.net == (into if side == "moneyin" else -into)
    difference = kind is MovementKind.EXCHANGE_DIFFERENCE  # it is nothing to the client
    assert payload.paid == (None if difference else gbp(amount))
    assert payload.reference.startswith("MEM-")


def test_an_account_may_be_named_by_its_code(make_books: MakeBooks) -> None:
    books = make_books(bank_account_by="code")
    assert made(books, MovementKind.FEE, gbp("-1.95")).body["accid"] == 1210


def test_fees_of_the_gateways_own_bill_are_not_posted(make_books: MakeBooks) -> None:
    answer = compose_movement(a_movement(), make_books(fees="on_gateway_invoice"))
    assert isinstance(answer, Nothing)
    assert answer.rule.rule == "fees on_gateway_invoice"


def test_fees_of_a_gateway_that_a_bank_feed_brings_are_not_posted(make_books: MakeBooks) -> None:
    answer = compose_movement(a_movement(gateway="banktransfer"), make_books())
    assert isinstance(answer, Nothing)
    assert answer.rule.rule == "gateways.banktransfer"


def test_fees_that_nobody_decided_on_are_held(make_books: MakeBooks) -> None:
    answer = held(make_books(fees=None), MovementKind.FEE, gbp("-1.95"))
    assert answer.reason is Reason.FEE_UNMAPPED
    assert "1.95 GBP" in answer.what
    assert "fees: on_gateway_invoice" in answer.remedy


def test_a_foreign_movement_is_booked_at_what_it_was_worth(make_books: MakeBooks) -> None:
    """On the currency's own account, in home currency; what the client sees stays in theirs."""
    payload = made(
        make_books(), MovementKind.FEE, eur("-2.34"), base_amount=gbp("-2.00"), gateway="paypal"
    )
    assert (payload.body["accid"], payload.body["moneyout"]) == (310453, "2.00")
    assert (payload.net, payload.paid) == (gbp("-2.00"), eur("-2.34"))


def test_a_foreign_movement_of_unknown_worth_is_held(make_books: MakeBooks) -> None:
    answer = held(make_books(), MovementKind.FEE, eur("-2.34"), base_amount=None)
    assert answer.reason is Reason.EXCHANGE_DIFFERENCE


def test_what_is_worth_no_penny_is_not_written(make_books: MakeBooks) -> None:
    movement = a_movement(amount=eur("-0.01"), base_amount=gbp("0.00"))
    assert isinstance(compose_movement(movement, make_books()), Nothing)


def test_an_exchange_difference_stands_where_its_payment_does(make_books: MakeBooks) -> None:
    payload = made(
        make_books(),
        MovementKind.EXCHANGE_DIFFERENCE,
        gbp("-0.88"),
        gateway="paypal",
        paid_in="EUR",
    )
    assert payload.body["accid"] == 310453


NOBODY: dict[str, Any] = {
    "client_balances": None,
    "manual_credits": "hold",
    "exchange_differences": None,
}


@pytest.mark.parametrize(
    ("kind", "reason", "line"),
    [
        (MovementKind.BALANCE_IN, Reason.PREPAYMENT_UNMAPPED, "client_balances:"),
        (MovementKind.EXCESS, Reason.PREPAYMENT_UNMAPPED, "client_balances:"),
        (MovementKind.BALANCE_OUT, Reason.PREPAYMENT_UNMAPPED, "client_balances:"),
        (MovementKind.BY_HAND, Reason.UNFUNDED_CREDIT, "manual_credits:"),
        (MovementKind.EXCHANGE_DIFFERENCE, Reason.EXCHANGE_DIFFERENCE, "exchange_differences:"),
    ],
)
def test_what_nobody_decided_is_held_with_the_line_to_write(
    make_books: MakeBooks, kind: MovementKind, reason: Reason, line: str
) -> None:
    answer = held(make_books(**NOBODY), kind, gbp("5.00"))
    assert answer.reason is reason
    assert line in answer.remedy


@pytest.mark.parametrize(
    ("vat", "words"), [("undecided", "was not decided"), ("on_receipt", "40.00 GBP at 20 %")]
)
def test_money_paid_in_advance_waits_for_the_vat_question(
    make_books: MakeBooks, vat: str, words: str
) -> None:
    """What was received beyond an invoice does not: nothing was to be supplied for it."""
    books = make_books(client_balances={**WHEN_USED, "vat": vat})
    answer = held(books, MovementKind.BALANCE_IN, gbp("240.00"))
    assert answer.reason is Reason.PREPAYMENT_UNMAPPED
    assert words in answer.what
    assert made(books, MovementKind.EXCESS, gbp("10.00")).net == gbp("10.00")


def test_a_balance_that_a_bank_feed_brings_is_explained_there(make_books: MakeBooks) -> None:
    books = make_books(client_balances=WHEN_USED)
    answer = held(books, MovementKind.BALANCE_IN, gbp("240.00"), gateway="banktransfer")
    assert answer.reason is Reason.PREPAYMENT_UNMAPPED
    assert "Client Balances (2210)" in answer.remedy


def test_a_gateway_that_is_not_mapped_is_held(make_books: MakeBooks) -> None:
    answer = held(make_books(), MovementKind.FEE, gbp("-1.95"), gateway="worldpay_old")
    assert answer.reason is Reason.GATEWAY_UNMAPPED
