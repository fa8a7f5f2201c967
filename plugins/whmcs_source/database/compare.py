"""What the log has otherwise than the tables.

Neither lines nor money show in an invoice's own row. Of the money the log keeps a digest, so that
only invoices whose money really changed are given; of the lines it does not, so that each invoice
of a chunk whose lines changed is.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.api import Gone, Header, Known, Missing, ScanPolicy, Seen, invoice_ref
from whmcs_source.api.calls import Row as ListRow
from whmcs_source.database import batch as invoices
from whmcs_source.database.numbers import pieces
from whmcs_source.database.queries import Tables
from whmcs_source.database.reading import DatabaseReader
from whmcs_source.scan.api_scan import Scan
from whmcs_source.scan.cursor import Cursor

_TOLD_MAX = 50_000
_GONE = "WHMCS has it no longer: it was deleted or merged"


class Compare(Scan):
    """Gives headers of invoices that may have changed, each once.

    Args:
        upto: The highest id that an earlier scan knew. Those after it are only given as new.
    """

    def __init__(
        self,
        tables: Tables,
        reading: DatabaseReader,
        known: Known,
        policy: ScanPolicy,
        *,
        upto: int,
    ) -> None:
        super().__init__(tables, reading, known, policy, Cursor())
        self._asked = tables.asked
        self._invoices = reading.invoices
        self._upto = upto
        self._told: set[int] = set()

    def changed(self, rows: Sequence[ListRow]) -> Iterator[Header | Gone]:
        """Headers of the rows that the log has otherwise, or not at all."""
        for change in super().changed(rows):
            self._tell(int(change.ref.id))
            yield change

    def gone(self, first: int, last: int, rows: Sequence[ListRow]) -> Iterator[Gone]:
        """What the log has between two ids, and the table has not."""
        there = {row.id for row in rows}
        absent = [number for number in range(first, last + 1) if number not in there]
        for seen in self._seen(absent).values():
            yield Gone(seen.ref, _GONE)

    def with_other_lines(self, numbers: Collection[int]) -> Iterator[Header]:
        """Those of these invoices that the log has, as to be read and compared."""
        for piece in pieces(numbers):
            yield from self._unsure(self._seen(piece))

    def with_other_money(self, numbers: Iterable[int], *, read: bool = False) -> Iterator[Header]:
        """Those of these invoices whose money is not as the log has it.

        Args:
            read: Whether to leave out those whose money the log does not have at all.
        """
        for piece in pieces(numbers):
            seen = self._seen(piece)
            differing = [] if read else [number for number in seen if not seen[number].money]
            for answer in self._invoices([one.ref for one in seen.values() if one.money]):
                number = int(answer.ref.id)
                if isinstance(answer, Missing):
                    differing += [] if answer.gone else [number]
                elif answer.money_fingerprint() != seen[number].money:
                    differing.append(number)
            yield from self._unsure(differing)

    def _unsure(self, numbers: Iterable[int]) -> Iterator[Header]:
        """As to be read and compared; after mass payments also the invoices that they paid.

        Each once more with its fingerprint, lest the next look at its chunk finds it anew because
        the log has none.
        """
        told = set(numbers)
        paid = self._seen(invoices.paid_by(self._asked, told) - told)
        found = invoices.listed_by_id(self._asked, told | set(paid))
        for number, row in sorted(found.items()):
            self._tell(number)
            header = self._header(row)
            yield replace(header, fingerprint=None)
            yield header

    def _seen(self, numbers: Iterable[int]) -> Mapping[int, Seen]:
        """What the log knows of these, less what was told in this scan already."""
        refs = [invoice_ref(number) for number in numbers if number not in self._told]
        found = self._known.seen(refs) if refs else {}
        return {int(ref.id): seen for ref, seen in found.items() if seen.status}

    def _tell(self, number: int) -> None:
        if number <= self._upto and len(self._told) < _TOLD_MAX:
            self._told.add(number)
