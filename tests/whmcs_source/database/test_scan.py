"""A scan of the tables finds any change of any invoice, and nothing where nothing changed."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from whmcs_source.database.database_source import WhmcsDatabase
from whmcs_source.settings import settings_from
from whmcs_source.source.source import WhmcsSource

from bridge.api import Checkpoint, Gone, Header, Invoice, ScanPolicy, UnreachableError, invoice_ref
from bridge.testing.memory.known import MemoryKnown
from tests.whmcs_source.company import Company
from tests.whmcs_source.database.broken_line import BrokenLine
from tests.whmcs_source.database.installation import Installation

TODAY = dt.date(2026, 11, 2)
NOW = ScanPolicy(TODAY)
NEXT_WEEK = ScanPolicy(TODAY + dt.timedelta(days=7))
Changes = dict[int, Header | Gone]

INVOICE_COLUMNS = {
    "userid": "userid + 1",
    "invoicenum": "CONCAT(IFNULL(invoicenum, ''), 'x')",
    "date": "IF(YEAR(date) = 0, '2026-01-01', date + INTERVAL 1 DAY)",
    "duedate": "IF(YEAR(duedate) = 0, '2026-01-01', duedate + INTERVAL 1 DAY)",
    "datepaid": "IF(YEAR(datepaid) = 0, '2026-01-01', datepaid + INTERVAL 1 DAY)",
    "date_refunded": "'2026-05-05 05:05:05'",
    "date_cancelled": "'2026-05-05 05:05:05'",
    "subtotal": "subtotal + 0.01",
    "credit": "credit + 0.01",
    "tax": "tax + 0.01",
    "tax2": "tax2 + 0.01",
    "total": "total + 0.01",
    "taxrate": "taxrate + 0.001",
    "taxrate2": "taxrate2 + 0.001",
    "status": "IF(status = 'Collections', 'Paid', 'Collections')",
    "paymentmethod": "CONCAT(paymentmethod, 'x')",
    "updated_at": "'2021-05-05 05:05:05'",
}
LINE_COLUMNS = {
    "type": "IF(type = 'LateFee', 'Item', 'LateFee')",
    "relid": "relid + 1",
    "description": "CONCAT(description, '.')",
    "amount": "amount + 0.01",
    "taxed": "1 - taxed",
}
MONEY_COLUMNS = {
    "gateway": "CONCAT(gateway, 'x')",
    "date": "date + INTERVAL 1 DAY",
    "description": "CONCAT(description, '.')",
    "amountin": "amountin + 0.01",
    "fees": "fees + 0.01",
    "amountout": "amountout + 0.01",
    "rate": "rate + 0.5",
    "transid": "CONCAT(IFNULL(transid, ''), 'x')",
    "refundid": "IF(refundid = 0, id - 1, 0)",
}


def scanned(source: WhmcsSource, known: MemoryKnown, policy: ScanPolicy = NOW) -> Changes:
    """What a scan finds changed, by id; what it yields again unchanged counts."""
    return {int(change.ref.id): change for change in yielded(source, known, policy)}


def yielded(
    source: WhmcsSource, known: MemoryKnown, policy: ScanPolicy = NOW
) -> list[Header | Gone]:
    items = list(source.scan(known.cursor, known, policy))
    assert isinstance(items[-1], Checkpoint)
    known.take(items)
    return [item for item in items if not isinstance(item, Checkpoint)]


def everything_read(source: WhmcsSource, known: MemoryKnown) -> None:
    """As after a run: all that was found was read in full."""
    for answer in source.invoices(known.every()):
        if isinstance(answer, Invoice):
            known.read(answer, booked=TODAY)


@pytest.fixture
def known(tables: WhmcsDatabase) -> MemoryKnown:
    """A log after a first run."""
    known = MemoryKnown()
    assert scanned(tables, known)
    everything_read(tables, known)
    return known


def one_of(installation: Installation, query: str) -> int:
    return int(installation.ask(query)[0][0])


# The first scan ----------------------------------------------------------------------------------


def test_the_first_scan_yields_every_invoice_by_id(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    found = [item.ref.id for item in yielded(tables, MemoryKnown())]
    assert found == [
        str(row[0]) for row in installation.ask("SELECT id FROM tblinvoices ORDER BY id")
    ]


def spread_out(installation: Installation, copies: int) -> None:
    """The company many times over: invoices in as many more chunks, with lines and money."""
    for table, key in (
        ("tblinvoices", "id"),
        ("tblinvoiceitems", "id, invoiceid"),
        ("tblaccounts", "id, invoiceid"),
    ):
        columns = [row[0] for row in installation.ask(f"SHOW COLUMNS FROM {table}")]
        moved = key.split(", ")
        rest = [f"`{name}`" for name in columns if name not in moved]
        names = ", ".join([*moved, *rest])
        sources = ", ".join([*(f"{name} + seq * 100000" for name in moved), *rest])
        where = "" if table == "tblinvoices" else "WHERE invoiceid > 0"
        rows = f"SELECT {sources} FROM {table}, seq_1_to_{copies} {where}"
        installation.run(f"INSERT INTO {table} ({names}) {rows}")


def test_the_first_scan_goes_on_from_any_checkpoint(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    """With what came and went between the two runs."""
    spread_out(installation, 25)
    items = list(tables.scan(None, MemoryKnown(), NOW))
    ends = [at for at, item in enumerate(items) if isinstance(item, Checkpoint)]
    assert len(ends) >= 4
    for end in ends:
        known = MemoryKnown()
        known.take(items[: end + 1])
        done = {int(ref.id) for ref in known.every()}
        lost = min(done) if done else 0
        installation.run(f"DELETE FROM tblinvoices WHERE id = {lost}")
        found = scanned(tables, known)
        there = {row[0] for row in installation.ask("SELECT id FROM tblinvoices")}
        assert {int(ref.id) for ref in known.every()} == there
        assert not {number for number, change in found.items() if isinstance(change, Header)} & done
        assert not scanned(tables, known)


def test_a_scan_after_nothing_happened_yields_nothing(
    tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    assert yielded(tables, known) == []
    assert yielded(tables, known, NEXT_WEEK) == []


def test_the_cursor_stays_small(installation: Installation, tables: WhmcsDatabase) -> None:
    """Twenty bytes for a chunk, however many rows are in it."""
    known = MemoryKnown()
    scanned(tables, known)
    small = len(known.cursor or "")
    spread_out(installation, 40)
    scanned(tables, known)
    assert len(known.cursor or "") - small < 40 * 8 * 20


@pytest.mark.parametrize("cursor", ["", "nonsense", '{"form": "tables-1"}', '{"form": 1}', "[]"])
def test_a_cursor_of_another_version_means_a_first_scan(
    tables: WhmcsDatabase, known: MemoryKnown, cursor: str
) -> None:
    """And what is in the log already is known by its fingerprint."""
    known.cursor = cursor
    assert yielded(tables, known) == []
    assert yielded(tables, known) == []


# Any edit ----------------------------------------------------------------------------------------

EDITS = st.one_of(
    st.tuples(st.just("tblinvoices"), st.sampled_from(sorted(INVOICE_COLUMNS.items()))),
    st.tuples(st.just("tblinvoiceitems"), st.sampled_from(sorted(LINE_COLUMNS.items()))),
    st.tuples(st.just("tblaccounts"), st.sampled_from(sorted(MONEY_COLUMNS.items()))),
)


@given(edit=EDITS, pick=st.integers(0, 10_000))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_an_edit_of_any_column_of_any_row_is_found(
    installation: Installation,
    tables: WhmcsDatabase,
    known: MemoryKnown,
    edit: tuple[str, tuple[str, str]],
    pick: int,
) -> None:
    """Without a timestamp; and once it is found and read, it is found no more."""
    table, (column, value) = edit
    owner = "id" if table == "tblinvoices" else "invoiceid"
    rows = installation.ask(
        f"SELECT id, {owner} FROM {table} WHERE {owner} IN (SELECT id FROM tblinvoices) ORDER BY id"
    )
    row, invoice = rows[pick % len(rows)]
    before = read(tables, invoice)
    with restored(installation, table, row):
        installation.run(f"UPDATE {table} SET `{column}` = {value} WHERE id = {row}")
        found = scanned(tables, known)
        if table != "tblaccounts" or read(tables, invoice) != before:
            assert invoice in found
        if table == "tblinvoices":
            assert set(found) - paid_by(installation, invoice) == {invoice}
        everything_read(tables, known)
        assert scanned(tables, known) == {}
    scanned(tables, known)
    everything_read(tables, known)


@contextmanager
def restored(installation: Installation, table: str, row: int) -> Iterator[None]:
    """The row is as it was afterwards: what one example edits must not pile up in the next."""
    installation.run("DROP TABLE IF EXISTS kept")
    installation.run(f"CREATE TABLE kept AS SELECT * FROM {table} WHERE id = {row}")
    try:
        yield
    finally:
        installation.run(f"REPLACE INTO {table} SELECT * FROM kept")


def read(source: WhmcsSource, invoice: int) -> object:
    [answer] = source.invoices([invoice_ref(invoice)])
    return answer.money_fingerprint() if isinstance(answer, Invoice) else answer


def paid_by(installation: Installation, container: int) -> set[int]:
    rows = installation.ask(
        f"SELECT relid FROM tblinvoiceitems WHERE type = 'Invoice' AND invoiceid = {container}"
    )
    return {row[0] for row in rows}


def test_a_server_that_works_out_no_digest_is_refused(installation: Installation) -> None:
    """It would answer NULL for every row, and no change would ever show."""
    line = BrokenLine(str(installation.url.host), installation.url.port or 3306)
    line.otherwise = (", 256)", ", 257)")  # no such length: MariaDB says NULL to it
    address = installation.url.set(host="127.0.0.1", port=line.port)
    shown = address.render_as_string(hide_password=False)
    try:
        with (
            WhmcsDatabase(settings_from({"database": shown})) as source,
            pytest.raises(UnreachableError, match="SHA-256"),
        ):
            list(source.scan(None, MemoryKnown(), NOW))
    finally:
        line.close()


# What came and went ------------------------------------------------------------------------------

PAID = "SELECT MIN(invoiceid) FROM tblaccounts JOIN tblinvoices ON tblinvoices.id = invoiceid"


def test_an_invoice_that_is_deleted_is_gone(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    """Even when another was put in its place, so that no count shows it."""
    first, last = installation.ask("SELECT MIN(id) + 5, MAX(id) FROM tblinvoices")[0]
    installation.run(
        f"DELETE FROM tblinvoices WHERE id = {first}",
        f"UPDATE tblinvoices SET id = {last + 7} WHERE id = {first + 1}",
    )
    found = scanned(tables, known)
    assert {number: type(change) for number, change in found.items()} == {
        first: Gone,
        first + 1: Gone,
        last + 7: Header,
    }
    assert all(change.why for change in found.values() if isinstance(change, Gone))
    assert scanned(tables, known) == {}


def test_all_of_a_chunk_that_is_deleted_is_gone(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    spread_out(installation, 2)
    known = MemoryKnown()
    scanned(tables, known)
    count = one_of(installation, "SELECT COUNT(*) FROM tblinvoices WHERE id > 200000")
    installation.run("DELETE FROM tblinvoices WHERE id > 200000")
    found = scanned(tables, known)
    assert len(found) == count
    assert {type(change) for change in found.values()} == {Gone}


def test_an_invoice_that_appears_in_the_middle_is_found(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    """As one whose transaction was committed after that of a higher id."""
    newest = one_of(installation, "SELECT MAX(id) FROM tblinvoices")
    installation.run(f"UPDATE tblinvoices SET id = id + 50 WHERE id = {newest}")
    scanned(tables, known)
    installation.run(f"UPDATE tblinvoices SET id = id - 20 WHERE id = {newest + 50}")
    found = scanned(tables, known)
    assert {number: type(change) for number, change in found.items()} == {
        newest + 30: Header,
        newest + 50: Gone,
    }


@pytest.mark.parametrize("what", ["deleted", "moved", "taken off"])
def test_money_that_leaves_an_invoice_is_found_there(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown, what: str
) -> None:
    """Nothing is left on it that could say so."""
    invoice = one_of(installation, PAID)
    other = one_of(installation, f"{PAID} WHERE invoiceid > {invoice}")
    installation.run(
        {
            "deleted": f"DELETE FROM tblaccounts WHERE invoiceid = {invoice}",
            "moved": f"UPDATE tblaccounts SET invoiceid = {other} WHERE invoiceid = {invoice}",
            "taken off": f"UPDATE tblaccounts SET invoiceid = 0 WHERE invoiceid = {invoice}",
        }[what]
    )
    assert set(scanned(tables, known)) == {invoice, other} - ({other} if what != "moved" else set())


def test_a_line_that_leaves_an_invoice_is_found_there(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    invoice = one_of(installation, "SELECT MIN(invoiceid) FROM tblinvoiceitems")
    installation.run(f"DELETE FROM tblinvoiceitems WHERE invoiceid = {invoice}")
    assert invoice in scanned(tables, known)


def test_a_new_line_of_an_old_invoice_is_found_and_no_other_invoice(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    invoice = one_of(installation, "SELECT MIN(id) FROM tblinvoices")
    installation.run(
        "INSERT INTO tblinvoiceitems (invoiceid, type, description, amount, notes, paymentmethod)"
        f" VALUES ({invoice}, '', 'Late', 5, '', '')"
    )
    assert set(scanned(tables, known)) == {invoice}


REFUND = (
    "INSERT INTO tblaccounts (userid, gateway, date, description, amountin, amountout, transid,"
    " invoiceid, refundid, type) SELECT userid, gateway, '2026-11-01', 'Refund', 0, 1, 'r', {on},"
    " id, '' FROM tblaccounts WHERE invoiceid = {invoice} AND amountin > 0 LIMIT 1"
)


@pytest.mark.parametrize("on", ["0", "other", "own"])
def test_a_refund_is_found_at_its_payment_wherever_it_stands(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown, on: str
) -> None:
    """When it comes, when it is changed and when it goes again."""
    invoice = one_of(installation, f"{PAID} WHERE amountin > 5")
    other = one_of(installation, f"SELECT MAX(id) FROM tblinvoices WHERE id > {invoice}")
    place = {"0": 0, "other": other, "own": invoice}[on]
    for statement in (
        REFUND.format(on=place, invoice=invoice),
        "UPDATE tblaccounts SET amountout = 2 WHERE transid = 'r'",
        "DELETE FROM tblaccounts WHERE transid = 'r'",
    ):
        installation.run(statement)
        assert set(scanned(tables, known)) == {invoice}, statement
        everything_read(tables, known)
        assert scanned(tables, known) == {}


def test_a_refund_on_an_invoice_that_was_never_read_is_found(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    """One from before the start is skipped by its header alone; its money says more."""
    known = MemoryKnown()
    yielded(tables, known)
    invoice = one_of(installation, f"{PAID} WHERE amountin > 5")
    installation.run(REFUND.format(on=invoice, invoice=invoice))
    told, kept = yielded(tables, known)
    assert isinstance(told, Header)
    assert isinstance(kept, Header)
    assert {told.ref, kept.ref} == {invoice_ref(invoice)}
    assert told.fingerprint is None
    assert kept.fingerprint


def test_a_row_that_becomes_a_refund_is_found_at_its_payment(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    invoice = one_of(installation, PAID)
    payment = one_of(installation, f"SELECT MIN(id) FROM tblaccounts WHERE invoiceid = {invoice}")
    installation.run(
        "INSERT INTO tblaccounts (userid, gateway, date, description, amountout, transid, type)"
        " VALUES (1, '', '2026-11-01', 'Bank charges', 1, 'fee', '')"
    )
    assert scanned(tables, known) == {}
    installation.run(f"UPDATE tblaccounts SET refundid = {payment} WHERE transid = 'fee'")
    assert set(scanned(tables, known)) == {invoice}


def test_a_client_who_changes_currency_is_found_on_every_invoice(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    """The invoices' own rows stay as they are."""
    client = one_of(installation, "SELECT userid FROM tblinvoices GROUP BY 1 HAVING COUNT(*) > 2")
    theirs = {
        row[0] for row in installation.ask(f"SELECT id FROM tblinvoices WHERE userid = {client}")
    }
    installation.run(f"UPDATE tblclients SET currency = 4 - currency WHERE id = {client}")
    assert set(scanned(tables, known)) == theirs
    assert scanned(tables, known) == {}


def test_a_currency_with_another_code_is_found_on_every_invoice(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    euros = {
        row[0]
        for row in installation.ask(
            "SELECT tblinvoices.id FROM tblinvoices JOIN tblclients ON tblclients.id = userid"
            " WHERE tblclients.currency = (SELECT id FROM tblcurrencies WHERE code = 'EUR')"
        )
    }
    installation.run("UPDATE tblcurrencies SET code = 'CHF' WHERE code = 'EUR'")
    assert euros
    assert set(scanned(tables, known)) == euros


def test_money_that_goes_back_from_a_mass_payment_is_found_on_what_it_paid(
    installation: Installation, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    container = one_of(
        installation,
        "SELECT MIN(tblinvoiceitems.invoiceid) FROM tblinvoiceitems JOIN tblaccounts"
        " ON tblaccounts.invoiceid = tblinvoiceitems.invoiceid AND amountin > 0"
        " WHERE tblinvoiceitems.type = 'Invoice'",
    )
    installation.run(REFUND.format(on=0, invoice=container))
    assert set(scanned(tables, known)) == {container} | paid_by(installation, container)


def test_a_change_between_the_digest_and_the_reading_is_found_next_time(
    installation: Installation, tables: WhmcsDatabase
) -> None:
    """What was digested first and read later may have been read as it is now: or again, then."""
    known = MemoryKnown()
    scan = tables.scan(None, known, NOW)
    first = next(scan)
    known.take([first])
    installation.run("UPDATE tblinvoices SET notes = '', paymentmethod = 'other'")
    known.take(scan)
    everything_read(tables, known)
    scanned(tables, known)
    with_other = [row for row in tables.scan(None, MemoryKnown(), NOW) if isinstance(row, Header)]
    seen = known.seen([header.ref for header in with_other])
    assert all(seen[header.ref].fingerprint == header.fingerprint for header in with_other)


# Between deep scans -------------------------------------------------------------------------------


@pytest.fixture
def quick(installation: Installation) -> Iterator[WhmcsDatabase]:
    """Digests all only when a deep scan is due."""
    with installation.open(database_digest="deep_scan") as opened:
        opened.check()
        yield opened


@pytest.fixture
def quickly_known(quick: WhmcsDatabase) -> MemoryKnown:
    known = MemoryKnown()
    scanned(quick, known)
    everything_read(quick, known)
    assert scanned(quick, known) == {}
    return known


def test_what_an_operator_does_is_found_without_a_digest(
    company: Company,
    installation: Installation,
    quick: WhmcsDatabase,
    quickly_known: MemoryKnown,
) -> None:
    """A new invoice, an old one paid, a part refunded: each by its id or its time."""
    new = company.invoice(1)
    paid = company.case("unpaid_1")
    company.do("pay", invoice=paid, gateway="stripe", transid="txn_today")
    [row] = company.box.rows("SELECT MAX(id) AS id FROM tblaccounts WHERE invoiceid = ?", paid)
    old = one_of(installation, f"{PAID} WHERE amountin > 5 AND invoiceid != {paid}")
    company.write("UPDATE tblinvoices SET updated_at = ? WHERE id = ?", "2026-11-02 09:00:00", paid)
    installation.fill(company.box)
    installation.run(REFUND.format(on=0, invoice=old))
    assert set(scanned(quick, quickly_known)) == {new, paid, old}
    assert row["id"]
    everything_read(quick, quickly_known)
    assert set(scanned(quick, quickly_known)) == set()


def test_a_deletion_is_found_by_its_count(
    installation: Installation, quick: WhmcsDatabase, quickly_known: MemoryKnown
) -> None:
    number = one_of(installation, "SELECT MIN(id) + 3 FROM tblinvoices")
    installation.run(f"DELETE FROM tblinvoices WHERE id = {number}")
    found = scanned(quick, quickly_known)
    assert {number: type(change) for number, change in found.items()} == {number: Gone}


def test_an_edit_without_a_time_is_found_when_a_deep_scan_is_due(
    installation: Installation, quick: WhmcsDatabase, quickly_known: MemoryKnown
) -> None:
    """Which is what `deep_scan` gives up for speed."""
    number = one_of(installation, "SELECT MIN(id) + 3 FROM tblinvoices")
    installation.run(f"UPDATE tblinvoices SET subtotal = subtotal + 1 WHERE id = {number}")
    assert scanned(quick, quickly_known) == {}
    assert set(scanned(quick, quickly_known, NEXT_WEEK)) == {number}


# From one mode to the other ----------------------------------------------------------------------


def test_a_log_filled_over_the_api_goes_on_with_the_tables(
    company: Company, source: WhmcsSource, installation: Installation, tables: WhmcsDatabase
) -> None:
    """Nothing is read again but what changed between the two: a part refund, a deletion."""
    known = MemoryKnown()
    known.take(source.scan(None, known, NOW))
    everything_read(tables, known)
    refunded = one_of(installation, f"{PAID} WHERE amountin > 5")
    deleted = one_of(installation, "SELECT MAX(id) - 9 FROM tblinvoices")
    installation.run(
        REFUND.format(on=0, invoice=refunded), f"DELETE FROM tblinvoices WHERE id = {deleted}"
    )
    found = scanned(tables, known)
    assert {number: type(change) for number, change in found.items()} == {
        refunded: Header,
        deleted: Gone,
    }
    assert scanned(tables, known) == {}


def test_a_log_filled_from_the_tables_goes_on_over_the_api(
    source: WhmcsSource, tables: WhmcsDatabase, known: MemoryKnown
) -> None:
    assert yielded(source, known) == []
    assert yielded(source, known) == []
