"""The accounting questions that a person answers once in the settings."""

from collections.abc import Sequence

from bridge.api import Decision

_ALL = (
    Decision(
        "gateways",
        "every payment: which method and bank account each gateway is",
        ("gateway_unmapped",),
        ("gateways: {stripe: {method: Credit Card, account: Card Clearing}}",),
    ),
    Decision(
        "client_balances",
        "money that clients pay in advance, and its use",
        ("prepayment_unmapped", "credit_unmapped"),
        ("client_balances: {method: Client balance, account: Client Balances, vat: when_used}",),
    ),
    Decision(
        "client_balances.vat",
        "when money that clients pay in advance bears VAT",
        ("prepayment_unmapped",),
        ("vat: when_used", "vat: on_receipt"),
    ),
    Decision(
        "fees",
        "payments of which the gateway kept a fee",
        ("fee_unmapped",),
        ("fees: {nominal: Card Fees}", "fees: on_gateway_invoice"),
    ),
    Decision(
        "manual_credits",
        "balances that staff gave or took by hand",
        ("unfunded_credit",),
        ("manual_credits: {nominal: Goodwill}", "manual_credits: hold"),
    ),
    Decision(
        "exchange_differences",
        "foreign payments that are worth more or less than the invoice was booked at",
        ("exchange_difference",),
        ("exchange_differences: {nominal: Exchange Differences}",),
    ),
    Decision(
        "eu_consumer_vat",
        "sales to EU consumers that bear the VAT of their own country",
        ("foreign_vat",),
        ("eu_consumer_vat: {nominal: OSS VAT}",),
    ),
    Decision(
        "nominals.discounts",
        "discounts that reduce no one line",
        ("nominal_missing",),
        ("discounts: Web Hosting",),
    ),
    Decision(
        "invoice_rate",
        "the exchange rate of foreign invoices",
        (),
        ("invoice_rate: kashflow", "invoice_rate: source"),
        assumed="KashFlow's own rate is used",
    ),
    Decision(
        "foreign_payments",
        "the currency of payments on foreign invoices",
        (),
        ("foreign_payments: home", "foreign_payments: invoice"),
        assumed="payments are in home currency; confirm it on your own account",
    ),
)


def decisions() -> Sequence[Decision]:
    """All of them, in the order in which they are asked."""
    return _ALL
