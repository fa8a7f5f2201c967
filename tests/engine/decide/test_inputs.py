"""The day and the number of a document, and transactions in the order of time."""

import datetime as dt
from dataclasses import replace

import pytest

from bridge.api import Hold, Reason, TransactionKind
from bridge.engine.context import BookWhen, Policy, UnpaidDocuments
from bridge.engine.decide.inputs import document_day, oldest_first, own_number
from bridge.testing.builders import DAY, a_transaction, an_invoice, gbp

PAID_ON = DAY + dt.timedelta(days=20)


@pytest.mark.parametrize(
    ("unpaid", "when", "day"),
    [
        (UnpaidDocuments.PROFORMA, BookWhen.PAID, PAID_ON),
        (UnpaidDocuments.PROFORMA, BookWhen.ISSUED, DAY),
        (UnpaidDocuments.VAT_INVOICE, BookWhen.PAID, DAY),
        (UnpaidDocuments.VAT_INVOICE, BookWhen.ISSUED, DAY),
    ],
)
def test_a_proforma_becomes_a_document_when_it_is_paid(
    unpaid: UnpaidDocuments, when: BookWhen, day: dt.date
) -> None:
    policy = Policy(start_date=DAY, unpaid_documents=unpaid, book_when=when)
    assert document_day(an_invoice(paid_on=PAID_ON), policy) == day


def test_an_invoice_without_a_day_is_held() -> None:
    policy = Policy(start_date=DAY, unpaid_documents=UnpaidDocuments.VAT_INVOICE)
    answer = document_day(replace(an_invoice(), issued=None), policy)
    assert isinstance(answer, Hold)
    assert answer.reason is Reason.DATE_MISSING


def test_an_id_is_no_number() -> None:
    assert own_number(an_invoice(number="501")) == ""
    assert own_number(an_invoice(number="INV-501")) == "INV-501"


def test_transactions_come_by_day_and_then_in_the_order_of_their_numbers() -> None:
    rows = [
        a_transaction(1000),
        a_transaction(999),
        a_transaction(1, date=DAY + dt.timedelta(days=1)),
        a_transaction(5, money_out=gbp("10.00")),
    ]
    found = oldest_first(an_invoice(transactions=rows), TransactionKind.PAYMENT)
    assert [row.id for row in found] == ["999", "1000", "1"]
