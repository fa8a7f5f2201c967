"""Digests of all rows that matter, worked out by the database itself.

For each chunk of invoices: how many rows there are, and 64 bits of a SHA-256 of each row, put on
top of each other by XOR. An edit slips through once in 2^64. Checksums made to find faults on a
line will not do: they are linear, so that rows that exchange a value may cancel each other out,
and two of them over the same columns in another order miss the same edits. Each row is put into
text once; its own id is in it, so that no two rows are alike.

Lines and transactions are digested by the invoice they stand on, not by their own ids: one that is
deleted, or moved to another invoice, then shows at the invoice that it is missing from.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from bridge.api import UnreachableError
from whmcs_source.database.connection import DatabaseConnection, Row
from whmcs_source.database.layout import Layout
from whmcs_source.database.numbers import shares
from whmcs_source.database.rows import number_of
from whmcs_source.database.series import Series, Sums, added

LOOSE = 2**32 - 1
"""The chunk of the transactions that stand on no invoice."""

_STRETCH = 100_000
_SHARES = 8
_BITS = 64


class DigestPart(StrEnum):
    """What is digested."""

    INVOICES = "invoices"
    LINES = "lines"
    MONEY = "money"
    CLIENTS = "clients"


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a part is digested.

    Attributes:
        owner: The column by which rows belong to chunks.
        width: Ids of owners in a chunk.
    """

    table: str
    owner: str
    width: int


SHAPES: Mapping[DigestPart, _Shape] = {
    DigestPart.INVOICES: _Shape("tblinvoices", "id", 1000),
    # An invoice has several lines: a chunk of them is about as many rows.
    DigestPart.LINES: _Shape("tblinvoiceitems", "invoiceid", 250),
    DigestPart.MONEY: _Shape("tblaccounts", "invoiceid", 1000),
    DigestPart.CLIENTS: _Shape("tblclients", "id", 1000),
}


def newest_ids(database: DatabaseConnection) -> dict[DigestPart, int]:
    """The highest id of each table, at one moment."""
    with database.snapshot() as snapshot:
        return {
            part: number_of(snapshot.row(f"SELECT MAX(id) FROM {shape.table}")[0])  # noqa: S608
            for part, shape in SHAPES.items()
        }


def digests(
    database: DatabaseConnection, layout: Layout, ranges: Mapping[DigestPart, tuple[int, int]]
) -> dict[DigestPart, Series]:
    """Digests of the rows whose ids lie after the first and up to the second number.

    On two connections at once, since the database works out each on one core; in shares, so that
    both have work to the end.
    """
    found: dict[DigestPart, dict[int, Sums]] = {part: {} for part in ranges}
    with ThreadPoolExecutor(2, thread_name_prefix="whmcs-digest") as pool:
        work = [
            (part, pool.submit(_digest, database, layout, part, share.start - 1, share.stop - 1))
            for part, (after, last) in ranges.items()
            for share in shares(after, last, _SHARES, least=_STRETCH)
        ]
        for part, share in work:
            for key, sums in share.result().items():
                found[part][key] = added(found[part].get(key, (0, 0)), sums)
    return {part: Series.of(sums) for part, sums in found.items()}


def _digest(
    database: DatabaseConnection, layout: Layout, part: DigestPart, after: int, last: int
) -> dict[int, Sums]:
    chunk, digest = _chunk_of(part), _digest_of_rows(layout, part)
    found: dict[int, Sums] = {}
    for row in _grouped(database, part, f"{chunk} AS chunk, COUNT(*), {digest}", after, last):
        key, count, sums = (number_of(value) for value in row)
        if not sums:
            raise cannot_digest(database.where)
        found[key] = added(found.get(key, (0, 0)), (count, sums))
    return found


def cannot_digest(where: str) -> UnreachableError:
    """For a database that answers SHA2 with NULL: each row would be as any other."""
    return UnreachableError(
        f"{where} does not work out SHA-256, by which bridge finds what changed",
        remedy="ask whoever runs the server why SELECT SHA2('a', 256) gives nothing (FIPS mode, or"
        " built without TLS)",
    )


def _grouped(
    database: DatabaseConnection, part: DigestPart, values: str, after: int, last: int
) -> Iterator[Row]:
    """What aggregates say of each chunk, stretch by stretch; the first value is its number."""
    table = SHAPES[part].table
    while after < last:
        with database.snapshot() as snapshot:
            [begin] = snapshot.row(f"SELECT MIN(id) FROM {table} WHERE id > {after}")  # noqa: S608
            if begin is None:
                return
            end = min(number_of(begin) + _STRETCH - 1, last)
            rows = snapshot.rows(
                f"SELECT {values} FROM {table}"  # noqa: S608  # our names
                f" WHERE id > {after} AND id <= {end} GROUP BY chunk"
            )
        yield from rows
        after = end


def _chunk_of(part: DigestPart) -> str:
    """The number of the chunk that a row belongs to."""
    shape = SHAPES[part]
    chunk = f"IFNULL(`{shape.owner}`, 0) DIV {shape.width}"
    return (
        f"IF(IFNULL(`{shape.owner}`, 0) = 0, {LOOSE}, {chunk})"
        if part is DigestPart.MONEY
        else chunk
    )


def _digest_of_rows(layout: Layout, part: DigestPart) -> str:
    values = ", ".join(_values_of(layout, part))
    digits = f"LEFT(SHA2(CONCAT_WS(0x1f, {values}), 256), {_BITS // 4})"
    return f"BIT_XOR(CAST(CONV({digits}, 16, 10) AS UNSIGNED))"


def _values_of(layout: Layout, part: DigestPart) -> list[str]:
    """What of a row is digested. NULL would be left out, and the row look like one with a column
    less.
    """
    nullable = layout.columns[SHAPES[part].table]
    names = _digested(layout, part)
    return [f"IFNULL(`{name}`, 0x00)" if nullable[name] else f"`{name}`" for name in names]


def _digested(layout: Layout, part: DigestPart) -> tuple[str, ...]:
    """What bridge reads of a row; of a client what shows on invoices, whatever their own state."""
    if part is DigestPart.CLIENTS:
        return "id", "currency"
    return layout.of(SHAPES[part].table)
