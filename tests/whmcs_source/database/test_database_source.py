"""The WHMCS source keeps the contract in database mode, with a user who may only read."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import exc
from whmcs_source.database.connection import DatabaseConnection
from whmcs_source.database.layout import WANTED, read_layout
from whmcs_source.plugin import bridge_sources
from whmcs_source.sandbox.seed import CASES

from bridge.api import Source, SourceRef, invoice_ref
from bridge.testing.conformance.fixtures import Happened, SourceStand
from bridge.testing.source_suite import SourceSuite
from tests.whmcs_source.company import Company
from tests.whmcs_source.database.broken_line import BrokenLine
from tests.whmcs_source.database.installation import Installation

PASSWORD = "canary-9f31c7-read-only"
WORDS = {
    "scan": "FROM tblinvoices",
    "invoices": "FROM tblinvoices",
    "clients": "FROM tblclients",
    "transactions": "FROM tblaccounts",
}


@pytest.fixture
def reader(installation: Installation) -> Iterator[str]:
    """A user with the grants that `check` asks for, and no others."""
    name = f"bridge_{installation.name[-12:]}"
    user = f"'{name}'@'%'"
    with contextlib.suppress(exc.SQLAlchemyError):
        installation.run(f"DROP USER {user}")
    installation.run(f"CREATE USER {user} IDENTIFIED BY '{PASSWORD}'")
    database = DatabaseConnection(
        installation.url.render_as_string(hide_password=False), timeout_s=5
    )
    grants = read_layout(database).grants(list(WANTED))
    database.close()
    installation.run(*(grant.split(" TO ")[0] + f" TO {user}" for grant in grants))
    yield name
    installation.run(f"DROP USER {user}")


@pytest.fixture
def line(installation: Installation) -> Iterator[BrokenLine]:
    url = installation.url
    made = BrokenLine(str(url.host), url.port or 3306)
    yield made
    made.close()


class TestWhmcsDatabase(SourceSuite):
    @pytest.fixture
    def stand(
        self, company: Company, installation: Installation, reader: str, line: BrokenLine
    ) -> SourceStand:
        [offer] = bridge_sources()

        def opened(password: str = PASSWORD, port: int = line.port) -> Source:
            address = f"mysql://{reader}:{password}@127.0.0.1:{port}/{installation.name}"
            section = {"database": address, "timeout_s": 5}
            return offer.open(offer.settings().model_validate(section))

        def misbehave(name: str, mode: str, nth: int = 1, *, seconds: float = 0.0) -> Happened:
            assert nth == 1
            return line.arm(WORDS[name], mode)

        def changed(what: str, **arguments: Any) -> SourceRef:
            number = company.do(what, **arguments)
            installation.fill(company.box)
            return invoice_ref(number)

        def pay() -> SourceRef:
            changed("pay", invoice=CASES["unpaid_1"], gateway="stripe", transid="txn_late")
            return invoice_ref(CASES["unpaid_1"])

        def delete() -> SourceRef:
            changed("delete_invoice", invoice=CASES["unpaid_2"])
            return invoice_ref(CASES["unpaid_2"])

        bought = {"type": "Hosting", "description": "Starter", "amount": "10.00", "taxed": True}
        return SourceStand(
            open=opened,
            misbehave=misbehave,
            add=lambda: changed("create_invoice", client=1, lines=[bought]),
            change=pay,
            delete=delete,
            calls=lambda: line.statements,
            locked_out=lambda: opened(password="wrong-canary-5b71e0"),
            nobody_there=lambda: opened(port=1),
            secrets=(PASSWORD, "wrong-canary-5b71e0"),
        )
