"""What the source said is kept once a version, whatever is decided of it later."""

from bridge.api import invoice_ref
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import KeepSnapshot
from tests.store.builders import begin


def said(number: int, text: str) -> KeepSnapshot:
    data = {"invoice": {"number": text, "lines": [{"amount": "100.00 GBP"}], "paid_on": None}}
    return KeepSnapshot(invoice_ref(number), f"digest of {text}", f"content of {text}", data)


def test_each_version_is_kept_once_and_the_one_used_last_comes_last(log: SyncLog) -> None:
    first = begin(log)
    log.write(first, [said(501, "as issued"), said(502, "another")], lease=None)
    log.write(first, [said(501, "as edited")], lease=None)
    second = begin(log)
    log.write(second, [said(501, "as issued")], lease=None)
    versions = log.snapshots(invoice_ref(501))
    assert [version.digest for version in versions] == [
        "digest of as edited",
        "digest of as issued",
    ]
    assert [version.run for version in versions] == [first.id, second.id]
    assert versions[1].data == said(501, "as issued").data
    assert versions[1].content == "content of as issued"
    assert versions[1].used > versions[0].used


def test_an_invoice_that_was_never_read_has_none(log: SyncLog) -> None:
    begin(log)
    assert log.snapshots(invoice_ref(9)) == []
