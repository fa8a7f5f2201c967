"""Balance that pays an invoice is in the books before it is used, and once."""

from contextlib import closing
from pathlib import Path

from bridge.api import BalanceEntry, BalanceOrigin, EntryState, Reason, client_ref, invoice_ref
from bridge.store import open_log
from bridge.testing.builders import DAY, a_client, a_transaction, an_invoice, gbp
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling
from tests.engine.run_engine import run


def _gift() -> BalanceEntry:
    return BalanceEntry(
        id="7",
        client=client_ref(31),
        date=DAY,
        amount=gbp("240.00"),
        origin=BalanceOrigin.BY_HAND,
        description="Goodwill",
        invoice=None,
    )


def test_two_invoices_that_use_it_book_it_once(tmp_path: Path) -> None:
    billing, books = MemoryBilling(a_client(), _gift()), MemoryBooks()
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as log:
        log.migrate()
        for number in (501, 502):
            billing.put(an_invoice(number, credit=gbp("120.00"), transactions=[]))
            run(log, billing, books)
        assert [entry.state for entry in log.entries()] == [EntryState.DONE] * 2
    assert [each.reference for each in books.movements.values()] == ["MEM-C7/given Goodwill"]
    assert len(books.payments) == 2


def test_what_waits_for_balance_goes_on_when_that_is_booked(tmp_path: Path) -> None:
    """The second charge that it was made of shows later than the invoice that used it."""
    billing, books = MemoryBilling(a_client(), an_invoice()), MemoryBooks()
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as log:
        log.migrate()
        billing.put(an_invoice(502, credit=gbp("120.00"), transactions=[]))
        run(log, billing, books)
        entry = log.entry(invoice_ref(502))
        assert entry
        assert (entry.state, entry.reason) == (EntryState.HELD, Reason.UNFUNDED_CREDIT)
        billing.put(a_transaction(950, invoice=501, reference="ch_2"))
        run(log, billing, books)
        run(log, billing, books)
        assert [each.state for each in log.entries()] == [EntryState.DONE] * 2
        assert "released" in {event.code for event in log.events(invoice=invoice_ref(502))}
