"""A double-entry ledger of what stands in KashFlow's books, worked out from KashFlow's own rules.

Nothing here is bridge's: the rows of the sandbox are read and expanded the way KashFlow posts them.

- An invoice: debtors control against the nominal of each line and output VAT. A credit note is an
  invoice below zero.
- A payment: the bank account against debtors control; below zero the other way round. It is in home
  currency, unless the switch `payments_in` says that it is in the invoice's.
- A bank transaction: the bank account against the nominal of its type.
- All in home currency: a foreign document is converted at the rate that it bears, to the penny, the
  penny that rounding leaves going to the largest nominal (KashFlow's help, "Editing a currency").
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from kashflow_target.sandbox.state import FILE_NAME

DEBTORS = "Debtors Control"
OUTPUT_VAT = "Output VAT"
PENNY = Decimal("0.01")
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry.

    Attributes:
        day: ISO 8601.
        mark: The text in KashFlow that says whose entry it is: an invoice's reference, a payment's
            note, a bank line's comment.
        on: The mark of the document that a payment stands on; else as `mark`.
        kind: ``invoice``, ``payment`` or ``bank line``.
        code: The VAT code that KashFlow was told, on the net of a sale and on bank lines.
        amount: Debits above zero, credits below, in home currency.
    """

    day: str
    mark: str
    on: str
    kind: str
    account: str
    code: str
    amount: Decimal


Marks = Mapping[str, int]
"""The highest id of each table, as of some moment."""

_TABLES = ("invoice", "payment", "bank_transaction")


class Ledger:
    """The postings of the books in a directory."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def marks(self) -> Marks:
        """Where the books stand, so that what comes later can be told apart."""
        ids = {"invoice": "dbid"}
        return {
            name: self._rows(f"SELECT COALESCE(MAX({ids.get(name, 'id')}), 0) FROM {name}")[0][0]
            for name in _TABLES
        }

    def postings(self, since: Marks | None = None) -> list[Posting]:
        """Every posting of what was written after `since`, entry by entry."""
        return [side for entry in self.entries(since) for side in entry]

    def entries(self, since: Marks | None = None) -> list[list[Posting]]:
        """Every entry that was written after `since`, with its postings.

        Raises:
            AssertionError: an entry does not balance.
        """
        after = since or dict.fromkeys(_TABLES, 0)
        entries = [
            *self._invoices(after["invoice"]),
            *self._payments(after["payment"]),
            *self._bank(after["bank_transaction"]),
        ]
        for entry in entries:
            assert sum(side.amount for side in entry) == 0, entry
        return [[side for side in entry if side.amount] for entry in entries]

    def _invoices(self, after: int) -> Iterable[list[Posting]]:
        lines: dict[int, list[Any]] = defaultdict(list)
        for dbid, *line in self._rows(
            "SELECT invoice, COALESCE(nominal.name, '?'), vat_rate, net, vat_amount FROM line"
            " LEFT JOIN nominal ON nominal.id = charge_type ORDER BY line.id"
        ):
            lines[dbid].append(line)
        for dbid, date, mark, rate in self._rows(
            "SELECT dbid, date, COALESCE(reference, ''), exchange_rate FROM invoice"
            " WHERE dbid > ? ORDER BY dbid",
            after,
        ):
            yield _document(date, mark, Decimal(rate), lines[dbid])

    def _payments(self, after: int) -> Iterable[list[Posting]]:
        abroad = self._rows(
            "SELECT 1 FROM switch WHERE name = 'payments_in' AND value LIKE '%inv%'"
        )
        for date, note, on, account, amount, rate in self._rows(
            "SELECT payment.date, COALESCE(note, ''), COALESCE(reference, ''), account.name,"
            " amount, exchange_rate FROM payment JOIN invoice ON invoice.dbid = payment.invoice"
            " LEFT JOIN account ON account.id = payment.account"
            " WHERE payment.id > ? ORDER BY payment.id",
            after,
        ):
            money = home(Decimal(amount), Decimal(rate) if abroad else Decimal(1))
            yield [
                Posting(date, note, on, "payment", account, "", money),
                Posting(date, note, on, "payment", DEBTORS, "", -money),
            ]

    def _bank(self, after: int) -> Iterable[list[Posting]]:
        for date, comment, account, nominal, money_in, money_out, vatable, vat_rate in self._rows(
            "SELECT t.date, COALESCE(comment, ''), account.name, nominal.name, money_in, money_out,"
            " vatable, vat_rate FROM bank_transaction t JOIN account ON account.id = t.account"
            " JOIN nominal ON nominal.id = t.type WHERE t.id > ? ORDER BY t.id",
            after,
        ):
            money = (Decimal(money_in) - Decimal(money_out)).quantize(PENNY)
            assert not vatable, f"{comment} would reach the VAT return"
            yield [
                Posting(date, comment, comment, "bank line", account, "", money),
                Posting(date, comment, comment, "bank line", nominal, _code(vat_rate), -money),
            ]

    def _rows(self, sql: str, *values: object) -> list[Any]:
        address = f"{self._path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()


def _code(rate: str) -> str:
    value = Decimal(rate).normalize()
    return "N/A" if value == -1 else f"{value:f} %"


def _document(day: str, mark: str, rate: Decimal, lines: Sequence[Any]) -> list[Posting]:
    nets: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    taxes: dict[str, Decimal] = defaultdict(Decimal)
    for nominal, vat_rate, net, vat in lines:
        nets[nominal, _code(vat_rate)] += Decimal(net)
        taxes[_code(vat_rate)] += Decimal(vat)
    gross = home(sum(nets.values()) + sum(taxes.values()), rate)
    vat = {code: home(amount, rate) for code, amount in taxes.items()}
    net = spread_home(gross - sum(vat.values()), nets, rate)
    sides = [(DEBTORS, "", gross)]
    sides += [(nominal, code, -amount) for (nominal, code), amount in net.items()]
    sides += [(OUTPUT_VAT, code, -amount) for code, amount in vat.items()]
    return [Posting(day, mark, mark, "invoice", *side) for side in sides]


def home(amount: Decimal | int, rate: Decimal) -> Decimal:
    """An amount at units of its currency for one of home currency, to the penny."""
    return (amount / rate).quantize(PENNY, ROUND_HALF_UP)


def spread_home(
    whole: Decimal, nets: Mapping[tuple[str, str], Decimal], rate: Decimal
) -> dict[tuple[str, str], Decimal]:
    """Each nominal's share in home currency; the largest takes what rounding leaves."""
    shares = {key: home(amount, rate) for key, amount in nets.items()}
    if shares:
        shares[max(shares, key=lambda key: abs(shares[key]))] += whole - sum(shares.values())
    return shares
