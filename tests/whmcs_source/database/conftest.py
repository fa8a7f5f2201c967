"""Northwind Hosting in a MariaDB of the test's own."""

from collections.abc import Iterator

import pytest
from whmcs_source.database.database_source import WhmcsDatabase

from tests.whmcs_source.company import Company
from tests.whmcs_source.database.installation import Installation, installed


@pytest.fixture(scope="session")
def _installation() -> Iterator[Installation]:
    with installed() as made:
        yield made


@pytest.fixture
def installation(_installation: Installation, company: Company) -> Installation:
    """The sandbox's company, freshly put into WHMCS's tables."""
    _installation.fill(company.box)
    return _installation


@pytest.fixture
def tables(installation: Installation) -> Iterator[WhmcsDatabase]:
    """Reads the tables; checked."""
    with installation.open() as opened:
        opened.check()
        yield opened
