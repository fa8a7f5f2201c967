"""Digests of all rows that matter, worked out by the database itself.

For each chunk of invoices: how many rows there are, and two checksums over what bridge reads of
them. CRC32 is linear, so that two rows that exchange a value often leave the sum of their CRCs as
it was; the second checksum takes the columns in the opposite order, and weighs each row by its id.

Lines and transactions are digested by the invoice they stand on, not by their own ids: one that is
deleted, or moved to another invoice, then shows at the invoice that it is missing from.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from whmcs_source.database.door import Door
from whmcs_source.database.layout import Layout
from whmcs_source.database.rows import number_of
from whmcs_source.database.series import Series, Sums, added

LOOSE = 2**32 - 1
"""The chunk of the transactions that stand on no invoice."""

_STRETCH = 100_000
_WEIGHTS = 1000


class Part(StrEnum):
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


SHAPES: Mapping[Part, _Shape] = {
    Part.INVOICES: _Shape("tblinvoices", "id", 1000),
    # An invoice has several lines: a chunk of them is about as many rows.
    Part.LINES: _Shape("tblinvoiceitems", "invoiceid", 250),
    Part.MONEY: _Shape("tblaccounts", "invoiceid", 1000),
    Part.CLIENTS: _Shape("tblclients", "id", 1000),
}
# The slowest first, so that two connections end at about the same time.
_ORDER = (Part.LINES, Part.INVOICES, Part.MONEY, Part.CLIENTS)


def newest_ids(door: Door) -> dict[Part, int]:
    """The highest id of each table, at one moment."""
    with door.snapshot() as snapshot:
        return {
            part: number_of(snapshot.row(f"SELECT MAX(id) FROM {shape.table}")[0])  # noqa: S608
            for part, shape in SHAPES.items()
        }


def digests(
    door: Door, layout: Layout, ranges: Mapping[Part, tuple[int, int]]
) -> dict[Part, Series]:
    """Digests of the rows whose ids lie after the first and up to the second number.

    On two connections at once, since the database works out each on one core.
    """
    parts = [part for part in _ORDER if part in ranges]
    with ThreadPoolExecutor(2, thread_name_prefix="whmcs-digest") as pool:
        found = {part: pool.submit(_digest, door, layout, part, *ranges[part]) for part in parts}
        return {part: future.result() for part, future in found.items()}


def _digest(door: Door, layout: Layout, part: Part, after: int, last: int) -> Series:
    table = SHAPES[part].table
    chunk, sums = _expressions(layout, part)
    found: dict[int, Sums] = {}
    while after < last:
        with door.snapshot() as snapshot:
            [begin] = snapshot.row(f"SELECT MIN(id) FROM {table} WHERE id > {after}")  # noqa: S608
            if begin is None:
                break
            end = min(number_of(begin) + _STRETCH - 1, last)
            rows = snapshot.rows(
                f"SELECT {chunk} AS chunk, COUNT(*), {sums} FROM {table}"  # noqa: S608  # our names
                f" WHERE id > {after} AND id <= {end} GROUP BY chunk"
            )
        for row in rows:
            key, count, first, second = (number_of(value) for value in row)
            found[key] = added(found.get(key, (0, 0, 0)), (count, first, second))
        after = end
    return Series.of(found)


def _expressions(layout: Layout, part: Part) -> tuple[str, str]:
    shape = SHAPES[part]
    names = _digested(layout, part)
    nullable = layout.columns[shape.table]
    # NULL would be left out, and the row look like one with a column less.
    values = [f"IFNULL(`{name}`, 0x00)" if nullable[name] else f"`{name}`" for name in names]
    first = f"CRC32(CONCAT_WS(0x1f, {', '.join(values)}))"
    second = f"CRC32(CONCAT_WS(0x1f, {', '.join(reversed(values))}))"
    chunk = f"IFNULL(`{shape.owner}`, 0) DIV {shape.width}"
    if part is Part.MONEY:
        chunk = f"IF(IFNULL(`{shape.owner}`, 0) = 0, {LOOSE}, {chunk})"
    return chunk, f"SUM({first}), SUM({second} * (`id` MOD {_WEIGHTS} + 1))"


def _digested(layout: Layout, part: Part) -> tuple[str, ...]:
    """What bridge reads of a row; of a client what shows on invoices, whatever their own state."""
    if part is Part.CLIENTS:
        return "id", "currency"
    return layout.of(SHAPES[part].table)
