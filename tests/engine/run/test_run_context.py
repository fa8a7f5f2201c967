"""What one worker tells of the invoices that it writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.api import Reason
from bridge.errors import FirstDocumentError
from bridge.testing.builders import a_transaction, an_invoice, gbp
from tests.engine.one_worker import OneWorker


@pytest.fixture
def one(tmp_path: Path) -> Iterator[OneWorker]:
    with OneWorker(tmp_path) as worker:
        yield worker


def test_a_written_invoice_tells_its_kinds_and_its_remark(one: OneWorker) -> None:
    (item,) = one.prepare(an_invoice(transactions=[a_transaction(money_in=gbp("100.00"))]))
    worked = one.worker.work(item)
    assert worked.is_written
    assert worked.kinds == {"GBP"}
    assert worked.remark
    assert worked.remark.reason is Reason.PAYMENT_SHORT
    assert one.worker.acted


def test_a_refused_one_tells_what_was_refused(one: OneWorker) -> None:
    one.fault("create_invoice", "refuse")
    (item,) = one.prepare(an_invoice())
    worked = one.worker.work(item)
    assert not worked.is_written
    assert worked.refused
    assert one.worker.acted


def test_an_error_leaves_it_known_whether_something_was_sent(one: OneWorker) -> None:
    one.fault("create_client", "access")
    (item,) = one.prepare(an_invoice())
    with pytest.raises(Exception, match="login"):
        one.worker.work(item)
    assert one.worker.acted


def test_a_second_invoice_of_the_client_finds_it_known(one: OneWorker) -> None:
    one.write(an_invoice(501))
    one.write(an_invoice(502))
    assert one.books.calls["create_client"] == 1
    assert one.books.calls["create_invoice"] == 2


def test_the_first_of_its_kind_that_came_out_differently_ends_the_run(one: OneWorker) -> None:
    (item,) = one.prepare(an_invoice())
    worked = one.worker.work(item)
    one.worker.flush()
    one.worker.verify_first(worked)
    one.books.payments.clear()
    with pytest.raises(FirstDocumentError, match="the first invoice in GBP"):
        one.worker.verify_first(worked)
