"""Balance that staff gave is booked with the first invoice that uses some of it, and once."""

from contextlib import closing
from pathlib import Path

from bridge.api import BalanceEntry, BalanceOrigin, EntryState, client_ref
from bridge.store import open_log
from bridge.testing.builders import DAY, a_client, an_invoice, gbp
from bridge.testing.memory_billing import MemoryBilling
from bridge.testing.memory_books import MemoryBooks
from tests.engine.running import run


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
