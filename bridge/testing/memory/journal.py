"""What an accountant would write for what the in-memory target is sent."""

from bridge.api import Kind, Money, MovementKind, Payload, Posting
from bridge.testing.memory.compose import amount, lines, text

_DEBTORS, _TAX = "Debtors", "Output tax"
_AGAINST = {
    MovementKind.FEE: "Card Fees",
    MovementKind.BALANCE_IN: "Client Balances",
    MovementKind.EXCESS: "Client Balances",
    MovementKind.BALANCE_OUT: "Client Balances",
    MovementKind.BY_HAND: "Goodwill",
    MovementKind.EXCHANGE_DIFFERENCE: "Exchange Differences",
}


def journal(payload: Payload) -> tuple[Posting, ...]:
    """Debits and credits of a document, a payment or a movement."""
    if payload.kind in {Kind.INVOICE, Kind.CREDIT_NOTE}:
        return _document(payload)
    if payload.kind == Kind.CLIENT:
        return ()
    moved = amount(payload.body)
    against = _DEBTORS
    if payload.kind == Kind.MOVEMENT:
        against = _AGAINST[MovementKind(payload.rules[0].rule)]
        if against == "Goodwill":  # the balance itself is the account that it moves on
            moved = Money(-moved.amount, moved.currency)
    return (Posting(text(payload.body, "account"), moved), Posting(against, -moved))


def _document(payload: Payload) -> tuple[Posting, ...]:
    shown = lines(payload.body)
    sold = [Posting(f"Sales: {line.description}", -line.net) for line in shown]
    tax = sum((line.tax.amount for line in shown), start=shown[0].tax.amount * 0)
    gross = sum((line.net.amount for line in shown), start=tax)
    currency = shown[0].net.currency
    taxed = [Posting(_TAX, -Money(tax, currency))] if tax else []
    return (Posting(_DEBTORS, Money(gross, currency)), *sold, *taxed)
