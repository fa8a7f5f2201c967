"""What people do in KashFlow behind bridge's back, and what tests set about the sandbox.

Every method works on the same file as a running server, from any process; `Driver.at` opens the
file of a directory. A closed period (switch `locked_to`) binds these hands too. Over HTTP it is
``POST /_sandbox/do`` with ``{"action": "edit_invoice", ...}``.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from kashflow_target.sandbox import customers, fault_modes, invoices, issuing, payments, reference
from kashflow_target.sandbox.call import RefusalError, SoapCall, now
from kashflow_target.sandbox.interface import decimal_text, interface
from kashflow_target.sandbox.state import BooksState, set_switches, switches_of
from kashflow_target.sandbox.switches import checked

_REFERENCE_TABLES = {
    "currency": "code",
    "vat_rate": "name",
    "method": "name",
    "account": "name",
    "nominal": "name",
}


class Driver:
    """The hands of somebody who is not bridge. Amounts are text (``"12.50"``) or Decimal."""

    ACTIONS = (
        "add_bank_transaction",
        "add_customer",
        "add_invoice",
        "add_payment",
        "archive_nominal",
        "delete_bank_transaction",
        "delete_customer",
        "delete_invoice",
        "delete_payment",
        "edit_bank_transaction",
        "edit_customer",
        "edit_invoice",
        "edit_line",
        "recode_bank_transaction",
        "remove",
        "rename",
    )

    def __init__(self, state: BooksState) -> None:
        self._state = state

    @classmethod
    @contextmanager
    def at(cls, directory: Path) -> Iterator["Driver"]:
        """The driver of the books in a directory, which are made and seeded when absent."""
        state = BooksState(directory)
        try:
            yield cls(state)
        finally:
            state.close()

    @contextmanager
    def _call(self) -> Iterator[SoapCall]:
        with self._state.write() as connection:
            yield SoapCall(connection, switches_of(connection))

    # The sandbox itself -----------------------------------------------------------------------

    def switches(self) -> dict[str, str | int]:
        """The switches as they stand."""
        with self._state.read() as connection:
            return dict(switches_of(connection))

    def switch(self, **changes: str | int) -> None:
        """Set switches; the others stay.

        Raises:
            UnknownSwitchError: no such switch or value; nothing is set.
        """
        stored = checked(changes)
        with self._state.write() as connection:
            set_switches(connection, stored)

    def calls(self) -> list[str]:
        """Operations called since the list was emptied, in order."""
        with self._state.read() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM call ORDER BY n")]

    def forget_calls(self) -> None:
        """Empty the list."""
        with self._state.write() as connection:
            connection.execute("DELETE FROM call")

    def faults(self) -> list[dict[str, Any]]:
        """Faults that have not struck to the end."""
        with self._state.read() as connection:
            return fault_modes.waiting_faults(connection)

    def plan(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Replace the planned faults."""
        plan = fault_modes.planned(entries)
        with self._state.write() as connection:
            fault_modes.replace_faults(connection, plan)

    def do(self, action: str, **details: Any) -> Any:
        """Any of `ACTIONS` by name.

        Raises:
            ValueError: there is no such action.
        """
        if action not in self.ACTIONS:
            msg = f"there is no action {action}; there are {', '.join(self.ACTIONS)}"
            raise ValueError(msg)
        return getattr(self, action)(**details)

    # Customers --------------------------------------------------------------------------------

    def add_customer(self, **fields: str) -> int:
        """A customer made by hand, by KashFlow's field names; the new id."""
        _check_fields(fields)
        with self._call() as call:
            return int(customers.insert_customer(call, {"custr": fields}))

    def edit_customer(self, customer: int, **fields: str) -> None:
        """Change fields of a customer, by KashFlow's field names."""
        _check_fields(fields)
        with self._call() as call:
            row = call.one("SELECT body FROM customer WHERE id = ?", customer)
            if row is None:
                raise RefusalError(customers.NO_CUSTOMER_WITH_ID)
            customers.store(call, json.loads(row[0]) | fields | {"Updated": now()})

    def delete_customer(self, customer: int) -> None:
        """Delete a customer, who must not have invoices."""
        with self._call() as call:
            customers.delete_customer(call, {"CustomerID": customer})

    # Invoices ---------------------------------------------------------------------------------

    def add_invoice(
        self,
        customer: int,
        date: str,
        lines: Sequence[Mapping[str, str]],
        reference: str | None = None,
        currency: str = "",
        exchange_rate: str = "0",
    ) -> int:
        """An invoice made by hand; its number.

        Args:
            date: ISO 8601.
            lines: Each with `net`, and `vat`, `vat_rate`, `description` and `nominal` (the code,
                4000 by default) where they matter. Amounts are in the invoice's currency.
        """
        with self._call() as call:
            invoice = {
                "CustomerID": customer,
                "InvoiceDate": dt.datetime.fromisoformat(date),
                "CustomerReference": reference,
                "CurrencyCode": currency,
                "ExchangeRate": Decimal(exchange_rate),
                "Lines": [_line(call, line) for line in lines],
            }
            return int(issuing.insert_invoice(call, {"Inv": invoice}))

    def edit_invoice(
        self, number: int, reference: str | None = None, date: str | None = None
    ) -> None:
        """Change the reference or the date of an invoice."""
        with self._call() as call:
            call.db.execute(
                "UPDATE invoice SET reference = COALESCE(?, reference), date = COALESCE(?, date) "
                "WHERE dbid = ?",
                (reference, date, _dbid(call, number)),
            )

    def edit_line(
        self, number: int, position: int = 0, net: str | None = None, vat: str | None = None
    ) -> None:
        """Change the amounts of one line of an invoice (quantity becomes 1)."""
        with self._call() as call:
            dbid = _dbid(call, number)
            if not call.one(
                "SELECT 1 FROM line WHERE (invoice, position) = (?, ?)", dbid, position
            ):
                msg = f"invoice {number} has no line {position}"
                raise ValueError(msg)
            if net is not None:
                amount = decimal_text(Decimal(net))
                call.db.execute(
                    "UPDATE line SET quantity = '1.0000', rate = ?, net = ? "
                    "WHERE invoice = ? AND position = ?",
                    (amount, amount, dbid, position),
                )
            if vat is not None:
                call.db.execute(
                    "UPDATE line SET vat_amount = ? WHERE invoice = ? AND position = ?",
                    (decimal_text(Decimal(vat)), dbid, position),
                )
            invoices.refigure(call, dbid)

    def delete_invoice(self, number: int) -> None:
        """Delete an invoice, its lines and payments."""
        with self._call() as call:
            _dbid(call, number)
            invoices.delete_invoice(call, {"InvoiceNumber": number})

    # Payments ---------------------------------------------------------------------------------

    def add_payment(
        self, number: int, date: str, amount: str, note: str = "", method: int = 0, account: int = 0
    ) -> int:
        """A payment made by hand; its PayID. Method and account are ids, 0 the default ones."""
        with self._call() as call:
            payment = {
                "PayInvoice": number,
                "PayDate": dt.datetime.fromisoformat(date),
                "PayNote": note,
                "PayMethod": method,
                "PayAccount": account,
                "PayAmount": Decimal(amount),
            }
            return int(payments.insert_invoice_payment(call, {"InvoicePayment": payment}))

    def delete_payment(self, payment: int) -> None:
        """Delete a payment by PayID."""
        with self._call() as call:
            row = call.one(
                "SELECT number FROM invoice JOIN payment ON payment.invoice = invoice.dbid "
                "WHERE payment.id = ?",
                payment,
            )
            asked = {"InvoiceNumber": row[0] if row else 0, "InvoicePaymentNumber": payment}
            payments.delete_invoice_payment(call, asked)

    # Bank transactions ------------------------------------------------------------------------

    def add_bank_transaction(
        self, account: str, nominal: str, date: str, amount: str, comment: str = ""
    ) -> int:
        """A bank transaction made by hand; its id. Below zero it is money out."""
        with self._call() as call:
            money = Decimal(amount)
            sent = {
                "accid": _bank_account(call, account),
                "TransactionDate": dt.datetime.fromisoformat(date),
                "moneyin" if money > 0 else "moneyout": abs(money),
                "TransactionType": _named(call, "nominal", nominal)[0],
                "Comment": comment,
            }
            return int(reference.insert_bank_transaction(call, {"bp": sent}))

    def edit_bank_transaction(self, transaction: int, amount: str) -> None:
        """Change what it moved. Below zero it is money out."""
        money = Decimal(amount)
        moved = [decimal_text(max(each, Decimal(0))) for each in (money, -money)]
        change = "UPDATE bank_transaction SET money_in = ?, money_out = ?"
        self._change_bank(change, transaction, *moved)

    def recode_bank_transaction(self, transaction: int, nominal: str) -> None:
        """Give one another nominal."""
        with self._call() as call:
            found, _ = _named(call, "nominal", nominal)
        self._change_bank("UPDATE bank_transaction SET type = ?", transaction, str(found))

    def delete_bank_transaction(self, transaction: int) -> None:
        """Delete one by its id."""
        self._change_bank("DELETE FROM bank_transaction", transaction)

    def _change_bank(self, statement: str, transaction: int, *values: str) -> None:
        with self._call() as call:
            done = call.db.execute(f"{statement} WHERE id = ?", (*values, transaction))
            if not done.rowcount:
                msg = f"there is no bank transaction {transaction}"
                raise ValueError(msg)

    # Set-up data ------------------------------------------------------------------------------

    def remove(self, table: str, name: str) -> None:
        """Take a currency (by code), method, account, nominal or vat_rate (by name) away."""
        with self._call() as call:
            _found(call, table, name)
            call.db.execute(
                f"DELETE FROM {table} WHERE {_REFERENCE_TABLES[table]} = ?",  # noqa: S608 - a key of ours
                (name,),
            )

    def rename(self, table: str, name: str, to: str) -> None:
        """Call a currency, method, account, nominal or vat_rate by another name."""
        with self._call() as call:
            _found(call, table, name)
            column = _REFERENCE_TABLES[table]
            call.db.execute(
                f"UPDATE {table} SET {column} = ? WHERE {column} = ?",  # noqa: S608 - a key of ours
                (to, name),
            )

    def archive_nominal(self, name: str) -> None:
        """Archive a nominal: it is still listed, and takes no more lines."""
        with self._call() as call:
            _found(call, "nominal", name)
            call.db.execute("UPDATE nominal SET archived = 1 WHERE name = ?", (name,))


def _check_fields(fields: Mapping[str, str]) -> None:
    unknown = set(fields) - {field.name for field in interface().types["Customer"]}
    if unknown:
        msg = f"a customer has no {', '.join(sorted(unknown))}"
        raise ValueError(msg)


def _found(call: SoapCall, table: str, name: str) -> None:
    column = _REFERENCE_TABLES[table]
    if not call.one(f"SELECT 1 FROM {table} WHERE {column} = ?", name):  # noqa: S608 - a key of ours
        msg = f"there is no {table} {name}"
        raise ValueError(msg)


def _named(call: SoapCall, table: str, name: str) -> tuple[int, int]:
    """Id and code of an account or a nominal."""
    _found(call, table, name)
    row = call.one(f"SELECT id, code FROM {table} WHERE name = ?", name)  # noqa: S608 - a key of ours
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _bank_account(call: SoapCall, name: str) -> int:
    """As this account names bank accounts."""
    by_id, by_code = _named(call, "account", name)
    return by_code if call.switches.text("bank_account_by") == "code" else by_id


def _dbid(call: SoapCall, number: int) -> int:
    row = call.one("SELECT dbid FROM invoice WHERE number = ?", number)
    if row is None:
        raise RefusalError(payments.NO_INVOICE_WITH_NUMBER)
    return int(row[0])


def _line(call: SoapCall, line: Mapping[str, str]) -> dict[str, Any]:
    nominal = call.one("SELECT id FROM nominal WHERE code = ?", int(line.get("nominal", 4000)))
    if nominal is None:
        msg = f"there is no nominal {line['nominal']}"
        raise ValueError(msg)
    return {
        "Quantity": Decimal(1),
        "Description": line.get("description", ""),
        "Rate": Decimal(line["net"]),
        "ChargeType": nominal[0],
        "VatRate": Decimal(line.get("vat_rate", "20" if line.get("vat") else "0")),
        "VatAmount": Decimal(line.get("vat", "0")),
        "ValuesInCurrency": 1,
    }
