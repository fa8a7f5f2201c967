"""A cursor that an older release wrote is carried over, and what changed since it is found."""

import base64
import itertools
import json
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence

import pytest
from whmcs_source.database.cursor import TablesCursor
from whmcs_source.database.database_source import WhmcsDatabase
from whmcs_source.database.earlier import read_earlier

from bridge.api import Checkpoint, Gone, Header
from bridge.testing.memory.known import MemoryKnown
from tests.whmcs_source.database.installation import Installation
from tests.whmcs_source.database.test_scan import (
    NOW,
    everything_read,
    scanned,
    spread_out,
    yielded,
)

Item = Header | Gone | Checkpoint

_INVOICE = (
    "id userid invoicenum? date duedate datepaid subtotal credit tax tax2 total taxrate taxrate2"
    " status paymentmethod date_refunded date_cancelled updated_at?"
)
_MONEY = (
    "id userid gateway date description amountin fees amountout rate transid? invoiceid refundid"
    " billingnoteid type"
)
# As that release asked: the table, the chunk, the columns.
_ASKED = {
    "invoices": (
        "tblinvoices",
        "IFNULL(id, 0) DIV 1000",
        _INVOICE,
    ),
    "lines": (
        "tblinvoiceitems",
        "IFNULL(invoiceid, 0) DIV 250",
        "id invoiceid type relid description amount taxed",
    ),
    "money": (
        "tblaccounts",
        "IF(IFNULL(invoiceid, 0) = 0, 4294967295, IFNULL(invoiceid, 0) DIV 1000)",
        _MONEY,
    ),
    "clients": ("tblclients", "IFNULL(id, 0) DIV 1000", "id currency"),
}


def as_it_was_written(installation: Installation, text: str) -> str:
    """The cursor as that release would have written it now."""
    series = {part: _series(installation, *asked) for part, asked in _ASKED.items()}
    return json.dumps({**json.loads(text), "form": "tables-1", "series": series})


def _series(installation: Installation, table: str, chunk: str, columns: str) -> str:
    values = [_value(column) for column in columns.split()]
    first, second = (
        f"CRC32(CONCAT_WS(0x1f, {', '.join(each)}))" for each in (values, reversed(values))
    )
    rows = installation.ask(
        f"SELECT {chunk} AS chunk, COUNT(*), SUM({first}), SUM({second} * (id MOD 1000 + 1))"
        f" FROM {table} GROUP BY chunk ORDER BY chunk"
    )
    keys = [int(row[0]) for row in rows]
    steps = array("I", (here - before for before, here in itertools.pairwise([0, *keys])))
    body = b"".join(
        (int(number) % 256**size).to_bytes(size, "big")
        for row in rows
        for number, size in zip(row[1:], (4, 4, 6), strict=True)
    )
    return ".".join(
        base64.b64encode(part).decode("ascii") for part in (zlib.compress(steps.tobytes()), body)
    )


def _value(column: str) -> str:
    name = f"`{column.rstrip('?')}`"
    return f"IFNULL({name}, 0x00)" if column.endswith("?") else name


@pytest.fixture
def older(installation: Installation, tables: WhmcsDatabase) -> MemoryKnown:
    """A log after a run of that release, over several chunks."""
    spread_out(installation, 2)
    installation.run("SET NAMES utf8mb4")
    known = MemoryKnown()
    scanned(tables, known)
    everything_read(tables, known)
    known.cursor = as_it_was_written(installation, known.cursor or "")
    return known


def test_where_nothing_changed_nothing_is_read_again(
    tables: WhmcsDatabase, older: MemoryKnown
) -> None:
    """And the log then holds a cursor of today's form, with which nothing is found either."""
    assert yielded(tables, older) == []
    carried = TablesCursor.read(older.cursor)
    assert carried
    assert not carried.earlier
    assert json.loads(carried.text())["form"] == "tables-2"
    assert yielded(tables, older) == []


CHANGES: Mapping[str, str] = {
    "an invoice": "UPDATE tblinvoices SET subtotal = subtotal + 1 WHERE id = {id}",
    "a line": "UPDATE tblinvoiceitems SET description = 'Else' WHERE invoiceid = {id} LIMIT 1",
    "a line less": "DELETE FROM tblinvoiceitems WHERE invoiceid = {id} LIMIT 1",
    "money": "UPDATE tblaccounts SET fees = fees + 1 WHERE invoiceid = {id} LIMIT 1",
    "an invoice less": "DELETE FROM tblinvoices WHERE id = {id}",
    "a new line": "INSERT INTO tblinvoiceitems (invoiceid, type, description, amount)"
    " VALUES ({id}, 'Item', 'Late', 5)",
}


@pytest.mark.parametrize("digest", ["every_run", "deep_scan"])
@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
def test_what_changed_since_is_found(
    installation: Installation, older: MemoryKnown, change: str, digest: str
) -> None:
    """Whatever is set: the first look is at all, and once it is found it is found no more."""
    invoice = paid_with_lines(installation)
    installation.run(change.format(id=invoice))
    with installation.open(database_digest=digest) as source:
        assert invoice in scanned(source, older)
        everything_read(source, older)
        assert scanned(source, older) == {}


def paid_with_lines(installation: Installation) -> int:
    [row] = installation.ask(
        "SELECT MAX(invoiceid) FROM tblaccounts WHERE invoiceid < 200000 AND refundid = 0 AND"
        " invoiceid IN (SELECT invoiceid FROM tblinvoiceitems WHERE type = 'Hosting')"
    )
    return int(row[0])


def test_all_of_a_chunk_that_is_gone_is_told(
    installation: Installation, tables: WhmcsDatabase, older: MemoryKnown
) -> None:
    count = int(installation.ask("SELECT COUNT(*) FROM tblinvoices WHERE id > 200000")[0][0])
    installation.run("DELETE FROM tblinvoices WHERE id > 200000")
    assert len(scanned(tables, older)) == count


def test_what_an_interrupted_scan_did_not_come_to_is_found_by_the_next(
    installation: Installation, older: MemoryKnown
) -> None:
    """From each checkpoint, though by then the cursor is of today's form."""
    invoice = paid_with_lines(installation)
    installation.run(*(CHANGES[one].format(id=invoice) for one in ("an invoice", "a line")))
    with installation.open(database_digest="deep_scan") as source:
        items = list(source.scan(older.cursor, older, NOW))
        ends = [at for at, item in enumerate(items) if isinstance(item, Checkpoint)]
        for end in [0, *ends[:-1]]:
            assert invoice in set(_found(source, older, items[: end + 1]))


def _found(source: WhmcsDatabase, known: MemoryKnown, items: Sequence[Item]) -> Iterator[int]:
    """What was yielded, and what a scan yields that goes on from there."""
    cursors = [item.cursor for item in items if isinstance(item, Checkpoint)]
    again = source.scan(cursors[-1] if cursors else known.cursor, known, NOW)
    for item in [*items, *again]:
        if not isinstance(item, Checkpoint):
            yield int(item.ref.id)


@pytest.mark.parametrize("text", ["", "x", "eJw=.", "!!.!!", "eJwDAAAAAAE=.AAAA"])
def test_a_text_that_is_no_series_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        read_earlier(text)
