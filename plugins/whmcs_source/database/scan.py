"""Finding what changed in all history, with digests that the database works out.

A scan first has the database digest its rows: those that an earlier scan covered, and those that
came since. Chunks whose digests are as they were are done with; the rows of the others are read
and compared with the log. Digests are always taken before the rows are read, so that what changes
between the two shows next time: too much may be found, never too little.

With `database_digest: deep_scan` that is done every `deep_scan_days`; between, a scan goes by ids,
by the times that WHMCS writes down, and by counts, and digests all if those disagree.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.api import Checkpoint, Gone, Header, Known, ScanPolicy, fingerprint
from whmcs_source.api.calls import Row as ListRow
from whmcs_source.database import batch as invoices
from whmcs_source.database.compare import Compare
from whmcs_source.database.cursor import TablesCursor
from whmcs_source.database.digest import LOOSE, SHAPES, DigestPart, digests, newest_ids
from whmcs_source.database.moved import moved_by, moved_where, with_new_lines
from whmcs_source.database.numbers import PIECE
from whmcs_source.database.queries import Tables
from whmcs_source.database.quick_check import quick_check, written_since
from whmcs_source.database.reading import DatabaseReader
from whmcs_source.database.series import Series, Sums, added
from whmcs_source.settings import Digest

Found = Header | Gone | Checkpoint
Digests = Mapping[DigestPart, Series]

_CHUNKS_A_CHECKPOINT = 10


class TablesScan:
    """One scan. The cursor moves on as it goes.

    Args:
        digest: Whether all is digested on every run, or only when a deep scan is due.
    """

    def __init__(
        self,
        tables: Tables,
        reading: DatabaseReader,
        known: Known,
        policy: ScanPolicy,
        cursor: TablesCursor | None,
        *,
        digest: Digest,
    ) -> None:
        self._tables = tables
        self._database = tables.database
        self._known = known
        self._layout = tables.asked.setup().layout
        self._currencies = fingerprint(reading.books().currencies)
        self._policy = policy
        self._always = digest is Digest.EVERY_RUN
        self._is_first = cursor is None
        self._cursor = cursor or TablesCursor(compares_money=known.newest() is not None)
        self._before: Mapping[DigestPart, int] = dict(self._cursor.last)
        self._upto = self._before.get(DigestPart.INVOICES, 0)
        self._compare = Compare(tables, reading, known, policy, upto=self._upto)

    def run(self) -> Iterator[Found]:
        """What may have changed, with checkpoints; the last thing is one."""
        newest = newest_ids(self._database)
        fresh = self._digests(self._before, newest)
        times = written_since(self._layout, self._cursor.looked or self._policy.today)
        seen = (
            None
            if self._is_due()
            else quick_check(self._database, newest[DigestPart.INVOICES], times)
        )
        if seen is None or self._disagrees(seen.counts, fresh):
            yield from self._by_digests(newest, fresh)
        else:
            yield from self._changes(newest, self._cursor.series, fresh)
            yield from self._by_times(times, seen.timed)
        self._cursor = replace(self._cursor, looked=self._policy.today)
        yield self._checkpoint()

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self._cursor.text())

    def _digests(self, after: Mapping[DigestPart, int], last: Mapping[DigestPart, int]) -> Digests:
        ranges = {part: (after.get(part, 0), last.get(part, 0)) for part in DigestPart}
        return digests(self._database, self._layout, ranges)

    # What to go by ----------------------------------------------------------------------------

    def _is_due(self) -> bool:
        done = self._cursor.digested
        if self._always or not self._cursor.complete or done is None:
            return True
        return self._policy.today - done >= dt.timedelta(days=self._policy.deep_scan_days)

    def _disagrees(self, counts: Mapping[DigestPart, int], fresh: Digests) -> bool:
        """Whether anything came or went among what was counted before."""
        return self._currencies != self._cursor.currencies or any(
            counts[part] != self._cursor.digest(part).rows() + fresh[part].rows()
            for part in DigestPart
        )

    def _by_digests(self, newest: Mapping[DigestPart, int], fresh: Digests) -> Iterator[Found]:
        old = self._digests({}, self._before)
        if self._is_first:
            self._take_as_seen(newest, fresh)
            yield from self._invoices(
                newest[DigestPart.INVOICES], Series(), fresh[DigestPart.INVOICES]
            )
        else:
            yield from self._changes(newest, old, fresh)
        self._cursor = replace(
            self._cursor,
            complete=True,
            compares_money=False,
            digested=self._policy.today,
            currencies=self._currencies,
        )

    def _take_as_seen(self, newest: Mapping[DigestPart, int], fresh: Digests) -> None:
        """Nothing of lines and money was seen before: all is read with its invoice, later."""
        for part in (DigestPart.LINES, DigestPart.MONEY, DigestPart.CLIENTS):
            self._cursor = self._cursor.covering(part, fresh[part], newest[part])
        moved = moved_by(
            self._tables.asked, after=0, last=newest[DigestPart.MONEY], condition="refundid > 0"
        )
        self._cursor = self._cursor.with_strays(moved.strays)

    def _changes(
        self, newest: Mapping[DigestPart, int], old: Digests, fresh: Digests
    ) -> Iterator[Found]:
        """What changed in each part: `old` are digests of what an earlier scan covered."""
        work = {
            DigestPart.INVOICES: self._invoices,
            DigestPart.LINES: self._lines,
            DigestPart.MONEY: self._money,
            DigestPart.CLIENTS: self._clients,
        }
        for part, changes in work.items():
            yield from changes(newest[part], old.get(part) or Series(), fresh[part])

    def _differing(self, part: DigestPart, old: Series) -> list[int]:
        return self._cursor.digest(part).differing(old)

    def _cover(self, part: DigestPart, last: int, old: Series, fresh: Series) -> Checkpoint:
        self._cursor = self._cursor.covering(part, old.plus(fresh), last)
        return self._checkpoint()

    # Invoices ---------------------------------------------------------------------------------

    def _invoices(self, last: int, old: Series, fresh: Series) -> Iterator[Found]:
        """Chunk by chunk, so that a first scan that is interrupted goes on where it was."""
        keys = sorted({*self._differing(DigestPart.INVOICES, old), *fresh, *self._once_known()})
        looked_at: dict[int, Sums] = {}
        for number, key in enumerate(keys, 1):
            yield from self._chunk(key, last)
            looked_at[key] = added(old[key], fresh[key])
            if number % _CHUNKS_A_CHECKPOINT == 0:
                yield self._reached(_ids(DigestPart.INVOICES, key)[1], last, looked_at)
        yield self._reached(last, last, looked_at)

    def _once_known(self) -> range:
        """All chunks up to the newest that a log filled in another mode has: some may be gone."""
        newest = self._known.newest() if self._cursor.compares_money else None
        return range(int(newest.id) // SHAPES[DigestPart.INVOICES].width + 1 if newest else 0)

    def _chunk(self, key: int, last: int) -> Iterator[Found]:
        first, end = _ids(DigestPart.INVOICES, key)
        where = f"id BETWEEN {first} AND {min(end, last)} ORDER BY id"
        rows = invoices.listed(self._tables.asked, where)
        yield from self._compare.changed(rows)
        if self._cursor.compares_money or not self._is_first:
            yield from self._compare.gone(first, end, rows)
        if self._cursor.compares_money:
            yield from self._compare.with_other_money((row.id for row in rows), read=True)

    def _reached(self, end: int, last: int, looked_at: dict[int, Sums]) -> Checkpoint:
        series = self._cursor.digest(DigestPart.INVOICES).put(looked_at)
        covered = max(self._cursor.covered(DigestPart.INVOICES), min(end, last))
        self._cursor = self._cursor.covering(DigestPart.INVOICES, series, covered)
        looked_at.clear()
        return self._checkpoint()

    # Lines, money, currencies -----------------------------------------------------------------

    def _lines(self, last: int, old: Series, fresh: Series) -> Iterator[Found]:
        for key in self._differing(DigestPart.LINES, old):
            yield from self._compare.with_other_lines(self._older(DigestPart.LINES, key))
        pieces = with_new_lines(
            self._tables.asked,
            after=self._before.get(DigestPart.LINES, 0),
            last=last,
            upto=self._upto,
        )
        for piece in pieces:
            yield from self._compare.with_other_lines(piece)
        yield self._cover(DigestPart.LINES, last, old, fresh)

    def _money(self, last: int, old: Series, fresh: Series) -> Iterator[Found]:
        """A refund may stand anywhere: whenever old rows changed, those that stray are compared."""
        asked, upto = self._tables.asked, self._upto
        moved = moved_by(
            asked,
            after=self._before.get(DigestPart.MONEY, 0),
            last=last,
            condition=f"invoiceid <= {upto} OR refundid > 0",
        )
        candidates = {number for number in moved.invoices if number <= upto}
        strays = set(moved.strays)
        for key in self._differing(DigestPart.MONEY, old):
            first, end = _ids(DigestPart.MONEY, key)
            where = (
                "IFNULL(invoiceid, 0) = 0"
                if key == LOOSE
                else (f"invoiceid BETWEEN {first} AND {end}")
            )
            strays |= moved_where(asked, f"{where} AND refundid > 0").strays | self._cursor.strays
            if key != LOOSE:
                yield from self._compare.with_other_money(self._older(DigestPart.MONEY, key))
        self._cursor = self._cursor.with_strays(strays)
        yield from self._compare.with_other_money(candidates | strays)
        yield self._cover(DigestPart.MONEY, last, old, fresh)

    def _older(self, part: DigestPart, key: int) -> range:
        """The invoices of a chunk that an earlier scan covered; newer ones are news anyway."""
        first, end = _ids(part, key)
        return range(first, min(end, self._upto) + 1)

    def _clients(self, last: int, old: Series, fresh: Series) -> Iterator[Found]:
        """A client's currency, and the code of a currency, show on every invoice."""
        keys = self._differing(DigestPart.CLIENTS, old)
        if self._currencies != self._cursor.currencies:
            keys = list(old)
        for key in keys:
            first, end = _ids(DigestPart.CLIENTS, key)
            for rows in self._listed(f"userid BETWEEN {first} AND {end}"):
                yield from self._compare.changed(rows)
        yield self._cover(DigestPart.CLIENTS, last, old, fresh)

    # Lists ------------------------------------------------------------------------------------

    def _by_times(self, times: str, timed: Sequence[range]) -> Iterator[Found]:
        """News is left out: it was given already."""
        for share in timed:
            condition = f"id <= {min(share.stop - 1, self._upto)} AND ({times})"
            for rows in self._listed(condition, share.start - 1):
                yield from self._compare.changed(rows)

    def _listed(self, condition: str, last: int = 0) -> Iterator[Sequence[ListRow]]:
        """List rows that fit, after an id, in pieces."""
        while rows := self._page(condition, last):
            yield rows
            if len(rows) < PIECE:
                return
            last = rows[-1].id

    def _page(self, condition: str, last: int) -> Sequence[ListRow]:
        where = f"id > {last} AND ({condition}) ORDER BY id LIMIT {PIECE}"
        return invoices.listed(self._tables.asked, where)


def _ids(part: DigestPart, key: int) -> tuple[int, int]:
    """The first and the last id of a chunk's owners."""
    width = SHAPES[part].width
    return key * width, key * width + width - 1
