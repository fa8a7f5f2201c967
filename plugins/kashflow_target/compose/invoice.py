"""From a sale or a credit note to a KashFlow invoice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bridge.api import (
    ConfigError,
    CreditNote,
    Hold,
    Json,
    Kind,
    LineKind,
    Money,
    Payload,
    Problem,
    Reason,
    Rule,
    Sale,
    SaleLine,
    TargetLine,
    total,
)
from kashflow_target.account.reference_data import Currency
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.field_text import flat, one_line
from kashflow_target.settings.names import AccountItem
from kashflow_target.vat.countries import country_name
from kashflow_target.vat.rules import NOT_APPLICABLE, decide_vat, percent, untaxed_discount

# KashFlow keeps two decimals of a rate (KashFlow for WooCommerce, commit 0bdbe68).
_PLACES = 2


@dataclass(frozen=True, slots=True)
class _Line:
    """A line. `apart` is what it bears of another state's VAT, which goes on a line of its own."""

    body: dict[str, Json]
    shown: TargetLine
    rules: tuple[Rule, ...]
    apart: Money


def plain(number: Decimal) -> str:
    """A decimal as XML takes it: no exponent, no needless noughts."""
    return f"{number.normalize():f}"


def compose_invoice(sale: Sale, books: ResolvedAccount) -> Payload | Hold:
    """The invoice that stands for `sale`, without its customer.

    Each line is one unit at the line's net amount, with the tax that the source charged: KashFlow
    keeps two decimals of a unit price and takes a line's VAT as it is sent (KashFlow manual,
    Invoice and InvoiceLine).

    Raises:
        ConfigError: tax was charged and the account is not registered for VAT. It holds for
            every invoice, so the run stops.
    """
    return _document(sale, books, Kind.INVOICE, "")


def compose_credit_note(note: CreditNote, books: ResolvedAccount) -> Payload | Hold:
    """A credit note: an invoice below zero (KashFlow manual), naming the invoice it credits.

    Rate and VatAmount carry the sign, the quantity stays 1. Raises as `compose_invoice`.
    """
    return _document(note.sale, books, Kind.CREDIT_NOTE, credit_prefix(note.original_number))


def credit_prefix(number: str) -> str:
    """What the first line of a credit note says before its own text."""
    return f"Credit for invoice {number}: "


def _document(sale: Sale, books: ResolvedAccount, kind: Kind, prefix: str) -> Payload | Hold:
    _stop_unregistered(sale, books)
    currency = books.currency(sale.currency)
    if isinstance(currency, Hold):
        return currency
    rate = _exchange_rate(sale, books, currency)
    if isinstance(rate, Hold):
        return rate
    lines = _lines(sale, books, prefix)
    if isinstance(lines, Hold):
        return lines
    reference = one_line(str(sale.reference))
    body: dict[str, Json] = {
        "InvoiceDate": sale.date.isoformat(),
        "DueDate": (sale.due or sale.date).isoformat(),
        "CustomerReference": reference,
        "CurrencyCode": sale.currency,
        "ExchangeRate": rate.value,
        "Lines": [line.body for line in lines],
    }
    return Payload(
        kind=kind,
        body=body,
        reference=reference,
        date=sale.date,
        net=total((line.shown.net for line in lines), sale.currency),
        tax=total((line.shown.tax for line in lines), sale.currency),
        rules=(rate, *(rule for line in lines for rule in line.rules)),
        lines=tuple(line.shown for line in lines),
    )


def _stop_unregistered(sale: Sale, books: ResolvedAccount) -> None:
    if books.vat.registered or not sale.tax:
        return
    problem = Problem(
        f"{sale.reference} bears tax of {sale.tax}, and the KashFlow account is not registered for"
        " VAT",
        remedy="register the account for VAT in KashFlow under Settings, VAT, or stop charging tax"
        " in the source",
        key="target",
    )
    raise ConfigError([problem])


def _exchange_rate(sale: Sale, books: ResolvedAccount, currency: Currency) -> Rule | Hold:
    """Units of the invoice's currency for one of home (idea KF-I-3632), and where it is from."""
    if sale.currency == books.home:
        return Rule("exchange rate", "the invoice is in the home currency, so none applies", "1")
    own = sale.rate
    if books.source_rate and own is not None and own.base == books.home and own.units > 0:
        return Rule("exchange rate", f"invoice_rate source ({own.origin})", plain(own.units))
    if currency.rate <= 0:
        return Hold(
            Reason.CURRENCY_UNKNOWN,
            f"KashFlow's exchange rate of {sale.currency} is {plain(currency.rate)}",
            f"set the rate of {sale.currency} in KashFlow under Settings, Currencies",
        )
    why = "invoice_rate kashflow"
    if books.source_rate:
        why = "invoice_rate source, which gave none in the home currency: KashFlow's own"
    return Rule("exchange rate", why, plain(currency.rate))


def _lines(sale: Sale, books: ResolvedAccount, prefix: str) -> Sequence[_Line] | Hold:
    odd = _unbookable(sale) or untaxed_discount(sale.lines)
    if odd:
        return odd
    lines: list[_Line] = []
    for number, line in enumerate(sale.lines, start=1):
        made = _line(sale, line, number, books, prefix if number == 1 else "")
        if isinstance(made, Hold):
            return made
        lines.append(made)
    foreign = total((line.apart for line in lines), sale.currency)
    return [*lines, _foreign_vat(sale, foreign, len(lines) + 1, books)] if foreign else lines


def _foreign_vat(sale: Sale, tax: Money, number: int, books: ResolvedAccount) -> _Line:
    """Another state's VAT: owed to that state, so neither a sale nor UK VAT.

    N/A reaches no VAT report (KashFlow knowledge base, "0% and N/A VAT").
    """
    known = books.ledger.foreign_vat
    if known is None:
        msg = "a VAT rule keeps tax apart and no nominal is set for it"
        raise LookupError(msg)
    rates = {percent(line.tax_rate) for line in sale.lines if line.tax}
    description = f"VAT {'/'.join(sorted(rates))} %, {country_name(sale.client.country)}"
    none = Money.zero(sale.currency)
    sent = TargetLine(description, tax, none)  # KashFlow takes it as net; `as_line` reads it as tax
    return _Line(
        _body(sent, known, NOT_APPLICABLE, number) | _in_currency(sale, books),
        TargetLine(description, none, tax),
        (Rule(f"line {number}", "eu_consumer_vat.nominal", str(known)),),
        none,
    )


def _unbookable(sale: Sale) -> Hold | None:
    """What is no line of a sale, or finer than KashFlow keeps."""
    if not sale.lines:
        return Hold(Reason.TOTAL_MISMATCH, "it has no lines", "look at it in the source")
    for line in sale.lines:
        if line.kind is LineKind.PREPAYMENT:
            return Hold(
                Reason.PREPAYMENT_UNMAPPED,
                f"a line puts {line.net} on the client's balance, which is no sale",
                "split the invoice in the source, or book it by hand",
            )
        if line.kind is LineKind.SETTLEMENT:
            return Hold(
                Reason.MASS_PAY_CONTAINER,
                f"a line of {line.net} pays another invoice, which is no sale",
                "book the payment by hand on the invoice that it pays",
            )
        fine = next((a for a in (line.net, line.tax) if round(a.amount, _PLACES) != a.amount), None)
        if fine is not None:
            return Hold(
                Reason.TOTAL_MISMATCH,
                f"a line holds {fine}, and KashFlow keeps two decimals",
                "book it by hand",
            )
    return None


def _line(
    sale: Sale, line: SaleLine, number: int, books: ResolvedAccount, prefix: str
) -> _Line | Hold:
    about = f"line {number}"
    vat = decide_vat(sale.client, line, sale.date, books.vat, about)
    if isinstance(vat, Hold):
        return vat
    nominal = _nominal(line, about, books)
    if isinstance(nominal, Hold):
        return nominal
    known, rule = nominal
    description = flat(prefix + line.description)
    none = Money.zero(sale.currency)
    tax, apart = (none, line.tax) if vat.foreign else (line.tax, none)
    shown = TargetLine(description, line.net, tax)
    body = _body(shown, known, vat.rate, number) | _in_currency(sale, books)
    return _Line(body, shown, (rule, vat.rule), apart)


def _body(
    line: TargetLine, nominal: AccountItem, vat_rate: Decimal, number: int
) -> dict[str, Json]:
    return {
        "Quantity": "1",
        "Description": line.description,
        "Rate": str(line.net.amount),
        "ChargeType": nominal.id,
        "VatRate": plain(vat_rate),
        "VatAmount": str(line.tax.amount),
        "Sort": number,
    }


def _in_currency(sale: Sale, books: ResolvedAccount) -> dict[str, Json]:
    """Without it amounts would be read as home currency and converted (KashFlow manual)."""
    return {} if sale.currency == books.home else {"ValuesInCurrency": 1}


def _nominal(line: SaleLine, about: str, books: ResolvedAccount) -> tuple[AccountItem, Rule] | Hold:
    """The most specific rule wins: product, group, type, default."""
    to = books.nominals
    if _stands_alone(line):
        return _discount(line, about, to.discounts)
    for known, rule in (
        (to.products.get(line.product.casefold()), f"nominals.products.{line.product}"),
        (to.groups.get(line.product_group.casefold()), f"nominals.groups.{line.product_group}"),
        (to.types.get(line.type), f"nominals.types.{line.type}"),
    ):
        if known is not None:
            return known, Rule(about, rule, str(known))
    if line.kind is LineKind.UNKNOWN:
        return Hold(
            Reason.LINE_TYPE_UNKNOWN,
            f"{about} is of the type {line.type!r}, which nobody has said how to book",
            f"add under target.nominals.types: `{line.type}: {to.default.name}`",
        )
    return to.default, Rule(about, "nominals.default", str(to.default))


def _stands_alone(line: SaleLine) -> bool:
    """A discount that reduces no one line."""
    return line.kind is LineKind.DISCOUNT and not line.reduces


def _discount(
    line: SaleLine, about: str, discounts: AccountItem | None
) -> tuple[AccountItem, Rule] | Hold:
    if discounts is None:
        return Hold(
            Reason.NOMINAL_MISSING,
            f"{about}, {line.net}, is a discount on no one line",
            "say where such discounts go: `discounts: ...` under target.nominals",
        )
    return discounts, Rule(about, "nominals.discounts", str(discounts))
