"""Missing numbers, each explained."""

from dataclasses import replace

from bridge.api import EntryState, Reason
from bridge.engine.reconcile.number_gaps import gaps
from tests.engine.reconcile.conftest import Paper


def test_a_missing_number_is_explained_as_far_as_the_log_can(paper: Paper) -> None:
    for ref, number in ((1, "INV-2025-0009"), (2, "INV-2025-0012"), (3, "INV-2026-0003")):
        paper.bill(ref, number=number)
    paper.bill(700, number="700")  # an id: an unpaid one has no number
    paper.entry(44, EntryState.SKIPPED, Reason.DELETED)
    paper.entries["44"] = replace(paper.entries["44"], number="INV-2025-0011")
    found = gaps(paper.source, paper.entries, "WHMCS")
    assert sorted((gap.first, gap.last, gap.count) for gap in found) == [
        ("INV-2025-0010", "INV-2025-0010", 1),
        ("INV-2025-0011", "INV-2025-0011", 1),
    ]
    [known] = [gap for gap in found if gap.first == "INV-2025-0011"]
    assert "invoice 44 bore it" in known.why
    assert "deleted" in known.why


def test_a_long_gap_is_one_line(paper: Paper) -> None:
    paper.bill(1, number="F-1")
    paper.bill(2, number="F-100000")
    [gap] = gaps(paper.source, {}, "WHMCS")
    assert (gap.first, gap.last, gap.count) == ("F-2", "F-99999", 99_998)


def test_numbers_keep_the_zeros_of_their_series(paper: Paper) -> None:
    for ref, number in ((1, "F-0098"), (2, "F-0101"), (3, "G-7"), (4, "G-9")):
        paper.bill(ref, number=number)
    assert [(gap.first, gap.last, gap.count) for gap in gaps(paper.source, {}, "WHMCS")] == [
        ("F-0099", "F-0100", 2),
        ("G-8", "G-8", 1),
    ]


def test_a_known_number_beside_unknown_ones_is_a_line_of_its_own(paper: Paper) -> None:
    """An invoice that a run saw may simply lie outside the period."""
    paper.bill(1, number="F-1")
    paper.bill(2, number="F-5")
    paper.entry(44)
    paper.entries["44"] = replace(paper.entries["44"], number="F-3", what="")
    known, rest = gaps(paper.source, paper.entries, "WHMCS")
    assert known.why.endswith("it lies outside the period")
    assert (rest.first, rest.last, rest.count) == ("F-2", "F-4", 2)


def test_a_sequence_without_holes_has_none(paper: Paper) -> None:
    paper.bill(1, number="F-1")
    paper.bill(2, number="F-2")
    paper.bill(3, number="without digits")
    assert gaps(paper.source, {}, "WHMCS") == ()
