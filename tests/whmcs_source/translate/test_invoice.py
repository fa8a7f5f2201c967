"""WHMCS's records become bridge's without a penny gained, lost or guessed."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from whmcs_source.api.reply_errors import OddAmountError, UnreadableReplyError, missing
from whmcs_source.api.wire_models import WireClient, WireInvoice, WireRow, WireTransaction, parse
from whmcs_source.translate.headers import header_of, row_fingerprint
from whmcs_source.translate.invoice import Product, client_of, invoice_of, line_kind
from whmcs_source.translate.transactions import (
    Installation,
    money,
    rows_of_invoice,
    strays_of,
    transaction_kind,
    transaction_of,
)

from bridge.api import (
    WHOLE_INVOICE,
    Invoice,
    InvoiceState,
    LineKind,
    Money,
    Prices,
    Reason,
    TransactionKind,
    client_ref,
    invoice_ref,
    money_fingerprint,
    total,
)

EIGHT = Installation("8.13.1", "GBP", {1: "GBP", 2: "EUR"})
NINE = Installation("9.0.1", "GBP", {1: "GBP", 2: "EUR"})


def a_transaction(**changes: Any) -> WireTransaction:
    raw = {
        "id": "900",
        "userid": "31",
        "currency": "0",
        "gateway": "stripe",
        "date": "2026-02-03 09:12:44",
        "description": "Invoice Payment",
        "amountin": "120.00",
        "fees": "2.05",
        "amountout": "0.00",
        "rate": "1.00000",
        "transid": "txn_A1",
        "invoiceid": "501",
        "refundid": "0",
    }
    return parse(WireTransaction, raw | changes, "a transaction")


def a_line(**changes: Any) -> dict[str, Any]:
    raw = {
        "id": 3001,
        "type": "Hosting",
        "relid": 410,
        "description": "Web S",
        "amount": "100.00",
        "taxed": 1,
    }
    return raw | changes


def a_wire(*lines: dict[str, Any], **changes: Any) -> WireInvoice:
    raw = {
        "invoiceid": 501,
        "invoicenum": "F2026-77",
        "userid": 31,
        "date": "2026-01-28",
        "duedate": "2026-02-10",
        "datepaid": "2026-02-03 09:12:44",
        "subtotal": "100.00",
        "credit": "0.00",
        "tax": "20.00",
        "tax2": "0.00",
        "total": "120.00",
        "taxrate": "20.000",
        "taxrate2": "0.000",
        "status": "Paid",
        "paymentmethod": "stripe",
        "items": list(lines or [a_line()]),
    }
    return parse(WireInvoice, raw | changes, "invoice 501")


def translated(wire: WireInvoice, *rows: WireTransaction, books: Installation = EIGHT) -> Invoice:
    products = {410: Product("Web S", "Web Hosting")}
    return invoice_of(wire, "GBP", books, rows=rows, products=products)


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


# States ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Draft", InvoiceState.DRAFT),
        ("Unpaid", InvoiceState.OPEN),
        ("Payment Pending", InvoiceState.OPEN),
        ("Paid", InvoiceState.PAID),
        ("Cancelled", InvoiceState.CANCELLED),
        ("Refunded", InvoiceState.REFUNDED),
        ("Collections", InvoiceState.REVERSED),
    ],
)
def test_each_status_has_its_state(status: str, state: InvoiceState) -> None:
    invoice = translated(a_wire(status=status))
    assert (invoice.state, invoice.status) == (state, status)


@pytest.mark.parametrize("status", ["Overdue", "paid", "Written Off"])
def test_a_status_that_whmcs_does_not_document_is_not_guessed(status: str) -> None:
    with pytest.raises(UnreadableReplyError, match=status):
        translated(a_wire(status=status))


def test_a_day_of_payment_counts_only_where_money_was_paid() -> None:
    """An invoice that was set back to unpaid keeps the old day in WHMCS."""
    assert translated(a_wire()).paid_on == dt.date(2026, 2, 3)
    assert translated(a_wire(status="Unpaid")).paid_on is None
    assert translated(a_wire(datepaid="0000-00-00 00:00:00")).paid_on is None


def test_the_number_is_the_id_where_there_is_none() -> None:
    assert translated(a_wire()).number == "F2026-77"
    assert translated(a_wire(invoicenum=" ")).number == "501"


# Lines -----------------------------------------------------------------------------------------

SOLD = (
    "Hosting",
    "Addon",
    "Domain",
    "DomainRegister",
    "DomainTransfer",
    "Setup",
    "Upgrade",
    "Item",
    "",
    "Merge",
)


@pytest.mark.parametrize("type_", SOLD)
def test_what_is_sold_is_a_sale_and_negative_a_discount(type_: str) -> None:
    assert line_kind(type_, Decimal("1.00")) is LineKind.SALE
    assert line_kind(type_, Decimal("-1.00")) is LineKind.DISCOUNT


@pytest.mark.parametrize(
    ("type_", "amount", "kind"),
    [
        ("PromoHosting", "-2.47", LineKind.DISCOUNT),
        ("PromoDomain", "-2.47", LineKind.DISCOUNT),
        ("GroupDiscount", "-2.47", LineKind.DISCOUNT),
        ("PromoHosting", "2.47", LineKind.UNKNOWN),
        ("LateFee", "5.00", LineKind.LATE_FEE),
        ("AddFunds", "200.00", LineKind.PREPAYMENT),
        ("Invoice", "121.00", LineKind.SETTLEMENT),
        ("ModuleOfAnAddOn", "9.00", LineKind.UNKNOWN),
        ("hosting", "9.00", LineKind.UNKNOWN),
    ],
)
def test_each_other_line_type_has_its_kind(type_: str, amount: str, kind: LineKind) -> None:
    assert line_kind(type_, Decimal(amount)) is kind


def test_a_promotion_is_tied_to_the_line_it_reduces_and_to_no_other() -> None:
    """Service 12 and domain 12 are different things with one number."""
    invoice = translated(
        a_wire(
            a_line(id=1, type="Domain", relid=12, amount="10.00"),
            a_line(id=2, type="Hosting", relid=12, amount="100.00"),
            a_line(id=3, type="PromoHosting", relid=12, amount="-10.00"),
            a_line(id=4, type="PromoDomain", relid=12, amount="-1.00"),
        )
    )
    domain, hosting, promo_hosting, promo_domain = (line.related for line in invoice.lines)
    assert promo_hosting == hosting != domain == promo_domain


@pytest.mark.parametrize(
    ("line", "related"),
    [
        (a_line(type="GroupDiscount", relid=0, amount="-1.00"), WHOLE_INVOICE),
        (a_line(type="Invoice", relid=601, amount="121.00"), "601"),
        (a_line(type="Upgrade", relid=410, amount="-1.00"), ""),
        (a_line(type="", relid=0, amount="-1.00"), ""),
        (a_line(type="LateFee", relid=77, amount="5.00"), ""),
    ],
)
def test_what_a_line_is_related_to(line: dict[str, Any], related: str) -> None:
    assert translated(a_wire(line)).lines[0].related == related


def test_a_service_line_has_its_product() -> None:
    hosting, domain = translated(
        a_wire(a_line(), a_line(id=2, type="Domain", relid=410, amount="0.00"))
    ).lines
    assert (hosting.product, hosting.product_group) == ("Web S", "Web Hosting")
    assert (domain.product, domain.product_group) == ("", "")


# Totals ----------------------------------------------------------------------------------------


def test_gross_is_net_and_taxes_whatever_total_says() -> None:
    """Paid by credit, WHMCS 8 shows a total of zero for 120 of turnover."""
    invoice = translated(a_wire(total="0.00", credit="120.00"))
    assert invoice.gross == gbp("120.00")
    assert invoice.credit == gbp("120.00")
    assert not invoice.holds


@pytest.mark.parametrize(
    ("books", "total", "credit", "fits"),
    [
        (EIGHT, "120.00", "0.00", True),
        (EIGHT, "70.00", "50.00", True),
        (EIGHT, "120.00", "50.00", False),
        (EIGHT, "119.99", "0.00", False),
        (NINE, "120.00", "0.00", True),
        (NINE, "120.00", "50.00", True),
        (NINE, "70.00", "50.00", True),
        (NINE, "70.00", "0.00", False),
    ],
)
def test_figures_that_fit_no_version_are_held(
    books: Installation, total: str, credit: str, fits: bool
) -> None:
    """WHMCS 9 also keeps invoices from before the update, as WHMCS 8 left them."""
    holds = translated(a_wire(total=total, credit=credit), books=books).holds
    assert [hold.reason for hold in holds] == ([] if fits else [Reason.TOTAL_MISMATCH])
    assert all(total in hold.what for hold in holds)


@pytest.mark.parametrize(
    ("lines", "figures", "prices"),
    [
        (["100.00"], ("100.00", "20.00"), Prices.EXCLUSIVE),
        (["120.00"], ("100.00", "20.00"), Prices.INCLUSIVE),
        (["100.00"], ("100.00", "0.00"), Prices.EXCLUSIVE),
        (["4.94", "-2.47"], ("2.07", "0.40"), Prices.INCLUSIVE),
        (["110.00"], ("100.00", "20.00"), None),
    ],
)
def test_prices_are_told_by_arithmetic(
    lines: list[str], figures: tuple[str, str], prices: Prices | None
) -> None:
    net, tax = figures
    items = [a_line(id=n, amount=amount) for n, amount in enumerate(lines, 1)]
    gross = str(Decimal(net) + Decimal(tax))
    invoice = translated(a_wire(*items, subtotal=net, tax=tax, total=gross))
    if prices is None:
        assert [hold.reason for hold in invoice.holds] == [Reason.TOTAL_MISMATCH]
        assert "110.00" in invoice.holds[0].what
    else:
        assert invoice.prices is prices
        assert not invoice.holds


CENTS = st.integers(-1_000_000, 1_000_000)


@given(
    st.lists(CENTS, min_size=1, max_size=12),
    CENTS,
    CENTS,
    CENTS,
    st.booleans(),
    st.sampled_from([EIGHT, NINE]),
)
def test_every_sum_survives_translation(
    cents: list[int], tax: int, tax2: int, credit: int, inclusive: bool, books: Installation
) -> None:
    """Lines, net, taxes and credit come out as they went in, and nothing is held for them."""
    net = sum(cents) - (tax + tax2 if inclusive else 0)
    gross = net + tax + tax2
    wire = a_wire(
        *(a_line(id=n, type="", amount=_text(amount)) for n, amount in enumerate(cents, 1)),
        subtotal=_text(net),
        tax=_text(tax),
        tax2=_text(tax2),
        credit=_text(credit),
        total=_text(gross if books is NINE else gross - credit),
    )
    invoice = translated(wire, books=books)
    assert not invoice.holds
    assert invoice.gross.minor_units() == gross
    assert invoice.credit.minor_units() == credit
    lines = total((line.amount for line in invoice.lines), "GBP")
    expected = invoice.gross if invoice.prices is Prices.INCLUSIVE else invoice.net
    assert lines == expected


@given(st.lists(CENTS, min_size=1, max_size=6), CENTS, st.integers(1, 50))
def test_one_cent_wrong_is_always_held(cents: list[int], tax: int, off: int) -> None:
    net = sum(cents)
    wire = a_wire(
        *(a_line(id=n, type="", amount=_text(amount)) for n, amount in enumerate(cents, 1)),
        subtotal=_text(net),
        tax=_text(tax),
        total=_text(net + tax + off),
    )
    assert [hold.reason for hold in translated(wire).holds] == [Reason.TOTAL_MISMATCH]


def _text(cents: int) -> str:
    return str(Decimal(cents).scaleb(-2))


def test_an_amount_with_more_places_than_its_currency_is_not_rounded() -> None:
    with pytest.raises(UnreadableReplyError, match="JPY"):
        invoice_of(a_wire(a_line(amount="0.50")), "JPY", EIGHT, rows=(), products={})


def test_what_no_reading_mends_is_held_with_the_amount_and_what_to_do() -> None:
    """It would be tried again for ever; what is only missing from an answer may be there later."""
    with pytest.raises(OddAmountError) as caught:
        money(Decimal("1.41"), "JPY", "transaction 905")
    answer = missing(invoice_ref(501), caught.value)
    assert answer.hold
    assert answer.hold.reason is Reason.TOTAL_MISMATCH
    assert answer.hold.what == "transaction 905 shows 1.41 JPY, and JPY has no decimals"
    assert "bridge skip" in answer.hold.remedy
    with pytest.raises(OddAmountError) as caught:
        money(Decimal("1.00"), "BTX", "invoice 501")
    assert caught.value.reason is Reason.CURRENCY_UNKNOWN
    vague = UnreadableReplyError("it has no date", remedy="set it", record="transaction 905")
    assert missing(invoice_ref(501), vague).hold is None


def test_yen_in_two_places_are_yen() -> None:
    wire = a_wire(a_line(amount="12100.00"), subtotal="12100.00", tax="0.00", total="12100.00")
    invoice = invoice_of(wire, "JPY", EIGHT, rows=(), products={})
    assert invoice.gross == Money(Decimal(12100), "JPY")


# Money that moved --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, TransactionKind.PAYMENT),
        ({"amountin": "0.00", "transid": "", "gateway": ""}, TransactionKind.PAYMENT),
        ({"amountin": "0.00", "amountout": "30.00", "refundid": "890"}, TransactionKind.REFUND),
        ({"amountin": "0.00", "amountout": "30.00", "invoiceid": "0"}, TransactionKind.REFUND),
        ({"amountin": "0.00", "amountout": "120.00"}, TransactionKind.REVERSAL),
        (
            {"amountin": "0.00", "amountout": "9.00", "refundid": "8", "description": "Chargeback"},
            TransactionKind.REVERSAL,
        ),
        (
            {"amountin": "0.00", "amountout": "9.00", "description": "Payment Reversed"},
            TransactionKind.REVERSAL,
        ),
        ({"billingnoteid": "4"}, TransactionKind.ADJUSTMENT),
        ({"type": "invoice_billing_adjustment_credit"}, TransactionKind.ADJUSTMENT),
    ],
)
def test_each_row_is_what_its_fields_say(changes: dict[str, str], kind: TransactionKind) -> None:
    assert transaction_kind(a_transaction(**changes), EIGHT) is kind


def test_an_applied_credit_note_is_no_money_in_whmcs_9_alone() -> None:
    """In WHMCS 8 an administrator may have typed those words for a real payment."""
    row = a_transaction(gateway="", transid="", description="Applied Credit Note")
    assert transaction_kind(row, NINE) is TransactionKind.ADJUSTMENT
    assert transaction_kind(row, EIGHT) is TransactionKind.PAYMENT


def test_a_transaction_is_taken_over_whole() -> None:
    moved = transaction_of(a_transaction(), "GBP", EIGHT)
    assert (moved.id, moved.client, moved.invoice) == ("900", client_ref(31), invoice_ref(501))
    assert (moved.money_in, moved.money_out, moved.fee) == (gbp("120"), gbp("0"), gbp("2.05"))
    assert (moved.date, moved.gateway, moved.reference) == (dt.date(2026, 2, 3), "stripe", "txn_A1")


@pytest.mark.parametrize(
    ("rate", "currency", "known"),
    [
        ("1.00000", "GBP", Decimal(1)),
        ("1.17000", "EUR", Decimal("1.17")),
        ("1.00000", "EUR", None),
        ("0.00000", "EUR", None),
        ("", "GBP", None),
    ],
)
def test_a_rate_that_cannot_be_right_is_unknown(
    rate: str, currency: str, known: Decimal | None
) -> None:
    assert transaction_of(a_transaction(rate=rate), currency, EIGHT).rate == known


def test_money_both_ways_in_one_row_is_held() -> None:
    row = a_transaction(amountout="20.00")
    [hold] = translated(a_wire(), row).holds
    assert hold.reason is Reason.UNREADABLE
    assert "900" in hold.what


def test_a_transaction_without_a_date_is_named() -> None:
    with pytest.raises(UnreadableReplyError, match="no date") as caught:
        transaction_of(a_transaction(date="0000-00-00 00:00:00"), "GBP", EIGHT)
    assert caught.value.record == "transaction 900"


def test_a_refund_belongs_where_its_payment_stands() -> None:
    payment = a_transaction(id=900, invoiceid=501)
    elsewhere = a_transaction(id=905, invoiceid=502, refundid=900, amountin="0", amountout="30")
    nowhere = a_transaction(id=906, invoiceid=0, refundid=900, amountin="0", amountout="30")
    own = a_transaction(id=901, invoiceid=502)
    rows = [nowhere, elsewhere, own, payment]
    assert [row.id for row in rows_of_invoice(501, rows)] == [900, 905, 906]
    assert [row.id for row in rows_of_invoice(502, rows)] == [901]
    assert {row.id for row in strays_of(rows)} == {900, 905, 906}
    assert strays_of([payment, own]) == ()


def test_an_invoices_own_rows_and_the_strays_say_as_much_as_all_of_the_clients() -> None:
    payment = a_transaction(id=900, invoiceid=501)
    refund = a_transaction(id=905, invoiceid=502, refundid=900, amountin="0", amountout="30")
    own = a_transaction(id=901, invoiceid=502)
    every = [payment, refund, own]
    for number, shown in ((501, [payment]), (502, [refund, own])):
        some = {row.id: row for row in (*strays_of(every), *shown)}
        assert rows_of_invoice(number, some.values()) == rows_of_invoice(number, every)


def test_a_clients_rows_give_the_same_digest_as_the_invoices_own() -> None:
    """The deep scan finds a change by that, and only a change."""
    rows = [a_transaction(id=900), a_transaction(id=901, amountin="5.00")]
    other = a_transaction(id=902, invoiceid=502)
    invoice = translated(a_wire(), *rows)
    again = [transaction_of(row, "GBP", EIGHT) for row in rows_of_invoice(501, [other, *rows])]
    assert money_fingerprint(again) == invoice.money_fingerprint()


# Rows and clients --------------------------------------------------------------------------------


def a_row(**changes: Any) -> WireRow:
    raw = {
        "id": 501,
        "userid": 31,
        "firstname": "Ann",
        "date": "2026-01-28",
        "datepaid": "2026-02-03 09:12:44",
        "subtotal": "100.00",
        "credit": "20.00",
        "tax": "20.00",
        "tax2": "0.00",
        "total": "100.00",
        "status": "Paid",
        "currencycode": "GBP",
        "last_capture_attempt": "0000-00-00 00:00:00",
    }
    return parse(WireRow, raw | changes, "invoice 501")


def test_a_header_has_the_whole_gross() -> None:
    header = header_of(a_row(), "GBP")
    assert header.gross == gbp("120.00")
    assert (header.number, header.state) == ("501", InvoiceState.PAID)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Refunded"},
        {"total": "99.00"},
        {"credit": "21.00"},
        {"invoicenum": "F1"},
        {"date": "2026-01-29"},
        {"datepaid": "2026-02-04 00:00:00"},
        {"date_refunded": "2026-03-01 00:00:00"},
        {"userid": 32},
        {"currencycode": "EUR"},
        {"updated_at": "2026-03-01 10:00:00"},
    ],
)
def test_a_change_that_matters_changes_the_fingerprint(changes: dict[str, str]) -> None:
    assert row_fingerprint(a_row(**changes)) != row_fingerprint(a_row())


@pytest.mark.parametrize(
    "changes",
    [
        {"last_capture_attempt": "2026-03-01 10:00:00"},
        {"firstname": "Anna", "companyname": "Ann Ltd"},
        {"id": "501", "subtotal": "100.0"},
    ],
)
def test_what_is_no_change_of_the_invoice_leaves_the_fingerprint(changes: dict[str, str]) -> None:
    assert row_fingerprint(a_row(**changes)) == row_fingerprint(a_row())


def test_the_fingerprint_is_the_same_in_every_release() -> None:
    """A new one would mean that every invoice is read again."""
    assert row_fingerprint(a_row()) == "73594fcee26c2c0fa15d35dc06dc60b5"


def test_a_client_is_taken_over() -> None:
    raw = {
        "client_id": "31",
        "firstname": "Ann",
        "lastname": "O&#039;Neil",
        "companyname": "",
        "email": "ann@example.com",
        "address1": "1 High Street",
        "address2": "",
        "city": "Athens",
        "state": "Attica",
        "postcode": "10431",
        "countrycode": "gr",
        "tax_id": "EL094259216",
        "taxexempt": "on",
        "currency_code": "EUR",
        "credit": "12.50",
    }
    client = client_of(parse(WireClient, raw, "client 31"))
    assert (client.name, client.company, client.country) == ("Ann O'Neil", "", "GR")
    assert client.address == ("1 High Street",)
    assert (client.tax_number, client.tax_exempt) == ("EL094259216", True)
    assert client.balance == Money(Decimal("12.50"), "EUR")
