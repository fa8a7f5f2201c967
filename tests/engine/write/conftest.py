"""What the tests of the writing share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.one_worker import OneWorker


@pytest.fixture
def one(tmp_path: Path) -> Iterator[OneWorker]:
    """A worker with nothing in its log."""
    with OneWorker(tmp_path) as worker:
        yield worker
