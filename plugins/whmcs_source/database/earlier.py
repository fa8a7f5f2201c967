"""A cursor from before digests took their present form, carried over without a gap.

Until then the digest of a chunk was two sums of CRC32, one of them with the columns in the opposite
order and each row weighed by its id. The database works them out once more, which tells the chunks
that changed since that cursor was written; all others have their new digests from then on.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from whmcs_source.database.connection import DatabaseConnection
from whmcs_source.database.digest import DigestPart, chunk_of, grouped, values_of
from whmcs_source.database.layout import Layout
from whmcs_source.database.rows import number_of
from whmcs_source.database.series import Series, Sums, unpacked

_BYTES = (4, 4, 6)
_SIZE = sum(_BYTES)
_LIMITS = tuple(1 << 8 * size for size in _BYTES)
_WEIGHTS = 1000
_NOTHING = (0, 0)
EarlierSums = tuple[int, ...]
EarlierSeries = Mapping[int, EarlierSums]


def read_earlier(text: str) -> EarlierSeries:
    """By chunk: how many rows, and two sums.

    Raises:
        ValueError: it is none.
    """
    chunks, body = unpacked(text, _SIZE)
    every = (_sums_in(body[at : at + _SIZE]) for at in range(0, len(body), _SIZE))
    return dict(zip(chunks, every, strict=True))


def _sums_in(body: bytes) -> EarlierSums:
    parts = body[:4], body[4:8], body[8:]
    return tuple(int.from_bytes(part, "big") for part in parts)


def carried_over(
    database: DatabaseConnection,
    layout: Layout,
    earlier: Mapping[DigestPart, EarlierSeries],
    last: Mapping[DigestPart, int],
    now: Mapping[DigestPart, Series],
) -> dict[DigestPart, Series]:
    """Digests of today's form that differ from `now` in just those chunks that changed.

    Args:
        now: Digests of the rows up to `last`, worked out before this is called: what changes
            between the two is found now and once more by the next scan, and never missed.
    """
    with ThreadPoolExecutor(2, thread_name_prefix="whmcs-digest") as pool:
        there = pool.map(lambda part: _there(database, layout, part, last.get(part, 0)), DigestPart)
        return {
            part: _with_doubts(now[part], earlier.get(part, {}), found)
            for part, found in zip(DigestPart, there, strict=True)
        }


def _with_doubts(now: Series, before: EarlierSeries, there: EarlierSeries) -> Series:
    sums = {key: now[key] for key in now}
    changed = (key for key in {*before, *there} if before.get(key) != there.get(key))
    return Series.of(sums | {key: _other(sums.get(key, _NOTHING)) for key in changed})


def _other(sums: Sums) -> Sums:
    """What no chunk with these digests has; even one whose rows are all gone."""
    rows, digest = sums
    return max(rows, 1), digest ^ 1


def _there(
    database: DatabaseConnection, layout: Layout, part: DigestPart, last: int
) -> EarlierSeries:
    values = values_of(layout, part)
    first, second = (
        f"CRC32(CONCAT_WS(0x1f, {', '.join(each)}))" for each in (values, reversed(values))
    )
    sums = f"SUM({first}), SUM({second} * (`id` MOD {_WEIGHTS} + 1))"
    found: dict[int, EarlierSums] = {}
    for row in grouped(database, part, f"{chunk_of(part)} AS chunk, COUNT(*), {sums}", 0, last):
        key, *more = (number_of(value) for value in row)
        had = found.get(key, (0, 0, 0))
        found[key] = tuple(
            (one + other) % limit for one, other, limit in zip(had, more, _LIMITS, strict=True)
        )
    return found
