"""From money to KashFlow payments. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bridge.api import (
    Hold,
    Kind,
    Money,
    Nothing,
    PaidFrom,
    Payload,
    Payment,
    Reason,
    Rule,
    rounded,
    total,
)
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.field_text import one_line
from kashflow_target.settings.names import AccountItem


def compose_payment(
    payment: Payment, invoice: Payload, earlier: Sequence[Payload], books: ResolvedAccount
) -> Payload | Hold | Nothing:
    """The payment that stands for `payment`, without its invoice's number.

    Args:
        payment: The money, in the invoice's currency.
        invoice: The payload of the document it pays, as it was sent.
        earlier: Payloads of the document's earlier payments.
        books: The account and the settings.
    """
    about = f"payment {payment.ref.id}"
    if payment.paid_from is PaidFrom.BALANCE:
        way = _from_balance(payment, books)
    elif payment.gateway not in books.gateways:
        return unmapped(payment.gateway, payment.amount, books)
    else:
        mapped = books.gateways[payment.gateway]
        if mapped is None:
            return Nothing(brought(about, payment.gateway))
        way = _Way(mapped.method, *mapped.account_for(payment.amount.currency))
    if isinstance(way, Hold):
        return way
    amount = _amount(payment, invoice, earlier, books)
    return amount if isinstance(amount, Hold) else _payload(payment, way, amount, about)


def brought(about: str, gateway: str) -> Rule:
    """Why nothing is written for money of this gateway."""
    return Rule(about, f"gateways.{gateway}", "a bank feed brings it")


@dataclass(frozen=True, slots=True)
class _Way:
    """Payment method and bank account, and the setting that names them."""

    method: AccountItem
    account: AccountItem
    rule: str


def _from_balance(payment: Payment, books: ResolvedAccount) -> _Way | Hold:
    """The balance's ledger account pays as if it were a bank (its debit is the client's credit)."""
    balances = books.ledger.balances
    if balances is None:
        return Hold(
            Reason.CREDIT_UNMAPPED,
            f"{payment.amount} was paid from the client's balance",
            "say where balances are kept: `client_balances: {method: ..., account: ...}` under"
            " target; or book it by hand",
        )
    if payment.amount.currency != books.home and not books.payments_at_home:
        return Hold(
            Reason.CREDIT_UNMAPPED,
            f"{payment.amount} was paid from the client's balance, which is kept in {books.home}",
            "book it by hand",
        )
    return _Way(balances.method, balances.account, "client_balances")


@dataclass(frozen=True, slots=True)
class _Amount:
    """What PayAmount is, and why; `difference` is what the money was worth beyond it."""

    money: Money
    rule: str
    difference: Money | None = None


def _payload(payment: Payment, way: _Way, amount: _Amount, about: str) -> Payload:
    note = one_line(str(payment.reference))
    return Payload(
        kind=Kind.PAYMENT,
        body={
            "PayDate": payment.date.isoformat(),
            "PayNote": note,
            "PayMethod": way.method.id,
            "PayAccount": way.account.id,
            "PayAmount": str(amount.money.amount),
        },
        reference=note,
        date=payment.date,
        net=amount.money,
        tax=Money.zero(amount.money.currency),
        rules=(
            Rule(about, way.rule, f"{way.method} on {way.account}"),
            Rule(about, amount.rule, str(amount.money)),
        ),
        paid=payment.amount,
        difference=amount.difference,
    )


def _amount(
    payment: Payment, invoice: Payload, earlier: Sequence[Payload], books: ResolvedAccount
) -> _Amount | Hold:
    """KashFlow keeps payments in home currency (its knowledge base, "Editing a currency").

    Under `home` a foreign payment settles its share of the invoice's booked sterling value, and
    the last one what is left of it, so that the invoice closes to the penny.
    """
    if invoice.net is None or invoice.tax is None:
        msg = f"{invoice.reference} is no document that could be paid"
        raise ValueError(msg)
    gross = invoice.net + invoice.tax
    if payment.amount.currency == books.home:
        return _Amount(payment.amount, "it was paid in the home currency")
    if not books.payments_at_home:
        return _Amount(payment.amount, "foreign_payments invoice")
    rate = Decimal(str(invoice.body["ExchangeRate"]))
    share = rounded(payment.amount.amount / rate, books.home)
    paid = total((each.paid for each in earlier if each.paid), gross.currency)
    booked = share
    if paid + payment.amount == gross:
        whole = rounded(gross.amount / rate, books.home)
        booked = whole - total((each.net for each in earlier if each.net), books.home)
    rule = f"foreign_payments home, at the invoice's rate of {rate:f}"
    worth = payment.base_amount
    if books.ledger.differences and worth is not None and worth.currency == books.home:
        return _Amount(booked, rule, worth - booked or None)
    if worth not in {share, booked}:
        return _unsettled(payment, booked, rate, books)
    return _Amount(booked, rule)


def _unsettled(payment: Payment, booked: Money, rate: Decimal, books: ResolvedAccount) -> Hold:
    real = "an unknown amount" if payment.base_amount is None else str(payment.base_amount)
    remedy = (
        "book it by hand with its exchange difference; or, under target, say where differences go"
        " (`exchange_differences: {nominal: ...}`) or let an invoice take the rate of its payment"
        " (`invoice_rate: source`)"
    )
    if books.ledger.differences or payment.base_amount is None:
        remedy = (
            f"find out what that money was worth in {books.home}, book the invoice and its payment"
            " by hand, and `bridge skip` it with the reason"
        )
    return Hold(
        Reason.EXCHANGE_DIFFERENCE,
        f"payment {payment.ref.id} of {payment.amount} brought {real}, and settles {booked} at the"
        f" invoice's rate of {rate:f}",
        remedy,
    )


def unmapped(gateway: str, amount: Money, books: ResolvedAccount) -> Hold:
    """Money of a gateway that the settings do not name, with the line to add."""
    if not gateway:
        return Hold(
            Reason.GATEWAY_UNMAPPED,
            f"{amount} was paid without naming a gateway",
            "set the transaction's payment method in the source",
        )
    method = _quoted(books.methods[0].name) if books.methods else "..."
    account = _quoted(books.accounts[0].name) if books.accounts else "..."
    return Hold(
        Reason.GATEWAY_UNMAPPED,
        f"{amount} was paid through the gateway '{gateway}', which is not mapped",
        "add under target.gateways, with the right method and account:"
        f" `{_quoted(gateway)}: {{method: {method}, account: {account}}}`, or"
        f" `{_quoted(gateway)}: bank_feed`",
    )


def _quoted(name: str) -> str:
    """A name as YAML takes it, between the braces of a mapping too."""
    is_plain = bool(name) and all(c.isalnum() or c in " _-" for c in name) and name[0].isalpha()
    return name if is_plain else json.dumps(name, ensure_ascii=False)
