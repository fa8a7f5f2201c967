"""Writes down that a person explained a difference, under the run lock."""

from dataclasses import replace

from bridge.engine.context import Operator
from bridge.engine.reconcile.accept import kept, shown
from bridge.engine.reconcile.read_books import BooksSnapshot
from bridge.engine.reconcile.values import Difference
from bridge.store.tables.values import Accept, AcceptanceRow, AddEvent, Unaccept


def accept(
    operator: Operator, reading: BooksSnapshot, difference: Difference, because: str
) -> BooksSnapshot:
    """Record that a difference is explained, as long as it shows what it shows now."""
    row = AcceptanceRow(
        difference.family, shown(difference), operator.who, because, operator.clock()
    )
    told = (
        f"accepted by {operator.who}: {difference.subject}: {difference.what}; because: {because}"
    )
    event = AddEvent("info", "by_hand", told, data={"shown": row.shown})
    operator.log.write(operator.run, [Accept(row), event], lease=operator.lease)
    return replace(reading, accepted={**reading.accepted, row.number: row})


def unaccept(operator: Operator, reading: BooksSnapshot, name: str) -> BooksSnapshot:
    """Remove the acceptance of a difference, which counts again.

    Raises:
        UsageError: nothing of that name was accepted.
    """
    row = kept(operator.log.acceptances(), name)
    told = f"no longer accepted, says {operator.who}: {row.number} (was: {row.because}, {row.who})"
    event = AddEvent("info", "by_hand", told, data={"shown": row.shown})
    operator.log.write(operator.run, [Unaccept(row.number), event], lease=operator.lease)
    left = {number: each for number, each in reading.accepted.items() if number != row.number}
    return replace(reading, accepted=left)
