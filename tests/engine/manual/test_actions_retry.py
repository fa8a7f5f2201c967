"""What came out wrong in the target is looked at again once a person has put it right."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from bridge.api import EntryState, Reason, TargetLine, invoice_ref
from bridge.engine.context import Operator
from bridge.engine.manual.actions import ManualActions
from bridge.store import open_log
from bridge.testing.builders import a_client, a_transaction, an_invoice, gbp
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling
from tests.engine.run_engine import run


class PennyMore(MemoryBooks):
    """Books that make every document a penny larger."""

    @override
    def add_document(self, client: str, *, lines: Iterable[TargetLine], **fields: object) -> str:
        first, *rest = lines
        odd = replace(first, net=first.net + gbp("0.01"))
        return super().add_document(client, lines=[odd, *rest], **fields)  # type: ignore[arg-type]

    def put_right(self) -> None:
        """What the bookkeeper does."""
        for number, document in self.documents.items():
            first, *rest = document.lines
            right = replace(first, net=first.net - gbp("0.01"))
            self.documents[number] = replace(document, lines=(right, *rest))


def test_what_was_remarked_on_it_is_not_lost(tmp_path: Path) -> None:
    short = an_invoice(transactions=[a_transaction(money_in=gbp("50.00"))])
    billing, books = MemoryBilling(a_client(), short), PennyMore()
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as log:
        log.migrate()
        run(log, billing, books)
        entry = log.entry(invoice_ref(501))
        assert entry
        assert entry.state is EntryState.MISMATCH
        books.put_right()
        hand = log.start_run("retry", version="0", settings_digest="")
        ManualActions(Operator(log, hand, None, "Rose")).retry(["501"], [])
        written = books.documents | books.payments
        run(log, billing, books)
        entry = log.entry(invoice_ref(501))
        assert entry
        assert (entry.state, entry.reason) == (EntryState.DONE, Reason.PAYMENT_SHORT)
        assert "70.00" in entry.what
        assert books.documents | books.payments == written
