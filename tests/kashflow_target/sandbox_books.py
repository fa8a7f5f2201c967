"""The sandbox's books as plain values, read past the target's own code: for tests to compare."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from kashflow_target.sandbox.state import FILE_NAME


@dataclass(frozen=True, slots=True)
class BookLine:
    """A line. `nominal` is the name of the nominal of its ChargeType."""

    description: str
    nominal: str
    quantity: Decimal
    rate: Decimal
    net: Decimal
    vat: Decimal
    vat_rate: Decimal


@dataclass(frozen=True, slots=True)
class BookInvoice:
    """An invoice; a credit note when `net` is negative. Amounts are in `currency`.

    Attributes:
        date, due: ISO 8601.
        exchange_rate: Units of `currency` for one of home currency.
        amount_paid: In the currency that payments are kept in.
    """

    dbid: int
    number: int
    date: str
    due: str
    customer: int
    customer_code: str
    reference: str
    currency: str
    exchange_rate: Decimal
    net: Decimal
    vat: Decimal
    amount_paid: Decimal
    paid: bool
    lines: tuple[BookLine, ...]

    @property
    def gross(self) -> Decimal:
        """Net and VAT."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class BookPayment:
    """A payment on an invoice. `method` and `account` are names."""

    pay_id: int
    invoice: int
    date: str
    note: str
    method: str
    account: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BookTransaction:
    """A bank transaction. `amount` is positive into the account; `nominal` is a name."""

    id: int
    account: str
    date: str
    amount: Decimal
    nominal: str
    comment: str


@dataclass(frozen=True, slots=True)
class BookCustomer:
    """A customer. `fields` are all of KashFlow's, as text."""

    id: int
    code: str
    name: str
    email: str
    fields: Mapping[str, str]


def _invoice(row: Any, lines: tuple[BookLine, ...]) -> BookInvoice:
    dbid, number, date, due, customer, code, reference, currency, *amounts, paid = row
    rate, net, vat, amount_paid = map(Decimal, amounts)
    return BookInvoice(
        dbid, number, date, due, customer, code, reference, currency,
        rate, net, vat, amount_paid, bool(paid), lines,
    )  # fmt: skip


class SandboxBooks:
    """What stands in the books in a directory, read anew at each call. Rows come by id.

    Reading does no harm to a running server and waits for nobody.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def _rows(self, sql: str) -> list[Any]:
        address = f"{self._path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
            return connection.execute(sql).fetchall()

    def customers(self) -> list[BookCustomer]:
        """Every customer."""
        rows = self._rows("SELECT id, code, name, email, body FROM customer ORDER BY id")
        return [
            BookCustomer(key, code, name, email, json.loads(body))
            for key, code, name, email, body in rows
        ]

    def invoices(self) -> list[BookInvoice]:
        """Every invoice, whoever made it."""
        lines: dict[int, list[BookLine]] = {}
        for dbid, description, nominal, *amounts in self._rows(
            "SELECT invoice, COALESCE(description, ''), COALESCE(nominal.name, ''), quantity, "
            "rate, net, vat_amount, vat_rate FROM line "
            "LEFT JOIN nominal ON nominal.id = charge_type "
            "ORDER BY invoice, position"
        ):
            quantity, rate, net, vat, vat_rate = map(Decimal, amounts)
            lines.setdefault(dbid, []).append(
                BookLine(description, nominal, quantity, rate, net, vat, vat_rate)
            )
        rows = self._rows(
            "SELECT dbid, number, date, due, customer, COALESCE(customer.code, ''), "
            "COALESCE(reference, ''), currency, exchange_rate, net, vat, amount_paid, paid "
            "FROM invoice LEFT JOIN customer ON customer.id = invoice.customer ORDER BY dbid"
        )
        return [_invoice(row, tuple(lines.get(row[0], ()))) for row in rows]

    def payments(self) -> list[BookPayment]:
        """Every payment, those of credit notes included; `invoice` is the invoice's number."""
        return [
            BookPayment(pay_id, number, date, note, method, account, Decimal(amount))
            for pay_id, number, date, note, method, account, amount in self._rows(
                "SELECT payment.id, invoice.number, payment.date, COALESCE(note, ''), "
                "COALESCE(method.name, ''), COALESCE(account.name, ''), amount FROM payment "
                "JOIN invoice ON invoice.dbid = payment.invoice "
                "LEFT JOIN method ON method.id = payment.method "
                "LEFT JOIN account ON account.id = payment.account ORDER BY payment.id"
            )
        ]

    def bank_transactions(self) -> list[BookTransaction]:
        """Every bank transaction."""
        return [
            BookTransaction(
                key, account, date, Decimal(money_in) - Decimal(money_out), nominal, comment
            )
            for key, account, date, money_in, money_out, nominal, comment in self._rows(
                "SELECT t.id, COALESCE(account.name, ''), t.date, money_in, money_out, "
                "COALESCE(nominal.name, ''), COALESCE(comment, '') FROM bank_transaction t "
                "LEFT JOIN account ON account.id = t.account "
                "LEFT JOIN nominal ON nominal.id = t.type ORDER BY t.id"
            )
        ]

    def calls(self) -> list[str]:
        """Operations called, in order."""
        return [name for (name,) in self._rows("SELECT name FROM call ORDER BY n")]
