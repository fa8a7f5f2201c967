"""An invoice is named by its id or its number, and a name that fits several is refused."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.api import EntryState, UsageError, invoice_ref
from bridge.engine.find_entries import named_entries, named_entry
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import SetEntry
from bridge.testing.builders import a_header, an_invoice


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SyncLog]:
    """501 and 502 bear one number; that of 503 is the id of 501."""
    with closing(open_log("sqlite:///log.db", "kit", base=tmp_path)) as opened:
        opened.migrate()
        run = opened.start_run("sync", version="0", settings_digest="")
        numbers = {501: "F1", 502: "F1", 503: "501", 504: "F4"}
        headers = [a_header(an_invoice(ref, number=text)) for ref, text in numbers.items()]
        opened.see(run, headers, None)
        done = SetEntry(invoice_ref(504), EntryState.DONE)
        opened.write(run, [done], lease=None)
        yield opened


@pytest.mark.parametrize(("name", "ref"), [("502", 502), ("F4", 504), ("501", 501)])
def test_an_id_comes_before_a_number(log: SyncLog, name: str, ref: int) -> None:
    assert named_entry(log, name).invoice == invoice_ref(ref)


def test_a_number_that_several_bear_is_refused_with_their_ids(log: SyncLog) -> None:
    with pytest.raises(UsageError) as caught:
        named_entry(log, "F1")
    assert "501, 502" in caught.value.remedy


def test_a_name_that_was_never_seen_is_refused(log: SyncLog) -> None:
    with pytest.raises(UsageError, match="was ever seen"):
        named_entry(log, "F9")


def test_each_is_named_once_and_what_is_done_is_left_alone(log: SyncLog) -> None:
    found = named_entries(log, ["502", "502", "F4"])
    assert [row.invoice for row in found] == [invoice_ref(502)]
