"""Database mode of the WHMCS source: how fast it reads, and what a run with nothing new costs.

    BENCH_SIZE=1000000 python -m benchmarks.whmcs_database

makes a database of its own with so many invoices, three times as many lines and six transactions
to five invoices, measures, prints a table, and drops the database. BENCH_MARIADB says where; the
default is a local server. BENCH_JSON names a file for the figures.
"""

import datetime as dt
import gc
import json
import os
import resource
import statistics
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from whmcs_source.database.digest import digests, newest_ids
from whmcs_source.database.source import WhmcsDatabase

from bridge.api import Checkpoint, Header, Invoice, ScanPolicy, Seen, SourceRef, invoice_ref
from tests.whmcs_source.database.installation import Installation, engine_for, statements

SIZE = int(os.environ.get("BENCH_SIZE", "20000"))
SERVER = os.environ.get("BENCH_MARIADB", "mysql://root@127.0.0.1:3306/")
TODAY = ScanPolicy(dt.date(2026, 11, 2), deep_scan_days=10_000)
READ_AT_MOST = 50_000

# Each statement takes a piece of the sequence, so that no transaction grows with the size.
PIECE = 50_000
INVOICES = """
INSERT INTO tblinvoices (id, userid, invoicenum, date, duedate, datepaid, subtotal, tax, total,
 taxrate, status, paymentmethod, notes, created_at, updated_at)
SELECT seq, seq MOD {clients} + 1, CONCAT('INV-', 2016 + seq DIV {year}, '-', seq MOD {year}),
 day, day + INTERVAL 7 DAY, IF(paid, day + INTERVAL 35 HOUR, 0), net, net / 5, net * 1.2, 20,
 IF(paid, 'Paid', 'Unpaid'), ELT(seq MOD 3 + 1, 'stripe', 'paypal', 'gocardless'), '', day,
 day + INTERVAL 35 HOUR
FROM (SELECT seq, '2016-01-01' + INTERVAL seq * 3650 DIV {size} DAY AS day, seq MOD 50 > 0 AS paid,
 CAST(30 + seq MOD 97 * 5 AS DECIMAL(16,2)) AS net FROM seq_{first}_to_{last}) AS made
"""
LINES = """
INSERT INTO tblinvoiceitems (id, invoiceid, userid, type, relid, description, amount, taxed,
 paymentmethod, notes)
SELECT seq * 3 + line, seq, seq MOD {clients} + 1,
 ELT(line + 1, 'Hosting', 'DomainRegister', ''), seq MOD {clients} + 1,
 CONCAT(ELT(line + 1, 'Business Hosting - customer', 'Domain Registration - customer', 'Work on '),
  seq, '.example.co.uk (01/01/2025 - 31/01/2025)'),
 IF(line < 2, 10, 10 + seq MOD 97 * 5), 1, '', ''
FROM seq_{first}_to_{last}, (SELECT 0 AS line UNION SELECT 1 UNION SELECT 2) AS three
"""
MONEY = """
INSERT INTO tblaccounts (id, userid, gateway, date, description, amountin, fees, rate, transid,
 invoiceid, type)
SELECT seq * 2 + part, seq MOD {clients} + 1, 'stripe',
 '2016-01-02 11:00:00' + INTERVAL seq * 3650 DIV {size} DAY, 'Invoice Payment',
 (30 + seq MOD 97 * 5) * IF(seq MOD 5 = 0, 0.6, 1.2), 0.75, 1, CONCAT('txn_', MD5(seq * 2 + part)),
 seq, ''
FROM seq_{first}_to_{last}, (SELECT 0 AS part UNION SELECT 1) AS two
WHERE seq MOD 50 > 0 AND (part = 0 OR seq MOD 5 = 0)
"""
REST = (
    "INSERT INTO tblcurrencies (id, code, prefix, suffix) VALUES (1, 'GBP', '', '')",
    "INSERT INTO tblconfiguration VALUES ('Version', '8.13.1-release.1'), ('TaxType', 'Exclusive')",
    "INSERT INTO tblproductgroups VALUES (1, 'Web Hosting')",
    "INSERT INTO tblproducts VALUES (1, 1, '', 'Business Hosting', '', '', '', '', 0, 0)",
)


class NothingKnown:
    """A log that keeps nothing, so that only the source is measured."""

    def seen(self, refs: Collection[SourceRef]) -> Mapping[SourceRef, Seen]:
        del refs
        return {}

    def refs(self, status: str) -> Iterator[SourceRef]:
        del status
        return iter(())

    def counts(self) -> Mapping[str, int]:
        return {}

    def newest(self) -> SourceRef | None:
        return None

    def booked(self, since: dt.date) -> Iterator[tuple[SourceRef, SourceRef]]:
        del since
        return iter(())


def fill(made: Installation) -> None:
    clients = max(100, SIZE // 50)
    names = {"clients": clients, "size": SIZE, "year": SIZE // 10 + 1}
    for first in range(1, SIZE + 1, PIECE):
        piece = {**names, "first": first, "last": min(first + PIECE - 1, SIZE)}
        made.run(*(query.format(**piece) for query in (INVOICES, LINES, MONEY)))
    texts = [
        "uuid, firstname, lastname, companyname, email, address1, address2, city, state, postcode",
        "country, phonenumber, tax_id, defaultgateway, language, notes",
    ]
    values = "'', 'Ann', 'Smith', 'Smith Ltd', CONCAT('ann', seq, '@example.com'), '1 High Street',"
    values += " '', 'York', '', 'YO1 7HH', 'GB', '', '', '', '', ''"
    made.run(
        *REST,
        f"INSERT INTO tblclients (id, {', '.join(texts)}) SELECT seq, {values}"
        f" FROM seq_1_to_{clients}",
        "INSERT INTO tblhosting (id, userid, packageid, domain, paymentmethod, billingcycle,"
        f" domainstatus) SELECT seq, seq, 1, '', '', '', '' FROM seq_1_to_{clients}",
        "ANALYZE TABLE tblinvoices, tblinvoiceitems, tblaccounts",
    )


@contextmanager
def company() -> Iterator[Installation]:
    name = f"bridge_bench_{uuid.uuid4().hex[:8]}"
    server = engine_for(make_url(SERVER))
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    made = Installation(make_url(SERVER).set(database=name))
    try:
        made.run(*statements())
        yield made
    finally:
        made.close()
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
        server.dispose()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def rss_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def reading(source: WhmcsDatabase) -> dict[str, float]:
    """Invoices a second, translated and complete; pieces of 2,000 in the middle of the table."""
    count = min(SIZE // 2, READ_AT_MOST)
    start, rates = SIZE // 3, []
    for first in range(start, start + count, 2000):
        refs = [invoice_ref(number) for number in range(first, min(first + 2000, start + count))]
        seconds, found = timed(partial(_whole, source, refs))
        assert found == len(refs)
        rates.append(found / seconds)
    return {"median": statistics.median(rates), "best": max(rates), "worst": min(rates)}


def _whole(source: WhmcsDatabase, refs: Sequence[SourceRef]) -> int:
    return sum(map(_is_whole, source.invoices(refs)))


def _is_whole(answer: object) -> bool:
    return isinstance(answer, Invoice) and len(answer.lines) == 3 and not answer.holds


def first_scan(source: WhmcsDatabase) -> tuple[str, int]:
    cursor, found = "", 0
    for item in source.scan(None, NothingKnown(), TODAY):
        if isinstance(item, Checkpoint):
            cursor = item.cursor
        else:
            found += isinstance(item, Header)
    assert found == SIZE
    return cursor, found


def scan_again(source: WhmcsDatabase, cursor: str) -> None:
    items = list(source.scan(cursor, NothingKnown(), TODAY))
    assert all(isinstance(item, Checkpoint) for item in items)


def one_edit(source: WhmcsDatabase, made: Installation, cursor: str) -> int:
    number = SIZE // 2
    made.run(f"UPDATE tblinvoices SET subtotal = subtotal + 1 WHERE id = {number}")
    items = list(source.scan(cursor, NothingKnown(), TODAY))
    assert any(isinstance(item, Header) and item.ref == invoice_ref(number) for item in items)
    return len(items)


def measure(made: Installation) -> dict[str, float]:
    figures: dict[str, float] = {"invoices": SIZE}
    with made.open(timeout_s=300) as source, made.open(database_digest="deep_scan") as quick:
        source.check()
        list(source.invoices([invoice_ref(1)]))
        figures |= {f"read {name} /s": rate for name, rate in reading(source).items()}
        before = rss_mib()
        seconds, (cursor, found) = timed(lambda: first_scan(source))
        figures["first scan s"] = seconds
        figures["first scan headers/s"] = found / seconds
        figures["cursor KiB"] = len(cursor) / 1024
        door, layout = source.tables.door, source.tables.asked.setup().layout
        whole = {part: (0, last) for part, last in newest_ids(door).items()}
        runs = [timed(lambda: digests(door, layout, whole))[0] for _ in range(3)]
        figures["full digest s"] = min(runs)
        runs = [timed(lambda: scan_again(source, cursor))[0] for _ in range(3)]
        figures["run with nothing new, every_run s"] = min(runs)
        runs = [timed(lambda: scan_again(quick, cursor))[0] for _ in range(3)]
        figures["run with nothing new, deep_scan s"] = min(runs)
        figures["run after one edit s"] = timed(lambda: one_edit(source, made, cursor))[0]
        figures["peak memory MiB"] = rss_mib()
        figures["of that grown in scans MiB"] = rss_mib() - before
    return figures


def main() -> None:
    with company() as made:
        seconds, _ = timed(lambda: fill(made))
        figures = {**measure(made), "filling s": seconds}
    for name, figure in figures.items():
        print(f"{name:38} {figure:14,.2f}")
    if target := os.environ.get("BENCH_JSON"):
        Path(target).write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
