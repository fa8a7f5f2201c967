"""Reading back in bulk what was written, and saying exactly what differs."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bridge.contract import Target
from bridge.model.money import Money
from bridge.model.refs import TargetRef
from bridge.model.target_records import Days, Payload, TargetDocument

MAX_RANGES = 8


@dataclass(frozen=True, slots=True)
class Expected:
    """What one document should show.

    Attributes:
        target: The target's number, as the insert gave it.
        client: The target's client.
        paid: Sum of the payments as the target records them; None while one is not known to be
            there, so that the sum is not compared.
    """

    target: TargetRef
    client: TargetRef
    payload: Payload
    paid: Money | None


def ranges(days: Iterable[dt.date], *, margin: int = 1, most: int = MAX_RANGES) -> list[Days]:
    """`days` as at most `most` ranges, each wider by `margin` days at both ends.

    Where there would be more, the closest neighbours are merged.
    """
    wide = dt.timedelta(days=margin)
    result: list[Days] = []
    for day in sorted(set(days)):
        if result and day - wide <= result[-1].last + dt.timedelta(days=1):
            result[-1] = Days(result[-1].first, day + wide)
        else:
            result.append(Days(day - wide, day + wide))
    while len(result) > most:
        gaps = [result[i + 1].first - result[i].last for i in range(len(result) - 1)]
        closest = gaps.index(min(gaps))
        result[closest : closest + 2] = [Days(result[closest].first, result[closest + 1].last)]
    return result


def read_back(target: Target, expected: Sequence[Expected]) -> dict[TargetRef, TargetDocument]:
    """Find these documents, by their days and then, for strays, by their clients."""
    wanted = {each.target.id: each.target for each in expected}
    found: dict[TargetRef, TargetDocument] = {}
    days = [each.payload.date for each in expected if each.payload.date]
    for document in target.documents(ranges(days)):
        if document.ref.id in wanted:
            found[wanted[document.ref.id]] = document
    strays = {each.client for each in expected if each.target not in found}
    if strays:
        for document in target.documents([], sorted(strays, key=lambda ref: ref.id)):
            if document.ref.id in wanted:
                found[wanted[document.ref.id]] = document
    return found


def differences(expected: Expected, found: TargetDocument) -> list[str]:
    """What the target shows otherwise than it was sent, each in a few words."""
    payload = expected.payload
    pairs: list[tuple[str, object, object]] = [
        ("reference", found.reference, payload.reference),
        ("date", found.date, payload.date),
        ("net", found.net, payload.net),
        ("tax", found.tax, payload.tax),
        ("client", found.client.id, expected.client.id),
    ]
    if expected.paid is not None:
        pairs.append(("paid", found.paid, expected.paid))
    result = [f"{name} is {shown}, sent was {sent}" for name, shown, sent in pairs if shown != sent]
    if result:
        result.extend(_lines(payload, found))
    return result


def _lines(payload: Payload, found: TargetDocument) -> list[str]:
    """Name the lines that differ, where the payload tells what they should be."""
    if not payload.lines or not found.lines:
        return []
    result = []
    if len(payload.lines) != len(found.lines):
        result.append(f"it has {len(found.lines)} lines, sent were {len(payload.lines)}")
    for number, (sent, shown) in enumerate(zip(payload.lines, found.lines, strict=False), start=1):
        if (sent.net, sent.tax) != (shown.net, shown.tax):
            result.append(
                f"line {number} ({sent.description[:40]}) is {shown.net} net and {shown.tax} tax,"
                f" sent was {sent.net} and {sent.tax}"
            )
    return result


def differs_from(payload: Payload, net: Money | None, tax: Money | None) -> list[str]:
    """How a document that stands there already differs in its sums from what would be sent."""
    pairs = [("net", net, payload.net), ("tax", tax, payload.tax)]
    return [
        f"{name} is {shown} and should be {want}" for name, shown, want in pairs if shown != want
    ]
