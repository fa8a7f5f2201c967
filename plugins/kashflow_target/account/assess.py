"""Whether what the source uses is mapped: the lines of `bridge validate-config --live`. Pure."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from bridge.api import Finding, Level, Survey
from kashflow_target.account.ledger import Ledger
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.settings.names import AccountItem
from kashflow_target.vat.rules import percent


def assess(survey: Survey, books: ResolvedAccount) -> Iterator[Finding]:
    """One finding a currency, gateway, line type, tax rate, and place of money without a sale."""
    yield from _currencies(survey, books)
    yield from _gateways(survey, books)
    yield from _nominals(survey, books)
    yield from _rates(survey, books)
    yield from _movements(books.ledger)


def _currencies(survey: Survey, books: ResolvedAccount) -> Iterator[Finding]:
    for code in survey.currencies:
        subject = f"currency {code}"
        currency = books.currencies.get(code)
        if currency is None:
            yield Finding(
                Level.WARNING,
                subject,
                "KashFlow does not have it: invoices in it are held",
                f"add {code} in KashFlow under Settings, Currencies",
            )
        elif code != books.home and currency.rate <= 0:
            yield Finding(
                Level.WARNING,
                subject,
                "KashFlow has no exchange rate for it",
                f"set the rate of {code} in KashFlow under Settings, Currencies",
            )
        else:
            yield Finding(Level.OK, subject, f"matched by code to KashFlow's id {currency.id}")
    if books.source_rate and survey.base_currency != books.home:
        yield Finding(
            Level.WARNING,
            "invoice_rate",
            f"the source's rates are relative to {survey.base_currency} and KashFlow's home"
            f" currency is {books.home}: KashFlow's own rates are used",
            "write `invoice_rate: kashflow` under target",
        )


def _gateways(survey: Survey, books: ResolvedAccount) -> Iterator[Finding]:
    for gateway, called in survey.gateways.items():
        subject = f"gateway {gateway}"
        named = "" if called == gateway else f"{called}: "
        if gateway not in books.gateways:
            yield Finding(
                Level.WARNING,
                subject,
                f"{named}not mapped: invoices paid through it are held",
                f"add `{gateway}: {{method: ..., account: ...}}` or `{gateway}: bank_feed` under"
                " target.gateways",
            )
            continue
        mapped = books.gateways[gateway]
        said = "a bank feed brings its payments" if mapped is None else f"{mapped.method} on "
        if mapped is not None:
            said += ", ".join(
                [
                    str(mapped.account),
                    *(f"{each} for {c}" for c, each in mapped.by_currency.items()),
                ]
            )
        yield Finding(Level.OK, subject, f"{named}{said}")
    for gateway in books.gateways:
        if gateway not in survey.gateways:
            yield Finding(
                Level.OK, f"gateway {gateway}", "mapped; the source does not list it as active"
            )


def _nominals(survey: Survey, books: ResolvedAccount) -> Iterator[Finding]:
    to = books.nominals
    yield Finding(Level.OK, "nominal of other lines", _shown(to.default, "nominals.default"))
    for line_type in survey.line_types:
        if line_type in to.types:
            said = _shown(to.types[line_type], f"nominals.types.{line_type}")
            yield Finding(Level.OK, f"line type {line_type}", said)
    if to.discounts is not None:
        said = _shown(to.discounts, "nominals.discounts")
        yield Finding(Level.OK, "nominal of discounts", said)
    else:
        yield Finding(
            Level.WARNING,
            "nominal of discounts",
            "not set: invoices with a discount on no one line are held",
            "say where they go: `discounts: ...` under target.nominals",
        )


def _shown(known: AccountItem, rule: str) -> str:
    return f"{known}, by {rule}"


def _rates(survey: Survey, books: ResolvedAccount) -> Iterator[Finding]:
    if not books.vat.registered:
        taxed = any(_rate(text) for text in survey.tax_rates)
        yield Finding(
            Level.ERROR if taxed else Level.WARNING,
            "VAT registration",
            "the KashFlow account is not registered for VAT"
            + (", and the source charges tax" if taxed else ""),
            "register the account for VAT in KashFlow under Settings, VAT, or stop charging tax in"
            " the source",
        )
    for text in survey.tax_rates:
        rate = _rate(text)
        if not rate:
            continue
        if rate in books.vat.account_rates:
            yield Finding(Level.OK, f"tax rate {percent(rate)} %", "KashFlow has it")
        else:
            yield Finding(
                Level.WARNING,
                f"tax rate {percent(rate)} %",
                "the KashFlow account does not have it: UK lines that bear it are held",
                "add the VAT rate in KashFlow if it is a UK rate",
            )


def _movements(ledger: Ledger) -> Iterator[Finding]:
    """What is decided, as it was found in the account; the rest is told with the decisions."""
    if ledger.balances:
        held = ledger.balances
        said = f"{held.account}, bank account and nominal in one; used by the method {held.method}"
        yield Finding(Level.OK, "client balances", f"{said}. {_VAT[held.vat]}")
    if ledger.fees_apart:
        yield Finding(Level.OK, "fees", "left to the gateways' own bills, booked by hand")
    for subject, known, what in (
        ("fees", ledger.fees, "taken out of the gateway's account"),
        ("exchange differences", ledger.differences, "on the account of the payment"),
        ("balances by hand", ledger.given, "bears what staff gave or took"),
        ("VAT of EU consumers", ledger.foreign_vat, "a line of its own outside the UK return"),
    ):
        if known is not None:
            yield Finding(Level.OK, subject, f"{known}, {what}")


_VAT = {
    "undecided": "What clients pay in advance is held: vat is undecided",
    "when_used": "What clients pay in advance comes in outside VAT",
    "on_receipt": "What clients pay in advance is held, with the VAT that you owe",
}


def _rate(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)
