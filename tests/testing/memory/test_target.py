"""The in-memory target keeps the contract that it stands in for."""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest

from bridge.api import TargetRef
from bridge.testing.conformance.fixtures import TargetStand
from bridge.testing.faults import Fault
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.target import MemoryTarget
from bridge.testing.target_suite import TargetSuite


class Note:
    """A field of the books' customers that bridge does not know."""

    def __init__(self, books: MemoryBooks) -> None:
        self._books = books

    def write(self, client: TargetRef, text: str) -> None:
        found = self._books.clients[client.id]
        self._books.clients[client.id] = replace(found, foreign={"note": text})

    def read(self, client: TargetRef) -> str:
        return self._books.clients[client.id].foreign["note"]


def on_check(mode: str) -> MemoryBooks:
    books = MemoryBooks()
    books.faults.append(Fault("check", mode))
    return books


class TestMemoryTarget(TargetSuite):
    exempt: ClassVar = {
        "misnamed_settings": "The fake has no names to resolve.",
        "test_no_secret_is_ever_shown": "A fake in memory has no secrets.",
    }

    @pytest.fixture
    def stand(self) -> TargetStand:
        return self.with_ids(str)

    def with_ids(self, source_id: Callable[[int], str]) -> TargetStand:
        books = MemoryBooks()
        return TargetStand(
            open=lambda: MemoryTarget(books),
            misbehave=books.misbehave,
            foreign=Note(books),
            calls=lambda: sorted(books.calls.elements()),
            locked_out=lambda: MemoryTarget(on_check("access")),
            nobody_there=lambda: MemoryTarget(on_check("unreachable")),
            source_id=source_id,
        )


class TestMemoryTargetWithAnyIds(TestMemoryTarget):
    """A source may give ids like these; each so manyth moment will do, as numbers try them all."""

    every = 12

    @pytest.fixture(params=["in_{}NabC", "R{}", "T{} /+1 %é"])
    def stand(self, request: pytest.FixtureRequest) -> TargetStand:
        return self.with_ids(request.param.format)
