"""Digests in little memory: what is put in comes out, and every difference is seen."""

import datetime as dt

import pytest
from hypothesis import given, strategies as st
from whmcs_source.database.cursor import TablesCursor
from whmcs_source.database.digest import LOOSE, DigestPart
from whmcs_source.database.numbers import PIECE, Pairs, among, pieces
from whmcs_source.database.series import Series, Sums, added

KEYS = st.integers(0, LOOSE)
SUMS = st.tuples(st.integers(1, 2**31 - 1), st.integers(0, 2**64 - 1))
CHUNKS = st.dictionaries(KEYS, SUMS, max_size=30)
NOTHING = (0, 0)


@given(CHUNKS)
def test_what_is_put_in_comes_out_of_the_text(chunks: dict[int, Sums]) -> None:
    series = Series.of(chunks)
    again = Series.read(series.text())
    assert again == series
    assert {key: again[key] for key in again} == chunks
    assert list(again) == sorted(chunks)
    assert again.rows() == sum(sums[0] for sums in chunks.values())


@given(CHUNKS, CHUNKS)
def test_every_difference_is_seen_and_nothing_else(
    one: dict[int, Sums], other: dict[int, Sums]
) -> None:
    expected = sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
    assert Series.of(one).differing(Series.of(other)) == expected
    assert Series.of(other).differing(Series.of(one)) == expected


@given(CHUNKS, CHUNKS)
def test_digests_of_two_parts_add_up(one: dict[int, Sums], other: dict[int, Sums]) -> None:
    """In either order."""
    both = Series.of(one).plus(Series.of(other))
    assert both == Series.of(other).plus(Series.of(one))
    for key in both:
        assert both[key] == added(one.get(key, NOTHING), other.get(key, NOTHING))


@given(CHUNKS, CHUNKS)
def test_fresh_digests_take_the_place_of_old_ones(
    old: dict[int, Sums], fresh: dict[int, Sums]
) -> None:
    assert Series.of(old).put(fresh) == Series.of({**old, **fresh})


def test_a_chunk_without_rows_is_none() -> None:
    assert len(Series.of({5: NOTHING})) == 0
    assert Series.of({5: (1, 2)}).put({5: NOTHING}) == Series()
    assert Series()[7] == NOTHING


def test_a_thousand_chunks_take_seventeen_kilobytes() -> None:
    chunks = {key: (1000, 2**64 - key - 1) for key in range(1000)}
    assert len(Series.of(chunks).text()) < 17_000


@pytest.mark.parametrize("text", ["", "x", "eJw=.", "!!.!!", "eJwDAAAAAAE=.AAAA"])
def test_a_text_that_is_no_series_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        Series.read(text)


@given(
    st.dictionaries(st.sampled_from(DigestPart), CHUNKS.map(Series.of)),
    st.dictionaries(st.sampled_from(DigestPart), st.integers(0, 10**9)),
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.dates()),
    st.frozensets(st.integers(1, 10**6), max_size=5),
)
def test_a_cursor_comes_back_as_it_was(
    series: dict[DigestPart, Series],
    last: dict[DigestPart, int],
    complete: bool,
    compares: bool,
    day: dt.date | None,
    strays: frozenset[int],
) -> None:
    cursor = TablesCursor(last, series, complete, compares, day, day, strays, "abc")
    assert TablesCursor.read(cursor.text()) == cursor


def test_a_cursor_of_api_mode_or_of_nothing_is_none() -> None:
    broken = [f'{{"form": "tables-{number}", "last": 5}}' for number in (1, 2)]
    for text in (None, "", "[]", '{"form": 1}', *broken):
        assert TablesCursor.read(text) is None


# Ids ----------------------------------------------------------------------------------------------


@given(st.sets(st.integers(1, 10**7), min_size=1, max_size=PIECE))
def test_a_condition_on_ids_holds_for_each_of_them(numbers: set[int]) -> None:
    condition = among("id", sorted(numbers))
    if "BETWEEN" in condition:
        first, last = (int(word) for word in condition.split() if word.isdigit())
        assert (first, last) == (min(numbers), max(numbers))
        assert 2 * (last - first) < 3 * len(numbers)
    else:
        listed = condition.partition("(")[2].rstrip(")").split(",")
        assert {int(word) for word in listed} == numbers


@given(st.lists(st.integers(1, 3000), max_size=1200))
def test_pieces_hold_each_id_once_and_ascending(numbers: list[int]) -> None:
    parts = list(pieces(numbers))
    assert [number for part in parts for number in part] == sorted(set(numbers))
    assert all(0 < len(part) <= PIECE for part in parts)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))), st.sets(st.integers(0, 30)))
def test_pairs_find_all_values_of_a_key(pairs: list[tuple[int, int]], keys: set[int]) -> None:
    kept = Pairs()
    kept.add(pairs[: len(pairs) // 2])
    kept.add(pairs[len(pairs) // 2 :])
    assert sorted(kept.of(keys)) == sorted(value for key, value in set(pairs) if key in keys)
