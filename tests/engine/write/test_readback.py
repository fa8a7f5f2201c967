"""What was written is read back in bulk, and a difference is named."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, strategies as st

from bridge.api import Kind, Payload, TargetDocument, TargetLine, TargetRef
from bridge.engine.write.readback import Expected, differences, ranges
from bridge.testing.builders import DAY, gbp

CLIENT = TargetRef(Kind.CLIENT, "7")
NUMBER = TargetRef(Kind.INVOICE, "1042")
LINES = (
    TargetLine("Hosting", gbp("60.00"), gbp("12.00")),
    TargetLine("Domain", gbp("40.00"), gbp("8.00")),
)
SENT = Payload("invoice", {}, "MEM-501 F-77", DAY, gbp("100.00"), gbp("20.00"), lines=LINES)
SHOWN = TargetDocument(
    NUMBER, "MEM-501 F-77", CLIENT, DAY, "GBP", gbp("100.00"), gbp("20.00"), gbp("120.00"), LINES
)
EXPECTED = Expected(NUMBER, CLIENT, SENT, gbp("120.00"))


def test_the_same_is_no_difference() -> None:
    assert differences(EXPECTED, SHOWN) == []


def test_the_line_that_differs_is_named() -> None:
    lines = (LINES[0], replace(LINES[1], tax=gbp("8.01")))
    found = replace(SHOWN, tax=gbp("20.01"), lines=lines)
    told = differences(EXPECTED, found)
    assert told[0] == "tax is 20.01 GBP, sent was 20.00 GBP"
    assert "line 2 (Domain)" in told[1]


def test_a_cut_reference_shows() -> None:
    told = differences(EXPECTED, replace(SHOWN, reference="MEM-501 F-7"))
    assert told == ["reference is MEM-501 F-7, sent was MEM-501 F-77"]


def test_a_missing_payment_shows() -> None:
    assert differences(EXPECTED, replace(SHOWN, paid=gbp("0.00"))) == [
        "paid is 0.00 GBP, sent was 120.00 GBP"
    ]


def test_payments_that_a_bank_feed_brings_are_not_expected() -> None:
    assert differences(replace(EXPECTED, paid=None), replace(SHOWN, paid=gbp("0.00"))) == []


days = st.lists(st.dates(dt.date(2020, 1, 1), dt.date(2026, 12, 31)), max_size=60)


@given(days)
def test_ranges_hold_every_day_with_a_margin_and_are_few(wanted: list[dt.date]) -> None:
    """At most eight, in order, apart from each other, each day one inside the ends."""
    found = ranges(wanted)
    assert len(found) <= 8
    for day in wanted:
        assert any(span.first < day < span.last for span in found), (
            "a day lies on or outside the ends"
        )
    for one, two in pairwise(found):
        assert one.last < two.first
