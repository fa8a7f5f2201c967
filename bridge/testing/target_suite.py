"""The conformance suite of targets: subclass it, give it one fixture, and it is done.

Example::

    class TestBooks(TargetSuite):
        exempt = {"credit_notes": "The system has none: a refund is a payment of its own."}

        @pytest.fixture
        def stand(self, tmp_path):
            with target_stand(OFFER, tmp_path, settings=SETTINGS, operations=NAMES) as stand:
                yield stand
"""

from collections.abc import Iterator

import pytest

from bridge.api import Target
from bridge.testing.conformance.fixtures import TargetStand
from bridge.testing.conformance.target_compose import TargetCompose, TargetTexts
from bridge.testing.conformance.target_crashes import TargetCrashes
from bridge.testing.conformance.target_faults import TargetFaults
from bridge.testing.conformance.target_money import TargetMoney
from bridge.testing.conformance.target_records import TargetRecords
from bridge.testing.conformance.target_writer import TargetWriter


class TargetSuite(
    TargetRecords, TargetMoney, TargetCompose, TargetTexts, TargetFaults, TargetCrashes
):
    """Every promise of `bridge.api.Target`, through the real wire.

    A subclass gives the fixture `stand`, which may live as long as it likes: the tests use ids
    of their own and count only their own records.
    """

    @pytest.fixture
    def stand(self) -> TargetStand:
        """The far side, running. A subclass must give it."""
        pytest.fail(f"{type(self).__name__} gives no `stand` fixture")

    @pytest.fixture
    def target(self, stand: TargetStand) -> Iterator[Target]:
        """A target that is checked and prepared."""
        with stand.open() as target:
            target.check()
            target.prepare()
            yield target

    @pytest.fixture
    def writer(self, stand: TargetStand, target: Target) -> TargetWriter:
        """Where a test writes records."""
        return TargetWriter(stand, target)
