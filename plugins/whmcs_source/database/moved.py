"""Which invoices a set of transactions or lines has to do with."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from whmcs_source.database.connection import Snapshot
from whmcs_source.database.numbers import among, pieces
from whmcs_source.database.rows import number_of
from whmcs_source.database.setup import Asked

_STRETCH = 100_000


@dataclass(frozen=True, slots=True)
class Moved:
    """What transactions say of invoices.

    Attributes:
        invoices: Those that the rows stand on, and those whose payments they return.
        strays: Of these, those of whose payments a refund stands elsewhere.
    """

    invoices: frozenset[int] = frozenset()
    strays: frozenset[int] = frozenset()

    def __or__(self, other: "Moved") -> "Moved":
        return Moved(self.invoices | other.invoices, self.strays | other.strays)


def moved_by(asked: Asked, *, after: int, last: int, condition: str = "1") -> Moved:
    """What the transactions after one id and up to another say, if they fit a condition."""
    found = Moved()
    for begin in range(after, last, _STRETCH):
        ids = f"id > {begin} AND id <= {min(begin + _STRETCH, last)}"
        with asked.database.snapshot() as snapshot:
            found |= _moved(snapshot, f"{ids} AND ({condition})")
    return found


def moved_where(asked: Asked, condition: str) -> Moved:
    """What the transactions that fit a condition say."""
    with asked.database.snapshot() as snapshot:
        return _moved(snapshot, condition)


def _moved(snapshot: Snapshot, condition: str) -> Moved:
    rows = [
        (number_of(row[0]), number_of(row[1]))
        for row in snapshot.rows(
            f"SELECT invoiceid, refundid FROM tblaccounts WHERE {condition}"  # noqa: S608
        )
    ]
    originals = _places(snapshot, {refund_of for _, refund_of in rows if refund_of})
    strays = {
        originals[refund_of]
        for invoice, refund_of in rows
        if refund_of in originals and originals[refund_of] != invoice
    }
    own = {invoice for invoice, _ in rows} | set(originals.values())
    return Moved(frozenset(own - {0}), frozenset(strays - {0}))


def _places(snapshot: Snapshot, payments: Collection[int]) -> dict[int, int]:
    """On which invoice each of these payments stands."""
    found: dict[int, int] = {}
    for piece in pieces(payments):
        rows = snapshot.rows(
            f"SELECT id, invoiceid FROM tblaccounts WHERE {among('id', piece)}"  # noqa: S608
        )
        found.update((number_of(row[0]), number_of(row[1])) for row in rows)
    return found


def with_new_lines(asked: Asked, *, after: int, last: int, upto: int) -> Iterator[set[int]]:
    """Invoices up to an id that have lines after one id and up to another, in pieces."""
    for begin in range(after, last, _STRETCH):
        with asked.database.snapshot() as snapshot:
            rows = snapshot.rows(
                "SELECT DISTINCT invoiceid FROM tblinvoiceitems"  # noqa: S608  # numbers
                f" WHERE id > {begin} AND id <= {min(begin + _STRETCH, last)}"
                f" AND invoiceid <= {upto}"
            )
        yield {number_of(row[0]) for row in rows}
