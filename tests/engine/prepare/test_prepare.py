"""What was booked stands against what the source shows later."""

import datetime as dt
from contextlib import closing
from pathlib import Path

from bridge.api import EntryState, Reason, TransactionKind, invoice_ref
from bridge.store import open_log
from bridge.testing.builders import DAY, a_client, a_transaction, an_invoice, gbp
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling
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
