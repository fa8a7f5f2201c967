"""From money to KashFlow payments and bank transactions. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bridge.api import (
    Hold,
    Json,
    Kind,
    Money,
    Movement,
    MovementKind,
    Nothing,
    PaidFrom,
    Payload,
    Payment,
    Reason,
    Rule,
    rounded,
    total,
)
from kashflow_target.books import Books
from kashflow_target.reference_data import Till
from kashflow_target.text import one_line


def compose_payment(
    payment: Payment, invoice: Payload, earlier: Sequence[Payload], books: Books
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
        return Hold(
            Reason.CREDIT_UNMAPPED,
            f"{payment.amount} was paid from the client's balance",
            "book it by hand; client balances are not booked by this version",
        )
    if payment.gateway not in books.tills:
        return _unmapped(payment.gateway, payment.amount, books)
    till = books.tills[payment.gateway]
    if till is None:
        rule = Rule(about, f"gateways.{payment.gateway}", "a bank feed brings it")
        return Nothing(rule)
    amount = _amount(payment, invoice, earlier, books)
    return amount if isinstance(amount, Hold) else _payload(payment, till, amount, about)


@dataclass(frozen=True, slots=True)
class _Amount:
    """What PayAmount is, and why."""

    money: Money
    rule: str


def _payload(payment: Payment, till: Till, amount: _Amount, about: str) -> Payload:
    currency = payment.amount.currency
    account = till.by_currency.get(currency, till.account)
    where = f"{till.rule}.currencies.{currency}" if currency in till.by_currency else till.rule
    note = one_line(str(payment.reference))
    return Payload(
        kind=Kind.PAYMENT,
        body={
            "PayDate": payment.date.isoformat(),
            "PayNote": note,
            "PayMethod": till.method.id,
            "PayAccount": account.id,
            "PayAmount": str(amount.money.amount),
        },
        reference=note,
        date=payment.date,
        net=amount.money,
        tax=Money.zero(amount.money.currency),
        rules=(
            Rule(about, where, f"{till.method} on {account}"),
            Rule(about, amount.rule, str(amount.money)),
        ),
        paid=payment.amount,
    )


def _amount(
    payment: Payment, invoice: Payload, earlier: Sequence[Payload], books: Books
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
        return _Amount(payment.amount, "home currency")
    if not books.payments_at_home:
        return _Amount(payment.amount, "foreign_payments invoice")
    rate = Decimal(str(invoice.body["ExchangeRate"]))
    share = rounded(payment.amount.amount / rate, books.home)
    paid = total((each.paid for each in earlier if each.paid), gross.currency)
    booked = share
    if paid + payment.amount == gross:
        whole = rounded(gross.amount / rate, books.home)
        booked = whole - total((each.net for each in earlier if each.net), books.home)
    if payment.base_amount not in {share, booked}:
        return _difference(payment, booked, rate)
    return _Amount(booked, f"foreign_payments home, at the invoice's rate of {rate:f}")


def _difference(payment: Payment, booked: Money, rate: Decimal) -> Hold:
    real = "an unknown amount" if payment.base_amount is None else str(payment.base_amount)
    return Hold(
        Reason.EXCHANGE_DIFFERENCE,
        f"payment {payment.ref.id} of {payment.amount} brought {real}, and settles {booked} at the"
        f" invoice's rate of {rate:f}",
        "book it by hand with its exchange difference, or set `invoice_rate: source` under target,"
        " so that an invoice takes the rate of its payment",
    )


def _unmapped(gateway: str, amount: Money, books: Books) -> Hold:
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


def compose_movement(movement: Movement, books: Books) -> Payload | Hold | Nothing:
    """Fees, where the gateway's own bill is booked by hand; the rest is held.

    Which of two things BankTransaction.accid takes is not settled (the manual says the nominal
    code, a live answer shows ids), so nothing is composed that would rest on it.
    """
    about = f"movement {movement.ref.id}"
    match movement.kind:
        case MovementKind.FEE:
            if books.fees_apart:
                return Nothing(Rule(about, "fees on_gateway_invoice", "booked from its own bill"))
            return Hold(
                Reason.FEE_UNMAPPED,
                f"the gateway {movement.gateway} kept a fee of {-movement.amount}",
                "say that the gateway's own bill is booked by hand:"
                " `fees: on_gateway_invoice` under target",
            )
        case MovementKind.BALANCE_IN | MovementKind.BALANCE_OUT:
            return Hold(
                Reason.PREPAYMENT_UNMAPPED,
                f"{movement.amount} moved on a client's balance",
                "book it by hand; client balances are not booked by this version",
            )
        case MovementKind.BY_HAND:
            return Hold(
                Reason.UNFUNDED_CREDIT,
                f"{movement.amount} was put on or off a client's balance by hand, without money",
                "decide what it was and book it by hand; such credits are not booked by this"
                " version",
            )
        case MovementKind.EXCHANGE_DIFFERENCE:
            return Hold(
                Reason.EXCHANGE_DIFFERENCE,
                f"an exchange difference of {movement.amount} arose",
                "book it by hand; exchange differences are not booked by this version",
            )


def bank_transaction(movement: Movement, account: int, nominal: int) -> Payload:
    """A movement as a bank transaction outside VAT.

    Args:
        movement: The money; positive is into the account.
        account: AccountID of the bank account.
        nominal: Id of the nominal on the other side.
    """
    comment = one_line(str(movement.reference))
    amount = movement.amount
    side = "moneyin" if amount.amount > 0 else "moneyout"
    body: dict[str, Json] = {
        "accid": account,
        "TransactionDate": movement.date.isoformat(),
        side: str(abs(amount).amount),
        "Vatable": 0,
        "VatRate": "-1",
        "TransactionType": nominal,
        "Comment": comment,
    }
    return Payload(
        kind=Kind.MOVEMENT,
        body=body,
        reference=comment,
        date=movement.date,
        net=amount,
        tax=Money.zero(amount.currency),
        rules=(Rule(f"movement {movement.ref.id}", "bank line outside VAT", str(amount)),),
    )
