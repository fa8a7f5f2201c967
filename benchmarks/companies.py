"""Companies of any size: WHMCS's tables in MariaDB, filled by the database itself."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from sqlalchemy import make_url

from tests.whmcs_source.database.installation import Installation, engine_for, statements

SERVER = os.environ.get("BENCH_MARIADB", "mysql://root@127.0.0.1:3306/")

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
 (30 + seq MOD 97 * 5) * IF({two}, 0.6, 1.2), 0.75, 1, CONCAT('txn_', MD5(seq * 2 + part)),
 seq, ''
FROM seq_{first}_to_{last}, (SELECT 0 AS part UNION SELECT 1) AS two
WHERE seq MOD 50 > 0 AND (part = 0 OR {two})
"""
REST = (
    "INSERT INTO tblcurrencies (id, code, prefix, suffix, `default`) VALUES (1, 'GBP', '', '', 1)",
    "INSERT INTO tblconfiguration VALUES ('Version', '8.13.1-release.1'), ('TaxType', 'Exclusive')",
    "INSERT INTO tblproductgroups VALUES (1, 'Web Hosting')",
    "INSERT INTO tblproducts VALUES (1, 1, '', 'Business Hosting', '', '', '', '', 0, 0)",
)
CLIENTS = """
INSERT INTO tblclients (id, uuid, firstname, lastname, companyname, email, address1, address2, city,
 state, postcode, country, phonenumber, tax_id, defaultgateway, language, notes)
SELECT seq, '', 'Ann', CONCAT('Smith ', seq), CONCAT('Smith ', seq, ' Ltd'),
 CONCAT('ann', seq, '@example.com'), '1 High Street', '', 'York', '', 'YO1 7HH', 'GB', '', '', '',
 '', ''
FROM seq_1_to_{clients}
"""
SERVICES = """
INSERT INTO tblhosting (id, userid, packageid, domain, paymentmethod, billingcycle, domainstatus)
SELECT seq, seq, 1, '', '', '', '' FROM seq_1_to_{clients}
"""


class Payments(Enum):
    """How invoices were paid. The value says in SQL which of them took two payments."""

    ONE_EACH = "FALSE"
    SIX_TO_FIVE_INVOICES = "seq MOD 5 = 0"


@contextmanager
def company(
    size: int, *, clients: int = 0, payments: Payments = Payments.SIX_TO_FIVE_INVOICES
) -> Iterator[Installation]:
    """A database of its own with so many invoices of three lines, dropped afterwards.

    Ids ascend with the days, one in fifty is unpaid, and the first `clients` invoices are one of
    each client (one in fifty invoices' number by default, at least 100).
    """
    name = f"bridge_bench_{uuid.uuid4().hex[:8]}"
    server = engine_for(make_url(SERVER))
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    made = Installation(make_url(SERVER).set(database=name))
    try:
        made.run(*statements())
        _fill(made, size, clients or max(100, size // 50), payments)
        yield made
    finally:
        made.close()
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
        server.dispose()


def _fill(made: Installation, size: int, clients: int, payments: Payments) -> None:
    names = {"clients": clients, "size": size, "year": size // 10 + 1, "two": payments.value}
    for first in range(1, size + 1, PIECE):
        piece = {**names, "first": first, "last": min(first + PIECE - 1, size)}
        made.run(*(query.format(**piece) for query in (INVOICES, LINES, MONEY)))
    made.run(
        *REST,
        CLIENTS.format(**names),
        SERVICES.format(**names),
        "ANALYZE TABLE tblinvoices, tblinvoiceitems, tblaccounts",
    )
