"""Where an admin sits: the open database, the clock and the settings, for the driver's verbs."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property

from whmcs_source.sandbox import switches
from whmcs_source.sandbox.money import cents, exact, money
from whmcs_source.sandbox.state import Database, Row, insert, update


class DeskError(ValueError):
    """WHMCS would not let an admin do this, or there is no such record."""


class AdminArea:
    """One sitting at the admin area, inside one transaction.

    Args:
        database: Open, within a transaction.
        values: The switches, where they were read already.
    """

    def __init__(self, database: Database, values: Mapping[str, str] | None = None) -> None:
        self.database = database
        self.switches = switches.read(database) if values is None else values

    @cached_property
    def now(self) -> str:
        """Local time of the stand-in."""
        now = self.switches["now"]
        moment = f"{dt.datetime.now():%Y-%m-%d %H:%M:%S}"  # noqa: DTZ005  # local, as PHP has it
        return moment if now == "real" else now

    @cached_property
    def modern(self) -> bool:
        """Whether this is 9.x: credit is a billing note, issued invoices cannot be edited."""
        return int(self.switches["version"].split(".")[0]) >= 9

    def moment(self, given: str | None) -> str:
        """`given` with a time of day; now when there is none."""
        if not given:
            return self.now
        return given if len(given) > 10 else f"{given} 10:00:00"

    def setting(self, name: str) -> str:
        """A value of tblconfiguration, empty when unset."""
        row = self.database.execute(
            "SELECT value FROM tblconfiguration WHERE setting = ?", (name,)
        ).fetchone()
        return str(row[0]) if row else ""

    def set_setting(self, name: str, value: str) -> None:
        """Change a value of tblconfiguration."""
        self.database.execute("REPLACE INTO tblconfiguration VALUES (?, ?)", (name, value))

    def one(self, table: str, row_id: int, what: str) -> Row:
        """A row by id. Raises DeskError, naming it as `what`, when there is none."""
        query = f"SELECT * FROM {table} WHERE id = ?"  # noqa: S608  # our own names
        row = self.database.execute(query, (row_id,)).fetchone()
        if row is None:
            raise DeskError(f"{what} {row_id} does not exist")
        return row  # type: ignore[no-any-return]  # sqlite3 is not typed here

    def invoice(self, invoice_id: int) -> Row:
        """An invoice's row."""
        return self.one("tblinvoices", invoice_id, "invoice")

    def client(self, client_id: int) -> Row:
        """A client's row."""
        return self.one("tblclients", client_id, "client")

    def transaction(self, transaction_id: int) -> Row:
        """A transaction's row."""
        return self.one("tblaccounts", transaction_id, "transaction")

    def lines(self, invoice_id: int) -> list[Row]:
        """An invoice's lines, oldest first."""
        return self.database.execute(
            "SELECT * FROM tblinvoiceitems WHERE invoiceid = ? ORDER BY id", (invoice_id,)
        ).fetchall()

    def paid_sum(self, invoice_id: int) -> Decimal:
        """Money in less money out that stands on the invoice."""
        rows = self.database.execute(
            "SELECT amountin, amountout FROM tblaccounts WHERE invoiceid = ?", (invoice_id,)
        )
        return sum((exact(row[0]) - exact(row[1]) for row in rows), Decimal(0))

    def balance(self, invoice_id: int) -> Decimal:
        """What is left to pay."""
        return exact(self.invoice(invoice_id)["total"]) - self.paid_sum(invoice_id)

    def rate_of(self, client_id: int) -> str:
        """Today's rate of the client's currency; 1.00000 for one who is gone."""
        row = self.database.execute(
            "SELECT tblcurrencies.rate FROM tblclients JOIN tblcurrencies"
            " ON tblcurrencies.id = tblclients.currency WHERE tblclients.id = ?",
            (client_id,),
        ).fetchone()
        return str(row[0]) if row else "1.00000"

    def next_number(self, when: str) -> str:
        """The next sequential number, of which there will not be another."""
        counter = int(self.setting("SequentialInvoiceNumberValue") or 1)
        self.set_setting("SequentialInvoiceNumberValue", str(counter + 1))
        number = self.setting("SequentialInvoiceNumberFormat") or "{NUMBER}"
        tags = {"YEAR": when[:4], "MONTH": when[5:7], "DAY": when[8:10], "NUMBER": str(counter)}
        for tag, text in tags.items():
            number = number.replace(f"{{{tag}}}", text)
        return number

    def note_balance(
        self, client_id: int, amount: Decimal, words: str, when: str, *, detail: str, invoice: int
    ) -> int:
        """Change a client's credit as WHMCS does by itself.

        What its words are, and whether they or `relid` tell the invoice, is not documented: both
        are switches. `words` has a place for `detail`.
        """
        texts = self.switches["credit_texts"]
        told = words.format(detail if texts == "numbered" else "")
        description = "" if texts == "none" else " ".join(told.split())
        related = invoice if self.switches["credit_relid"] == "invoice" else 0
        return self.move_balance(client_id, amount, description, when, related)

    def move_balance(
        self, client_id: int, amount: Decimal, description: str, when: str, related: int = 0
    ) -> int:
        """Change a client's credit, with its row in tblcredit."""
        client = self.client(client_id)
        held = exact(client["credit"]) + cents(amount)
        update(self.database, "tblclients", client_id, {"credit": money(held)})
        return insert(
            self.database,
            "tblcredit",
            {
                "clientid": client_id,
                "date": when[:10],
                "description": description,
                "amount": money(amount),
                "relid": related,
            },
        )

    def change_invoice(self, invoice_id: int, when: str, **values: object) -> None:
        """Change an invoice's row; this moves updated_at."""
        self.invoice(invoice_id)
        update(self.database, "tblinvoices", invoice_id, {**values, "updated_at": when})
