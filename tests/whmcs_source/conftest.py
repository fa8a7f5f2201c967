"""A company of one's own for each test, and a source that reads it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from whmcs_source.sandbox.factory import sandbox
from whmcs_source.source.source import WhmcsSource

from tests.whmcs_source.company import Company


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """Northwind Hosting, freshly seeded."""
    with sandbox(tmp_path / "whmcs") as box:
        yield Company(box)


@pytest.fixture
def source(company: Company) -> Iterator[WhmcsSource]:
    """Reads it, by pages of 50."""
    with company.open(page_size=50) as opened:
        yield opened
