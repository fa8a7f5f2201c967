"""A line that moved from a booked invoice to another is not booked twice."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.api import EntryState, LineItem, Reason, client_ref, invoice_ref
from bridge.engine.context import Operator
from bridge.engine.manual.actions import ManualActions
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.testing.builders import a_client, a_line, an_invoice, gbp
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.source import MemoryBilling
from tests.engine.run_engine import run

SERVER = a_line(gbp("100.00"), line=1, description="Virtual server, June")
DOMAIN = a_line(gbp("50.00"), line=2, description="example.test, one year")
BACKUP = a_line(gbp("9.00"), line=3, description="Backups, June")
HELD = (EntryState.HELD, Reason.POSSIBLE_DUPLICATE)
DONE = (EntryState.DONE, None)


class Company:
    """One client, whose invoice 501 was booked with two lines."""

    def __init__(self, log: SyncLog) -> None:
        self.log, self.books = log, MemoryBooks()
        self.billing = MemoryBilling(a_client(31), a_client(32, company="Another Ltd"))
        self.bill(501, SERVER, DOMAIN)
        self.run()

    def bill(self, number: int, *lines: LineItem, client: int = 31) -> None:
        self.billing.put(an_invoice(number, client=client, lines=lines))

    def run(self) -> None:
        run(self.log, self.billing, self.books)

    def fate(self, number: int) -> tuple[EntryState, Reason | None]:
        entry = self.log.entry(invoice_ref(number))
        assert entry
        return entry.state, entry.reason


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as log:
        log.migrate()
        yield Company(log)


def test_the_invoice_that_took_it_waits_in_the_same_run_and_in_a_later_one(
    company: Company,
) -> None:
    company.bill(501, DOMAIN)
    company.bill(502, SERVER)
    company.run()
    assert company.fate(502) == HELD
    entry = company.log.entry(invoice_ref(502))
    assert entry
    assert "'Virtual server, June' of 100.00 GBP was booked with invoice" in entry.what
    company.bill(503, BACKUP, SERVER)
    company.run()
    assert company.fate(503) == HELD


def test_what_was_deleted_is_lost_whole(company: Company) -> None:
    company.billing.remove(invoice_ref(501))
    company.bill(502, BACKUP, SERVER, DOMAIN)
    company.run()
    assert company.fate(502) == HELD


def test_nothing_else_waits_for_it(company: Company) -> None:
    """Not what the booked invoice still shows, not another line, nor another client's."""
    company.bill(501, DOMAIN)
    company.bill(502, DOMAIN)
    company.bill(503, BACKUP)
    company.bill(504, SERVER, client=32)
    company.run()
    assert [company.fate(number) for number in (502, 503, 504)] == [DONE] * 3


def test_it_is_booked_once_somebody_settled_the_other(company: Company) -> None:
    company.bill(501, DOMAIN)
    company.bill(502, SERVER)
    company.run()
    hand = company.log.start_run("skip", version="0", settings_digest="")
    by_hand = ManualActions(Operator(company.log, hand, None, "Rose"))
    by_hand.skip("501", "corrected by hand")
    by_hand.retry(["502"], [])
    company.run()
    assert company.fate(502) == DONE
    assert company.log.links([client_ref("31"), invoice_ref(502)]).keys() >= {invoice_ref(502)}
