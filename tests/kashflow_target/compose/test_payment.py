"""From money to KashFlow payments."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from kashflow_target.account.reference_data import AccountData, Currency
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.invoice import compose_invoice
from kashflow_target.compose.payment import compose_payment

from bridge.api import (
    Hold,
    Money,
    Nothing,
    PaidFrom,
    Payload,
    Payment,
    Rate,
    Reason,
    rounded,
    total,
)
from bridge.testing.builders import (
    a_client,
    a_payment,
    a_sale,
    a_sale_line,
    eur,
    gbp,
)

MakeBooks = Callable[..., ResolvedAccount]


def invoice_in(money: Money, books: ResolvedAccount, rate: str = "1.17") -> Payload:
    """The payload of an untaxed foreign invoice of this amount."""
    client = a_client(country="DE", tax_number="DE136695976", currency=money.currency)
    line = a_sale_line(money, tax_rate=Decimal(0))
    units = Rate("GBP", Decimal(rate), "transaction 900")
    payload = compose_invoice(a_sale(client=client, lines=[line], rate=units), books)
    assert isinstance(payload, Payload), payload
    return payload


def at_home(books: ResolvedAccount) -> Payload:
    payload = compose_invoice(a_sale(), books)
    assert isinstance(payload, Payload)
    return payload


def test_a_card_payment_goes_to_its_method_and_account(make_books: MakeBooks) -> None:
    """By the ids of the reference data; the key and the gateway's id stand in the note."""
    books = make_books()
    payload = compose_payment(a_payment(), at_home(books), [], books)
    assert isinstance(payload, Payload)
    assert payload.body == {
        "PayDate": "2026-04-15",
        "PayNote": "MEM-T900/501 txn_900",
        "PayMethod": 83103,
        "PayAccount": 310451,
        "PayAmount": "120.00",
    }
    assert (payload.net, payload.paid, payload.tax) == (gbp("120"), gbp("120"), gbp("0"))
    assert payload.rules[0].rule == "gateways.stripe"
    assert payload.rules[0].value == "Credit Card on Card Clearing (1210)"


def test_what_a_bank_feed_brings_is_not_posted(make_books: MakeBooks) -> None:
    books = make_books()
    payment = a_payment(gateway="banktransfer")
    answer = compose_payment(payment, at_home(books), [], books)
    assert isinstance(answer, Nothing)
    assert answer.rule.rule == "gateways.banktransfer"


def test_an_unmapped_gateway_is_held_with_the_line_to_add(make_books: MakeBooks) -> None:
    """The line can be copied; a name that YAML would misread is quoted."""
    books = make_books()
    answer = compose_payment(a_payment(gateway="worldpay_old"), at_home(books), [], books)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.GATEWAY_UNMAPPED
    assert "`worldpay_old: {method: BACS, account: Current Account}`" in answer.remedy
    odd = compose_payment(a_payment(gateway="2checkout: new"), at_home(books), [], books)
    assert isinstance(odd, Hold)
    assert '`"2checkout: new": {' in odd.remedy


def test_money_without_a_gateway_is_held(make_books: MakeBooks) -> None:
    books = make_books()
    answer = compose_payment(a_payment(gateway=""), at_home(books), [], books)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.GATEWAY_UNMAPPED


def test_money_from_the_clients_balance_is_paid_by_its_ledger_account(
    make_books: MakeBooks,
) -> None:
    """Its own method, and no gateway is asked for."""
    books = make_books()
    payment = a_payment(paid_from=PaidFrom.BALANCE, gateway="")
    payload = compose_payment(payment, at_home(books), [], books)
    assert isinstance(payload, Payload)
    assert (payload.body["PayMethod"], payload.body["PayAccount"]) == (83106, 310455)
    assert (payload.net, payload.paid) == (gbp("120"), gbp("120"))
    assert payload.rules[0].rule == "client_balances"


def test_money_from_the_clients_balance_is_held_where_there_is_none(make_books: MakeBooks) -> None:
    books = make_books(client_balances=None, manual_credits="hold")
    payment = a_payment(paid_from=PaidFrom.BALANCE, gateway="")
    answer = compose_payment(payment, at_home(books), [], books)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.CREDIT_UNMAPPED
    assert "client_balances:" in answer.remedy


def test_a_foreign_balance_in_payments_of_its_own_currency_is_held(make_books: MakeBooks) -> None:
    """The balance's account is kept in home currency, whatever payments are kept in."""
    books = make_books(foreign_payments="invoice")
    payment = a_payment(eur("117.00"), base_amount=None, paid_from=PaidFrom.BALANCE, gateway="")
    answer = compose_payment(payment, invoice_in(eur("117.00"), books), [], books)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.CREDIT_UNMAPPED


def test_a_currency_may_have_an_account_of_its_own(make_books: MakeBooks) -> None:
    books = make_books()
    invoice = invoice_in(eur("117.00"), books)
    payment = a_payment(eur("117.00"), base_amount=gbp("100.00"), gateway="paypal")
    payload = compose_payment(payment, invoice, [], books)
    assert isinstance(payload, Payload)
    assert payload.body["PayAccount"] == 310453
    assert payload.rules[0].rule == "gateways.paypal.currencies.EUR"


def test_a_foreign_payment_settles_the_booked_sterling_value(make_books: MakeBooks) -> None:
    """PayAmount is in home currency, what it settles in the invoice's."""
    books = make_books()
    invoice = invoice_in(eur("117.00"), books)
    payment = a_payment(eur("117.00"), base_amount=gbp("100.00"))
    payload = compose_payment(payment, invoice, [], books)
    assert isinstance(payload, Payload)
    assert payload.body["PayAmount"] == "100.00"
    assert (payload.net, payload.paid) == (gbp("100.00"), eur("117.00"))


@given(
    st.lists(st.integers(1, 500_00), min_size=1, max_size=6),
    st.decimals("0.5", "200", places=5),
)
def test_part_payments_close_a_foreign_invoice_to_the_penny(
    make_books: MakeBooks, parts: list[int], units: Decimal
) -> None:
    """Their sterling sums to the invoice's, whatever the rate; none is off by a penny or more."""
    books = make_books()
    amounts = [Money.from_minor(part, "EUR") for part in parts]
    gross = total(amounts, "EUR")
    invoice = invoice_in(gross, books, str(units))
    earlier: list[Payload] = []
    for number, amount in enumerate(amounts):
        share = rounded(amount.amount / units, "GBP")
        payment = a_payment(amount, transaction=number, base_amount=share)
        payload = compose_payment(payment, invoice, earlier, books)
        assert isinstance(payload, Payload), payload
        assert payload.net is not None
        assert abs(payload.net - share) <= Money.from_minor(len(parts), "GBP")
        earlier.append(payload)
    sterling = total((each.net for each in earlier if each.net), "GBP")
    assert sterling == rounded(gross.amount / units, "GBP")


@pytest.mark.parametrize("real", [gbp("99.12"), None, eur("100.00")])
def test_an_exchange_difference_is_held_with_both_figures(
    make_books: MakeBooks, real: Money | None
) -> None:
    """Also where the money's own sterling is not known, or is no sterling."""
    books = make_books(exchange_differences=None)
    invoice = invoice_in(eur("117.00"), books)
    payment = a_payment(eur("117.00"), base_amount=real)
    answer = compose_payment(payment, invoice, [], books)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.EXCHANGE_DIFFERENCE
    assert "100.00 GBP" in answer.what
    assert real is None or str(real) in answer.what


def test_money_of_unknown_worth_is_held_also_where_differences_have_a_nominal(
    make_books: MakeBooks,
) -> None:
    """And nobody is told to write a setting that is written."""
    books = make_books()
    invoice = invoice_in(eur("117.00"), books)
    answer = compose_payment(a_payment(eur("117.00"), base_amount=None), invoice, [], books)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.EXCHANGE_DIFFERENCE
    assert "exchange_differences" not in answer.remedy
    assert "what that money was worth in GBP" in answer.remedy


def test_payments_in_the_invoices_currency_where_that_is_chosen(make_books: MakeBooks) -> None:
    books = make_books(foreign_payments="invoice")
    invoice = invoice_in(eur("117.00"), books)
    payment: Payment = a_payment(eur("117.00"), base_amount=None)
    payload = compose_payment(payment, invoice, [], books)
    assert isinstance(payload, Payload)
    assert payload.body["PayAmount"] == "117.00"
    assert payload.net == eur("117.00")


@given(
    st.lists(st.tuples(st.integers(1, 500_00), st.integers(-900, 900)), min_size=1, max_size=5),
    st.decimals("0.5", "200", places=5),
    st.sampled_from(("EUR", "JPY")),
)
def test_payments_and_differences_are_what_the_account_received(
    make_books: MakeBooks,
    make_account: Callable[..., AccountData],
    parts: list[tuple[int, int]],
    units: Decimal,
    currency: str,
) -> None:
    """Whatever the money was really worth: the invoice closes, and so does the bank account."""
    yen = Currency(4, "JPY", Decimal(190))
    known = {**make_account().currencies, "JPY": yen}
    books = make_books(make_account(currencies=known))
    amounts = [Money.from_minor(part, currency) for part, _ in parts]
    gross = total(amounts, currency)
    invoice = invoice_in(gross, books, str(units))
    earlier: list[Payload] = []
    received = gbp("0")
    for number, (amount, (_, drift)) in enumerate(zip(amounts, parts, strict=True)):
        worth = rounded(amount.amount / units, "GBP") + Money.from_minor(drift, "GBP")
        payment = a_payment(amount, transaction=number, base_amount=worth)
        payload = compose_payment(payment, invoice, earlier, books)
        assert isinstance(payload, Payload), payload
        assert payload.net is not None
        assert payload.net + (payload.difference or gbp("0")) == worth
        earlier.append(payload)
        received += worth
    paid = total((each.net for each in earlier if each.net), "GBP")
    assert paid == rounded(gross.amount / units, "GBP")
    differences = total((each.difference for each in earlier if each.difference), "GBP")
    assert paid + differences == received
