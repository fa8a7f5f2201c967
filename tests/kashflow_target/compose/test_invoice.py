"""From sales and credit notes to KashFlow invoices: exact, whole, and held where in doubt."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from kashflow_target.account.reference_data import AccountData
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.invoice import compose_credit_note, compose_invoice

from bridge.api import (
    ConfigError,
    Hold,
    LineKind,
    Money,
    Payload,
    Rate,
    Reason,
    Sale,
    SaleLine,
    rounded,
)
from bridge.testing.builders import (
    a_client,
    a_credit_note,
    a_sale,
    a_sale_line,
    eur,
    gbp,
    usd,
)

MakeBooks = Callable[..., ResolvedAccount]
MakeAccount = Callable[..., AccountData]
GERMAN = a_client(country="DE", tax_number="DE136695976", currency="EUR")


def composed(sale: Sale, books: ResolvedAccount) -> Payload:
    answer = compose_invoice(sale, books)
    assert isinstance(answer, Payload), answer
    return answer


def held(sale: Sale, books: ResolvedAccount) -> Hold:
    answer = compose_invoice(sale, books)
    assert isinstance(answer, Hold)
    assert answer.what
    assert answer.remedy
    return answer


def lines_of(payload: Payload) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = json.loads(json.dumps(payload.body["Lines"]))
    return lines


def euro_sale(rate: Rate | None = None, net: str = "100.00") -> Sale:
    line = a_sale_line(eur(net), tax_rate=Decimal(0))
    return a_sale(client=GERMAN, lines=[line], rate=rate)


def test_a_sale_becomes_the_invoice_that_kashflow_shows(make_books: MakeBooks) -> None:
    """Every field that is sent, as it is sent."""
    payload = composed(a_sale(due=dt.date(2026, 4, 29)), make_books())
    assert payload.body == {
        "InvoiceDate": "2026-04-15",
        "DueDate": "2026-04-29",
        "CustomerReference": "MEM-501 INV-2026-501",
        "CurrencyCode": "GBP",
        "ExchangeRate": "1",
        "Lines": [
            {
                "Quantity": "1",
                "Description": "Starter Hosting, one year",
                "Rate": "100.00",
                "ChargeType": 18685811,
                "VatRate": "20",
                "VatAmount": "20.00",
                "Sort": 1,
            }
        ],
    }
    assert (payload.net, payload.tax) == (gbp("100.00"), gbp("20.00"))
    assert payload.reference == "MEM-501 INV-2026-501"
    assert {(rule.about, rule.rule) for rule in payload.rules} == {
        ("exchange rate", "the invoice is in the home currency, so none applies"),
        ("line 1", "nominals.default"),
        ("line 1", "vat_rules uk row 1 (UK, UK rate)"),
    }


amounts = st.integers(min_value=-10_000_00, max_value=10_000_00)


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    """Sales in three currencies, with discounts, odd tax and odd text."""
    currency = draw(st.sampled_from(["GBP", "EUR", "USD"]))
    at_home = currency == "GBP"
    client = {"GBP": a_client(), "EUR": GERMAN, "USD": a_client(country="US", currency="USD")}
    lines = []
    for _ in range(draw(st.integers(1, 8))):
        net = Money.from_minor(draw(amounts), currency)
        rate = Decimal(draw(st.sampled_from([5, 20]))) if at_home else Decimal(0)
        spread_over = Money.from_minor(draw(st.integers(-1, 1)) if at_home else 0, currency)
        tax = rounded(net.amount * rate / 100, currency) + spread_over
        is_discount = draw(st.booleans())
        lines.append(
            a_sale_line(
                net,
                tax=tax,
                tax_rate=rate,
                kind=LineKind.DISCOUNT if is_discount else LineKind.SALE,
                description=draw(st.text(max_size=60)),
                type=draw(st.sampled_from(["Hosting", "Domain", "LateFee", ""])),
                product=draw(st.sampled_from(["", "Reseller Gold", "Other"])),
                reduces="Hosting" if is_discount and draw(st.booleans()) else "",
            )
        )
    rate_of = None if at_home else Rate("GBP", Decimal("1.16513"), "transaction 900")
    return a_sale(client=client[currency], lines=lines, rate=rate_of, number=draw(st.text()))


@given(sales())
def test_any_sale_keeps_its_figures_to_the_penny(make_books: MakeBooks, sale: Sale) -> None:
    """Line by line and in sum; composed twice it is the same, and JSON does it no harm."""
    books = make_books()
    payload = composed(sale, books)
    assert (payload.net, payload.tax) == (sale.net, sale.tax)
    sent = lines_of(payload)
    assert len(sent) == len(payload.lines) == len(sale.lines)
    for line, body, shown in zip(sale.lines, sent, payload.lines, strict=True):
        assert Decimal(body["Quantity"]) * Decimal(body["Rate"]) == line.net.amount
        assert Decimal(body["VatAmount"]) == line.tax.amount
        assert (shown.net, shown.tax) == (line.net, line.tax)
        assert ("ValuesInCurrency" in body) is (sale.currency != "GBP")
    assert compose_invoice(sale, books) == payload
    assert json.loads(json.dumps(payload.body)) == payload.body


@given(sales())
def test_no_word_of_a_description_is_lost(make_books: MakeBooks, sale: Sale) -> None:
    """Lines are joined and blanks run together; every character that XML can carry is there."""
    for line, shown in zip(sale.lines, composed(sale, make_books()).lines, strict=True):
        kept = set(line.description) - set("\x85\u2028\u2029")
        carried = {c for c in kept if c.isprintable() and not c.isspace()}
        assert carried - {"\ufffe", "\uffff"} <= set(shown.description)
        assert "\n" not in shown.description


@pytest.mark.parametrize(
    ("line", "nominal", "rule"),
    [
        ({"product": "Reseller Gold", "product_group": "Servers"}, 18685813, "products.Reseller"),
        ({"product": "reseller gold"}, 18685813, "nominals.products"),
        ({"product_group": "Servers", "type": "Domain"}, 18685814, "nominals.groups.Servers"),
        ({"type": "Domain"}, 18685812, "nominals.types.Domain"),
        ({"type": "LateFee", "kind": LineKind.LATE_FEE}, 18685816, "nominals.types.LateFee"),
        ({"type": "Hosting"}, 18685811, "nominals.default"),
        ({"type": "Domain", "kind": LineKind.DISCOUNT, "reduces": "Domain"}, 18685812, "Domain"),
        ({"type": "", "kind": LineKind.DISCOUNT}, 18685811, "nominals.discounts"),
    ],
)
def test_the_most_specific_nominal_wins(
    make_books: MakeBooks, line: dict[str, Any], nominal: int, rule: str
) -> None:
    """Product before group before type before default; a lone discount has its own."""
    payload = composed(a_sale(lines=[a_sale_line(**line)]), make_books())
    assert lines_of(payload)[0]["ChargeType"] == nominal
    [named] = [each for each in payload.rules if "nominals" in each.rule]
    assert rule in named.rule


def test_a_lone_discount_without_a_nominal_is_held(make_books: MakeBooks) -> None:
    books = make_books(nominals={"default": "Web Hosting"})
    discount = a_sale_line(gbp("-5.00"), kind=LineKind.DISCOUNT)
    answer = held(a_sale(lines=[a_sale_line(), discount]), books)
    assert answer.reason is Reason.NOMINAL_MISSING
    assert "discounts:" in answer.remedy


def test_an_unknown_line_type_is_held_and_not_default(make_books: MakeBooks) -> None:
    """Once it is mapped by its type, it is known."""
    odd = a_sale(lines=[a_sale_line(type="AddonX", kind=LineKind.UNKNOWN)])
    answer = held(odd, make_books())
    assert answer.reason is Reason.LINE_TYPE_UNKNOWN
    assert "AddonX: Web Hosting" in answer.remedy
    mapped = make_books(nominals={"default": "Web Hosting", "types": {"AddonX": "Resale"}})
    assert lines_of(composed(odd, mapped))[0]["ChargeType"] == 18685813


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (LineKind.PREPAYMENT, Reason.PREPAYMENT_UNMAPPED),
        (LineKind.SETTLEMENT, Reason.MASS_PAY_CONTAINER),
    ],
)
def test_what_is_no_sale_is_never_booked_as_one(
    make_books: MakeBooks, kind: LineKind, reason: Reason
) -> None:
    assert held(a_sale(lines=[a_sale_line(kind=kind)]), make_books()).reason is reason


def test_a_sale_without_lines_is_held(make_books: MakeBooks) -> None:
    sale = replace(a_sale(), lines=())
    assert held(sale, make_books()).reason is Reason.TOTAL_MISMATCH


def test_awkward_text_arrives_on_one_line(make_books: MakeBooks) -> None:
    line = a_sale_line(description="Zoë & Søn <b>\r\n  next\x0b\x00 line\u2028third 🚀")
    sale = replace(a_sale(lines=[line]), reference=replace(a_sale().reference, detail=" a \n b "))
    payload = composed(sale, make_books())
    assert payload.lines[0].description == "Zoë & Søn <b> / next line / third 🚀"
    assert payload.body["CustomerReference"] == payload.reference == "MEM-501 a b"


def test_an_invoice_without_a_due_day_is_due_at_once(make_books: MakeBooks) -> None:
    assert composed(a_sale(due=None), make_books()).body["DueDate"] == "2026-04-15"


def test_a_credit_note_is_an_invoice_below_zero(make_books: MakeBooks) -> None:
    """Rate and VatAmount carry the sign, and its text names what it credits."""
    note = a_credit_note(original_number="1042")
    answer = compose_credit_note(note, make_books())
    assert isinstance(answer, Payload)
    [line] = lines_of(answer)
    assert (line["Quantity"], line["Rate"], line["VatAmount"]) == ("1", "-25.00", "-5.00")
    assert line["Description"] == "Credit for invoice 1042: Refund"
    assert (answer.net, answer.tax) == (gbp("-25.00"), gbp("-5.00"))
    assert answer.reference == "MEM-R905"


def test_a_discount_that_bears_no_tax_holds_the_invoice(make_books: MakeBooks) -> None:
    discount = a_sale_line(gbp("-10.00"), tax_rate=Decimal(0), kind=LineKind.DISCOUNT)
    assert held(a_sale(lines=[a_sale_line(), discount]), make_books()).reason is (
        Reason.DISCOUNT_VAT
    )


def test_one_line_that_is_held_holds_the_invoice(make_books: MakeBooks) -> None:
    """Half an invoice is worse than none; the line is named."""
    lines: list[SaleLine] = [a_sale_line(), a_sale_line(tax_rate=Decimal("13.5"))]
    assert "line 2" in held(a_sale(lines=lines), make_books()).what


def test_dollars_are_booked_as_dollars(make_books: MakeBooks) -> None:
    client = a_client(country="US", currency="USD")
    line = a_sale_line(usd("19.99"), tax_rate=Decimal(0))
    payload = composed(a_sale(client=client, lines=[line]), make_books())
    assert (payload.body["CurrencyCode"], payload.net) == ("USD", usd("19.99"))


FRENCH = a_client(country="FR")
APART = {"eu_consumer_vat": {"nominal": "OSS VAT"}}


def test_foreign_vat_is_one_line_of_its_own_outside_vat(make_books: MakeBooks) -> None:
    """KashFlow is told no VAT at all, and what it shows still adds up to what was billed."""
    sold = [a_sale_line(gbp("100.00")), a_sale_line(gbp("0.12"), tax=gbp("0.03"))]
    sale = a_sale(client=FRENCH, lines=sold)
    payload = composed(sale, make_books(**APART))
    *sales, tax = lines_of(payload)
    assert [(one["Rate"], one["VatRate"], one["VatAmount"]) for one in sales] == [
        ("100.00", "0", "0.00"),
        ("0.12", "0", "0.00"),
    ]
    assert (tax["Rate"], tax["VatRate"], tax["VatAmount"]) == ("20.03", "-1", "0.00")
    assert (tax["ChargeType"], tax["Description"]) == (18685820, "VAT 20 %, France")
    assert (payload.net, payload.tax) == (sale.net, sale.tax)
    assert payload.lines[-1].tax == sale.tax
    assert "its tax on a line of its own" in payload.rules[2].value


def test_the_nominal_of_foreign_vat_is_no_nominal_of_sales(make_books: MakeBooks) -> None:
    """A line on it is read back as tax."""
    with pytest.raises(ConfigError, match="is the nominal of sales as well"):
        make_books(eu_consumer_vat={"nominal": "Servers"})
