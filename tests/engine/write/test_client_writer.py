"""Customers that stood in the books before bridge, and who of the clients they are."""

from contextlib import closing
from pathlib import Path

from bridge.api import EntryState, Kind, Reason, client_ref, invoice_ref
from bridge.store import open_log
from bridge.testing.builders import a_client, a_transaction, an_invoice
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling
from tests.engine.run_engine import run


def test_two_clients_that_would_be_one_customer_do_not_share_it(tmp_path: Path) -> None:
    """Both have its address and its name: the first is it, the second waits for a person."""
    name, email = "Acme Widgets Ltd", "accounts@acme.example"
    billing = MemoryBilling(*(a_client(each, company=name, email=email) for each in (31, 32)))
    for number, client in ((501, 31), (502, 32)):
        paid = a_transaction(number * 10, client=client, invoice=number)
        billing.put(an_invoice(number, client=client, transactions=[paid]))
    books = MemoryBooks()
    there = books.add_client({"name": name, "email": email})
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as log:
        log.migrate()
        run(log, billing, books)
        first, second = log.entry(invoice_ref(501)), log.entry(invoice_ref(502))
        assert first
        assert second
        assert first.state is EntryState.DONE
        assert (second.state, second.reason) == (EntryState.HELD, Reason.CLIENT_AMBIGUOUS)
        assert "client 32" in second.what
        assert "client 31 already" in second.what
        assert "bridge retry --reason client_ambiguous" in second.remedy
        (link,) = (
            each for each in log.links_of_client(client_ref(31)) if each.ref.kind is Kind.CLIENT
        )
        assert link.target.id == there
    assert [each.client for each in books.documents.values()] == [there]
    assert list(books.clients) == [there]
