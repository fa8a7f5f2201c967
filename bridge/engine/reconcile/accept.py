"""Differences that a person explained: shown, and not counted while they stay so. Pure.

What was accepted is kept record by record, so that a period that shows fewer of them agrees too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bridge.engine.reconcile.values import Difference, Item, MatchClass, Verdict
from bridge.errors import UsageError
from bridge.model.keys import key_text
from bridge.store.tables.values import AcceptanceRow


def shown(difference: Difference) -> str:
    """Return what a difference's records show, a line each: it is compared, and read later."""
    return "\n".join(sorted(_line(item) for item in difference.items))


def judged(
    found: Iterable[Difference], accepted: Mapping[str, AcceptanceRow]
) -> tuple[Difference, ...]:
    """Return the differences, with the acceptance of each that still shows the same."""
    return tuple(_judged(each, accepted.get(each.family)) for each in found)


def _judged(difference: Difference, row: AcceptanceRow | None) -> Difference:
    if row is None:
        return difference
    before = set(row.shown.splitlines())
    if before >= set(shown(difference).splitlines()):
        return replace(difference, accepted=row)
    told = f"{row.who} accepted it on {day_of(row)} ({row.because}), and it has changed since"
    return replace(difference, what=f"{difference.what}; {told}")


def day_of(row: AcceptanceRow) -> str:
    """Return the local calendar day on which a difference was accepted."""
    return str(row.at.astimezone().date())


def classed(items: Iterable[Item], found: Iterable[Difference]) -> tuple[Item, ...]:
    """Return the items, accepted ones in that class; their reason is the class before."""
    families = {each.family for each in found if each.accepted}
    return tuple(
        replace(item, verdict=_accepted(item.verdict))
        if item.family in families and item.is_unexplained
        else item
        for item in items
    )


def _accepted(verdict: Verdict) -> Verdict:
    return replace(verdict, standing=MatchClass.ACCEPTED, reason=verdict.standing.value)


def _line(item: Item) -> str:
    """Return one record as text, its class and words included: other words are another matter."""
    billed = f"{item.billed} (tax {item.billed_tax})" if item.billed is not None else "nothing"
    booked = f"{item.booked} (tax {item.booked_tax})" if item.booked is not None else "nothing"
    words = (
        f"{item.kind.value} {item.token or item.number} of client {item.client or '-'}",
        f"{item.standing.value}: {item.verdict.what}",
        f"{billed} at the source, {booked} in the target",
        f"{item.day} {' '.join(item.targets)} {item.account}".rstrip(),
    )
    return "; ".join(" ".join(word.split()) for word in words)


# By the name that a person types ---------------------------------------------------------------


def named(found: Sequence[Difference], name: str) -> Difference:
    """Return the difference of which `name` is a number of a record, at either end.

    Raises:
        UsageError: there is none, or several.
    """
    exact = [each for each in found if name in {each.family, each.subject}]
    hits = exact or [each for each in found if name in _names(each)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        subjects = " or ".join(f"`{each.family}` ({each.subject})" for each in hits)
        raise UsageError(
            f"{name} may be several differences",
            remedy=f"write which one: {subjects}",
        )
    raise UsageError(
        f"no difference of this period bears the number {name}",
        remedy="`bridge reconcile` lists them; give the number of the invoice, the document or the"
        " payment, and the same --from and --to",
    )


def _names(difference: Difference) -> set[str]:
    names = {difference.family.rpartition(" ")[2]}
    for item in difference.items:
        names.update((item.number, item.token, key_text(item.token), *item.targets))
    return names - {""}


def kept(rows: Sequence[AcceptanceRow], name: str) -> AcceptanceRow:
    """Return the acceptance of the difference that `name` means.

    Raises:
        UsageError: nothing of that name was accepted.
    """
    for row in rows:
        if name in {row.number, row.number.rpartition(" ")[2]}:
            return row
    known = ", ".join(row.number for row in rows)
    raise UsageError(
        f"{name} was not accepted",
        remedy=f"accepted are: {known}" if known else "nothing was accepted so far",
    )
