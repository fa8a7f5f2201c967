"""What goes into the sync log comes out of it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge.api import Json, Kind, Money, Payload, Posting, Rule, SourceRef, TargetLine, TargetRef
from bridge.store.tables import mapping

# Halves of surrogate pairs and NUL included: a billing system's text may hold anything.
anything = st.text(st.characters(codec=None), max_size=20)
money = st.builds(
    Money.from_minor, st.integers(-(10**14), 10**14), st.sampled_from(["GBP", "JPY", "KWD"])
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | anything,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(anything, inner, max_size=4),
    max_leaves=12,
)
bodies: st.SearchStrategy[Mapping[str, Json]] = st.dictionaries(anything, json_values, max_size=5)
lines = st.builds(TargetLine, description=anything, net=money, tax=money)
parts: dict[str, st.SearchStrategy[Any]] = dict(  # noqa: C408 - as they are given to a payload
    kind=st.sampled_from([kind.value for kind in Kind]),
    body=bodies,
    reference=anything,
    date=st.none() | st.dates(),
    net=st.none() | money,
    tax=st.none() | money,
    natural_key=anything,
    guarded=st.none() | st.dictionaries(anything, anything, max_size=3),
    rules=st.lists(st.builds(Rule, anything, anything, anything), max_size=3).map(tuple),
    paid=st.none() | money,
    lines=st.lists(lines, max_size=3).map(tuple),
    difference=st.none() | money,
    journal=st.lists(st.builds(Posting, anything, money), max_size=3).map(tuple),
)
payloads = st.builds(Payload, **parts)


def test_every_part_of_a_payload_is_tried() -> None:
    """A part that is added to the model and not to the mapping would be lost in silence."""
    assert set(parts) == {part.name for part in fields(Payload)}
    assert {part.name for part in fields(TargetLine)} == {"description", "net", "tax"}
    assert {part.name for part in fields(Rule)} == {"about", "rule", "value"}
    assert {part.name for part in fields(Posting)} == {"account", "amount"}


@given(payloads)
def test_a_payload_survives(payload: Payload) -> None:
    text = mapping.dump_payload(payload)
    assert mapping.load_payload(text) == payload
    assert list(mapping.load_payload(text).body) == list(payload.body)
    text.encode()
    assert "\0" not in text


@given(bodies)
def test_the_order_of_keys_survives_at_every_depth(body: Mapping[str, Json]) -> None:
    """SOAP elements are sent in this order, so it is part of the value."""
    assert repr(mapping.load_json(mapping.dump_json(body))) == repr(body)


@pytest.mark.parametrize(
    "value", [1.5, Decimal("1.50"), float("nan"), {1: "x"}, b"x", {"a": {2.0}}]
)
def test_what_json_does_not_hold_exactly_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="the sync log cannot hold"):
        mapping.dump_json({"deep": [value]})


def test_a_float_in_the_store_is_refused_rather_than_read() -> None:
    with pytest.raises(ValueError, match="inexact number"):
        mapping.load_json('{"net": 1.5}')


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_a_moment_survives_to_the_microsecond(moment: dt.datetime) -> None:
    assert mapping.from_micros(mapping.to_micros(moment)) == moment
    assert mapping.from_micros(mapping.to_micros(moment)).tzinfo is dt.UTC


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    summer = dt.timezone(dt.timedelta(hours=1))
    moment = dt.datetime(2026, 7, 1, 0, 30, tzinfo=summer)
    assert mapping.from_micros(mapping.to_micros(moment)) == moment


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        mapping.to_micros(dt.datetime(2026, 7, 1))  # noqa: DTZ001


@given(st.none() | st.dates())
def test_a_day_survives(day: dt.date | None) -> None:
    assert mapping.from_day(mapping.to_day(day)) == day


@given(st.text(max_size=30))
def test_a_sort_key_gives_its_id_back(source_id: str) -> None:
    assert mapping.id_of(mapping.sort_key(source_id)) == source_id


@given(st.lists(st.integers(0, 10**12)))
def test_sort_keys_are_in_the_order_of_the_numbers(numbers: list[int]) -> None:
    keys = sorted(mapping.sort_key(str(number)) for number in numbers)
    assert [int(mapping.id_of(key)) for key in keys] == sorted(numbers)


@given(st.text(max_size=30), st.text(max_size=30))
def test_two_ids_never_share_a_sort_key(one: str, other: str) -> None:
    assert (mapping.sort_key(one) == mapping.sort_key(other)) == (one == other)


@given(st.sampled_from(Kind), anything, anything)
def test_a_target_ref_survives(kind: Kind, target_id: str, internal_id: str) -> None:
    ref = TargetRef(kind, target_id, internal_id)
    assert mapping.load_target(mapping.dump_target(ref)) == ref


@given(anything)
def test_a_sentence_is_made_fit_for_every_database(sentence: str) -> None:
    clean = mapping.printable(sentence)
    assert "\0" not in clean
    assert clean.encode().decode() == clean


def test_an_entry_is_named_by_an_invoice_and_by_nothing_else() -> None:
    with pytest.raises(ValueError, match="client 7 stands where"):
        mapping.id_from(SourceRef(Kind.CLIENT, "7"), Kind.INVOICE)
