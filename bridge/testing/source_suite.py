"""The conformance suite of sources: subclass it, give it one fixture, and it is done.

Example::

    class TestBilling(SourceSuite):
        @pytest.fixture
        def stand(self, tmp_path):
            with source_stand(OFFER, tmp_path, operations=NAMES) as stand:
                yield stand
"""

# ruff: noqa: S101  # a suite asserts

import datetime as dt
from collections.abc import Iterator, Sequence

import pytest

from bridge.api import Checkpoint, Gone, Header, Missing, ScanPolicy, Source
from bridge.testing.builders import DAY
from bridge.testing.conformance.exemptions import Suite, given
from bridge.testing.conformance.fixtures import SourceStand
from bridge.testing.conformance.source_faults import SourceFaults
from bridge.testing.conformance.source_records import SourceRecords
from bridge.testing.memory.known import MemoryKnown

TODAY = DAY + dt.timedelta(days=400)
NORMAL = ScanPolicy(today=TODAY)
DEEP = ScanPolicy(today=TODAY + dt.timedelta(days=8))
"""So many days after `NORMAL` that a pass over everything is due."""


class SourceScans(Suite):
    """`scan`: too much at times, too little never."""

    def test_a_scan_ends_with_a_checkpoint(self, source: Source) -> None:
        """The log can then say how far it has come."""
        items = list(source.scan(None, MemoryKnown(), NORMAL))
        assert isinstance(items[-1], Checkpoint)
        assert items[-1].cursor

    def test_the_first_scan_yields_every_invoice_once_and_in_order(self, source: Source) -> None:
        """Ids that are numbers ascend, so that what is added meanwhile comes at the end."""
        refs = [row.ref for row in headers(source.scan(None, MemoryKnown(), NORMAL))]
        assert refs
        assert len(set(refs)) == len(refs)
        numbers = [int(ref.id) for ref in refs if ref.id.isdecimal()]
        assert numbers == sorted(numbers)

    def test_scanning_twice_gives_equal_headers(self, stand: SourceStand) -> None:
        """Fingerprints too: they depend on nothing but the invoice."""
        with stand.open() as first, stand.open() as second:
            first.check()
            second.check()
            one = headers(first.scan(None, MemoryKnown(), NORMAL))
            other = headers(second.scan(None, MemoryKnown(), NORMAL))
        assert one == other

    def test_a_scan_after_nothing_happened_finds_nothing(self, source: Source) -> None:
        """What is yielded again is known by its fingerprint."""
        known = MemoryKnown()
        known.take(source.scan(None, known, NORMAL))
        assert known.take(source.scan(known.cursor, known, NORMAL)) == []
        assert known.take(source.scan(known.cursor, known, DEEP)) == []

    def test_a_scan_goes_on_from_every_checkpoint(self, stand: SourceStand) -> None:
        """Killed after a checkpoint, the next process misses not one invoice."""
        with stand.open() as source:
            source.check()
            items = list(source.scan(None, MemoryKnown(), NORMAL))
        all_refs = {row.ref for row in headers(items)}
        ends = [at for at, item in enumerate(items) if isinstance(item, Checkpoint)]
        for end in _a_few(ends):
            known = MemoryKnown()
            known.take(items[: end + 1])
            with stand.open() as source:
                source.check()
                known.take(source.scan(known.cursor, known, NORMAL))
            assert set(known.every()) == all_refs, f"resumed from item {end} of {len(items)}"

    def test_an_invoice_that_is_new_is_found(self, stand: SourceStand, source: Source) -> None:
        """By the next scan, without a pass over everything."""
        known = MemoryKnown()
        known.take(source.scan(None, known, NORMAL))
        new = given(stand.add, "add")()
        changes = known.take(source.scan(known.cursor, known, NORMAL))
        assert new in {each.ref for each in changes}

    def test_an_invoice_that_comes_during_a_scan_is_not_lost(
        self, stand: SourceStand, source: Source
    ) -> None:
        """That scan or the next one yields it, and no other is lost for it."""
        add = given(stand.add, "add")
        known = MemoryKnown()
        before = {row.ref for row in headers(source.scan(None, MemoryKnown(), NORMAL))}
        items = source.scan(None, known, NORMAL)
        known.take([next(items)])
        new = add()
        known.take(items)
        known.take(source.scan(known.cursor, known, NORMAL))
        assert set(known.every()) == before | {new}

    def test_an_invoice_that_changed_is_found(self, stand: SourceStand, source: Source) -> None:
        """However old it is: a payment today of an invoice of last year."""
        known = MemoryKnown()
        known.take(source.scan(None, known, NORMAL))
        changed = given(stand.change, "change")()
        changes = known.take(source.scan(known.cursor, known, NORMAL))
        assert changed in {each.ref for each in changes if isinstance(each, Header)}

    def test_an_invoice_that_was_deleted_is_reported_gone(
        self, stand: SourceStand, source: Source
    ) -> None:
        """At the latest by the pass over everything, with the reason in words."""
        known = MemoryKnown()
        known.take(source.scan(None, known, NORMAL))
        deleted = given(stand.delete, "delete")()
        changes = known.take(source.scan(known.cursor, known, DEEP))
        [gone] = [each for each in changes if isinstance(each, Gone)]
        assert gone.ref == deleted
        assert gone.why
        [answer] = source.invoices([deleted])
        assert isinstance(answer, Missing)
        assert answer.gone


class SourceSuite(SourceScans, SourceRecords, SourceFaults):
    """Every promise of `bridge.api.Source`, through the real wire.

    A subclass gives the fixture `stand`. Tests add, change and delete invoices at its far side
    and expect nothing of what others left there.
    """

    @pytest.fixture
    def stand(self) -> SourceStand:
        """The far side, running. A subclass must give it."""
        pytest.fail(f"{type(self).__name__} gives no `stand` fixture")

    @pytest.fixture
    def source(self, stand: SourceStand) -> Iterator[Source]:
        """A source that is checked."""
        with stand.open() as source:
            source.check()
            yield source

    @pytest.fixture
    def scanned(self, source: Source) -> list[Header]:
        """A header of each invoice."""
        return headers(source.scan(None, MemoryKnown(), NORMAL))


def headers(items: Iterator[Header | Gone | Checkpoint] | Sequence[object]) -> list[Header]:
    """The headers of a scan."""
    return [item for item in items if isinstance(item, Header)]


def _a_few(positions: Sequence[int]) -> Sequence[int]:
    """At most eight of them, the first and the last among these."""
    step = max(1, len(positions) // 7)
    return sorted({*positions[::step], positions[0], positions[-1]})
