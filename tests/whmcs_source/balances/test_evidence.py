"""How an invoice was paid is proved to the penny by money, mass payments and balance, or held."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from whmcs_source.sandbox.factory import sandbox
from whmcs_source.source.source import WhmcsSource

from bridge.api import (
    Invoice,
    InvoiceState,
    LineKind,
    Money,
    Reason,
    Transaction,
    TransactionKind,
    client_ref,
    invoice_ref,
    total,
)
from tests.whmcs_source.company import Company

NO_CREDITS = (
    "WhmcsDetails,GetInvoices,GetInvoice,GetTransactions,GetClientsDetails,GetCurrencies,"
    "GetClientsProducts"
)


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def read(source: WhmcsSource, number: int) -> Invoice:
    [invoice] = source.invoices([invoice_ref(number)])
    assert isinstance(invoice, Invoice), invoice
    return invoice


def received(invoice: Invoice) -> Money:
    rows = (row for row in invoice.transactions if row.kind is TransactionKind.PAYMENT)
    return total((row.money_in for row in rows), invoice.currency)


def shares(invoice: Invoice) -> Money:
    """What mass payments paid of an invoice, by the lines that name it."""
    lines = (line for container in invoice.containers for line in container.lines)
    mine = (line.amount for line in lines if line.related == invoice.ref.id)
    return total(mine, invoice.currency)


def used(source: WhmcsSource, invoice: Invoice) -> Money:
    rows = source.balances([invoice.client])
    mine = (-row.amount for row in rows if row.origin == "use" and row.invoice == invoice.ref)
    return total(mine, invoice.currency)


def kinds(invoice: Invoice) -> dict[str, TransactionKind]:
    return {row.id: row.kind for row in invoice.transactions}


def reasons(invoice: Invoice) -> list[Reason]:
    return [hold.reason for hold in invoice.holds]


# The identity ------------------------------------------------------------------------------------

FORMS = [
    {"version": "8.13.1"},
    {"version": "9.0.1", "adjustment_rows": "typed"},
    {"version": "9.0.1", "adjustment_rows": "typed", "credit_field_9x": "amount"},
    {"version": "9.0.1", "adjustment_rows": "plain"},
    {"version": "9.0.1", "adjustment_rows": "hidden", "credit_field_9x": "amount"},
    {"version": "9.0.1", "adjustment_rows": "hidden"},
]
CREDITED = ("half_credit", "full_credit", "manual_credit_used", "excess_used", "promo_by_line",
            "foreign_credit", "mass_pay_cancelled_target", "mass_pay_first", "mass_pay_second",
            "mass_pay_part_first", "mass_pay_part_second", "mass_pay_balance_first",
            "mass_pay_refunded_first")  # fmt: skip


@pytest.fixture(scope="module", params=FORMS, ids=str)
def any_version(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Company, WhmcsSource]]:
    """The seeded company as WHMCS 8 or 9 keeps it, in each form that 9 may show it."""
    with sandbox(tmp_path_factory.mktemp("whmcs"), switches=request.param) as box:
        company = Company(box)
        with company.open() as source:
            yield company, source


@pytest.mark.parametrize("case", CREDITED)
def test_gross_is_money_and_mass_payments_and_balance(
    any_version: tuple[Company, WhmcsSource], case: str
) -> None:
    """`credit` means the same in both versions: what of the gross was not paid with its own money.

    Rows of billing notes are not money.
    """
    company, source = any_version
    invoice = read(source, company.case(case))
    assert invoice.holds == ()
    assert invoice.credit == invoice.gross - received(invoice)
    assert invoice.credit == shares(invoice) + used(source, invoice)


def test_no_other_invoice_is_held_for_its_credit(
    any_version: tuple[Company, WhmcsSource],
) -> None:
    company, source = any_version
    modern = source.check().system.startswith("WHMCS 9")
    hidden = company.box.rows("SELECT value FROM sandbox_switches WHERE value = 'hidden'")
    field = company.box.rows("SELECT value FROM sandbox_switches WHERE value = 'amount'")
    allowed = {company.case("one_cent_wrong")}
    if modern:  # a note for money that never came
        allowed |= {company.case("mark_paid_empty"), company.case("mark_paid_amount")}
    if hidden and not field:  # paid twice by mass payments, which show nowhere
        allowed |= {company.case("mass_pay_twice_first"), company.case("mass_pay_twice_second")}
    rows = company.box.rows("SELECT id FROM tblinvoices")
    invoices = source.invoices([invoice_ref(row["id"]) for row in rows])
    held = {int(one.ref.id) for one in invoices if isinstance(one, Invoice) and one.holds}
    assert held == allowed


# Mass payments -----------------------------------------------------------------------------------


def mass_payment(company: Company, client: int, *amounts: str, **more: object) -> list[int]:
    """Invoices of these net amounts, and last the container that was made for them."""
    numbers = [company.invoice(client, amount, date="2026-09-01") for amount in amounts]
    more.setdefault("date", "2026-09-05")
    return [*numbers, company.do("mass_pay", invoices=numbers, **more)]


def test_a_container_comes_complete_with_its_money_and_fee(
    company: Company, source: WhmcsSource
) -> None:
    first, second, container = mass_payment(company, 3, "100.00", "10.00", fees="2.58", transid="m")
    for number in (first, second):
        [paying] = read(source, number).containers
        assert paying == read(source, container)
        assert (paying.gross, paying.credit, paying.tax) == (gbp("132.00"), gbp("0"), gbp("0"))
        [row] = paying.transactions
        assert (row.money_in, row.fee) == (gbp("132.00"), gbp("2.58"))
        assert [(line.related, line.amount) for line in paying.lines] == [
            (str(first), gbp("120.00")),
            (str(second), gbp("12.00")),
        ]
        assert {line.kind for line in paying.lines} == {LineKind.SETTLEMENT}


@pytest.mark.parametrize("order", [1, -1])
def test_it_makes_no_difference_whether_the_container_is_read_before(
    company: Company, source: WhmcsSource, order: int
) -> None:
    numbers = mass_payment(company, 3, "100.00", "10.00")
    found = {number: read(source, number) for number in numbers[::order]}
    assert [len(found[number].containers) for number in numbers] == [1, 1, 0]


def test_a_container_paid_partly_from_the_balance_says_so(
    company: Company, source: WhmcsSource
) -> None:
    [container] = read(source, company.case("mass_pay_balance_first")).containers
    assert container.credit == gbp("50.00")
    assert received(container) + container.credit == container.gross


def test_an_invoice_paid_in_part_before_shows_the_rest_as_credit(
    company: Company, source: WhmcsSource
) -> None:
    invoice = read(source, company.case("mass_pay_part_first"))
    assert (received(invoice), invoice.credit) == (gbp("50.00"), gbp("70.00"))
    assert shares(invoice) == gbp("70.00")


def test_balance_and_mass_payment_on_one_invoice_are_both_proved(
    company: Company, source: WhmcsSource
) -> None:
    company.do("add_funds", client=3, amount="30.00", date="2026-09-01", transid="f")
    first, second = (company.invoice(3, amount, date="2026-09-02") for amount in ("100.00", "10"))
    company.do("apply_credit", invoice=first, amount="30.00", date="2026-09-03")
    company.do("mass_pay", invoices=[first, second], date="2026-09-05", transid="m")
    invoice = read(source, first)
    assert invoice.holds == ()
    assert (invoice.credit, shares(invoice)) == (gbp("120.00"), gbp("90.00"))
    assert used(source, invoice) == gbp("30.00")


def test_two_containers_that_name_one_invoice_both_come(
    company: Company, source: WhmcsSource
) -> None:
    """It was paid, opened again for a line that was forgotten, and paid by a second."""
    first, _, container = mass_payment(company, 3, "100.00", "10.00")
    company.do("edit_invoice", invoice=first, date="2026-09-06",
               add=[{"type": "", "description": "Forgotten", "amount": "10.00"}])  # fmt: skip
    company.do("set_status", invoice=first, status="Unpaid", date="2026-09-06")
    again = company.do("mass_pay", invoices=[first], date="2026-09-07", transid="m2")
    invoice = read(source, first)
    assert [one.ref.id for one in invoice.containers] == [str(container), str(again)]
    assert invoice.credit == shares(invoice) == gbp("132.00")
    assert invoice.holds == ()


def test_what_was_paid_twice_by_mass_payments_claims_more_than_its_credit(
    company: Company, source: WhmcsSource
) -> None:
    """The engine holds it; the second share is the client's, as money beyond the invoice."""
    invoice = read(source, company.case("mass_pay_twice_first"))
    assert len(invoice.containers) == 2
    assert shares(invoice) == gbp("240.00")
    assert invoice.credit == gbp("120.00")


@pytest.mark.parametrize("status", ["Unpaid", "Cancelled", "Draft", "Payment Pending"])
def test_a_container_that_was_not_paid_settles_nothing(
    company: Company, source: WhmcsSource, status: str
) -> None:
    numbers = mass_payment(company, 3, "100.00", "10.00", paid=False)
    company.do("set_status", invoice=numbers[2], status=status)
    company.do("add_funds", client=3, amount="120.00", date="2026-09-01", transid="f")
    company.do("apply_credit", invoice=numbers[0], date="2026-09-06")
    invoice = read(source, numbers[0])
    assert invoice.containers == ()
    assert invoice.credit == used(source, invoice) == gbp("120.00")
    assert invoice.holds == ()


def test_a_container_that_is_cancelled_between_list_and_detail_settles_nothing(
    company: Company,
) -> None:
    numbers = mass_payment(company, 3, "100.00")
    with company.open() as source:
        source.check()
        company.box.switch(after_list=f'{{"what": "cancel", "invoice": {numbers[1]}}}')
        invoice = read(source, numbers[0])
    assert invoice.containers == ()
    assert reasons(invoice) == [Reason.CREDIT_UNMAPPED]


def test_a_container_of_another_client_settles_nothing(
    company: Company, source: WhmcsSource
) -> None:
    first, container = mass_payment(company, 3, "100.00")
    company.write("UPDATE tblinvoices SET userid = 5 WHERE id = ?", container)
    company.write("UPDATE tblaccounts SET userid = 5 WHERE invoiceid = ?", container)
    invoice = read(source, first)
    assert invoice.containers == ()
    assert reasons(invoice) == [Reason.CREDIT_UNMAPPED]
    assert "120.00" in invoice.holds[0].what


@pytest.mark.parametrize("place", ["container", "target", "nowhere"])
def test_a_refund_of_a_mass_payment_belongs_to_the_container(
    company: Company, source: WhmcsSource, place: str
) -> None:
    """Wherever its row stands: the money came on the container, and on none of the targets."""
    first, second, container = mass_payment(company, 3, "100.00", "10.00", transid="m")
    [payment] = company.box.rows("SELECT id FROM tblaccounts WHERE invoiceid = ?", container)
    row = {"container": container, "target": first, "nowhere": 0}[place]
    refund = company.do("refund", transaction=payment["id"], amount="12.00", row_invoice=row,
                        date="2026-09-20")  # fmt: skip
    for number in (first, second):
        invoice = read(source, number)
        assert invoice.transactions == ()
        [paying] = invoice.containers
        assert kinds(paying)[str(refund)] is TransactionKind.REFUND
    assert kinds(read(source, container))[str(refund)] is TransactionKind.REFUND


# Credit that nothing explains --------------------------------------------------------------------


def test_credit_that_was_only_typed_in_is_held_with_its_numbers(
    company: Company, source: WhmcsSource
) -> None:
    """UpdateInvoice can set `credit`; no balance was used for it."""
    number = company.invoice(3, "100.00", date="2026-09-01")
    company.do("edit_invoice", invoice=number, fields={"credit": "50.00"})
    company.do("pay", invoice=number, date="2026-09-02", transid="t")
    invoice = read(source, number)
    assert reasons(invoice) == [Reason.CREDIT_UNMAPPED]
    assert "50.00 GBP" in invoice.holds[0].what
    assert "balance 0" in invoice.holds[0].what


def test_credit_that_cannot_be_checked_is_held_with_the_permission_to_give(
    company: Company,
) -> None:
    company.box.switch(allowed_actions=NO_CREDITS)
    with company.open() as source:
        invoice = read(source, company.case("half_credit"))
        assert reasons(invoice) == [Reason.CREDIT_UNMAPPED]
        assert "GetCredits" in invoice.holds[0].remedy
        assert read(source, company.case("mass_pay_first")).holds == ()


def test_a_missing_permission_is_said_before_anybody_asks_for_the_balance(
    company: Company,
) -> None:
    """Whoever finds neither a hold nor mass payments on an invoice with credit may ask for it."""
    company.box.switch(allowed_actions=NO_CREDITS)
    rows = company.box.rows("SELECT id FROM tblinvoices")
    with company.open() as source:
        for invoice in source.invoices([invoice_ref(row["id"]) for row in rows]):
            assert isinstance(invoice, Invoice)
            if invoice.credit:
                assert bool(invoice.holds) is not bool(invoice.containers)


def test_an_unpaid_invoice_with_some_credit_is_proved_too(
    company: Company, source: WhmcsSource
) -> None:
    company.do("add_funds", client=3, amount="30.00", date="2026-09-01", transid="f")
    number = company.invoice(3, "100.00", date="2026-09-02")
    company.do("apply_credit", invoice=number, amount="30.00", date="2026-09-03")
    invoice = read(source, number)
    assert (invoice.state, invoice.credit, invoice.holds) == (InvoiceState.OPEN, gbp("30"), ())


# WHMCS 9 -----------------------------------------------------------------------------------------


@pytest.fixture
def nine(tmp_path: Path) -> Iterator[Company]:
    with sandbox(tmp_path, switches={"version": "9.0.1", "adjustment_rows": "typed"}) as box:
        yield Company(box)


@pytest.mark.parametrize("rows", ["typed", "plain", "hidden"])
@pytest.mark.parametrize("part", ["0", "40.00"])
def test_a_note_for_money_that_never_came_is_no_use_of_the_balance(
    nine: Company, rows: str, part: str
) -> None:
    """Marked paid with a balance due: 9.x writes a credit note, which lowers the price."""
    nine.box.switch(adjustment_rows=rows, credit_texts="none")
    nine.do("add_funds", client=3, amount="500.00", date="2026-09-01", transid="f")
    number = nine.invoice(3, "100.00", date="2026-09-02")
    if part != "0":
        nine.do("apply_credit", invoice=number, amount=part, date="2026-09-03")
    nine.do("mark_paid", invoice=number, date="2026-09-04")
    with nine.open() as source:
        invoice = read(source, number)
    assert reasons(invoice) == [Reason.CREDIT_UNMAPPED]
    assert "120.00 GBP" in invoice.holds[0].what


def test_a_credit_field_that_disagrees_with_the_notes_is_held_with_both(nine: Company) -> None:
    nine.do("add_funds", client=3, amount="60.00", date="2026-09-01", transid="f")
    number = nine.invoice(3, "100.00", date="2026-09-02")
    nine.do("apply_credit", invoice=number, amount="60.00", date="2026-09-03")
    nine.do("pay", invoice=number, date="2026-09-04", transid="t")
    nine.write("UPDATE tblinvoices SET credit = '50.00' WHERE id = ?", number)
    with nine.open() as source:
        invoice = read(source, number)
    assert reasons(invoice) == [Reason.TOTAL_MISMATCH]
    assert "50.00" in invoice.holds[0].what
    assert "60.00" in invoice.holds[0].what


def test_a_note_of_another_kind_is_held(nine: Company) -> None:
    number = nine.invoice(3, "100.00", date="2026-09-02")
    nine.do("pay", invoice=number, date="2026-09-04", transid="t")
    row = nine.do("record_money", client=3, invoice=number, amount_out="5.00", date="2026-09-05")
    nine.write("UPDATE tblaccounts SET billingnoteid = 9, type = ? WHERE id = ?",
               "invoice_billing_adjustment_debit", row)  # fmt: skip
    with nine.open() as source:
        invoice = read(source, number)
    assert kinds(invoice)[str(row)] is TransactionKind.ADJUSTMENT
    assert reasons(invoice) == [Reason.CREDIT_UNMAPPED]
    assert "invoice_billing_adjustment_debit" in invoice.holds[0].what


def test_an_invoice_that_eight_marked_paid_is_only_short(company: Company) -> None:
    """After the update its row without gateway and reference still says what it was."""
    company.box.switch(version="9.0.1")
    with company.open() as source:
        for case in ("mark_paid_empty", "mark_paid_amount"):
            invoice = read(source, company.case(case))
            assert (invoice.holds, invoice.credit) == ((), gbp("0.00"))


# Refunds -----------------------------------------------------------------------------------------


def paid(company: Company, client: int = 3) -> tuple[int, int]:
    number = company.invoice(client, "100.00", date="2026-09-01")
    return number, company.do("pay", invoice=number, date="2026-09-02", transid=f"t{number}")


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("credit", TransactionKind.TO_BALANCE),
        ("hand", TransactionKind.REFUND),
        ("gateway", TransactionKind.REFUND),
    ],
)
@pytest.mark.parametrize("texts", ["numbered", "none"])
def test_a_refund_is_to_the_balance_only_if_the_balance_shows_it(
    company: Company, source: WhmcsSource, way: str, kind: TransactionKind, texts: str
) -> None:
    company.box.switch(credit_texts=texts)
    number, payment = paid(company)
    row = company.do("refund", transaction=payment, amount="30.00", to=way, date="2026-09-20")
    assert kinds(read(source, number))[str(row)] is kind


def test_a_refund_to_the_balance_is_one_in_the_list_of_a_clients_money_too(
    company: Company, source: WhmcsSource
) -> None:
    invoice = read(source, company.case("refund_to_credit"))
    [row] = [one for one in invoice.transactions if one.kind is TransactionKind.TO_BALANCE]
    everything: dict[str, Transaction] = {
        one.id: one for one in source.transactions([client_ref(42)])
    }
    assert everything[row.id] == row


def test_the_balance_is_read_for_refunds_without_a_reference_alone(
    company: Company, source: WhmcsSource
) -> None:
    for case in ("full_refund", "several_refunds", "overpaid", "part_refund"):
        read(source, company.case(case))
    assert "GetCredits" not in company.calls()
    read(source, company.case("refund_by_hand"))
    assert "GetCredits" in company.calls()


def test_an_excess_of_the_same_amount_is_no_refund_to_the_balance(
    company: Company, source: WhmcsSource
) -> None:
    """That the excess became credit is documented; the refund by hand is left without a cause."""
    company.box.switch(credit_texts="none")
    over = company.invoice(3, "100.00", date="2026-09-01")
    company.do("pay", invoice=over, amount="150.00", date="2026-09-20", transid="o")
    number, payment = paid(company)
    row = company.do("refund", transaction=payment, amount="30.00", to="hand", date="2026-09-20")
    assert kinds(read(source, number))[str(row)] is TransactionKind.REFUND


def test_refunds_alike_of_which_one_went_to_the_balance_are_held(
    company: Company, source: WhmcsSource
) -> None:
    company.box.switch(credit_texts="none")
    numbers = []
    for way in ("credit", "hand"):
        number, payment = paid(company)
        numbers.append(number)
        company.do("refund", transaction=payment, amount="30.00", to=way, date="2026-09-20")
    for number in numbers:
        invoice = read(source, number)
        assert reasons(invoice) == [Reason.REFUND_TO_BALANCE]
        assert TransactionKind.TO_BALANCE not in kinds(invoice).values()


def test_a_refund_is_not_guessed_at_where_the_balance_cannot_be_read(company: Company) -> None:
    company.box.switch(allowed_actions=NO_CREDITS)
    with company.open() as source:
        for case in ("refund_to_credit", "refund_by_hand"):
            invoice = read(source, company.case(case))
            assert reasons(invoice) == [Reason.REFUND_TO_BALANCE]
            assert "GetCredits" in invoice.holds[0].what
            assert "GetCredits" in invoice.holds[0].remedy
        assert list(source.transactions([client_ref(42)]))


def test_several_refunds_of_one_payment_come_in_order(
    company: Company, source: WhmcsSource
) -> None:
    invoice = read(source, company.case("several_refunds"))
    out = [row.money_out for row in invoice.transactions if row.kind is TransactionKind.REFUND]
    assert out == [gbp("30.00"), gbp("40.00"), gbp("49.99")]
    assert total(out, "GBP") == invoice.gross


def test_a_refund_that_stands_on_another_invoice_is_on_that_of_its_payment(
    company: Company, source: WhmcsSource
) -> None:
    own = read(source, company.case("refund_elsewhere"))
    assert TransactionKind.REFUND in kinds(own).values()
    other = read(source, company.case("double_charge"))
    assert set(kinds(other).values()) == {TransactionKind.PAYMENT}


def test_tax_that_was_rounded_line_by_line_is_kept_as_stored(
    company: Company, source: WhmcsSource
) -> None:
    """2.49 at once would be 2.08 and 0.41."""
    invoice = read(source, company.case("promo_by_line"))
    assert (invoice.net, invoice.tax, invoice.prices) == (gbp("2.07"), gbp("0.42"), "inclusive")


# While a run goes on -----------------------------------------------------------------------------


def test_a_refund_to_the_balance_made_during_a_run_is_seen_as_one(
    company: Company, source: WhmcsSource
) -> None:
    """The client's balance was read before, without it: that proves nothing about later."""
    number, payment = paid(company, 42)
    assert list(source.balances([client_ref(42)]))
    row = company.do("refund", transaction=payment, amount="31.00", to="credit", date="2026-09-20")
    assert kinds(read(source, number))[str(row)] is TransactionKind.TO_BALANCE


def test_a_mass_payment_made_during_a_run_explains_its_targets(
    company: Company, source: WhmcsSource
) -> None:
    read(source, company.case("mass_pay_first"))
    first, *_ = mass_payment(company, 41, "100.00", "10.00", transid="m")
    invoice = read(source, first)
    assert (invoice.holds, shares(invoice)) == ((), gbp("120.00"))


def test_balance_used_during_a_run_explains_the_credit(
    company: Company, source: WhmcsSource
) -> None:
    read(source, company.case("half_credit"))
    number = company.invoice(41, "50.00", date="2026-10-20")
    company.do("apply_credit", invoice=number, date="2026-10-20")
    invoice = read(source, number)
    assert (invoice.holds, used(source, invoice)) == ((), gbp("60.00"))


def test_a_hold_that_nothing_older_can_clear_costs_no_second_reading(
    company: Company, source: WhmcsSource
) -> None:
    number = company.invoice(3, "100.00", date="2026-09-01")
    company.do("edit_invoice", invoice=number, fields={"credit": "50.00"})
    company.do("pay", invoice=number, date="2026-09-02", transid="t")
    company.calls()
    assert reasons(read(source, number)) == [Reason.CREDIT_UNMAPPED]
    assert company.calls().count("GetCredits") == 1
