"""What the in-memory target sends: pure translation with the plainest of mappings."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from bridge.api import (
    Client,
    CreditNote,
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
    Reference,
    Rule,
    Sale,
    SaleLine,
    TargetLine,
    code_of,
)
from bridge.testing.memory.rows import GUARDED

_BALANCES = "Client Balances"


@dataclass(frozen=True, slots=True)
class MemoryMapping:
    """How the in-memory target maps names. Whatever is not named here is mapped.

    Attributes:
        unmapped: Gateways that are held.
        bank_feed: Gateways whose payments a bank feed brings.
        tax_rates: Percent that are known; others are held.
        currencies: ISO 4217 that the books have.
    """

    unmapped: Collection[str] = frozenset({"worldpay_old", ""})
    bank_feed: Collection[str] = frozenset()
    tax_rates: Collection[Decimal] = (Decimal(20), Decimal(0))
    currencies: Collection[str] = ("GBP", "EUR", "USD")


def compose_client(client: Client, reference: Reference, mapping: MemoryMapping) -> Payload | Hold:
    """A customer whose code follows from the reference."""
    if client.currency not in mapping.currencies:
        return _no_currency(client.currency)
    code = code_of(reference.token)
    body: dict[str, Json] = {
        "name": client.name,
        "contact": client.person,
        "email": client.email,
        "phone": client.phone,
        "address": list(client.address),
        "town": client.town,
        "county": client.county,
        "postcode": client.postcode,
        "country": client.country,
        "tax_number": client.tax_number,
        "currency": client.currency,
        "reference": str(reference),
    }
    return Payload(
        kind=Kind.CLIENT,
        body=body,
        reference=str(reference),
        date=None,
        net=None,
        tax=None,
        natural_key=code,
        guarded={name: str(body[name]) for name in GUARDED},
        rules=(Rule("client", "code from the reference", code),),
    )


def compose_invoice(sale: Sale, mapping: MemoryMapping) -> Payload | Hold:
    """An invoice with its lines as they are."""
    return _document(sale, Kind.INVOICE, mapping)


def compose_credit_note(note: CreditNote, mapping: MemoryMapping) -> Payload | Hold:
    """A document of negative lines that names the original in its first one."""
    return _document(note.sale, Kind.CREDIT_NOTE, mapping, f"Credit for {note.original_number}: ")


def compose_reversal(booked: Payload, reference: Reference, date: dt.date, number: str) -> Payload:
    """The same lines, each amount reversed."""
    taken: list[dict[str, Json]] = [
        {**line, "net": _reversed(line["net"]), "tax": _reversed(line["tax"])}
        for line in cast("list[Mapping[str, Json]]", booked.body["lines"])
    ]
    body: dict[str, Json] = {
        **booked.body,
        "reference": str(reference),
        "date": date.isoformat(),
        "due": None,
        "lines": taken,
    }
    return replace(
        booked,
        kind=Kind.CREDIT_NOTE,
        body=body,
        reference=str(reference),
        date=date,
        net=None if booked.net is None else -booked.net,
        tax=None if booked.tax is None else -booked.tax,
        rules=(Rule("document", "as it was booked", f"reverses {number}"),),
        lines=tuple(lines(body)),
        journal=(),
    )


def _reversed(amount: Json) -> str:
    return str(0 - Decimal(str(amount)))


def _document(sale: Sale, kind: Kind, mapping: MemoryMapping, prefix: str = "") -> Payload | Hold:
    if sale.currency not in mapping.currencies:
        return _no_currency(sale.currency)
    for line in sale.lines:
        if line.tax_rate not in mapping.tax_rates:
            return Hold(
                Reason.TAX_RATE_UNKNOWN,
                f"{sale.ref} has a line taxed at {line.tax_rate} %, which the books do not have",
                "add the rate to the books",
            )
    body: dict[str, Json] = {
        "reference": str(sale.reference),
        "date": sale.date.isoformat(),
        "due": sale.due.isoformat() if sale.due else None,
        "currency": sale.currency,
        "lines": [_line(line, prefix) for line in sale.lines],
    }
    return Payload(
        kind=kind,
        body=body,
        reference=str(sale.reference),
        date=sale.date,
        net=sale.net,
        tax=sale.tax,
        rules=tuple(
            Rule(f"line {number}", "its type", line.type)
            for number, line in enumerate(sale.lines, start=1)
        ),
        lines=tuple(lines(body)),
    )


def _line(line: SaleLine, prefix: str) -> Json:
    return {
        "description": prefix + line.description,
        "net": str(line.net.amount),
        "tax": str(line.tax.amount),
        "nominal": line.type,
    }


def compose_payment(payment: Payment, mapping: MemoryMapping) -> Payload | Hold | Nothing:
    """Money in the invoice's currency on the gateway's account."""
    if payment.paid_from is PaidFrom.BALANCE:
        account = _BALANCES
    elif payment.gateway in mapping.bank_feed:
        return Nothing(Rule(f"{payment.ref}", f"gateways.{payment.gateway}", "bank_feed"))
    elif payment.gateway in mapping.unmapped:
        return _no_gateway(payment.gateway)
    else:
        account = _account(payment.gateway)
    zero = Money.zero(payment.amount.currency)
    return Payload(
        kind=Kind.PAYMENT,
        body=_money(payment.reference, payment.date, payment.amount, account),
        reference=str(payment.reference),
        date=payment.date,
        net=payment.amount,
        tax=zero,
        rules=(Rule(f"{payment.ref}", f"gateways.{payment.gateway}", account),),
        paid=payment.amount,
    )


def compose_movement(movement: Movement, mapping: MemoryMapping) -> Payload | Hold | Nothing:
    """A row on the gateway's account, or for what staff did by hand on that of the balances."""
    by_hand = movement.kind is MovementKind.BY_HAND
    if movement.gateway in mapping.unmapped and not by_hand:
        return _no_gateway(movement.gateway)
    account = _BALANCES if by_hand else _account(movement.gateway)
    return Payload(
        kind=Kind.MOVEMENT,
        body=_money(movement.reference, movement.date, movement.amount, account),
        reference=str(movement.reference),
        date=movement.date,
        net=movement.amount,
        tax=Money.zero(movement.amount.currency),
        rules=(Rule(f"{movement.ref}", movement.kind.value, account),),
        paid=None if movement.kind is MovementKind.EXCHANGE_DIFFERENCE else movement.amount,
    )


def _money(reference: Reference, date: dt.date, amount: Money, account: str) -> dict[str, Json]:
    return {
        "reference": str(reference),
        "date": date.isoformat(),
        "amount": str(amount.amount),
        "currency": amount.currency,
        "account": account,
    }


def _account(gateway: str) -> str:
    return f"{gateway} clearing"


def _no_currency(currency: str) -> Hold:
    return Hold(
        Reason.CURRENCY_UNKNOWN,
        f"the books have no currency {currency}",
        f"add {currency} to the books",
    )


def _no_gateway(gateway: str) -> Hold:
    return Hold(
        Reason.GATEWAY_UNMAPPED,
        f"no account is given for gateway {gateway or '(none)'}",
        f"add a line for {gateway or 'it'} under gateways",
    )


# Back from a payload ---------------------------------------------------------------------------


def text(body: Mapping[str, Json], name: str) -> str:
    """A text field of a payload's body."""
    return str(body[name])


def day(body: Mapping[str, Json]) -> dt.date:
    """The date of a payload's body."""
    return dt.date.fromisoformat(text(body, "date"))


def amount(body: Mapping[str, Json]) -> Money:
    """The amount of a payload's body."""
    return Money(Decimal(text(body, "amount")), text(body, "currency"))


def lines(body: Mapping[str, Json]) -> list[TargetLine]:
    """The lines of a payload's body.

    Raises:
        TypeError: it has none, so it is not a document.
    """
    found = body["lines"]
    currency = text(body, "currency")
    if not isinstance(found, list | tuple):
        raise TypeError(found)
    return [_target_line(line, currency) for line in found]


def _target_line(line: Json, currency: str) -> TargetLine:
    if not isinstance(line, Mapping):
        raise TypeError(line)
    return TargetLine(
        description=text(line, "description"),
        net=Money(Decimal(text(line, "net")), currency),
        tax=Money(Decimal(text(line, "tax")), currency),
    )
