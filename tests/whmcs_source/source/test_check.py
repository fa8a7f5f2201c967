"""The first calls say what is wrong and where to change it; a survey says what is used."""

import datetime as dt
import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from whmcs_source.plugin import bridge_sources
from whmcs_source.source.source import WhmcsSource

from bridge.api import (
    AccessError,
    Days,
    Level,
    RecordClass,
    TransientError,
    UnreachableError,
    client_ref,
    token_of,
)
from tests.whmcs_source.company import Company

ROLE = [
    "WhmcsDetails",
    "GetInvoices",
    "GetInvoice",
    "GetTransactions",
    "GetClientsDetails",
    "GetCurrencies",
]
OPTIONAL = [
    "GetClientsProducts",
    "GetCredits",
    "GetClients",
    "GetPaymentMethods",
    "GetConfigurationValue",
]
JANUARY = Days(dt.date(2026, 1, 1), dt.date(2026, 1, 31))


# Check -------------------------------------------------------------------------------------------


def test_a_healthy_whmcs_is_named_with_its_version(company: Company, source: WhmcsSource) -> None:
    health = source.check()
    assert health.system == "WHMCS 8.13.1"
    assert {finding.level for finding in health.findings} == {Level.OK}
    assert source.base_currency == "GBP"
    assert len(company.calls()) < 12


def test_opening_a_source_asks_nothing(company: Company) -> None:
    with company.open():
        assert company.calls() == []


@pytest.mark.parametrize(
    ("settings", "accepted"),
    [
        ({"identifier": "wrong"}, False),
        ({"secret": "wrong"}, False),
        ({"identifier": None, "secret": None, "username": "bookkeeper", "password": "x"}, False),
        (
            {
                "identifier": None,
                "secret": None,
                "username": "bookkeeper",
                "password": "northwind-sandbox-admin",
            },
            True,
        ),
    ],
)
def test_who_may_sign_in(company: Company, settings: dict[str, str | None], accepted: bool) -> None:
    with company.open(**settings) as source:
        if accepted:
            assert source.check().system
        else:
            with pytest.raises(AccessError) as caught:
                source.check()
            assert "System Settings" in caught.value.remedy


@pytest.mark.parametrize("words", ["Invalid IP", "Forbidden IP"])
def test_a_refused_address_is_named_as_whmcs_saw_it(company: Company, words: str) -> None:
    company.box.switch(
        allowed_ips="198.51.100.1", seen_ip="2001:db8::7", ip_text=words, access_key="key[1]"
    )
    with company.open() as source, pytest.raises(AccessError, match="2001:db8::7") as caught:
        source.check()
    assert "2001:db8::7" in caught.value.remedy
    with company.open(access_key="key[1]") as source:
        assert source.check().system


def test_a_refusal_that_comes_in_pairs_is_understood(company: Company) -> None:
    company.box.switch(nvp_refusals="on")
    with company.open(secret="wrong") as source, pytest.raises(AccessError, match="sign-in"):
        source.check()


@pytest.mark.parametrize("action", ROLE)
def test_each_action_that_is_needed_is_named_when_the_role_lacks_it(
    company: Company, action: str
) -> None:
    company.box.switch(allowed_actions=",".join({*ROLE, *OPTIONAL} - {action}))
    with company.open() as source, pytest.raises(AccessError, match=rf"\b{action}\b") as caught:
        source.check()
    assert f"tick {action}" in caught.value.remedy


def test_all_actions_that_are_missing_are_named_at_once(company: Company) -> None:
    company.box.switch(allowed_actions="WhmcsDetails,GetInvoices,GetCurrencies")
    with (
        company.open() as source,
        pytest.raises(AccessError, match="GetInvoice, GetClientsDetails, GetTransactions"),
    ):
        source.check()


@pytest.mark.parametrize("action", OPTIONAL[:-1])
def test_an_action_that_is_only_useful_is_a_warning(company: Company, action: str) -> None:
    company.box.switch(allowed_actions=",".join({*ROLE, *OPTIONAL} - {action}))
    with company.open() as source:
        warnings = [found for found in source.check().findings if found.level is not Level.OK]
    assert [warning.subject for warning in warnings] == [f"permission {action}"]
    assert f"tick {action}" in warnings[0].remedy


@pytest.mark.parametrize("version", ["7.10.2", "10.0.0"])
def test_a_version_that_is_not_known_is_refused_or_warned_of(
    company: Company, version: str
) -> None:
    company.box.switch(version=version)
    with company.open() as source:
        if version.startswith("7"):
            with pytest.raises(UnreachableError, match=r"7\.10\.2"):
                source.check()
        else:
            assert Level.WARNING in {found.level for found in source.check().findings}


@pytest.mark.parametrize(
    "mode", ["cut_before", "lost_reply", "half_reply", "garbage", "html", "http_500", "http_503"]
)
def test_a_fault_on_the_way_is_made_good_or_transient(
    company: Company, source: WhmcsSource, mode: str
) -> None:
    """Once is made good within the call; for good, it is TransientError."""
    company.fault("GetInvoices", mode)
    assert source.check().system
    company.fault("GetInvoices", mode, times=9)
    with pytest.raises(TransientError):
        source.check()


def test_a_php_warning_before_the_reply_says_what_to_switch_off(
    company: Company, source: WhmcsSource
) -> None:
    company.box.switch(php_warning="on")
    with pytest.raises(TransientError) as caught:
        source.check()
    assert "PHP" in caught.value.remedy


def test_calls_of_one_thread_share_a_connection(
    source: WhmcsSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="urllib3")
    source.check()
    list(source.clients([client_ref(number) for number in range(1, 20)]))
    opened = [text for text in caplog.messages if text.startswith("Starting new")]
    assert len(opened) == 1


# Survey ------------------------------------------------------------------------------------------


def test_a_survey_says_what_is_used(company: Company) -> None:
    """The gateway that is no longer active too, since invoices name it."""
    with company.open() as source:
        survey = source.survey()
    assert survey.base_currency == "GBP"
    assert set(survey.currencies) == {"GBP", "EUR", "USD", "JPY"}
    assert survey.gateways["stripe"] == "Credit/Debit Card"
    assert survey.gateways["worldpay_old"] == "worldpay_old"
    assert "20" in survey.tax_rates
    assert survey.unpaid_documents == "proforma"


def test_what_whmcs_does_not_show_is_left_open(company: Company) -> None:
    company.box.switch(allowed_actions=",".join(ROLE), proforma="off")
    with company.open() as source:
        survey = source.survey()
    assert survey.unpaid_documents == ""
    assert "stripe" in survey.gateways
    company.box.switch(allowed_actions="")
    with company.open() as source:
        assert source.survey().unpaid_documents == "vat_invoice"


# Records and transactions ------------------------------------------------------------------------


def test_records_cover_each_document_and_movement_of_the_period_once(
    company: Company, source: WhmcsSource
) -> None:
    records = list(source.records(JANUARY))
    documents = company.box.rows(
        "SELECT id FROM tblinvoices WHERE status <> 'Draft'"
        " AND (date LIKE '2026-01-%' OR datepaid LIKE '2026-01-%' OR date LIKE '0000-%')"
    )
    moved = company.box.rows(
        "SELECT id FROM tblaccounts WHERE date LIKE '2026-01-%' AND userid IN"
        " (SELECT id FROM tblclients)"
    )
    bills = {RecordClass.INVOICE, RecordClass.PREPAYMENT, RecordClass.SETTLEMENT}
    counts = Counter(record.record_class in bills for record in records)
    assert counts == {True: len(documents), False: len(moved)}
    tokens = [record.token for record in records]
    assert len(set(tokens)) == len(tokens)
    assert {f"WHMCS-{row['id']}" for row in documents} <= set(tokens)


def test_records_say_what_is_no_sale(company: Company, source: WhmcsSource) -> None:
    year = Days(dt.date(2025, 9, 1), dt.date(2026, 11, 30))
    records = {record.token: record for record in source.records(year)}
    for case, kind, word in (
        ("mass_pay_container", RecordClass.SETTLEMENT, "mass payment"),
        ("add_funds", RecordClass.PREPAYMENT, "balance"),
    ):
        record = records[f"WHMCS-{company.case(case)}"]
        assert record.record_class is kind
        assert word in record.note
    container = records[f"WHMCS-{company.case('mass_pay_container')}"]
    assert len(container.settles) > 1
    assert set(container.settles) <= set(records)
    assert "Refunded" in records[f"WHMCS-{company.case('full_refund')}"].note


@pytest.mark.parametrize("page_size", [50, 500])
def test_the_cost_of_records_is_told_beforehand(company: Company, page_size: int) -> None:
    with company.open(page_size=page_size) as source:
        source.check()
        told = source.records_cost(JANUARY)
        company.calls()
        list(source.records(JANUARY))
        spent = len([name for name in company.calls() if name != "GetClientsDetails"])
    assert spent / 2 < told < spent * 2


def test_transactions_come_by_client_and_row(company: Company, source: WhmcsSource) -> None:
    """With an invoice and without one; in each client's own currency."""
    clients = [client_ref(row["id"]) for row in company.box.rows("SELECT id FROM tblclients")]
    rows = list(source.transactions(clients))
    expected = company.box.rows(
        "SELECT id FROM tblaccounts WHERE userid IN (SELECT id FROM tblclients)"
    )
    assert len(rows) == len(expected)
    for client in clients:
        own = [int(row.id) for row in rows if row.client == client]
        assert own == sorted(own)
    assert {"GBP", "EUR", "USD", "JPY"} == {row.money_in.currency for row in rows}


def test_what_a_deleted_client_left_is_still_shown(company: Company, source: WhmcsSource) -> None:
    company.do("delete_client", client=2)
    assert list(source.transactions([client_ref(2)]))


# The offer ---------------------------------------------------------------------------------------


def test_the_offer_opens_its_own_sandbox(tmp_path: Path) -> None:
    [offer] = bridge_sources()
    with (
        offer.sandbox(tmp_path) as box,
        offer.open(offer.settings()(**box.settings)) as source,
    ):
        assert source.check().system.startswith("WHMCS")
        assert offer.sandbox_key in box.settings
    assert token_of(source.label, client_ref(1)) == "WHMCS-1"


def test_importing_the_plugin_is_cheap() -> None:
    heavy = ("pydantic", "requests", "stamina", "sqlalchemy", "babel", "zeep")
    code = f"import sys, whmcs_source.plugin; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
