"""Which transactions return which payments, wherever their rows stand.

A refund's row may be on another invoice than its payment's, or on none (seen in an open module).
"""

import threading
from collections.abc import Collection

from whmcs_source.database.connection import Snapshot
from whmcs_source.database.numbers import Pairs, among, pieces
from whmcs_source.database.rows import number_of

_STRETCH = 200_000


class Refunds:
    """Finds refunds by their payments. Safe for several threads.

    Where no index helps, the whole table is gone through once, and what is added to it later when
    it is asked for; a look-up for each batch would go through all of it each time.
    """

    def __init__(self, *, indexed: bool) -> None:
        self._indexed = indexed
        self._lock = threading.Lock()
        self._last = 0
        self._pairs = Pairs()

    def of(self, snapshot: Snapshot, payments: Collection[int]) -> list[int]:
        """Ids of the rows that return any of these payments."""
        if not payments:
            return []
        if not self._indexed:
            with self._lock:
                self._catch_up(snapshot)
                return list(self._pairs.of(payments))
        found: list[int] = []
        for piece in pieces(payments):
            wanted = set(piece)
            where = among("refundid", piece)
            rows = snapshot.rows(f"SELECT id, refundid FROM tblaccounts WHERE {where}")  # noqa: S608
            found += [number_of(row[0]) for row in rows if number_of(row[1]) in wanted]
        return found

    def _catch_up(self, snapshot: Snapshot) -> None:
        [newest] = snapshot.row("SELECT MAX(id) FROM tblaccounts")
        more: list[tuple[int, int]] = []
        while self._last < number_of(newest):
            end = self._last + _STRETCH
            rows = snapshot.rows(
                "SELECT refundid, id FROM tblaccounts"  # noqa: S608  # numbers
                f" WHERE id > {self._last} AND id <= {end} AND refundid > 0"
            )
            more += [(number_of(key), number_of(value)) for key, value in rows]
            self._last = min(end, number_of(newest))
        if more:
            self._pairs.add(more)
