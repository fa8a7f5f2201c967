"""What a target's rows of money are worth in the source's currency. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.engine.reconcile.log_view import LogView
from bridge.model.keys import Role, key_of
from bridge.model.money import Money, rounded, total
from bridge.model.target_records import Record


@dataclass(frozen=True, slots=True)
class Wrong:
    """Rows that cannot be what the source says, in a few words."""

    why: str


def worth(
    rows: Sequence[Record], source: Record, log_view: LogView, base: str, label: str
) -> Money | Wrong:
    """Return the sum of `rows` in the currency of `source`, or why there is none.

    A row in another currency counts as what the log says it settles, if it still shows what was
    sent. Where the log does not know, all of them together must show what the source's own rate
    makes of its amount; each row was rounded once, so each may be one minor unit off.
    """
    moved = [text for row in rows if (text := elsewhere(row, log_view, label))]
    if moved:
        return Wrong(moved[0])
    currency = source.net.currency
    known = Money.zero(currency)
    foreign: list[Record] = []
    unknown = 0
    for row in rows:
        key = key_of(row.token, label)
        if row.net.currency == currency:
            known += row.net
            continue
        link = log_view.link(key)
        payload = link.payload if link else None
        if payload and payload.net is not None and payload.net != row.net:
            return Wrong(f"{row.number} is {row.net}, sent was {payload.net}")
        foreign.append(row)
        if key.role is Role.EXCHANGE:
            continue
        if payload and payload.paid and payload.paid.currency == currency:
            known += payload.paid
        else:
            unknown += 1
    return known if not unknown else _by_rate(foreign, source, base)


def _by_rate(rows: Sequence[Record], source: Record, base: str) -> Money | Wrong:
    if len({row.net.currency for row in rows}) > 1:
        return Wrong("its shares are in several currencies")
    shown = total((row.net for row in rows), rows[0].net.currency)
    if source.rate is None or shown.currency != base:
        return Wrong(f"it shows {shown}, and the source knows no rate for its {source.net}")
    due = rounded(source.net.amount / source.rate, base)
    slack = Money.from_minor(len(rows), base)
    if abs(shown - due) <= slack:
        return source.net
    return Wrong(f"it shows {shown}, and {source.net} was worth {due}")


def elsewhere(row: Record, log_view: LogView, label: str) -> str:
    """Return a few words where somebody moved a row to another account, else nothing."""
    key = key_of(row.token, label)
    sent = log_view.accounts.get(key.ref, ()) if key.kind else ()
    for name in (row.account, row.nominal):
        if sent and name and not any(_is_called(each, name) for each in sent):
            return f"{row.number} stands on {name}, and it was sent to {' and '.join(sorted(sent))}"
    return ""


def _is_called(account: str, name: str) -> bool:
    """Compare without the code that may follow an account's name: ``Card Clearing (1210)``."""
    return name in {account, account.rpartition(" (")[0]}
