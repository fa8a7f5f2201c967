"""What was booked stands against what the source shows later."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.api import EntryState, Invoice, Missing, Reason, SourceRef, TransactionKind, invoice_ref
from bridge.engine.prepare.prepare import Unread
from bridge.store import open_log
from bridge.testing.builders import DAY, a_client, a_transaction, an_invoice, gbp
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling, MemorySource
from tests.engine.one_worker import OneWorker
from tests.engine.run_engine import run


def test_a_refund_that_is_booked_is_not_missed_while_a_charge_waits(tmp_path: Path) -> None:
    """A charge that is told twice leaves open what went back; what was booked of that stays."""
    paid = a_transaction(900, money_in=gbp("130.00"))
    back = a_transaction(
        905, kind=TransactionKind.REFUND, money_out=gbp("10.00"), date=DAY + dt.timedelta(days=3)
    )
    billing, books = MemoryBilling(a_client(), an_invoice(transactions=[paid, back])), MemoryBooks()
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as log:
        log.migrate()
        run(log, billing, books)
        entry = log.entry(invoice_ref(501))
        assert entry
        assert entry.state is EntryState.DONE
        again = a_transaction(906, money_in=gbp("130.00"), reference=paid.reference)
        billing.put(an_invoice(transactions=[paid, back, again]))
        run(log, billing, books)
        entry = log.entry(invoice_ref(501))
        assert entry
        assert (entry.state, entry.reason) == (EntryState.HELD, Reason.DUPLICATE_TRANSACTION)


class _Silent(MemorySource):
    """A source that has nothing to say of one invoice, against its contract."""

    def invoices(self, refs: Sequence[SourceRef]) -> Iterator[Invoice | Missing]:
        told = [ref for ref in refs if ref.id != "502"]
        return super().invoices(told if refs[0].id != "502" else [])


@pytest.mark.timeout(20)
def test_an_invoice_that_the_source_says_nothing_of_does_not_stop_the_others(
    tmp_path: Path,
) -> None:
    """It fails by name and is read again on a later run; asking again at once would never end."""
    with OneWorker(tmp_path) as one:
        one.ends = replace(one.ends, source=_Silent(one.billing))
        one.ends.source.check()
        [first, silent, last] = one.prepare(an_invoice(501), an_invoice(502), an_invoice(503))
    assert isinstance(silent.answer, Unread)
    assert silent.row.invoice.id == "502"
    assert "said nothing" in silent.answer.why
    assert [isinstance(each.answer, Unread) for each in (first, last)] == [False, False]
