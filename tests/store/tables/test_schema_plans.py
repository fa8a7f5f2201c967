"""What is asked for every invoice costs the same however much there is in the log."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from bridge.api import Kind, TargetRef, client_ref, invoice_ref
from bridge.store import open_log
from bridge.store.sync_log import SyncLog
from tests.store.builders import NOW, begin, book, header

Asked = Callable[[SyncLog], object]

FOR_EACH_INVOICE: dict[str, Asked] = {
    "answers": lambda log: log.answers(invoice_ref(1)),
    "backlog": lambda log: log.backlog(now=NOW),
    "book": lambda log: book(log, begin(log), 3),
    "entry": lambda log: log.entry(invoice_ref(1)),
    "links": lambda log: log.links([invoice_ref(1), client_ref(7)]),
    "links of an invoice": lambda log: log.links_of_invoice(invoice_ref(1)),
    "links of a client": lambda log: log.links_of_client(client_ref(7)),
    "linked targets": lambda log: log.linked_targets(
        Kind.INVOICE, [TargetRef(Kind.INVOICE, "91", "5")]
    ),
    "sightings": lambda log: log.sightings(Kind.INVOICE, ["WHMCS-1"]),
    "snapshots": lambda log: log.snapshots(invoice_ref(1)),
    "steps": lambda log: log.steps(invoice=invoice_ref(1)),
}
# A whole table, or all that one bridge has in it.
WHOLE = re.compile(r"SCAN|\(bridge=\?\)$")
SMALL = re.compile(r"bridge_(lock|run|version|cursor)")


@pytest.mark.parametrize("name", FOR_EACH_INVOICE)
def test_no_question_about_one_invoice_reads_a_whole_table(name: str, tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, given))

    log = open_log("sqlite:///log.db", "books", base=tmp_path, create=True)
    log.migrate()
    run = begin(log)
    log.see(run, [header(number) for number in (1, 2, 3)], None)
    book(log, run, 1)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        FOR_EACH_INVOICE[name](log)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        log.close()
    assert asked
    assert not [line for line in _plans(tmp_path / "log.db", asked) if WHOLE.search(line)]


def _plans(file: Path, asked: list[tuple[str, Any]]) -> list[str]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(file)) as connection:
        return [
            f"{row[3]} <- {statement}" if "SCAN" in row[3] else row[3]
            for statement, given in asked
            if not SMALL.search(statement)
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
        ]
