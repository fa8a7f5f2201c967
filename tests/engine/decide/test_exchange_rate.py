"""The rate of a foreign document, and invoices whose money was taken back."""

import datetime as dt
from decimal import Decimal

from bridge.api import Hold, InvoiceState, Rate, Reason, TransactionKind
from bridge.engine.decide.exchange_rate import document_rate, reversed_invoice
from bridge.model.reasons import Skip
from bridge.testing.builders import DAY, a_line, a_transaction, an_invoice, eur, gbp

LINES = [a_line(eur("100.00"))]


def test_a_document_in_the_base_currency_has_no_rate() -> None:
    paid = a_transaction(rate=Decimal("1.15"))
    assert document_rate(an_invoice(transactions=[paid]), "GBP") is None


def test_the_last_payment_that_has_a_rate_gives_it() -> None:
    rows = [
        a_transaction(902, money_in=eur("20.00"), date=DAY + dt.timedelta(days=2)),
        a_transaction(901, money_in=eur("50.00"), date=DAY, rate=Decimal("1.16")),
        a_transaction(900, money_in=eur("50.00"), date=DAY, rate=Decimal("1.15")),
    ]
    invoice = an_invoice(lines=LINES, transactions=rows)
    assert document_rate(invoice, "GBP") == Rate("GBP", Decimal("1.16"), "transaction 901")


def test_a_refund_gives_no_rate() -> None:
    rows = [
        a_transaction(900, money_in=eur("120.00")),
        a_transaction(901, money_out=eur("120.00"), rate=Decimal("1.2")),
    ]
    assert document_rate(an_invoice(lines=LINES, transactions=rows), "GBP") is None


def test_an_invoice_in_collections_that_was_never_paid_is_no_sale() -> None:
    answer = reversed_invoice(an_invoice(state=InvoiceState.REVERSED, transactions=[]))
    assert isinstance(answer, Skip)
    assert answer.reason is Reason.NOT_PAID


def test_a_chargeback_is_held_with_the_entry_to_make() -> None:
    rows = [
        a_transaction(900),
        a_transaction(901, money_out=gbp("120.00"), kind=TransactionKind.REVERSAL),
    ]
    answer = reversed_invoice(an_invoice(state=InvoiceState.REVERSED, transactions=rows))
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.CHARGEBACK
    assert "Dr debtors 120.00 GBP" in answer.remedy
