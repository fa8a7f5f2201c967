"""The WHMCS source keeps the contract, through real HTTP against its sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from whmcs_source.plugin import bridge_sources
from whmcs_source.sandbox.seed import CASES

from bridge.api import SourceRef, invoice_ref
from bridge.testing.conformance.fixtures import SourceStand
from bridge.testing.sandboxes import Controls, source_stand
from bridge.testing.source_suite import SourceSuite

OPERATIONS = {
    "scan": "GetInvoices",
    "invoices": "GetInvoice",
    "clients": "GetClientsDetails",
    "transactions": "GetTransactions",
}


def _add(controls: Controls) -> SourceRef:
    line = {"type": "Hosting", "description": "Starter Hosting", "amount": "10.00", "taxed": True}
    return invoice_ref(controls.do(what="create_invoice", client=1, lines=[line])["result"])


def _pay(controls: Controls) -> SourceRef:
    controls.do(what="pay", invoice=CASES["unpaid_1"], gateway="stripe", transid="txn_late")
    return invoice_ref(CASES["unpaid_1"])


def _delete(controls: Controls) -> SourceRef:
    controls.do(what="delete_invoice", invoice=CASES["unpaid_2"])
    return invoice_ref(CASES["unpaid_2"])


class TestWhmcsSource(SourceSuite):
    @pytest.fixture
    def stand(self, tmp_path: Path) -> Iterator[SourceStand]:
        [offer] = bridge_sources()
        with source_stand(
            offer,
            tmp_path,
            operations=OPERATIONS,
            settings={"page_size": 60},
            add=_add,
            change=_pay,
            delete=_delete,
        ) as stand:
            yield stand
