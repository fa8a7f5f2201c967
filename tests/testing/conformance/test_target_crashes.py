"""The crash suite can fail: each target here is one with which a killed run books twice."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.api import (
    Days,
    OutcomeUnknownError,
    Payload,
    TargetDocument,
    TargetPayment,
    TargetRef,
    TransientError,
)
from bridge.testing.conformance.fixtures import TargetStand
from bridge.testing.conformance.scenario import Scenario
from bridge.testing.conformance.target_writer import TargetWriter
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.target import MemoryTarget
from bridge.testing.target_suite import TargetSuite


class SeesNoPayment(MemoryTarget):
    def find_payment(self, *arguments: Any, **where: Any) -> None:
        return None

    def payments(self, document: TargetRef) -> Iterator[TargetPayment]:
        return iter(())


class SendsAgain(MemoryTarget):
    def create_payment(self, payload: Payload, *, document: TargetRef) -> TargetRef:
        try:
            return super().create_payment(payload, document=document)
        except OutcomeUnknownError:
            return super().create_payment(payload, document=document)


class CallsLostUnsent(MemoryTarget):
    def create_invoice(self, payload: Payload, *, client: TargetRef) -> TargetRef:
        try:
            return super().create_invoice(payload, client=client)
        except OutcomeUnknownError as error:
            raise TransientError(error.what, remedy=error.remedy) from error


class ListsNoDays(MemoryTarget):
    def documents(
        self, days: Sequence[Days], clients: Collection[TargetRef] = ()
    ) -> Iterator[TargetDocument]:
        if clients:
            yield from super().documents(days, clients)


@pytest.mark.parametrize(
    ("kind", "test", "arguments"),
    [
        (SeesNoPayment, "test_killed_around_any_write", ("after",)),
        (SendsAgain, "test_the_reply_to_any_write_is_lost", ("lost_reply",)),
        (CallsLostUnsent, "test_the_reply_to_any_write_is_lost", ("lost_reply",)),
        (ListsNoDays, "test_a_lost_log_makes_no_duplicates", ()),
        (ListsNoDays, "test_an_old_log_makes_no_duplicates", ()),
    ],
)
def test_a_target_with_which_a_run_books_twice_is_found_out(
    kind: type[MemoryTarget],
    test: str,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By what stands twice in the books, which an honest target counts."""
    books = MemoryBooks()
    count = Scenario.wrong_in
    monkeypatch.setattr(
        Scenario, "wrong_in", lambda scenario, _: count(scenario, MemoryTarget(books))
    )
    stand = TargetStand(open=lambda: kind(books), misbehave=books.misbehave)
    with stand.open() as target:
        target.prepare()
        with pytest.raises(AssertionError, match=r"stands there 2 times|has payments"):
            getattr(TargetSuite(), test)(TargetWriter(stand, target), tmp_path, *arguments)
