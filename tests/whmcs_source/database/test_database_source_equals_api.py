"""Both modes of the source give the same records for the same installation."""

import datetime as dt
from collections.abc import Iterator

import pytest
from whmcs_source.database.database_source import WhmcsDatabase
from whmcs_source.source.source import WhmcsSource

from bridge.api import Days, Header, Invoice, ScanPolicy, SourceRef, client_ref, invoice_ref
from bridge.testing.memory.known import MemoryKnown
from tests.whmcs_source.company import Company
from tests.whmcs_source.database.installation import Installation, installed

TODAY = dt.date(2026, 11, 2)
NOW = ScanPolicy(TODAY)
LATER = ScanPolicy(TODAY + dt.timedelta(days=7))
NOBODY = "987654321"


def headers(source: WhmcsSource) -> dict[str, Header]:
    found = [row for row in source.scan(None, MemoryKnown(), NOW) if isinstance(row, Header)]
    return {row.ref.id: row for row in found}


def schooled(source: WhmcsSource) -> list[SourceRef]:
    """Every invoice, after a deep scan: API mode learns from it which refunds stand elsewhere."""
    known = MemoryKnown()
    known.take(source.scan(None, known, NOW))
    refs = known.every()
    for answer in source.invoices(refs):
        if isinstance(answer, Invoice):
            known.read(answer, booked=TODAY)
    known.take(source.scan(known.cursor, known, LATER))
    return refs


def assert_equal_invoices(company: Company, api: WhmcsSource, tables: WhmcsDatabase) -> None:
    refs = schooled(api)
    assert {ref.id for ref in refs} == {
        str(row["id"]) for row in company.box.rows("SELECT id FROM tblinvoices")
    }
    for ours, theirs in zip(tables.invoices(refs), api.invoices(refs), strict=True):
        assert ours == theirs, ours.ref


def every_client(company: Company) -> list[SourceRef]:
    ids = [row["id"] for row in company.box.rows("SELECT id FROM tblclients ORDER BY id DESC")]
    return [*map(client_ref, ids), client_ref(NOBODY)]


def test_headers_are_equal_with_their_fingerprints(
    source: WhmcsSource, tables: WhmcsDatabase
) -> None:
    """So that a change of mode reads nothing again."""
    assert headers(tables) == headers(source)


def test_invoices_are_equal_in_every_field(
    company: Company, source: WhmcsSource, tables: WhmcsDatabase
) -> None:
    """Lines, money wherever its rows stand, mass payments, credit, holds."""
    assert_equal_invoices(company, source, tables)


def test_one_invoice_is_as_it_is_among_many(tables: WhmcsDatabase) -> None:
    """A batch gives no invoice anything of its neighbours."""
    refs = [invoice_ref(number) for number in headers(tables)]
    for answer in tables.invoices(refs):
        assert [answer] == list(tables.invoices([answer.ref]))


def test_clients_are_equal_in_every_field(
    company: Company, source: WhmcsSource, tables: WhmcsDatabase
) -> None:
    refs = every_client(company)
    assert list(tables.clients(refs)) == list(source.clients(refs))


def test_the_money_of_clients_is_equal(
    company: Company, source: WhmcsSource, tables: WhmcsDatabase
) -> None:
    """That of a client who is gone, too, in the base currency."""
    gone = {row["userid"] for row in company.box.rows("SELECT userid FROM tblaccounts")}
    refs = [*every_client(company), *map(client_ref, sorted(gone - {0}))]
    source.check()
    assert list(tables.transactions(refs)) == list(source.transactions(refs))


def test_balances_are_equal(company: Company, source: WhmcsSource, tables: WhmcsDatabase) -> None:
    refs = every_client(company)
    source.check()
    found = list(tables.balances(refs))
    assert found == list(source.balances(refs))
    assert found


def test_the_balances_that_it_keeps_are_equal(source: WhmcsSource, tables: WhmcsDatabase) -> None:
    source.check()
    kept = list(tables.client_balances())
    assert kept == list(source.client_balances())
    assert kept
    assert 0 < tables.client_balances_cost() < source.client_balances_cost()


@pytest.mark.parametrize(
    "days",
    [
        Days(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
        Days(dt.date(2026, 3, 1), dt.date(2026, 3, 31)),
        Days(dt.date(2019, 1, 1), dt.date(2019, 1, 2)),
    ],
    ids=["ever", "a month", "before"],
)
def test_records_are_equal_and_in_the_same_order(
    source: WhmcsSource, tables: WhmcsDatabase, days: Days
) -> None:
    source.check()
    assert list(tables.records(days)) == list(source.records(days))
    assert 0 < tables.records_cost(days) < 100


def test_what_the_install_says_of_itself_is_equal(company: Company, tables: WhmcsDatabase) -> None:
    with company.open() as api:
        assert tables.check().system == api.check().system
        assert tables.base_currency == api.base_currency
        assert tables.survey() == api.survey()


@pytest.mark.parametrize(
    "switches",
    [
        {"version": "9.0.3", "adjustment_rows": "typed"},
        {"version": "9.0.3", "adjustment_rows": "typed", "credit_field_9x": "amount"},
        {"tax_type": "Inclusive", "tax_rounding": "line"},
        {"proforma": "off", "sequential_numbers": "off"},
    ],
    ids=lambda switches: " ".join(switches.values()),
)
def test_they_are_equal_whatever_the_install_is_set_to(
    company: Company, installation: Installation, switches: dict[str, str]
) -> None:
    """With what is booked under that setting, beside what is there from before."""
    company.box.switch(**switches)
    number = company.invoice(1, "100.00", "20.00")
    company.do("pay", invoice=number, gateway="stripe", transid="txn_new")
    company.do("refund", transaction=_newest_money(company), amount="10.00", to="hand")
    company.do("add_credit", client=1, amount="30.00", description="Goodwill")
    company.do("apply_credit", invoice=company.invoice(1, "50.00"), amount="30.00")
    installation.fill(company.box)
    with company.open(page_size=50) as api, installation.open() as tables:
        assert tables.check().system == api.check().system
        assert headers(tables) == headers(api)
        assert_equal_invoices(company, api, tables)


def _newest_money(company: Company) -> int:
    [row] = company.box.rows("SELECT MAX(id) AS id FROM tblaccounts")
    return int(row["id"])


@pytest.fixture
def bare(company: Company) -> Iterator[WhmcsDatabase]:
    """The same tables with primary keys alone."""
    with installed(indexes=False) as made:
        made.fill(company.box)
        with made.open() as opened:
            opened.check()
            yield opened


def test_they_are_equal_without_any_index(
    company: Company, source: WhmcsSource, bare: WhmcsDatabase
) -> None:
    """Slower, and said so by `check`, but not otherwise."""
    assert headers(bare) == headers(source)
    assert_equal_invoices(company, source, bare)
    refs = every_client(company)
    assert list(bare.balances(refs)) == list(source.balances(refs))
