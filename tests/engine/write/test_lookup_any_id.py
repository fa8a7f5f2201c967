"""What stands in the target already is known by the key at the head of its text alone."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bridge.api import EntryState, Reason, Report
from bridge.store import open_log
from bridge.testing.builders import DAY, a_client, a_transaction, an_invoice, gbp
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling
from tests.engine.run_engine import run

ODD_IDS = (
    *("in_1NabC", "R12", "T5", "C7", "T5/fee", "501+1", "501/2", "501/undone1", "501/cancelled"),
    *("1-2", "a b ", "a b", "~501", "%35", "Ünï/çødé", "ONE", "one", "550e8400-e29b-41d4"),
)


def _company(ids: tuple[str, ...]) -> MemoryBilling:
    """Each invoice has a client and a payment of its own, of ids as odd as its own."""
    billing = MemoryBilling()
    for one in ids:
        paid = a_transaction(one, client=one, invoice=one, fee=gbp("1.95"), money_in=gbp("130.00"))
        invoice = an_invoice(one, client=one, transactions=[paid])
        billing.put(a_client(one, company=f"Company {one}"), invoice)
    return billing


def _lose(place: Path) -> None:
    for file in place.glob("log.db*"):
        file.unlink()


def _run(place: Path, billing: MemoryBilling, books: MemoryBooks) -> Report:
    with closing(open_log("sqlite:///log.db", "kit", base=place)) as log:
        log.migrate()
        return run(log, billing, books)


def _counts(books: MemoryBooks) -> tuple[int, ...]:
    kept = (books.clients, books.documents, books.payments, books.movements)
    return tuple(len(rows) for rows in kept)


def test_a_lost_log_finds_records_of_any_id(tmp_path: Path) -> None:
    ids = (*ODD_IDS, "501", "502", "12", "5")
    billing, books = _company(ids), MemoryBooks()
    assert _run(tmp_path, billing, books).outcome["done"] == len(ids)
    once = _counts(books)
    _lose(tmp_path)
    assert _run(tmp_path, billing, books).outcome["done"] == len(ids)
    assert _counts(books) == once == (len(ids), len(ids), len(ids), 2 * len(ids))


def test_what_no_key_can_carry_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    long, longer = "in_" + "9" * 150, "in_" + "9" * 300
    billing, books = _company(("501", long, longer)), MemoryBooks()
    billing.put(an_invoice(502, client=""), a_client(""))
    report = _run(tmp_path, billing, books)
    told = {entry.number: (entry.state, entry.what) for entry in report.newly_held}
    assert (report.outcome["done"], report.outcome["held"], report.exit_code) == (1, 3, 3)
    assert {state for state, _ in told.values()} == {EntryState.HELD}
    words = "the source's id of one of the two is empty, or too long for a key"
    assert words in told["INV-2026-502"][1]
    assert words in told[f"INV-2026-{longer}"[:60]][1]
    assert "its key in the target would be of" in told[f"INV-2026-{long}"][1]
    assert [each.reference for each in books.documents.values()] == ["MEM-501 INV-2026-501"]


def test_what_a_payer_writes_is_no_document(tmp_path: Path) -> None:
    """A bank's row whose text begins with the invoice's own key stands for no document."""
    billing, books = _company(("501",)), MemoryBooks()
    books.add_movement(reference="MEM-501 thanks", date=DAY, amount=gbp("100.00"), account="bank")
    assert _run(tmp_path, billing, books).outcome["done"] == 1
    assert len(books.documents) == 1


def test_money_that_a_person_set_on_a_document_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Its text begins with the document's key and not with a payment's: paid twice is worse."""
    billing, books = _company(("501",)), MemoryBooks()
    _run(tmp_path, billing, books)
    _lose(tmp_path)
    [payment] = books.payments.values()
    books.payments[payment.id] = replace(payment, note="MEM-501 by cheque")
    [held] = _run(tmp_path, billing, books).newly_held
    assert held.reason is Reason.POSSIBLE_DUPLICATE
    assert len(books.payments) == 1
