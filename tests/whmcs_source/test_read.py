"""Invoices and clients are read whole, whatever shape WHMCS's JSON has, and at a known cost."""

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
from whmcs_source.source.source import WhmcsSource

from bridge.api import (
    AccessError,
    Client,
    Invoice,
    InvoiceState,
    LineKind,
    Missing,
    Money,
    Prices,
    Reason,
    SourceRef,
    TransactionKind,
    TransientError,
    client_ref,
    invoice_ref,
    total,
)
from bridge.model.source_records import as_plain
from tests.whmcs_source.company import Company


def read(source: WhmcsSource, number: int) -> Invoice:
    [invoice] = source.invoices([invoice_ref(number)])
    assert isinstance(invoice, Invoice), invoice
    return invoice


def missing(source: WhmcsSource, number: int) -> Missing:
    [answer] = source.invoices([invoice_ref(number)])
    assert isinstance(answer, Missing), answer
    return answer


def refs_of(company: Company, table: str = "tblinvoices") -> list[SourceRef]:
    make = invoice_ref if table == "tblinvoices" else client_ref
    return [make(row["id"]) for row in company.box.rows(f"SELECT id FROM {table} ORDER BY id")]


def everything(source: WhmcsSource, company: Company) -> object:
    """All that a source says of invoices and clients, without identity."""
    invoices = list(source.invoices(refs_of(company)))
    clients = list(source.clients(refs_of(company, "tblclients")))
    return as_plain([invoices, clients])


# Every case of the company -----------------------------------------------------------------------


def test_every_seeded_invoice_is_read_and_its_sums_hold(
    company: Company, source: WhmcsSource
) -> None:
    """Lines sum to net or gross, but for the one whose figures are wrong."""
    invoices = list(source.invoices(refs_of(company)))
    wrong = [invoice for invoice in invoices if not isinstance(invoice, Invoice)]
    assert wrong == []
    for invoice in invoices:
        assert isinstance(invoice, Invoice)
        if invoice.holds:
            assert invoice.ref.id == str(company.case("one_cent_wrong"))
            continue
        lines = total((line.amount for line in invoice.lines), invoice.currency)
        inclusive = invoice.prices is Prices.INCLUSIVE
        assert lines == (invoice.gross if inclusive else invoice.net)


def test_the_one_with_a_wrong_cent_is_read_twice_and_held(
    company: Company, source: WhmcsSource
) -> None:
    """List and detail are two calls: it might have changed between them."""
    source.check()
    company.calls()
    invoice = read(source, company.case("one_cent_wrong"))
    assert [hold.reason for hold in invoice.holds] == [Reason.TOTAL_MISMATCH]
    assert "120.01" in invoice.holds[0].what
    assert company.calls().count("GetInvoice") == 2


@pytest.mark.parametrize(
    ("case", "state", "kinds"),
    [
        ("draft", InvoiceState.DRAFT, {LineKind.SALE}),
        ("unpaid_1", InvoiceState.OPEN, {LineKind.SALE}),
        ("payment_pending", InvoiceState.OPEN, {LineKind.SALE}),
        ("cancelled", InvoiceState.CANCELLED, {LineKind.SALE}),
        ("full_refund", InvoiceState.REFUNDED, {LineKind.SALE}),
        ("chargeback", InvoiceState.REVERSED, {LineKind.SALE}),
        ("add_funds", InvoiceState.PAID, {LineKind.PREPAYMENT}),
        ("mass_pay_container", InvoiceState.PAID, {LineKind.SETTLEMENT}),
        ("late_fee", InvoiceState.OPEN, {LineKind.SALE, LineKind.LATE_FEE}),
        ("unknown_line_type", InvoiceState.PAID, {LineKind.UNKNOWN}),
    ],
)
def test_each_special_case_is_recognised(
    company: Company,
    source: WhmcsSource,
    case: str,
    state: InvoiceState,
    kinds: set[LineKind],
) -> None:
    invoice = read(source, company.case(case))
    assert invoice.state is state
    assert {line.kind for line in invoice.lines} == kinds


def test_credit_is_told_apart_from_a_mass_payment(company: Company, source: WhmcsSource) -> None:
    """Both stand as credit on the invoice; the container that names it is the difference."""
    by_credit = read(source, company.case("half_credit"))
    assert by_credit.credit
    assert by_credit.containers == ()
    for first, container in (
        ("mass_pay_first", "mass_pay_container"),
        ("mass_pay_part_second", "mass_pay_part_container"),
    ):
        invoice = read(source, company.case(first))
        [paying] = invoice.containers
        assert paying.ref == invoice_ref(company.case(container))
        assert invoice_ref(int(invoice.ref.id)).id in {line.related for line in paying.lines}
        assert total((row.money_in for row in paying.transactions), "GBP") == paying.gross


def test_a_mass_payment_that_cannot_be_read_is_said_to_be_possible(
    company: Company, source: WhmcsSource
) -> None:
    number = company.case("mass_pay_container")
    company.write("UPDATE tblinvoiceitems SET amount = 'x' WHERE invoiceid = ?", number)
    invoice = read(source, company.case("mass_pay_first"))
    assert [hold.reason for hold in invoice.holds] == [Reason.MASS_PAY_UNPROVEN]
    assert str(number) in invoice.holds[0].what


def test_a_chargeback_is_no_refund(company: Company, source: WhmcsSource) -> None:
    kinds = [row.kind for row in read(source, company.case("chargeback")).transactions]
    assert kinds == [TransactionKind.PAYMENT, TransactionKind.REVERSAL]


def test_a_refund_that_stands_on_no_invoice_is_found_on_an_old_one(
    company: Company, source: WhmcsSource
) -> None:
    """GetInvoice does not show it: the client's money is read once, for all their invoices."""
    number = company.case("part_refund")
    invoice = read(source, number)
    assert [row.kind for row in invoice.transactions] == [
        TransactionKind.PAYMENT,
        TransactionKind.REFUND,
    ]
    company.calls()
    read(source, number)
    assert company.calls() == ["GetInvoice"]


def test_yen_have_no_places(company: Company, source: WhmcsSource) -> None:
    invoice = read(source, company.case("currency_unknown_1"))
    assert invoice.currency == "JPY"
    assert invoice.gross == Money(Decimal(int(invoice.gross.amount)), "JPY")


def test_a_zero_day_of_payment_is_no_day(company: Company, source: WhmcsSource) -> None:
    invoice = read(source, company.case("zero_datepaid"))
    assert (invoice.state, invoice.paid_on) == (InvoiceState.PAID, None)


def test_service_lines_carry_their_product_and_group(company: Company, source: WhmcsSource) -> None:
    lines = [
        line
        for invoice in source.invoices(refs_of(company))
        if isinstance(invoice, Invoice)
        for line in invoice.lines
    ]
    groups = {line.product: line.product_group for line in lines if line.type == "Hosting"}
    assert groups["Reseller Gold"] == "Reseller Hosting"
    assert groups["Virtual Server"] == "Servers"


def test_a_promotion_is_related_to_its_line(company: Company, source: WhmcsSource) -> None:
    found = 0
    for invoice in source.invoices(refs_of(company)):
        assert isinstance(invoice, Invoice)
        for line in invoice.lines:
            if line.type.startswith("Promo"):
                found += 1
                assert line.kind is LineKind.DISCOUNT
                assert any(
                    other.related == line.related and other.kind is LineKind.SALE
                    for other in invoice.lines
                )
    assert found


# Cost --------------------------------------------------------------------------------------------


def test_invoices_of_one_client_cost_one_call_each_and_a_few_for_the_client(
    company: Company, source: WhmcsSource
) -> None:
    source.check()
    rows = company.box.rows(
        "SELECT id FROM tblinvoices WHERE userid = 1 AND status = 'Paid' AND credit = '0.00'"
    )
    assert len(rows) > 4
    company.calls()
    list(source.invoices([invoice_ref(row["id"]) for row in rows]))
    list(source.clients([client_ref(1)]))
    calls = Counter(company.calls())
    assert calls.pop("GetInvoice") == len(rows)
    assert set(calls) <= {"GetClientsDetails", "GetClientsProducts", "GetTransactions"}
    assert set(calls.values()) == {1}


def test_an_invoice_that_was_paid_today_costs_no_look_at_its_clients_money(
    company: Company, source: WhmcsSource
) -> None:
    number = company.invoice(1)
    company.do("pay", invoice=number, date=f"{dt.date.today()} 00:00:00")  # noqa: DTZ011
    source.check()
    company.calls()
    read(source, number)
    assert sorted(company.calls()) == ["GetClientsDetails", "GetInvoice"]


def test_products_can_be_left_unread(company: Company) -> None:
    with company.open(products="skip") as source:
        invoices = list(source.invoices(refs_of(company)[:30]))
    assert "GetClientsProducts" not in company.calls()
    assert all(not line.product for row in invoices for line in row.lines)  # type: ignore[union-attr]


def test_a_role_without_products_reads_the_rest(company: Company) -> None:
    allowed = "WhmcsDetails,GetInvoices,GetInvoice,GetTransactions,GetClientsDetails,GetCurrencies"
    company.box.switch(allowed_actions=allowed)
    with company.open() as source:
        source.check()
        invoice = read(source, int(refs_of(company)[20].id))
    assert invoice.lines


# What is not there -------------------------------------------------------------------------------


def test_each_ref_has_one_answer_in_the_order_asked(company: Company, source: WhmcsSource) -> None:
    asked = [invoice_ref(number) for number in (1100, 999_999, 1050, 0)]
    asked.append(invoice_ref("x1"))
    answers = list(source.invoices(asked))
    assert [answer.ref for answer in answers] == asked
    assert [isinstance(answer, Missing) and answer.gone for answer in answers] == [
        False,
        True,
        False,
        True,
        True,
    ]
    clients = list(source.clients([client_ref(2), client_ref(999_999), client_ref("x")]))
    assert isinstance(clients[0], Client)
    assert all(isinstance(answer, Missing) and answer.gone for answer in clients[1:])


def test_an_invoice_without_its_client_is_missing_but_not_gone(
    company: Company, source: WhmcsSource
) -> None:
    number = int(refs_of(company)[50].id)
    company.write("UPDATE tblinvoices SET userid = 77777 WHERE id = ?", number)
    answer = missing(source, number)
    assert not answer.gone
    assert "77777" in answer.why


@pytest.mark.parametrize(
    "change",
    ["total = '1E+2'", "subtotal = 'abc'", "status = 'Written Off'", "date = '31/12/2025'"],
)
def test_an_invoice_that_makes_no_sense_stops_no_other(
    company: Company, source: WhmcsSource, change: str
) -> None:
    refs = refs_of(company)[50:53]
    company.write(f"UPDATE tblinvoices SET {change} WHERE id = ?", int(refs[1].id))
    first, second, third = source.invoices(refs)
    assert isinstance(first, Invoice)
    assert isinstance(second, Missing)
    assert not second.gone
    assert second.why
    assert isinstance(third, Invoice)


def test_a_refusal_in_unknown_words_is_not_taken_for_a_deletion(
    company: Company, source: WhmcsSource
) -> None:
    company.fault("GetInvoice", "refuse", times=2)
    assert not missing(source, 1100).gone
    assert read(source, 1100).lines


def test_an_invoice_that_is_deleted_between_list_and_detail_is_gone(
    company: Company, source: WhmcsSource
) -> None:
    company.do("delete_invoice", invoice=1100)
    assert missing(source, 1100).gone


def test_a_maintenance_page_is_not_taken_for_a_deletion(
    company: Company, source: WhmcsSource
) -> None:
    company.fault("GetInvoice", "html", times=3)
    with pytest.raises(TransientError):
        read(source, 1100)
    assert read(source, 1100).lines


def test_a_lost_permission_ends_the_reading(company: Company, source: WhmcsSource) -> None:
    source.check()
    company.box.switch(allowed_actions="GetInvoices")
    with pytest.raises(AccessError, match="GetInvoice"):
        read(source, 1100)


# Oddities ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {"ids": "int"},
        {"ids": "string"},
        {"empty_list": "[]"},
        {"empty_list": "{}"},
        {"empty_list": "null"},
        {"empty_list": "missing"},
        {"empty_list": "inner"},
        {"single_as_object": "on"},
        {"single_as_object": "numeric"},
        {"zero_dates": "null"},
        {"zero_dates": "empty"},
        {"empty_money": "on"},
        {"flat_keys": "on"},
        {"top_level_client": "on"},
        {"list_order": "desc"},
    ],
    ids=str,
)
def test_the_form_of_the_json_makes_no_difference(
    company: Company, switches: dict[str, str]
) -> None:
    """Each oddity that WHMCS's JSON was seen with, over the whole company."""
    with company.open() as usual:
        right = everything(usual, company)
    company.box.switch(**switches)
    with company.open() as odd:
        odd.check()
        assert everything(odd, company) == right


def test_a_latin1_byte_spoils_neither_the_name_nor_the_reply(
    company: Company, source: WhmcsSource
) -> None:
    """The byte is read as what it was meant to be; the accents around it stay right."""
    refs = refs_of(company, "tblclients")
    right = list(source.clients(refs))
    company.box.switch(latin1_name="on")
    assert list(source.clients(refs)) == right


def test_names_come_as_they_were_typed(company: Company, source: WhmcsSource) -> None:
    [client] = source.clients([client_ref(7)])
    assert isinstance(client, Client)
    assert client.company == "Harbour & Sons Ltd"
    everyone = str(everything(source, company))
    for entity in ("&amp;", "&#039;", "&lt;", "<br"):
        assert entity not in everyone


# WHMCS 9 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["plain", "typed", "hidden"])
@pytest.mark.parametrize("credit", ["zero", "amount"])
def test_whmcs_9_reads_the_same_company_without_a_hold_more(
    company: Company, rows: str, credit: str
) -> None:
    """Invoices from before the update may stand as WHMCS 8 left them."""
    company.box.switch(version="9.0.1", adjustment_rows=rows, credit_field_9x=credit)
    with company.open() as source:
        assert source.check().system == "WHMCS 9.0.1"
        for invoice in source.invoices(refs_of(company)):
            assert isinstance(invoice, Invoice)
            wrong = invoice.ref.id == str(company.case("one_cent_wrong"))
            assert bool(invoice.holds) is wrong, invoice.holds


@pytest.mark.parametrize("rows", ["plain", "typed"])
def test_whmcs_9_credit_notes_are_no_money(company: Company, rows: str) -> None:
    company.box.switch(version="9.0.1", adjustment_rows=rows)
    company.do("add_credit", client=1, amount="50.00")
    number = company.invoice(1)
    company.do("apply_credit", invoice=number, amount="50.00")
    company.do("pay", invoice=number, transid="txn_9")
    with company.open() as source:
        invoice = read(source, number)
    kinds = {row.kind: row.money_in for row in invoice.transactions}
    assert set(kinds) == {TransactionKind.PAYMENT, TransactionKind.ADJUSTMENT}
    assert kinds[TransactionKind.ADJUSTMENT] == Money(Decimal("50.00"), "GBP")
    assert kinds[TransactionKind.PAYMENT] + kinds[TransactionKind.ADJUSTMENT] == invoice.gross
    assert not invoice.holds
