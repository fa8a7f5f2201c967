"""What written records did to their client's balance. Pure."""

from collections.abc import Iterable

from bridge.model.keys import Key, Role
from bridge.model.money import Money
from bridge.model.refs import SourceRef
from bridge.model.target_records import Payload
from bridge.store.tables.values import LinkRow

_MOVES_IT = frozenset({Role.EXCESS, Role.PREPAID, Role.GIVEN, Role.RETURNED})


def balance_effect(ref: SourceRef, payload: Payload | None) -> Money | None:
    """Return what a written record did to its client's balance, in the client's currency."""
    if payload is None or payload.paid is None:
        return None
    key = Key.of(ref)
    if key.is_balance_use:
        return -payload.paid  # a payout onto the balance is negative, and so raises it
    return payload.paid if key.role in _MOVES_IT else None


def funded(links: Iterable[LinkRow], currency: str) -> Money:
    """Return a client's balance as the books have it, from everything that was written for it."""
    result = Money.zero(currency)
    for link in links:
        effect = balance_effect(link.ref, link.payload)
        if effect is not None and effect.currency == currency:
            result += effect
    return result
