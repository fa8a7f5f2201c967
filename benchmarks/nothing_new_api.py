"""Nothing new in API mode, between deep scans: how many calls, and on what they depend."""

import datetime as dt
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from benchmarks.harness import Figure, show, sized
from benchmarks.log import finish_everything
from benchmarks.rig import rig

FEW, MANY = sized((200, 2_000), (1_000, 20_000))
OPEN, MORE_OPEN = 20, 400
LONG_AGO = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)

_SEQUENCE = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"


def add_invoices(file: Path, paid: int, unpaid: int) -> None:
    """Copies of a paid and of an unpaid invoice of the stand-in's company, with their lines."""
    with closing(sqlite3.connect(file)) as database, database:
        for status, count in (("Paid", paid), ("Unpaid", unpaid)):
            query = "SELECT min(id) FROM tblinvoices WHERE status = ?"
            (model,) = database.execute(query, (status,)).fetchone()
            (last,) = database.execute("SELECT max(id) FROM tblinvoices").fetchone()
            _copy(database, "tblinvoices", "id", f"{last} + i", (count, model))
            _copy(database, "tblinvoiceitems", "invoiceid", f"{last} + i", (count, model))


def _copy(
    database: sqlite3.Connection, table: str, key: str, value: str, given: tuple[int, int]
) -> None:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    kept = [name for name in columns if name not in {"id", key}]
    names = ", ".join(f'"{name}"' for name in kept)
    database.execute(
        f"INSERT INTO {table} ({key}, {names}) {_SEQUENCE}"
        f" SELECT {value}, {names} FROM n, {table} WHERE {table}.{key} = ?",
        given,
    )


def calls(paid: int, unpaid: int) -> Counter[str]:
    """The source calls of a run with nothing new."""
    with rig(None) as bridge:
        add_invoices(bridge.place / "far" / "whmcs.db", paid, unpaid)
        bridge.sync("--limit", "1")
        finish_everything(bridge.store, LONG_AGO)
        bridge.sync()
        before = Counter(bridge.ends.calls("source"))
        bridge.sync()
        return Counter(bridge.ends.calls("source")) - before


def main() -> None:
    """Ten times the history at the same number of open invoices, then more of those."""
    few, many = calls(FEW, OPEN), calls(MANY, OPEN)
    open_ones = calls(FEW, MORE_OPEN)
    first = sum(few.values())
    figures = [
        Figure(f"{FEW:,} paid, {OPEN} more open", first, "calls"),
        Figure(f"{MANY:,} paid, {OPEN} more open", sum(many.values()), "calls", at_most=first),
        Figure(f"{FEW:,} paid, {MORE_OPEN} more open", sum(open_ones.values()), "calls"),
    ]
    show("Nothing new, API mode", figures, notes=[f"calls: {dict(many)}"])


if __name__ == "__main__":
    main()
