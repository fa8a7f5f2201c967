"""A scan finds what changed, at a cost that does not grow with what was synced before."""

import datetime as dt
import itertools
import json

import pytest
from whmcs_source.source.source import WhmcsSource

from bridge.api import (
    Checkpoint,
    Gone,
    Header,
    Invoice,
    InvoiceState,
    ScanPolicy,
    TransactionKind,
    TransientError,
    UnreachableError,
    invoice_ref,
)
from bridge.testing.memory.known import MemoryKnown
from tests.whmcs_source.company import Company

TODAY = dt.date(2026, 11, 2)
NOW = ScanPolicy(TODAY)
NEXT_WEEK = ScanPolicy(TODAY + dt.timedelta(days=7))
Changes = dict[str, Header | Gone]


def scanned(source: WhmcsSource, known: MemoryKnown, policy: ScanPolicy = NOW) -> Changes:
    """What a scan finds changed, by id."""
    changes = known.take(source.scan(known.cursor, known, policy))
    return {change.ref.id: change for change in changes}


@pytest.fixture
def known(company: Company, source: WhmcsSource) -> MemoryKnown:
    """A log after its first scan."""
    known = MemoryKnown()
    assert scanned(source, known)
    company.calls()
    return known


def every_id(company: Company) -> set[str]:
    return {str(row["id"]) for row in company.box.rows("SELECT id FROM tblinvoices")}


def ids(known: MemoryKnown) -> set[str]:
    return {ref.id for ref in known.every()}


def booked(source: WhmcsSource, known: MemoryKnown, number: int) -> Invoice:
    """Read an invoice, and have the log say that it was booked."""
    [invoice] = source.invoices([invoice_ref(number)])
    assert isinstance(invoice, Invoice)
    known.read(invoice, booked=TODAY)
    return invoice


# The first scan ----------------------------------------------------------------------------------


def test_the_first_scan_lists_every_invoice_by_id(company: Company, source: WhmcsSource) -> None:
    """One call for each page, and a checkpoint after it."""
    items = list(source.scan(None, MemoryKnown(), NOW))
    found = [item.ref.id for item in items if isinstance(item, Header)]
    assert set(found) == every_id(company)
    assert found == sorted(found, key=int)
    assert isinstance(items[-1], Checkpoint)
    assert company.calls().count("GetInvoices") == len(found) // 49 + 1


def test_the_first_scan_goes_on_from_any_checkpoint(company: Company, source: WhmcsSource) -> None:
    items = list(source.scan(None, MemoryKnown(), NOW))
    ends = [at for at, item in enumerate(items) if isinstance(item, Checkpoint)]
    assert len(ends) > 3
    for end in ends:
        known = MemoryKnown()
        known.take(items[: end + 1])
        before = len(known.every())
        company.calls()
        scanned(source, known)
        assert ids(known) == every_id(company)
        assert company.calls().count("GetInvoices") <= (len(items) - before) // 49 + 15


def test_an_invoice_that_comes_or_goes_while_paging_costs_no_other(
    company: Company, source: WhmcsSource
) -> None:
    """A deletion moves all later rows forward, across the border of a page."""
    known = MemoryKnown()
    items = source.scan(None, known, NOW)
    known.take(itertools.islice(items, 60))
    for number in sorted(every_id(company), key=int)[:5]:
        company.do("delete_invoice", invoice=int(number))
    new = company.invoice(1)
    known.take(items)
    assert ids(known) >= every_id(company)
    assert str(new) in ids(known)


def test_a_cursor_of_another_version_means_a_first_scan(
    company: Company, source: WhmcsSource
) -> None:
    """Better all again than something forgotten."""
    for cursor in ("", "nonsense", '{"form": 99}', '{"form": 1}', "[]", "null"):
        found = [
            item for item in source.scan(cursor, MemoryKnown(), NOW) if isinstance(item, Header)
        ]
        assert len(found) == len(every_id(company))


# Later scans -------------------------------------------------------------------------------------


def test_nothing_new_costs_the_same_whatever_was_synced_before(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """Nothing is yielded but checkpoints."""
    assert scanned(source, known) == {}
    few = company.calls()
    columns = ", ".join(column for column in company.columns("tblinvoices") if column != "id")
    company.write(
        f"INSERT INTO tblinvoices (id, {columns}) SELECT id + 100000, {columns} FROM tblinvoices"
        " WHERE status = 'Paid'"
    )
    assert len(scanned(source, known)) > 200
    company.calls()
    assert scanned(source, known) == {}
    assert company.calls() == few
    assert len(few) < 10


def test_an_old_invoice_that_is_paid_today_is_found_with_one_call_more(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """However old: it left the open set."""
    scanned(source, known)
    usual = len(company.calls())
    number = company.case("unpaid_1")
    company.do("pay", invoice=number, transid="txn_new")
    changes = scanned(source, known)
    assert set(changes) == {str(number)}
    header = changes[str(number)]
    assert isinstance(header, Header)
    assert (header.state, header.paid_on) == (InvoiceState.PAID, TODAY)
    assert header.fingerprint
    assert len(company.calls()) == usual + 1


def test_a_new_invoice_is_found_and_found_once(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    number = company.invoice(1)
    assert set(scanned(source, known)) == {str(number)}
    assert scanned(source, known) == {}


def test_many_new_invoices_are_found_page_by_page(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """Each page has its checkpoint, so that an interruption loses none of them."""
    new = {str(company.invoice(1)) for _ in range(120)}
    items = source.scan(known.cursor, known, NOW)
    taken = list(itertools.takewhile(lambda item: not isinstance(item, Checkpoint), items))
    assert 0 < len(taken) < 120
    again = MemoryKnown()
    again.take(source.scan(None, again, NOW))
    assert new <= ids(again)
    assert new <= set(scanned(source, known))


@pytest.mark.parametrize(
    ("do", "state"),
    [
        ("cancel", InvoiceState.CANCELLED),
        ("pay", InvoiceState.PAID),
    ],
)
def test_what_left_the_open_set_is_found(
    company: Company, source: WhmcsSource, known: MemoryKnown, do: str, state: InvoiceState
) -> None:
    number = company.case("unpaid_2")
    company.do(do, invoice=number)
    header = scanned(source, known)[str(number)]
    assert isinstance(header, Header)
    assert header.state is state


def test_an_open_invoice_that_grew_is_found(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    number = company.case("unpaid_1")
    company.do("add_late_fee", invoice=number, amount="5.00")
    assert set(scanned(source, known)) == {str(number)}


def test_a_deleted_open_invoice_is_gone_only_once_whmcs_says_so(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    number = company.case("unpaid_1")
    company.do("delete_invoice", invoice=number)
    company.fault("GetInvoice", "html", times=9)
    with pytest.raises(TransientError):
        scanned(source, known)
    company.behave()
    changes = scanned(source, known)
    assert isinstance(changes[str(number)], Gone)


def test_merged_invoices_are_gone_and_the_one_that_took_them_is_found(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    first, second = company.invoice(1, "10.00"), company.invoice(1, "20.00")
    scanned(source, known)
    company.do("merge", invoices=[first, second])
    changes = scanned(source, known)
    assert isinstance(changes[str(first)], Gone)
    assert isinstance(changes[str(second)], Header)


def test_a_refund_in_full_is_found_by_the_counts(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """It moves an invoice from Paid to Refunded; the smaller list alone is read for it."""
    number = company.invoice(1)
    payment = company.do("pay", invoice=number, transid="txn_1")
    scanned(source, known)
    company.calls()
    company.do("refund", transaction=payment)
    header = scanned(source, known)[str(number)]
    assert isinstance(header, Header)
    assert header.state is InvoiceState.REFUNDED
    assert len(company.calls()) < 25
    company.calls()
    assert scanned(source, known) == {}


def test_a_deleted_paid_invoice_is_found_by_the_counts(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    company.do("delete_invoice", invoice=company.case("old_paid_late"))
    [gone] = scanned(source, known).values()
    assert isinstance(gone, Gone)
    assert scanned(source, known) == {}


def test_a_deletion_is_found_although_a_new_invoice_makes_up_for_the_count(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    number = company.case("old_paid_late")
    company.do("delete_invoice", invoice=number)
    new = company.invoice(1)
    company.do("pay", invoice=new)
    changes = scanned(source, known)
    assert set(changes) == {str(number), str(new)}
    assert isinstance(changes[str(number)], Gone)


def test_a_count_that_cannot_be_explained_is_looked_into_once(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """Whatever the reason, one list is read for it, and not one every day."""

    class Forgetful(MemoryKnown):
        def counts(self) -> dict[str, int]:
            return {**super().counts(), "Paid": super().counts()["Paid"] + 3}

    forgetful = Forgetful()
    scanned(source, forgetful)
    company.calls()
    assert scanned(source, forgetful) == {}
    assert len(company.calls()) > 15
    assert scanned(source, forgetful) == {}
    assert len(company.calls()) < 10


def test_an_ignored_filter_ends_the_scan(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """WHMCS drops parameters that it does not know, and then answers with everything."""
    company.box.switch(stray_rows="on")
    with pytest.raises(UnreachableError, match="WHMCS ignored") as caught:
        scanned(source, known)
    assert caught.value.remedy


def test_a_row_that_makes_no_sense_is_told_and_does_not_stop_the_others(
    company: Company, source: WhmcsSource
) -> None:
    """It comes as paid, so that it is read, and held, rather than passed over."""
    number = company.case("old_paid_late")
    with company.box._opened().transaction() as database:
        database.execute(
            "UPDATE tblinvoices SET total = '', status = 'Odd' WHERE id = ?", (number,)
        )
    known = MemoryKnown()
    changes = scanned(source, known)
    header = changes[str(number)]
    assert isinstance(header, Header)
    assert header.state is InvoiceState.PAID
    assert len(changes) == len(every_id(company))
    assert scanned(source, known) == {}


# The deep scan -----------------------------------------------------------------------------------


def test_a_deep_scan_is_due_after_so_many_days(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    scanned(source, known, ScanPolicy(TODAY + dt.timedelta(days=6)))
    usual = len(company.calls())
    scanned(source, known, NEXT_WEEK)
    assert len(company.calls()) > usual
    scanned(source, known, NEXT_WEEK)
    assert len(company.calls()) == usual


def test_an_edit_that_no_count_shows_is_found_by_the_deep_scan(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    number = company.case("old_paid_late")
    company.do("edit_invoice", invoice=number, fields={"invoicenum": "CHANGED"})
    assert scanned(source, known) == {}
    assert set(scanned(source, known, NEXT_WEEK)) == {str(number)}


def test_a_deletion_that_the_counts_hide_is_found_by_the_deep_scan(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """Here a difference of one in that status was given up on before."""
    number = company.case("old_paid_late")
    company.do("delete_invoice", invoice=number)
    known.cursor = json.dumps({**json.loads(known.cursor or ""), "excess": {"Paid": -1}})
    assert scanned(source, known) == {}
    assert isinstance(scanned(source, known, NEXT_WEEK)[str(number)], Gone)


@pytest.mark.parametrize("row_invoice", [None, 0], ids=["on its invoice", "on no invoice"])
def test_a_part_refund_is_found_by_the_deep_scan_and_read(
    company: Company, source: WhmcsSource, known: MemoryKnown, row_invoice: int | None
) -> None:
    """The list row stays as it was; only the client's money shows it."""
    number = company.invoice(1)
    payment = company.do("pay", invoice=number, transid="txn_1")
    scanned(source, known)
    before = booked(source, known, number)
    where = {} if row_invoice is None else {"row_invoice": row_invoice}
    company.do("refund", transaction=payment, amount="30.00", **where)
    assert scanned(source, known) == {}
    header = scanned(source, known, NEXT_WEEK)[str(number)]
    assert isinstance(header, Header)
    assert header.fingerprint is None
    after = booked(source, known, number)
    assert after.money_fingerprint() != before.money_fingerprint()
    assert [row.kind for row in after.transactions] == [
        TransactionKind.PAYMENT,
        TransactionKind.REFUND,
    ]


def test_a_refund_that_was_read_is_not_found_again(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """Also by another process, that has only the cursor to know of it."""
    number = company.invoice(1)
    payment = company.do("pay", invoice=number, transid="txn_1")
    scanned(source, known)
    booked(source, known, number)
    company.do("refund", transaction=payment, amount="30.00", row_invoice=0)
    scanned(source, known, NEXT_WEEK)
    with company.open(page_size=50) as other:
        scanned(other, known, NEXT_WEEK)
        booked(other, known, number)
        fortnight = ScanPolicy(TODAY + dt.timedelta(days=14))
        assert set(scanned(other, known, fortnight)) <= {str(number)}
        month = ScanPolicy(TODAY + dt.timedelta(days=28))
        assert scanned(other, known, month) == {}


def test_money_in_every_currency_compares_equal(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """A deep scan with nothing new asks for no invoice."""
    paid = [ref for ref in known.every() if known.seen([ref])[ref].status == "Paid"]
    for invoice in source.invoices(paid):
        if isinstance(invoice, Invoice):
            known.read(invoice, booked=TODAY)
    company.calls()
    assert scanned(source, known, NEXT_WEEK) == {}
    assert "GetInvoice" not in company.calls()


def test_a_deep_scan_goes_on_where_it_stopped(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    """And the usual scan comes first, so that nothing waits for it."""
    number = company.case("old_paid_late")
    company.do("edit_invoice", invoice=number, fields={"invoicenum": "CHANGED"})
    items = list(source.scan(known.cursor, known, NEXT_WEEK))
    ends = [at for at, item in enumerate(items) if isinstance(item, Checkpoint)]
    for end in ends:
        cursor = items[end]
        assert isinstance(cursor, Checkpoint)
        rest = list(source.scan(cursor.cursor, known, NEXT_WEEK))
        found = [item for item in (*items[:end], *rest) if isinstance(item, Header)]
        assert {header.ref.id for header in found} == {str(number)}
        assert isinstance(rest[-1], Checkpoint)
        assert json.loads(rest[-1].cursor)["deep"] == "idle"


# Mass payments whose money went back -------------------------------------------------------------


def mass_payment(company: Company) -> tuple[list[int], int, int]:
    """Two invoices, the container that paid them, and its transaction."""
    targets = [company.invoice(1, amount) for amount in ("100.00", "10.00")]
    container = company.do("mass_pay", invoices=targets, transid="m")
    [row] = company.box.rows("SELECT id FROM tblaccounts WHERE invoiceid = ?", container)
    return targets, container, row["id"]


@pytest.mark.parametrize("how", ["refund", "chargeback"])
def test_what_a_mass_payment_paid_comes_up_when_its_money_went_back(
    company: Company, source: WhmcsSource, known: MemoryKnown, how: str
) -> None:
    """Their own rows and transactions stay as they were."""
    targets, container, payment = mass_payment(company)
    scanned(source, known)
    for number in (*targets, container):
        booked(source, known, number)
    company.do(how, transaction=payment)
    assert set(scanned(source, known)) == {str(number) for number in (*targets, container)}


@pytest.mark.parametrize("row_invoice", ["container", "target", "none"])
def test_what_a_mass_payment_paid_comes_up_when_part_of_its_money_went_back(
    company: Company, source: WhmcsSource, known: MemoryKnown, row_invoice: str
) -> None:
    """No row of the list shows it: the deep scan finds it on the container, which is not booked."""
    targets, container, payment = mass_payment(company)
    scanned(source, known)
    for number in targets:
        booked(source, known, number)
    [read] = source.invoices([invoice_ref(container)])
    assert isinstance(read, Invoice)
    known.read(read)
    where = {"container": container, "target": targets[0], "none": 0}[row_invoice]
    company.do("refund", transaction=payment, amount="12.00", row_invoice=where)
    assert scanned(source, known) == {}
    found = set(scanned(source, known, NEXT_WEEK))
    assert found == {str(number) for number in (*targets, container)}


def test_a_refund_to_the_balance_that_was_read_is_not_found_again(
    company: Company, source: WhmcsSource, known: MemoryKnown
) -> None:
    number = company.invoice(1)
    payment = company.do("pay", invoice=number, transid="txn_1")
    company.do("refund", transaction=payment, amount="30.00", to="credit")
    scanned(source, known)
    booked(source, known, number)
    with company.open(page_size=50) as other:
        assert scanned(other, known, NEXT_WEEK) == {}
