"""The KashFlow target keeps the contract, through real SOAP against its sandbox."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kashflow_target.plugin import bridge_targets

from bridge.api import TargetPlugin, TargetRef
from bridge.testing.conformance.fixtures import TargetStand
from bridge.testing.conformance.target_writer import TargetWriter
from bridge.testing.sandboxes import Controls, target_stand
from bridge.testing.target_suite import TargetSuite
from tests.kashflow_target.sandbox_books import SandboxBooks

OPERATIONS = {
    "create_client": "InsertCustomer",
    "update_client": "UpdateCustomer",
    "adopt_client": "UpdateCustomer",
    "create_invoice": "InsertInvoice",
    "create_payment": "InsertInvoicePayment",
    "create_credit_note": "InsertInvoice",
    "apply_credit_note": "applyCreditNoteToInvoice",
    "create_movement": "InsertBankTransaction",
    "clients": "GetCustomers",
    "documents": "GetInvoicesByDateRange",
    "payments": "GetInvoicePayment",
    "find_client": "GetCustomer",
    "find_invoice": "GetInvoicesForCustomer",
    "find_payment": "GetInvoicePayment",
    "movements": "GetBankTransactions",
    "find_movement": "GetBankTransactions",
}
SETTINGS: dict[str, Any] = {
    "gateways": {"stripe": {"method": "Credit Card", "account": "Card Clearing"}},
    "nominals": {"default": "Web Hosting", "discounts": "Web Hosting"},
    "vat_rules": "uk",
    "fees": {"nominal": "Card Fees"},
    "client_balances": {
        "method": "Client balance",
        "account": "Client Balances",
        "vat": "when_used",
    },
    "exchange_differences": {"nominal": "Exchange Differences"},
    "manual_credits": {"nominal": "Goodwill"},
    "invoice_rate": "source",
    "foreign_payments": "home",
}
MISNAMED: dict[str, Any] = {
    "gateways": {"stripe": {"method": "Credit Card", "account": "Card Clearin"}},
    "nominals": {"default": "Web Hostin"},
}


class Notes:
    """KashFlow's own Notes field of a customer, which bridge does not set."""

    def __init__(self, controls: Controls, directory: Path) -> None:
        self._controls, self._books = controls, SandboxBooks(directory)

    def write(self, client: TargetRef, text: str) -> None:
        self._controls.do(action="edit_customer", customer=int(client.id), Notes=text)

    def read(self, client: TargetRef) -> str:
        [found] = [row for row in self._books.customers() if row.id == int(client.id)]
        return found.fields["Notes"]


@pytest.fixture
def kashflow(tmp_path: Path) -> Iterator[TargetStand]:
    [offer] = bridge_targets()
    assert isinstance(offer, TargetPlugin)
    directory = tmp_path / "kashflow"
    directory.mkdir()
    with target_stand(
        offer,
        directory,
        settings=SETTINGS,
        operations=OPERATIONS,
        foreign=lambda controls: Notes(controls, directory),
        misnamed=MISNAMED,
        misnamed_words=("Card Clearin", "Web Hostin"),
    ) as stand:
        yield stand


class TestKashFlowTarget(TargetSuite):
    every = 3  # tests/e2e kills a real process at each moment, over the same wire

    @pytest.fixture
    def stand(self, kashflow: TargetStand) -> TargetStand:
        return kashflow


@pytest.mark.parametrize("form", ["in_{}NabC", "R{}", "T{} /+1 <&é>"])
def test_a_lost_log_makes_no_duplicates_of_any_id(
    form: str, kashflow: TargetStand, tmp_path: Path
) -> None:
    """KashFlow's fields carry any id of a source there and back."""
    stand = replace(kashflow, source_id=form.format)
    with stand.open() as target:
        target.check()
        target.prepare()
        TargetSuite().test_a_lost_log_makes_no_duplicates(TargetWriter(stand, target), tmp_path)
