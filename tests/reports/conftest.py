"""What the reports are made of: a company, and two books on paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.reconcile.company import Company, opened_company
from tests.engine.reconcile.conftest import Paper


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """A company without invoices."""
    with opened_company(tmp_path) as company:
        yield company


@pytest.fixture
def paper() -> Paper:
    """Two empty books."""
    return Paper()
