"""What a person accepted is kept, replaced and forgotten."""

import datetime as dt

from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import Accept, AcceptanceRow, Unaccept
from tests.store.builders import begin

AT = dt.datetime(2026, 5, 1, 9, 30, 0, 123456, tzinfo=dt.UTC)


def accepted(number: str, because: str, at: dt.datetime = AT) -> AcceptanceRow:
    return AcceptanceRow(number, "12.00 GBP\n13.00 EUR", "jo@books", because, at)


def test_one_a_number_is_kept_oldest_first(log: SyncLog) -> None:
    run = begin(log)
    first = accepted("document 1240", "sold over the counter: Größe")
    second = accepted("501", "agreed", AT + dt.timedelta(days=1))
    log.write(run, [Accept(second), Accept(accepted("document 1240", "typo"))], lease=None)
    log.write(run, [Accept(first)], lease=None)
    assert log.acceptances() == [first, second]


def test_what_is_taken_back_is_forgotten(log: SyncLog) -> None:
    run = begin(log)
    log.write(run, [Accept(accepted("501", "agreed")), Accept(accepted("502", "so"))], lease=None)
    log.write(run, [Unaccept("501"), Unaccept("never there")], lease=None)
    assert [row.number for row in log.acceptances()] == ["502"]
